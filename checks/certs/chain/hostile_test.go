package chain

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// crossSigned returns a leaf and count issuers of one name, each of which
// could be the issuer of the leaf and of every other issuer.
func crossSigned(t testing.TB, count int, public func(i int) crypto.PublicKey) [][]byte {
	t.Helper()
	signer, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	issuer := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "X"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0),
	}
	leaf := *issuer
	leaf.Subject, leaf.DNSNames, leaf.IsCA = pkix.Name{CommonName: "leaf"}, []string{"app.test"}, false
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &leaf, issuer, own.Public(), signer)
	require.NoError(t, err)
	sent := [][]byte{der}
	for i := range count {
		template := *issuer
		template.SerialNumber = big.NewInt(int64(i) + 2)
		der, err := x509.CreateCertificate(rand.Reader, &template, issuer, public(i), signer)
		require.NoError(t, err)
		sent = append(sent, der)
	}
	return sent
}

// signedWith replaces the signature of a certificate by noise of so many bits,
// which a key of that size has to be used on to find it wrong.
func signedWith(t testing.TB, der []byte, bits int) []byte {
	t.Helper()
	var whole struct {
		Body      asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	_, err := asn1.Unmarshal(der, &whole)
	require.NoError(t, err)
	whole.Signature = asn1.BitString{Bytes: make([]byte, bits/8), BitLength: bits}
	_, err = rand.Read(whole.Signature.Bytes[1:])
	require.NoError(t, err)
	changed, err := asn1.Marshal(whole)
	require.NoError(t, err)
	return changed
}

// hugeKey is a public key that nobody has the private one of.
func hugeKey(t testing.TB, bits, exponent int) *rsa.PublicKey {
	t.Helper()
	modulus, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), uint(bits)))
	require.NoError(t, err)
	return &rsa.PublicKey{N: modulus.SetBit(modulus, 0, 1).SetBit(modulus, bits-1, 1), E: exponent}
}

// Keys that are slow to check with are never checked with: 63 of them fit into
// one answer, and kept a core busy for 14 seconds.
func TestIssuersWithHeavyKeysAreLeftOut(t *testing.T) {
	t.Parallel()
	roots, err := MozillaRoots()
	require.NoError(t, err)
	for name, test := range map[string]struct {
		bits, exponent int
		heavy          bool
	}{
		"4096 bits":         {4096, 65537, false},
		"8192 bits":         {8192, 3, false},
		"16384 bits":        {16384, 65537, true},
		"an exponent of 31": {4096, 1<<31 - 1, true},
	} {
		sent := crossSigned(t, 2, func(int) crypto.PublicKey { return hugeKey(t, test.bits, test.exponent) })
		sent[0] = signedWith(t, sent[0], test.bits)
		result := Verify(sent, "app.test", time.Unix(1_800_000_000, 0), roots)
		require.Equal(t, No, result.Path.Answer, name)
		require.Equal(t, test.heavy, result.Path.Has(Malformed), name)
		certificates, malformed := parseOthers(sent[1:])
		require.Equal(t, test.heavy, len(certificates) == 0, name)
		require.Equal(t, test.heavy, malformed == 2, name)
	}
}

// Issuers that could all have signed each other make more paths than there are
// atoms. The standard library gives up after 100 signatures.
func TestCrossSignedIssuersEnd(t *testing.T) {
	t.Parallel()
	shared, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	roots, err := MozillaRoots()
	require.NoError(t, err)
	for name, public := range map[string]func(int) crypto.PublicKey{
		"one key":        func(int) crypto.PublicKey { return shared.Public() },
		"a key for each": func(int) crypto.PublicKey { return hugeKey(t, 2048, 65537) },
	} {
		sent := crossSigned(t, 200, public)
		result := Verify(sent, "app.test", time.Unix(1_800_000_000, 0), roots)
		require.Equal(t, No, result.Path.Answer, name)
		require.NotEmpty(t, result.Path.Faults, name)
	}
}

// Names in a certificate are an IA5String, which takes NUL: what is said about
// them is stored as text, which does not.
func TestFaultsNameNoControlCharacters(t *testing.T) {
	t.Parallel()
	ca, err := pki.NewCA("Root\x00\x1b[2J")
	require.NoError(t, err)
	issued, err := ca.Issue(pki.Leaf{Names: []string{"evil\x00.test", "\x1b]0;title\x07.test"}})
	require.NoError(t, err)
	roots, err := MozillaRoots()
	require.NoError(t, err)
	result := Verify(issued.Certificate.Certificate, "app.test", time.Now(), roots)
	require.True(t, result.Name.Has(NameMismatch))
	requireStorable(t, result)
}

func requireStorable(t testing.TB, result Result) {
	t.Helper()
	for _, fault := range result.Trusted().Faults {
		if !utf8.ValidString(fault.Text) || containsControl(fault.Text) {
			t.Errorf("%q cannot be stored as text", fault.Text)
		}
	}
}

func containsControl(text string) bool {
	for _, r := range text {
		if unicode.IsControl(r) {
			return true
		}
	}
	return false
}

// FuzzChain reads a whole chain of DER, certificates one after the other, as
// an answer has them.
func FuzzChain(f *testing.F) {
	ca, err := pki.NewCA("Root")
	require.NoError(f, err)
	issued, err := ca.Issue(pki.Leaf{Names: []string{"app.test", "127.0.0.1"}})
	require.NoError(f, err)
	roots, err := (&Roots{}).WithPrivate(ca.PEM())
	require.NoError(f, err)
	whole := func(chain [][]byte) (bytes []byte) {
		for _, der := range chain {
			bytes = append(bytes, der...)
		}
		return bytes
	}
	f.Add(whole(issued.Certificate.Certificate), "app.test")
	f.Add(append(whole(issued.Certificate.Certificate), ca.Certificate.Raw...), "127.0.0.1")
	f.Add(whole(crossSigned(f, 3, func(int) crypto.PublicKey { return hugeKey(f, 1024, 3) })), "*.test")
	f.Fuzz(func(t *testing.T, bytes []byte, host string) {
		var chain [][]byte
		for len(bytes) > 0 && len(chain) < 2*maxCertificates {
			var element asn1.RawValue
			rest, err := asn1.Unmarshal(bytes, &element)
			if err != nil {
				rest, element.FullBytes = nil, bytes
			}
			chain, bytes = append(chain, element.FullBytes), rest
		}
		result := Verify(chain, host, time.Unix(1_800_000_000, 0), roots)
		if combined := result.Trusted(); combined.Answer != Yes && len(combined.Faults) == 0 {
			t.Errorf("%s without a fault", combined.Answer)
		}
		if result.Path.Answer == Yes && (len(result.Trust) == 0 || result.Superfluous < 0) {
			t.Errorf("a path without certificates, or with more than were sent: %+v", result)
		}
		if utf8.ValidString(host) && !containsControl(host) {
			requireStorable(t, result)
		}
	})
}
