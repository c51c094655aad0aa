package outline_test

import (
	"crypto/x509"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/certs/outline"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// requireSame compares an outline with what crypto/x509 reads.
func requireSame(t testing.TB, want *x509.Certificate, got *outline.Certificate) {
	t.Helper()
	require.Equal(t, want.RawTBSCertificate, got.RawTBS)
	require.Equal(t, want.RawIssuer, got.RawIssuer)
	require.Equal(t, want.RawSubject, got.RawSubject)
	require.Equal(t, want.RawSubjectPublicKeyInfo, got.RawSPKI)
	require.True(t, want.NotBefore.Equal(got.NotBefore))
	require.True(t, want.NotAfter.Equal(got.NotAfter))
	require.Equal(t, want.Signature, got.Signature)
}

func TestOutlineIsWhatTheStandardLibraryReads(t *testing.T) {
	t.Parallel()
	ca, err := pki.NewCA("Root")
	require.NoError(t, err)
	issued, err := ca.Issue(pki.Leaf{Names: []string{"app.test"}})
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(issued.Certificate.Certificate[0])
	require.NoError(t, err)
	for _, certificate := range []*x509.Certificate{ca.Certificate, leaf} {
		got, err := outline.Read(certificate.Raw)
		require.NoError(t, err)
		requireSame(t, certificate, got)
		require.Equal(t, outline.Algorithm{Name: "ECDSA-SHA256", Digest: outline.DigestStrong}, got.SignatureAlgorithm())
		require.Len(t, got.Extensions, len(certificate.Extensions))
		value, found := got.Extension("2.5.29.19")
		require.True(t, found)
		require.NotEmpty(t, value)
		_, found = got.Extension("1.2.3")
		require.False(t, found)
	}
}

func TestBrokenCertificates(t *testing.T) {
	t.Parallel()
	ca, err := pki.NewCA("Root")
	require.NoError(t, err)
	for length := range len(ca.Certificate.Raw) {
		_, err := outline.Read(ca.Certificate.Raw[:length])
		require.Error(t, err, length)
	}
	_, err = outline.Read(append(ca.Certificate.Raw[:len(ca.Certificate.Raw):len(ca.Certificate.Raw)], 0))
	require.Error(t, err)
}

// Whatever the standard library parses has an outline, and the same one.
func FuzzOutline(f *testing.F) {
	ca, err := pki.NewCA("Root")
	require.NoError(f, err)
	f.Add(ca.Certificate.Raw)
	f.Fuzz(func(t *testing.T, der []byte) {
		got, err := outline.Read(der)
		if err == nil {
			got.SignatureAlgorithm()
		}
		if standard, failed := x509.ParseCertificate(der); failed == nil {
			require.NoError(t, err)
			requireSame(t, standard, got)
		}
	})
}
