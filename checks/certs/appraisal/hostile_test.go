package appraisal_test

import (
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
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
	for name, chain := range map[string][][]byte{
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
		got := only(t, observe("app.test", chain...), now, trust)
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
