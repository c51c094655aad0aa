package matrix

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"sync"
	"testing"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// authority is the CA of every certificate here but those that are checked in.
var authority = sync.OnceValues(func() (*pki.CA, error) { return pki.NewCA("Matrix root") })

func root(t testing.TB) *pki.CA {
	t.Helper()
	ca, err := authority()
	if err != nil {
		t.Fatalf("making the CA of the matrix: %v", err)
	}
	return ca
}

// Root returns, in PEM, the root that issued every certificate here but those of
// DSA and GOST, which are self-signed. Servers never send it. It is another one
// in every process.
func Root(t testing.TB) []byte {
	t.Helper()
	return root(t).PEM()
}

// issue returns a certificate for Host of the root. RSA keys are checked in,
// since making one of 4096 bits takes seconds.
func issue(t testing.TB, key string) *pki.Issued {
	t.Helper()
	leaf := pki.Leaf{Names: []string{Host}}
	switch key {
	case "P-256":
	case "P-384":
		leaf.Key = pki.ECDSAP384
	case "Ed25519":
		leaf.Key = pki.Ed25519
	case "DSA", "GOST": // Go makes none of these
		return checkedIn(t, map[string]string{"DSA": "dsa1024", "GOST": "gost"}[key])
	default: // rsa1024 ...
		leaf.PrivateKey = privateKey(t, key)
	}
	return checktest.Issue(t, root(t), leaf)
}

func privateKey(t testing.TB, name string) crypto.Signer {
	t.Helper()
	block, _ := pem.Decode(file(t, name+".pem"))
	if block == nil {
		t.Fatalf("no PEM in the test key %s", name)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatalf("reading the test key %s: %v", name, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		t.Fatalf("the test key %s cannot sign", name)
	}
	return signer
}

// checkedIn returns a self-signed certificate of the year 2026 that is valid
// for a hundred years.
func checkedIn(t testing.TB, name string) *pki.Issued {
	t.Helper()
	text := file(t, name+".crt.pem")
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatalf("no PEM in the test certificate %s", name)
	}
	return &pki.Issued{
		Certificate: tls.Certificate{Certificate: [][]byte{block.Bytes}},
		CertPEM:     text, KeyPEM: file(t, name+".pem"),
	}
}

// dhParameters returns parameters of bits in PEM: home-made ones up to 1024
// bits, ffdhe2048 and ffdhe4096 of RFC 7919.
func dhParameters(t testing.TB, bits string) []byte {
	t.Helper()
	return file(t, "dh"+bits+".pem")
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	text, err := keyFiles.ReadFile("keys/" + name)
	if err != nil {
		t.Fatalf("reading a test key: %v", err)
	}
	return text
}
