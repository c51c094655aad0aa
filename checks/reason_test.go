package checks

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every reason has a sentence: the reasons are read from their declaration.
func TestEveryReasonHasAText(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("reason.go")
	require.NoError(t, err)
	declared := 0
	for line := range strings.Lines(string(source)) {
		if _, value, ok := strings.Cut(line, ` = "`); ok {
			value, _, _ = strings.Cut(value, `"`)
			declared++
			require.Contains(t, reasonTexts, Reason(value))
		}
	}
	require.Len(t, reasonTexts, declared)
	require.Equal(t, "was not asked", Reason("").Text())
}
