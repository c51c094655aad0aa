package certs_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs"
	"github.com/gradewatch/gradewatch/checks/certs/crl"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/authority"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// hugeAuthority is a CA of root whose key has a million bits: verifying once
// with it would take minutes.
func hugeAuthority(t *testing.T, root *pki.CA) *x509.Certificate {
	t.Helper()
	modulus := new(big.Int).SetBit(big.NewInt(1), 1_000_000, 1)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "Huge"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, root.Certificate, &rsa.PublicKey{N: modulus, E: 1<<31 - 1}, root.Signer())
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return certificate
}

func TestHugeKeysAreNotVerifiedWith(t *testing.T) {
	t.Parallel()
	root, err := pki.NewCA("Root")
	require.NoError(t, err)
	huge := hugeAuthority(t, root)
	signer, err := pki.NewRoot(pki.Authority{Name: "Signer", Key: pki.RSA})
	require.NoError(t, err)

	// A chain that claims to be issued by it.
	issuer := *huge
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(4), Subject: pkix.Name{CommonName: "a.example"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), CRLDistributionPoints: []string{"http://127.0.0.1:1/"},
	}
	issuer.PublicKey = signer.Certificate.PublicKey
	der, err := x509.CreateCertificate(rand.Reader, leaf, &issuer, signer.Certificate.PublicKey, signer.Signer())
	require.NoError(t, err)
	got := new(certs.Collector).Look(t.Context(), checktest.Loopback(t), quick(), seen([][]byte{der, huge.Raw}))
	require.Equal(t, statusFact{}, got.PKI.Revocation[print(der)].CRL, "nobody is known to have issued it")

	list, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour),
	}, &x509.Certificate{RawSubject: huge.RawSubject, KeyUsage: x509.KeyUsageCRLSign, SubjectKeyId: []byte{1}, PublicKey: signer.Certificate.PublicKey}, signer.Signer())
	require.NoError(t, err)
	_, err = crl.Read(list, huge)
	require.ErrorIs(t, err, crl.ErrSignature)
}

// A responder's delegate may bring any key along.
func TestHugeDelegatesAreNotVerifiedWith(t *testing.T) {
	t.Parallel()
	root, err := pki.NewCA("Root")
	require.NoError(t, err)
	issued, err := root.Issue(pki.Leaf{Names: []string{"a.example"}})
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(issued.Certificate.Certificate[0])
	require.NoError(t, err)
	response, err := authority.Start(t, root).StapleWith(leaf.SerialNumber, hugeAuthority(t, root))
	require.NoError(t, err)
	_, _, err = certs.ReadResponse(response, leaf, root.Certificate, time.Now())
	var reasoned checks.ReasonError
	require.ErrorAs(t, err, &reasoned)
	require.Equal(t, checks.ReasonBadSignature, reasoned.Reason())
}
