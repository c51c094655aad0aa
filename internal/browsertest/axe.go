package browsertest

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Violations returns what axe-core finds wrong with the page that the browser
// shows, by the rules of WCAG 2.2 to level AA, each in a line that names it.
func Violations(ctx context.Context, t testing.TB) []string {
	t.Helper()
	_, source, _, _ := runtime.Caller(0)
	tools := os.Getenv("GRADEWATCH_TEST_TOOLS")
	if tools == "" {
		tools = filepath.Join(filepath.Dir(source), "..", "..", ".cache", "tools")
	}
	axe, err := os.ReadFile(filepath.Join(tools, "axe-core", "node_modules", "axe-core", "axe.min.js")) //nolint:gosec // a tool of the tests
	require.NoError(t, err, "the npm package axe-core is missing: run make deps (internal/browsertest/install.sh)")
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](string(axe)+`;
		axe.run({resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
			.then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.target + " " + n.failureSummary)))`, chromedp.EvalAwaitPromise))
	require.NoError(t, err)
	return found
}
