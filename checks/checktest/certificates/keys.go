package certificates

import (
	"crypto"
	"crypto/x509"
	"embed"
	"encoding/pem"
	"testing"

	"github.com/stretchr/testify/require"
)

// keys are key pairs that Go makes slowly or not at all. debian1024 is the key
// that Debian's OpenSSL made in process 1000 of a 32-bit big-endian machine, as
// published in github.com/badkeys/debianopenssl; of debian2048, from
// github.com/badkeys/badkeys, only the public half is. published is the example
// of Go's crypto/tls. The others were made for these tests by OpenSSL 3, roca2048
// and rsa_e1 by the definition of the fault.
//
//go:embed keys
var keys embed.FS

// privateKey returns a checked-in key that Go can sign with.
func privateKey(t testing.TB, name string) crypto.Signer {
	t.Helper()
	der := pemBlock(t, name+".pem").Bytes
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		key, err = x509.ParsePKCS1PrivateKey(der)
	}
	require.NoError(t, err, name)
	signer, ok := key.(crypto.Signer)
	require.True(t, ok, name)
	return signer
}

// publicKey returns the SubjectPublicKeyInfo of a checked-in key.
func publicKey(t testing.TB, name string) []byte {
	t.Helper()
	return pemBlock(t, name+".pub.pem").Bytes
}

// DebianBlacklist are the lines of openssl-blacklist for the two keys of Debian,
// by size: the end of what 'openssl rsa -noout -modulus | sha1sum' prints.
func DebianBlacklist() map[int][]byte {
	return map[int][]byte{1024: []byte("de92c2c9bd1c7d4a25a5\n"), 2048: []byte("b7ead9492dfd921fc4f9\n")}
}

// hasPrivate says whether the private half is there.
func hasPrivate(name string) bool {
	file, err := keys.Open("keys/" + name + ".pem")
	if err != nil {
		return false
	}
	_ = file.Close()
	return true
}

func keyPEM(t testing.TB, name string) []byte {
	t.Helper()
	text, err := keys.ReadFile("keys/" + name + ".pem")
	require.NoError(t, err)
	return text
}

func pemBlock(t testing.TB, file string) *pem.Block {
	t.Helper()
	text, err := keys.ReadFile("keys/" + file)
	require.NoError(t, err)
	block, _ := pem.Decode(text)
	require.NotNil(t, block, file)
	return block
}
