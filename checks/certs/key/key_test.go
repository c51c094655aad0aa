package key_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/certs/key"
)

// The table of the rating guide, section 4.2, at its edges.
func TestRSAEquivalent(t *testing.T) {
	t.Parallel()
	for bits, want := range map[int]int{
		0: 0, 109: 0, 110: 512, 112: 512, 122: 512, 123: 704, 128: 704, 159: 704, 160: 1024, 192: 1024, 223: 1024,
		224: 2048, 255: 2048, 256: 3072, 283: 3072, 383: 3072, 384: 7680, 511: 7680, 512: 15360, 521: 15360, 571: 15360,
	} {
		require.Equal(t, want, key.RSAEquivalent(bits), bits)
	}
}

func spki(t testing.TB, public any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	return der
}

func TestRead(t *testing.T) {
	t.Parallel()
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	modulus := new(big.Int).SetBit(big.NewInt(1), 1535, 1)
	for name, test := range map[string]struct {
		public any
		want   key.Public
	}{
		"RSA":     {&rsa.PublicKey{N: modulus, E: 3}, key.Public{Algorithm: "RSA", Bits: 1536, RSABits: 1536, Modulus: modulus, Exponent: big.NewInt(3)}},
		"ECDSA":   {p384.Public(), key.Public{Algorithm: "ECDSA", Bits: 384, Curve: "secp384r1", RSABits: 7680}},
		"Ed25519": {edwards, key.Public{Algorithm: "Ed25519", Bits: 256, RSABits: 3072}},
	} {
		got, err := key.Read(spki(t, test.public))
		require.NoError(t, err, name)
		require.Equal(t, test.want, got, name)
	}
	for _, broken := range [][]byte{nil, {0x30, 0}, spki(t, edwards)[:10]} {
		_, err := key.Read(broken)
		require.Error(t, err)
	}
}

// Keys of GOST R 34.10 have the size that their algorithm says (RFC 9215
// section 4), whatever their parameters.
func TestReadGOST(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		algorithm asn1.ObjectIdentifier
		want      key.Public
	}{
		"2001":      {asn1.ObjectIdentifier{1, 2, 643, 2, 2, 19}, key.Public{Algorithm: "GOST R 34.10-2001", Bits: 256, RSABits: 3072}},
		"2012, 256": {asn1.ObjectIdentifier{1, 2, 643, 7, 1, 1, 1, 1}, key.Public{Algorithm: "GOST R 34.10-2012", Bits: 256, RSABits: 3072}},
		"2012, 512": {asn1.ObjectIdentifier{1, 2, 643, 7, 1, 1, 1, 2}, key.Public{Algorithm: "GOST R 34.10-2012", Bits: 512, RSABits: 15360}},
	} {
		raw, err := asn1.Marshal(struct {
			Algorithm pkix.AlgorithmIdentifier
			Key       asn1.BitString
		}{pkix.AlgorithmIdentifier{Algorithm: test.algorithm}, asn1.BitString{Bytes: make([]byte, test.want.Bits/4), BitLength: 2 * test.want.Bits}})
		require.NoError(t, err)
		got, err := key.Read(raw)
		require.NoError(t, err, name)
		require.Equal(t, test.want, got, name)
		require.Equal(t, key.RSAEquivalent(test.want.Bits), got.RSABits, name)
	}
}

// Computed again from what makes a prime useful: 65537 must not generate the
// whole group.
func TestDiscriminants(t *testing.T) {
	t.Parallel()
	var want []int64
	for prime := int64(3); prime <= 167; prime++ {
		if !big.NewInt(prime).ProbablyPrime(20) {
			continue
		}
		order := int64(1)
		for power := 65537 % prime; power != 1; power = power * 65537 % prime {
			order++
		}
		if order < prime-1 {
			want = append(want, prime)
		}
	}
	require.Equal(t, want, key.Discriminants())
}

// The two keys are of crocs-muni/roca and of the tests of rocacheck: a card made
// the first, OpenSSL the second.
func TestROCA(t *testing.T) {
	t.Parallel()
	const card = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAlze9c7qGdjDLVR/ntk+4
ZkfMcYsAnmfTFHfe3Xv7jRQqPCXCULtr0y0jG3aRJmEenoXO9uDveqr43gFB9yvA
dLEhu0aJqpB7lNZ+yXsvfVp/96dkSN8oWYL/dd9Z7GQOvVniHUY3Xsd7zdw2eYOy
HSXhhA2Ttwnj3c1jEYfC0y9q1cU99aL0ogGDqolcOvlkJu+mGb+6+WyboFa1gwRu
kYxBHZWKiHCt/eihvXsPTzTlXmTXWdGJtA1xZDnCBWuZ90b5R0agXVIESTl0cCyH
aQM/tLZmktJIU+Eu7ALBXemPg9kh3SCnYd3/YvDGCtYSXOWthHwlP5CImRBcQaNn
cQIDAQAB
-----END PUBLIC KEY-----`
	block, _ := pem.Decode([]byte(card))
	public, err := key.Read(block.Bytes)
	require.NoError(t, err)
	require.True(t, key.ROCA(public.Modulus))
	for range 20 {
		good, err := rsa.GenerateKey(rand.Reader, 1024)
		require.NoError(t, err)
		require.False(t, key.ROCA(good.N))
	}
	require.False(t, key.ROCA(nil))
	require.False(t, key.ROCA(big.NewInt(1)))
}

func TestPublishedKeys(t *testing.T) {
	t.Parallel()
	list, err := key.NewCompromised()
	require.NoError(t, err)
	_, found := list.Place([]byte("no key"))
	require.False(t, found)
	further, err := key.NewCompromised([]byte(fmt.Sprintf("# more\n\n%064x here\n", 1)))
	require.NoError(t, err)
	require.NotEqual(t, list.Version(), further.Version())
}

func FuzzRead(f *testing.F) {
	f.Add(spki(f, &rsa.PublicKey{N: big.NewInt(35), E: 1}))
	f.Add([]byte{0x30, 0x05, 0x30, 0x00, 0x03, 0x01, 0x00})
	f.Fuzz(func(t *testing.T, bytes []byte) {
		public, err := key.Read(bytes)
		if err == nil && (public.Algorithm == "" || public.Bits < 0) {
			t.Errorf("%+v", public)
		}
		key.ROCA(public.Modulus)
	})
}
