package pki

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

// The test suite of RFC 1319, appendix A.5.
func TestMD2(t *testing.T) {
	t.Parallel()
	for text, digest := range map[string]string{
		"":                           "8350e5a3e24c153df2275c9f80692773",
		"a":                          "32ec01ec4a6dac72c0ab96fb34c0b5d1",
		"abc":                        "da853b0d3f88d99b30283a69e6ded6bb",
		"message digest":             "ab4f496bfb2a530b219ff33031fe06b0",
		"abcdefghijklmnopqrstuvwxyz": "4e8ddff3650292ab5a4108c3aa47940b",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789":                   "da33def2a42df13975352846c30338cd",
		"12345678901234567890123456789012345678901234567890123456789012345678901234567890": "d5976f79d83d3a0dc9806c3c66f3efd8",
	} {
		require.Equal(t, digest, hex.EncodeToString(md2([]byte(text))), text)
	}
}

// What is signed by hand verifies with the issuer's key.
func TestObsoleteSignatures(t *testing.T) {
	t.Parallel()
	ca, err := NewRoot(Authority{Name: "Root", Key: RSA})
	require.NoError(t, err)
	public, ok := ca.Certificate.PublicKey.(*rsa.PublicKey)
	require.True(t, ok)
	for _, algorithm := range []x509.SignatureAlgorithm{x509.MD2WithRSA, MD4WithRSA, x509.MD5WithRSA} {
		issued, err := ca.Issue(Leaf{Names: []string{"app.test"}, Signature: algorithm})
		require.NoError(t, err)
		der := issued.Certificate.Certificate[0]
		whole, body, err := takeApart(der)
		require.NoError(t, err)
		require.Equal(t, whole.Algorithm, body.SignatureAlgorithm)
		method, err := methodOf(whole.Algorithm, algorithm)
		require.NoError(t, err)
		require.Equal(t, whole.Algorithm.Algorithm, method.identifier.Algorithm)
		signed := append(bytes.Clone(method.prefix), method.digest(whole.TBS.FullBytes)...)
		require.NoError(t, rsa.VerifyPKCS1v15(public, 0, signed, whole.Signature.Bytes), algorithm)
		certificate, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		if algorithm == x509.MD5WithRSA { // crypto/x509 has forgotten the others
			require.Equal(t, algorithm, certificate.SignatureAlgorithm)
		}
		require.Equal(t, []string{"app.test"}, certificate.DNSNames)
	}
	_, err = ca.Issue(Leaf{Names: []string{"app.test"}, Signature: x509.MD5WithRSA, Key: ECDSA})
	require.NoError(t, err, "the leaf's key does not matter")
	weak, err := NewCA("Root with ECDSA")
	require.NoError(t, err)
	_, err = weak.Issue(Leaf{Names: []string{"app.test"}, Signature: x509.MD5WithRSA})
	require.ErrorContains(t, err, "only RSA keys sign with MD2, MD4 and MD5")
}

// What is rewritten is signed again, by every kind of key.
func TestRewritten(t *testing.T) {
	t.Parallel()
	for _, kind := range []Key{ECDSA, RSA, ECDSAP384, Ed25519} {
		ca, err := NewRoot(Authority{Name: "Root", Key: kind})
		require.NoError(t, err)
		serial := big.NewInt(4711)
		issued, err := ca.Issue(Leaf{Names: []string{"app.test"}, Rewrite: func(tbs *TBS) { tbs.SerialNumber = serial }})
		require.NoError(t, err)
		certificate, err := x509.ParseCertificate(issued.Certificate.Certificate[0])
		require.NoError(t, err)
		require.Equal(t, serial, certificate.SerialNumber)
		require.NoError(t, certificate.CheckSignatureFrom(ca.Certificate))

		broken, err := WithBrokenSignature(certificate.Raw)
		require.NoError(t, err)
		certificate, err = x509.ParseCertificate(broken)
		require.NoError(t, err)
		require.Error(t, certificate.CheckSignatureFrom(ca.Certificate))
	}
}
