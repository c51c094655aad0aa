package appraisal_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
)

// now is when everything is judged unless a test says otherwise.
var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// identity is a certificate with its key.
type identity struct {
	*x509.Certificate
	key crypto.Signer
}

// rsaKey is shared: making one takes long.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func serial() *big.Int {
	number, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	return number
}

// authority makes a root, or with issuer an intermediate, as change wants it.
func authority(t testing.TB, name string, issuer *identity, key crypto.Signer, change func(*x509.Certificate)) *identity {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: name, Organization: []string{"Gradewatch test authority"}, Country: []string{"NO"}},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(9, 0, 0), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	return forge(t, template, issuer, key, change)
}

// leaf makes a certificate for app.test as change wants it.
func leaf(t testing.TB, issuer *identity, key crypto.Signer, change func(*x509.Certificate)) *identity {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "app.test"}, DNSNames: []string{"app.test"},
		NotBefore: now.AddDate(0, 0, -10), NotAfter: now.AddDate(0, 0, 80), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	return forge(t, template, issuer, key, change)
}

func forge(t testing.TB, template *x509.Certificate, issuer *identity, key crypto.Signer, change func(*x509.Certificate)) *identity {
	t.Helper()
	if change != nil {
		change(template)
	}
	parent, signer := template, key
	if issuer != nil {
		parent, signer = issuer.Certificate, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &identity{certificate, key}
}

// withKey puts another public key into a certificate, whose own key nobody needs.
type withKey struct {
	crypto.Signer
	public crypto.PublicKey
}

func (w withKey) Public() crypto.PublicKey { return w.public }

// md5Signed signs the body of a certificate of an RSA issuer again, with MD5.
func md5Signed(t testing.TB, der []byte, key *rsa.PrivateKey) []byte {
	t.Helper()
	sha256WithRSA := []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b}
	md5WithRSA := []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04}
	require.Equal(t, 2, bytes.Count(der, sha256WithRSA))
	var whole struct {
		Body      asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	_, err := asn1.Unmarshal(bytes.ReplaceAll(der, sha256WithRSA, md5WithRSA), &whole)
	require.NoError(t, err)
	digest := md5.Sum(whole.Body.FullBytes)
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.MD5, digest[:])
	require.NoError(t, err)
	whole.Signature = asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
	changed, err := asn1.Marshal(whole)
	require.NoError(t, err)
	return changed
}

// patched replaces bytes of a certificate and signs it again.
func patched(t testing.TB, der, from, to []byte, signer crypto.Signer) []byte {
	t.Helper()
	require.Contains(t, string(der), string(from))
	var whole struct {
		Body      asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	_, err := asn1.Unmarshal(bytes.ReplaceAll(der, from, to), &whole)
	require.NoError(t, err)
	digest := sha256.Sum256(whole.Body.FullBytes)
	signature, err := ecdsa.SignASN1(rand.Reader, signer.(*ecdsa.PrivateKey), digest[:])
	require.NoError(t, err)
	whole.Signature = asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
	changed, err := asn1.Marshal(whole)
	require.NoError(t, err)
	return changed
}

// observe is an observation of one address that serves this chain.
func observe(host string, ders ...[]byte) *checks.Observation {
	observation := &checks.Observation{DNS: checks.DNS{Host: host}}
	fingerprints := add(observation, ders...)
	observation.Addresses = []checks.AddressObservation{{
		Address: netip.MustParseAddr("192.0.2.1"), Port: 443,
		TLS: checks.TLS{Chain: checks.KnownFact(fingerprints)},
	}}
	return observation
}

func add(observation *checks.Observation, ders ...[]byte) []checks.Fingerprint {
	var fingerprints []checks.Fingerprint
	for _, der := range ders {
		certificate := checks.NewCertificate(der)
		observation.Certificates = append(observation.Certificates, certificate)
		fingerprints = append(fingerprints, certificate.SHA256)
	}
	return fingerprints
}

func fingerprint(der []byte) checks.Fingerprint { return checks.NewCertificate(der).SHA256 }

func raws(identities ...*identity) [][]byte {
	var ders [][]byte
	for _, one := range identities {
		ders = append(ders, one.Raw)
	}
	return ders
}

// trusting trusts roots as if they were in Mozilla's store.
func trusting(t testing.TB, roots ...*identity) *appraisal.Trust {
	t.Helper()
	config := appraisal.Config{Public: []chain.Anchor{}, WithoutLint: true}
	for _, root := range roots {
		config.Public = append(config.Public, chain.Anchor{Certificate: root.Certificate})
	}
	return newTrust(t, config)
}

func newTrust(t testing.TB, config appraisal.Config) *appraisal.Trust {
	t.Helper()
	trust, err := appraisal.NewTrust(config)
	require.NoError(t, err)
	return trust
}

// only appraises the one chain of an observation.
func only(t testing.TB, observation *checks.Observation, at time.Time, trust *appraisal.Trust) checks.ChainAppraisal {
	t.Helper()
	got := appraisal.Appraise(observation, at, trust)
	require.Len(t, got.Addresses, 1)
	require.Len(t, got.Addresses[0].Chains, 1)
	requireWhole(t, got)
	return got.Addresses[0].Chains[0]
}

// found lists the questions answered with yes, in order.
func found(chain checks.ChainAppraisal) []checks.Question {
	faults := []checks.Question{}
	for _, question := range checks.Questions() {
		if chain.Findings[question].Answer == checks.FaultFound {
			faults = append(faults, question)
		}
	}
	return faults
}
