package certificates_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/certificates"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The table holds what it promises: at least 80 cases, each with its reason,
// and every question with a case whose answer is yes.
func TestCases(t *testing.T) {
	t.Parallel()
	names, asked := map[string]bool{}, map[checks.Question]int{}
	for _, one := range certificates.Cases() {
		require.False(t, names[one.Name], one.Name)
		require.NotEmpty(t, one.Why, one.Name)
		names[one.Name] = true
		for _, question := range one.Want.Yes {
			asked[question]++
		}
	}
	require.Greater(t, len(names), 80)
	t.Logf("%d cases", len(names))
	for _, question := range checks.Questions() {
		require.NotZero(t, asked[question], question)
	}
}
