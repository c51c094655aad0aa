package sidebyside_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/observatory/csp"
)

// policyAnswer is what an answer says of its policy.
type policyAnswer struct {
	Fields []string `json:"fields,omitempty"`
	Metas  []string `json:"metas,omitempty"`
}

// Policies put together at random, from a fixed seed, are judged alike: how
// sources of several policies are sorted, covered and thrown out is where they
// would part.
func TestPoliciesSideBySide(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 6265)) //nolint:gosec // no secret
	answers := make([]policyAnswer, 10_000)
	for i := range answers {
		answers[i] = policyAnswer{Fields: somePolicies(random, 2), Metas: somePolicies(random, 2)}
	}
	var theirs [][2]any
	require.NoError(t, json.Unmarshal(run(t, "policies.mjs", nil, map[string]any{"answers": answers}), &theirs))
	require.Len(t, theirs, len(answers))
	seen := map[csp.Result]int{}
	for i, answer := range answers {
		got := csp.Judge(csp.Sent{Fields: answer.Fields, Metas: answer.Metas, HTTPS: true})
		require.Equal(t, theirs[i], [2]any{string(got.Result), got.FrameAncestors}, "%q", answer)
		seen[got.Result]++
	}
	for _, result := range []csp.Result{csp.NoUnsafe, csp.NoUnsafeDefaultNone, csp.UnsafeInlineStyle, csp.InsecurePassive, csp.UnsafeEval, csp.UnsafeInline, csp.InsecureScheme, csp.Duplicate, csp.Invalid, csp.Missing} {
		require.NotZero(t, seen[result], result)
	}
}

// somePolicies puts at most n policies together.
func somePolicies(random *rand.Rand, n int) []string {
	var all []string
	for range random.IntN(n + 1) {
		if policy := strings.TrimSpace(somePolicy(random)); policy != "" {
			all = append(all, policy)
		}
	}
	return all
}

func somePolicy(random *rand.Rand) string {
	names := strings.Fields(`default-src Script-Src script-src style-src object-src img-src media-src connect-src
		frame-ancestors base-uri report-uri report-to sandbox upgrade-insecure-requests`)
	sources := strings.Fields(`'none' 'self' 'unsafe-inline' 'unsafe-eval' 'strict-dynamic' 'nonce-x' 'sha256-a'
		data: blob: https: http: wss: * https://* http://a.b ftp://x a.b a.b/ a.b:443 *.a.b a_b a-b a1 a:b é ~x $y {z}
		HTTPS://A.B https://a.b https://a.b/ https://a.b/c https://a.b/c/ https://a.b/c/d https://a.b/%63 https://a.b/%zz / /x /x/`)
	var b strings.Builder
	for range random.IntN(5) {
		b.WriteString(names[random.IntN(len(names))])
		for range random.IntN(5) {
			b.WriteString(" " + sources[random.IntN(len(sources))])
		}
		b.WriteString([...]string{";", "; ", " ; ", ";;"}[random.IntN(4)])
	}
	return b.String()
}
