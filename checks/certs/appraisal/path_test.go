package appraisal_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/x509roots/fallback/bundle"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

func fingerprintOf(der []byte) checks.Fingerprint { return checks.NewCertificate(der).SHA256 }

func TestPathLeadsToTheRoot(t *testing.T) {
	t.Parallel()
	root := authority(t, "Private root", nil, newKey(t), nil)
	certificate := leaf(t, root, newKey(t), nil)
	trust := newTrust(t, appraisal.Config{PrivateRoots: inPEM(root), WithoutLint: true})
	way := trust.Path([][]byte{certificate.Raw}, now)
	require.Equal(t, appraisal.Path{Certificates: []checks.Fingerprint{fingerprintOf(certificate.Raw), fingerprintOf(root.Raw)}, Private: true}, way)
	require.Equal(t, root.Raw, trust.Root(fingerprintOf(root.Raw)).Raw)
	require.Nil(t, trust.Root(fingerprintOf(certificate.Raw)))
	require.Equal(t, way, trust.Path([][]byte{certificate.Raw}, now.AddDate(30, 0, 0)), "dates decide between ways, and not whether there is one")

	stranger := newTrust(t, appraisal.Config{Public: []chain.Anchor{}, WithoutLint: true})
	for _, sent := range [][][]byte{nil, {{}}, {[]byte("no certificate")}, {certificate.Raw, root.Raw}} {
		require.Empty(t, stranger.Path(sent, now))
	}
}

func TestPrivateRootMayBeTheLeafItself(t *testing.T) {
	t.Parallel()
	issued, err := pki.SelfSigned(pki.Leaf{Names: []string{"app.test"}})
	require.NoError(t, err)
	trust := newTrust(t, appraisal.Config{Public: []chain.Anchor{}, PrivateRoots: issued.CertPEM, WithoutLint: true})
	way := trust.Path(issued.Certificate.Certificate, now)
	require.True(t, way.Private)
	require.Equal(t, fingerprintOf(issued.Certificate.Certificate[0]), way.Certificates[0])
}

func TestPublicRootComesBeforeAPrivateOne(t *testing.T) {
	t.Parallel()
	trust := newTrust(t, appraisal.Config{PrivateRoots: inPEM(authority(t, "Private root", nil, newKey(t), nil)), WithoutLint: true})
	for root := range bundle.Roots() {
		way := trust.Path([][]byte{root.Certificate}, now)
		require.Len(t, way.Certificates, 1)
		require.False(t, way.Private)
	}
}

func TestCheckRoots(t *testing.T) {
	t.Parallel()
	issued, err := pki.SelfSigned(pki.Leaf{Names: []string{"app.test"}})
	require.NoError(t, err)
	require.NoError(t, appraisal.CheckRoots(issued.CertPEM))
	for name, text := range map[string][]byte{
		"nothing":               nil,
		"a text":                []byte("no PEM at all"),
		"a key":                 issued.KeyPEM,
		"a broken certificate":  []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
		"a certificate and key": slices.Concat(issued.CertPEM, issued.KeyPEM),
	} {
		require.Error(t, appraisal.CheckRoots(text), name)
	}
}
