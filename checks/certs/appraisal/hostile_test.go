package appraisal_test

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
)

// crossSigned is a leaf and issuers of one name that could all have signed the
// leaf and each other.
func crossSigned(t testing.TB, count, bits, exponent int) [][]byte {
	t.Helper()
	signer := &identity{&x509.Certificate{Subject: authority(t, "X", nil, rsaKey(), nil).Subject}, rsaKey()}
	ders := [][]byte{leaf(t, signer, newKey(t), nil).Raw}
	for range count {
		public := &rsa.PublicKey{N: modulus(t, bits), E: exponent}
		ders = append(ders, authority(t, "X", signer, withKey{public: public}, nil).Raw)
	}
	return ders
}

// The standard library checks up to 100 signatures a chain, and the walk as
// many again; keys that are slow to check with are left out of both.
func TestHostileChainsEnd(t *testing.T) {
	t.Parallel()
	trust := newTrust(t, appraisal.Config{WithoutLint: true})
	for name, sent := range map[string][][]byte{
		"cross-signed":     crossSigned(t, 200, 2048, 65537),
		"huge keys":        crossSigned(t, 20, 16384, 65537),
		"a large exponent": crossSigned(t, 20, 4096, 1<<31-1),
		"the same, 1000 times": func() (chain [][]byte) {
			one := leaf(t, nil, newKey(t), nil).Raw
			for range 1000 {
				chain = append(chain, one)
			}
			return chain
		}(),
		"thousands of names": {leaf(t, nil, newKey(t), func(c *x509.Certificate) {
			c.DNSNames = nil
			for index := range 6000 {
				c.DNSNames = append(c.DNSNames, fmt.Sprintf("host-%d.app.test", index))
			}
		}).Raw},
		"empty certificates": {nil, {}, {0x30, 0}},
	} {
		got := only(t, observe("app.test", sent...), now, trust)
		require.NotEmpty(t, found(got), name)
		require.Empty(t, got.Path, name)
		for _, finding := range got.Findings {
			require.LessOrEqual(t, len(finding.Details), 64, name)
		}
	}
}

// A certificate that the observation names and does not hold tells nothing.
func TestMissingCertificate(t *testing.T) {
	t.Parallel()
	observation := observe("app.test", leaf(t, nil, newKey(t), nil).Raw)
	observation.Certificates = nil
	got := only(t, observation, now, trusting(t))
	require.Equal(t, []checks.Question{checks.Unparsable}, found(got))
	require.Equal(t, checks.FaultInconclusive, got.Findings[checks.UnknownIssuer].Answer)
	require.Zero(t, got.Leaf)
}

// Nobody becomes trusted by what cannot be checked: a signature algorithm that
// no one knows below the name of a trusted root, or a key that crypto/x509 does
// not parse below a certificate that is no authority's.
func TestWhatCannotBeCheckedIsNotTrusted(t *testing.T) {
	t.Parallel()
	root := authority(t, "Root", nil, newKey(t), nil)
	trust := trusting(t, root)
	forger := authority(t, "Root", nil, newKey(t), nil)
	withSHA256, unknown := []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02}, []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x09}
	forged := patched(t, leaf(t, forger, newKey(t), nil).Raw, withSHA256, unknown, forger.key)
	got := only(t, observe("app.test", forged), now, trust)
	require.Contains(t, found(got), checks.UnknownIssuer)
	require.Empty(t, got.Path)

	server := leaf(t, root, newKey(t), nil) // honest, and no authority
	p256, prime239 := []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}, []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x04}
	stolen := patched(t, leaf(t, server, newKey(t), func(c *x509.Certificate) { c.Subject.CommonName, c.DNSNames = "victim.test", []string{"victim.test"} }).Raw, p256, prime239, server.key)
	got = only(t, observe("victim.test", stolen, server.Raw), now, trust)
	require.Contains(t, found(got), checks.KeyUsage)
	require.Empty(t, got.Path)

	// The store's constraint holds for it too.
	constrained := newTrust(t, appraisal.Config{WithoutLint: true, Public: []chain.Anchor{{
		Certificate: root.Certificate, Constraint: func([]*x509.Certificate) error { return errors.New("not any more") },
	}}})
	odd := patched(t, leaf(t, root, newKey(t), nil).Raw, p256, prime239, root.key)
	require.Contains(t, found(only(t, observe("app.test", odd), now, constrained)), checks.Distrusted)
	require.Len(t, only(t, observe("app.test", odd), now, trust).Path, 2)
}
