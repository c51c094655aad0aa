package lint_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	zlint "github.com/zmap/zlint/v3/lint"

	"github.com/gradewatch/gradewatch/checks/certs/lint"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

func lintsOf(findings []lint.Finding) []string {
	var list []string
	for _, finding := range findings {
		list = append(list, finding.Lint)
	}
	return list
}

func TestPublicRulesAreForPublicCertificates(t *testing.T) {
	t.Parallel()
	linter, err := lint.New()
	require.NoError(t, err)
	ca, err := pki.NewCA("Root")
	require.NoError(t, err)
	issued, err := ca.Issue(pki.Leaf{Names: []string{"app.test"}})
	require.NoError(t, err)
	der := issued.Certificate.Certificate[0]
	public, err := linter.Certificate(der, true)
	require.NoError(t, err)
	require.Contains(t, lintsOf(public), "e_dnsname_not_valid_tld")
	for _, finding := range public {
		require.NotEmpty(t, finding.Description)
		require.NotEmpty(t, finding.Citation)
	}
	private, err := linter.Certificate(der, false)
	require.NoError(t, err)
	require.NotContains(t, lintsOf(private), "e_dnsname_not_valid_tld")
	require.Less(t, len(private), len(public))
}

func TestWhatCannotBeLinted(t *testing.T) {
	t.Parallel()
	linter, err := lint.New()
	require.NoError(t, err)
	_, err = linter.Certificate(make([]byte, 1<<20), true)
	require.ErrorIs(t, err, lint.ErrTooLarge)
	_, err = linter.Certificate([]byte("garbage"), true)
	require.Error(t, err)
}

// What is left out is still there to be left out, and says why.
func TestExclusions(t *testing.T) {
	t.Parallel()
	for _, exclusion := range lint.Excluded() {
		require.NotNil(t, zlint.GlobalRegistry().CertificateLints().ByName(exclusion.Lint), exclusion.Lint)
		require.NotEmpty(t, exclusion.Reason)
	}
}

// The version names the module that go.mod requires.
func TestVersion(t *testing.T) {
	t.Parallel()
	linter, err := lint.New()
	require.NoError(t, err)
	module, err := os.ReadFile("../../../go.mod")
	require.NoError(t, err)
	version, _, _ := strings.Cut(strings.TrimPrefix(linter.Version(), "zlint-"), "-")
	require.Contains(t, string(module), "github.com/zmap/zlint/v3 "+version)
}

func FuzzLint(f *testing.F) {
	linter, err := lint.New()
	require.NoError(f, err)
	ca, err := pki.NewCA("Root")
	require.NoError(f, err)
	issued, err := ca.Issue(pki.Leaf{Names: []string{"app.test", "192.0.2.1"}})
	require.NoError(f, err)
	f.Add(issued.Certificate.Certificate[0], true)
	f.Add(ca.Certificate.Raw, false)
	f.Fuzz(func(t *testing.T, der []byte, public bool) {
		findings, err := linter.Certificate(der, public)
		if err != nil && len(findings) > 0 {
			t.Error("findings of what could not be linted")
		}
	})
}
