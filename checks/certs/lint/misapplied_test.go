package lint_test

import (
	"crypto/x509"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/certs/lint"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// Every new intermediate with an ECDSA key would break a rule for subscribers.
func TestRulesForSubscribersDoNotBindAuthorities(t *testing.T) {
	t.Parallel()
	linter, err := lint.New()
	require.NoError(t, err)
	ca, err := pki.NewCA("Root")
	require.NoError(t, err)
	intermediate, err := ca.Intermediate("Intermediate")
	require.NoError(t, err)
	require.NotContains(t, namesIn(t, linter, intermediate.Certificate.Raw), "e_cabf_ecc_allowed_key_usages")

	issued, err := intermediate.Issue(pki.Leaf{Names: []string{"app.example.com"}, Template: func(template *x509.Certificate) {
		template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	}})
	require.NoError(t, err)
	require.Contains(t, namesIn(t, linter, issued.Certificate.Certificate[0]), "e_cabf_ecc_allowed_key_usages")
}

func namesIn(t *testing.T, linter *lint.Linter, der []byte) []string {
	t.Helper()
	findings, err := linter.Certificate(der, true)
	require.NoError(t, err)
	names := make([]string, 0, len(findings))
	for _, finding := range findings {
		names = append(names, finding.Lint)
	}
	return names
}
