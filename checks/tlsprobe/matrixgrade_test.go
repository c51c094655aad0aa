package tlsprobe_test

import (
	"crypto/x509"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/checktest/matrix"
	"github.com/gradewatch/gradewatch/checks/grade"
)

// matrixTrust is what matrix.Graded says: the matrix' own root besides Mozilla's
// store, and lists of Debian's weak keys, of which the matrix has none.
func matrixTrust(t *testing.T) *appraisal.Trust {
	t.Helper()
	none := []byte("# no key\n")
	trust, err := appraisal.NewTrust(appraisal.Config{
		PrivateRoots: matrix.Root(t), WithoutLint: true,
		DebianKeys: map[int][]byte{512: none, 1024: none, 2048: none, 4096: none},
	})
	require.NoError(t, err)
	return trust
}

// requireGrade grades what was seen, and wants letters, scores, every rule and
// no other, and whether something is missing.
func requireGrade(t *testing.T, want matrix.Graded, look checks.FullLook, address netip.AddrPort, trust *appraisal.Trust) {
	t.Helper()
	observation := observationOf(t, look, address)
	at := time.Now()
	appraised := appraisal.Appraise(observation, at, trust)
	criteria, err := grade.CriteriaByVersion("2009r")
	require.NoError(t, err)
	got := grade.Address(observation.Addresses[0], appraised.Addresses[0], at, criteria)
	require.NotNil(t, got.Scores)
	found := matrix.Graded{
		Letter: got.Letter, TrustIgnored: got.TrustIgnored, Provisional: got.Provisional, Rules: map[string]string{},
		Protocol: got.Scores.Protocol, KeyExchange: got.Scores.KeyExchange, Cipher: got.Scores.Cipher, Total: got.Scores.Total,
	}
	for _, rule := range got.Rules {
		found.Rules[rule.ID] = rule.Text
	}
	bothSides := cmp.FilterPath(func(path cmp.Path) bool { // a reason and a sentence are there, or neither
		_, entry := path.Last().(cmp.MapIndex)
		return entry
	}, cmp.Comparer(func(a, b string) bool { return (a == "") == (b == "") }))
	if difference := cmp.Diff(want, found, bothSides); difference != "" {
		t.Errorf("grade, -reasoned +given:\n%s", difference)
		for _, missing := range got.Missing {
			t.Logf("missing: %s", missing.Text)
		}
	}
}

// observationOf is what a look leaves behind, with the certificates' revocation
// as the collector notes it where they name no place for it.
func observationOf(t *testing.T, look checks.FullLook, address netip.AddrPort) *checks.Observation {
	t.Helper()
	observation := &checks.Observation{
		DNS: checks.DNS{Host: matrix.Host}, Certificates: look.Certificates,
		Addresses: []checks.AddressObservation{{Address: address.Addr(), Port: address.Port(), TLS: look.TLS, Full: look.Full}},
		PKI:       checks.PKI{Revocation: map[checks.Fingerprint]checks.Revocation{}},
	}
	for _, certificate := range look.Certificates {
		if parsed, err := x509.ParseCertificate(certificate.DER); err == nil {
			require.Empty(t, slices.Concat(parsed.CRLDistributionPoints, parsed.OCSPServer))
		}
		observation.PKI.Revocation[certificate.SHA256] = checks.Revocation{
			CRL: checks.AbsentFact[checks.RevocationStatus](""), OCSP: checks.AbsentFact[checks.RevocationStatus](""),
		}
	}
	return observation
}
