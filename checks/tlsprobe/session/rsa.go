package session

import (
	"fmt"
	"math/big"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// RSAKey is a public key for RSA key transport.
type RSAKey struct{ N, E *big.Int }

const maxModulus = 2048 // bytes: 16384 bits, for RSA and for DH

// RSAKeyOf returns the RSA key of a certificate in DER. It reads no more of the
// certificate than it must, so that certificates that crypto/x509 refuses work
// too. ErrUnsupported: the key is of another kind.
func RSAKeyOf(der []byte) (RSAKey, error) {
	input := cryptobyte.String(der)
	var certificate, tbs, spki, algorithm, key, body cryptobyte.String
	var kind cryptobyte.String
	if !input.ReadASN1(&certificate, asn1.SEQUENCE) || !certificate.ReadASN1(&tbs, asn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(asn1.Tag(0).Constructed().ContextSpecific()) ||
		!tbs.SkipASN1(asn1.INTEGER) || // serial number; then signature, issuer, validity, subject
		!tbs.SkipASN1(asn1.SEQUENCE) || !tbs.SkipASN1(asn1.SEQUENCE) || !tbs.SkipASN1(asn1.SEQUENCE) || !tbs.SkipASN1(asn1.SEQUENCE) ||
		!tbs.ReadASN1(&spki, asn1.SEQUENCE) || !spki.ReadASN1(&algorithm, asn1.SEQUENCE) ||
		!algorithm.ReadASN1(&kind, asn1.OBJECT_IDENTIFIER) || !spki.ReadASN1(&key, asn1.BIT_STRING) {
		return RSAKey{}, malformed("certificate")
	}
	if string(kind) != "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01" { // 1.2.840.113549.1.1.1 rsaEncryption
		return RSAKey{}, fmt.Errorf("the certificate's key is not for RSA key transport: %w", ErrUnsupported)
	}
	var n, e cryptobyte.String
	if !key.Skip(1) || !key.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1(&n, asn1.INTEGER) || !body.ReadASN1(&e, asn1.INTEGER) {
		return RSAKey{}, malformed("RSA key of the certificate")
	}
	return newRSAKey(n, e)
}

func newRSAKey(n, e []byte) (RSAKey, error) {
	key := RSAKey{N: new(big.Int).SetBytes(n), E: new(big.Int).SetBytes(e)}
	if len(n) > maxModulus+1 || len(e) > 32 || key.Size() < 16 || key.E.Sign() == 0 {
		return RSAKey{}, fmt.Errorf("an RSA key of %d bytes: %w", len(n), ErrUnsupported)
	}
	return key, nil
}

// Size returns the bytes of the modulus.
func (k RSAKey) Size() int { return (k.N.BitLen() + 7) / 8 }

// Encrypt raises block to the public exponent, without any padding (rating.md
// 10.8). A block that is longer than the modulus counts modulo it.
func (k RSAKey) Encrypt(block []byte) []byte {
	m := new(big.Int).Mod(new(big.Int).SetBytes(block), k.N)
	return m.Exp(m, k.E, k.N).FillBytes(make([]byte, k.Size()))
}

// EncryptPKCS1 encrypts message in the way of PKCS #1 1.5 (RFC 8017 section
// 7.2.1), as RSA key transport does.
func (k RSAKey) EncryptPKCS1(message []byte) ([]byte, error) {
	if len(message) > k.Size()-11 {
		return nil, fmt.Errorf("an RSA key of %d bytes is too short for %d: %w", k.Size(), len(message), ErrUnsupported)
	}
	block := make([]byte, 0, k.Size())
	block = append(block, 0, 2)
	for len(block) < k.Size()-1-len(message) {
		if value := wire.Random(1)[0]; value != 0 {
			block = append(block, value)
		}
	}
	return k.Encrypt(append(append(block, 0), message...)), nil
}
