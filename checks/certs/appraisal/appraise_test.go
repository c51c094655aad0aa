package appraisal_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/certs/chain"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// observe is an observation of one address that serves this chain.
func observe(host string, ders ...[]byte) *checks.Observation {
	observation := &checks.Observation{DNS: checks.DNS{Host: host}}
	var chain []checks.Fingerprint
	for _, der := range ders {
		certificate := checks.NewCertificate(der)
		observation.Certificates = append(observation.Certificates, certificate)
		chain = append(chain, certificate.SHA256)
	}
	observation.Addresses = []checks.AddressObservation{{
		Address: netip.MustParseAddr("192.0.2.1"), Port: 443,
		TLS: checks.TLS{Chain: checks.KnownFact(chain)},
	}}
	return observation
}

func trusting(t testing.TB, ca *pki.CA) *appraisal.Trust {
	t.Helper()
	trust, err := appraisal.NewTrust(appraisal.Config{Public: []chain.Anchor{{Certificate: ca.Certificate}}, WithoutLint: true})
	require.NoError(t, err)
	return trust
}

func TestEveryQuestionIsAnswered(t *testing.T) {
	t.Parallel()
	ca, err := pki.NewCA("Root")
	require.NoError(t, err)
	issuer, err := ca.Intermediate("Issuer")
	require.NoError(t, err)
	issued, err := issuer.Issue(pki.Leaf{Names: []string{"app.test"}})
	require.NoError(t, err)
	got := appraisal.Appraise(observe("app.test", issued.Certificate.Certificate...), time.Now(), trusting(t, ca))
	require.Len(t, got.Addresses, 1)
	require.Len(t, got.Addresses[0].Chains, 1)
	chain := got.Addresses[0].Chains[0]
	require.Len(t, chain.Path, 3)
	for _, question := range checks.Questions() {
		require.Contains(t, chain.Findings, question)
		require.NotEmpty(t, chain.Findings[question].Answer, question)
		require.NotEqual(t, checks.FaultFound, chain.Findings[question].Answer, "%s: %+v", question, chain.Findings[question])
	}
}
