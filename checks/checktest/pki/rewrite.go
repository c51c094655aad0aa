package pki

import (
	"crypto"
	"crypto/md5" //nolint:gosec // faults are what this package makes
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // as above
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/md4" //nolint:staticcheck // as above
)

// TBS is the part of a certificate that its issuer signs (RFC 5280 section
// 4.1.2), with every field free to be wrong.
type TBS struct {
	Version            int `asn1:"optional,explicit,default:0,tag:0"`
	SerialNumber       *big.Int
	SignatureAlgorithm pkix.AlgorithmIdentifier
	Issuer             asn1.RawValue
	Validity           asn1.RawValue
	Subject            asn1.RawValue
	PublicKey          asn1.RawValue    // SubjectPublicKeyInfo
	Extensions         []pkix.Extension `asn1:"omitempty,optional,explicit,tag:3"`
}

// SetPublicKey replaces the key by a SubjectPublicKeyInfo in DER, of any
// algorithm, which nobody needs to be able to parse.
func (t *TBS) SetPublicKey(spki []byte) { t.PublicKey = asn1.RawValue{FullBytes: spki} }

// SetExtension replaces the extension of that identifier, or adds it.
func (t *TBS) SetExtension(extension pkix.Extension) {
	for index := range t.Extensions {
		if t.Extensions[index].Id.Equal(extension.Id) {
			t.Extensions[index] = extension
			return
		}
	}
	t.Extensions = append(t.Extensions, extension)
}

// signedCertificate is a whole certificate (RFC 5280 section 4.1).
type signedCertificate struct {
	TBS       asn1.RawValue
	Algorithm pkix.AlgorithmIdentifier
	Signature asn1.BitString
}

// obsolete says which signature algorithms crypto/x509 does not sign with.
func obsolete(algorithm x509.SignatureAlgorithm) bool {
	return algorithm == x509.MD2WithRSA || algorithm == x509.MD5WithRSA || algorithm == MD4WithRSA
}

// MD4WithRSA is md4WithRSAEncryption, which crypto/x509 has no name for.
const MD4WithRSA x509.SignatureAlgorithm = -4

// resign takes a certificate apart, has rewrite change it, and signs it again
// with key. algorithm is zero, for what it was signed with, or obsolete.
func resign(der []byte, key crypto.Signer, algorithm x509.SignatureAlgorithm, rewrite func(*TBS)) ([]byte, error) {
	whole, body, err := takeApart(der)
	if err != nil {
		return nil, err
	}
	method, err := methodOf(whole.Algorithm, algorithm)
	if err != nil {
		return nil, err
	}
	body.SignatureAlgorithm = method.identifier
	if rewrite != nil {
		rewrite(&body)
	}
	signed, err := asn1.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encoding what is signed: %w", err)
	}
	signature, err := method.sign(key, signed)
	if err != nil {
		return nil, fmt.Errorf("signing by hand: %w", err)
	}
	return assemble(signed, method.identifier, signature)
}

func takeApart(der []byte) (whole signedCertificate, body TBS, err error) {
	if _, err := asn1.Unmarshal(der, &whole); err != nil {
		return whole, body, fmt.Errorf("taking a certificate apart: %w", err)
	}
	if _, err := asn1.Unmarshal(whole.TBS.FullBytes, &body); err != nil {
		return whole, body, fmt.Errorf("taking apart what is signed: %w", err)
	}
	return whole, body, nil
}

func assemble(signed []byte, algorithm pkix.AlgorithmIdentifier, signature []byte) ([]byte, error) {
	der, err := asn1.Marshal(signedCertificate{
		TBS: asn1.RawValue{FullBytes: signed}, Algorithm: algorithm,
		Signature: asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)},
	})
	if err != nil {
		return nil, fmt.Errorf("encoding a certificate: %w", err)
	}
	return der, nil
}

// WithBrokenSignature returns a certificate whose last bit of the signature is
// another one.
func WithBrokenSignature(der []byte) ([]byte, error) {
	whole, _, err := takeApart(der)
	if err != nil {
		return nil, err
	}
	signature := append([]byte(nil), whole.Signature.Bytes...)
	signature[len(signature)-1] ^= 1
	return assemble(whole.TBS.FullBytes, whole.Algorithm, signature)
}

// method is one way to sign.
type method struct {
	identifier pkix.AlgorithmIdentifier
	prefix     []byte // of DigestInfo (RFC 8017 section 9.2); empty: not by hand
	digest     func([]byte) []byte
	hash       crypto.Hash // where the standard library knows how
}

func methodOf(was pkix.AlgorithmIdentifier, algorithm x509.SignatureAlgorithm) (method, error) {
	if algorithm == 0 {
		return standardMethod(was)
	}
	number := map[x509.SignatureAlgorithm]int{x509.MD2WithRSA: 2, MD4WithRSA: 3, x509.MD5WithRSA: 4}[algorithm]
	digest := map[x509.SignatureAlgorithm]byte{x509.MD2WithRSA: 2, MD4WithRSA: 4, x509.MD5WithRSA: 5}[algorithm]
	if number == 0 {
		return method{}, fmt.Errorf("signature algorithm %v is not signed by hand", algorithm)
	}
	return method{
		identifier: pkix.AlgorithmIdentifier{
			Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, number}, Parameters: asn1.NullRawValue,
		},
		// SEQUENCE { SEQUENCE { 1.2.840.113549.2.digest, NULL }, OCTET STRING of 16 bytes }
		prefix: []byte{0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, digest, 0x05, 0x00, 0x04, 0x10},
		digest: obsoleteDigest(algorithm),
	}, nil
}

func obsoleteDigest(algorithm x509.SignatureAlgorithm) func([]byte) []byte {
	switch algorithm {
	case x509.MD5WithRSA:
		return func(text []byte) []byte { sum := md5.Sum(text); return sum[:] } //nolint:gosec // as above
	case MD4WithRSA:
		return func(text []byte) []byte { sum := md4.New(); _, _ = sum.Write(text); return sum.Sum(nil) }
	default:
		return md2
	}
}

// standardMethod is what a certificate was signed with by crypto/x509.
func standardMethod(was pkix.AlgorithmIdentifier) (method, error) {
	for name, hash := range map[string]crypto.Hash{
		"1.2.840.113549.1.1.5": crypto.SHA1, "1.2.840.10045.4.1": crypto.SHA1,
		"1.2.840.113549.1.1.11": crypto.SHA256, "1.2.840.10045.4.3.2": crypto.SHA256,
		"1.2.840.113549.1.1.12": crypto.SHA384, "1.2.840.10045.4.3.3": crypto.SHA384,
		"1.2.840.113549.1.1.13": crypto.SHA512, "1.2.840.10045.4.3.4": crypto.SHA512,
		"1.3.101.112": 0, // Ed25519 signs the text itself
	} {
		if was.Algorithm.String() == name {
			return method{identifier: was, hash: hash}, nil
		}
	}
	return method{}, fmt.Errorf("signature algorithm %s is not signed again", was.Algorithm)
}

func (m method) sign(key crypto.Signer, text []byte) ([]byte, error) {
	if len(m.prefix) > 0 {
		own, isRSA := key.(*rsa.PrivateKey)
		if !isRSA {
			return nil, errors.New("only RSA keys sign with MD2, MD4 and MD5")
		}
		// Without a hash, PKCS #1 v1.5 signs what it is given.
		return rsa.SignPKCS1v15(nil, own, 0, append(append([]byte(nil), m.prefix...), m.digest(text)...))
	}
	if m.hash == 0 {
		return key.Sign(rand.Reader, text, m.hash)
	}
	if m.hash == crypto.SHA1 {
		sum := sha1.Sum(text) //nolint:gosec // as above
		return key.Sign(rand.Reader, sum[:], m.hash)
	}
	sum := m.hash.New()
	_, _ = sum.Write(text)
	return key.Sign(rand.Reader, sum.Sum(nil), m.hash)
}
