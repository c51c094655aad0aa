package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

func TestWaive(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return at.AddDate(0, 0, n) }
	waiver := func(requirement, fact string, until time.Time) policy.RequirementWaiver {
		return policy.RequirementWaiver{Requirement: requirement, Waiver: checks.Waiver{Owner: "Kim", Reason: "UI cookie", Until: until, Fact: fact}}
	}
	cookies := func(facts ...string) checks.Verdict {
		verdict := checks.Verdict{Requirement: "C-01", Result: checks.Fail}
		for _, fact := range facts {
			verdict.Proof = append(verdict.Proof, checks.Proof{Fact: fact})
		}
		return verdict
	}
	for name, test := range map[string]struct {
		verdict checks.Verdict
		waivers []policy.RequirementWaiver
		until   time.Time // zero: not waived
	}{
		"none":                {cookies("a"), nil, time.Time{}},
		"all":                 {cookies("a", "b"), []policy.RequirementWaiver{waiver("C-01", "", day(3))}, day(3)},
		"another requirement": {cookies("a"), []policy.RequirementWaiver{waiver("C-02", "", day(3))}, time.Time{}},
		"one cookie":          {cookies("a"), []policy.RequirementWaiver{waiver("C-01", "a", day(3))}, day(3)},
		"one cookie of two":   {cookies("a", "b"), []policy.RequirementWaiver{waiver("C-01", "a", day(3))}, time.Time{}},
		"one cookie, wherever it is set": {
			cookies("http[192.0.2.1].hops[0].answer.cookies[theme].http_only", "http[2001:db8::1].hops[2].answer.cookies[theme].http_only"),
			[]policy.RequirementWaiver{waiver("C-01", "cookies[theme]", day(3))},
			day(3),
		},
		"another cookie beside it": {
			cookies("http[192.0.2.1].hops[0].answer.cookies[theme].http_only", "http[192.0.2.1].hops[0].answer.cookies[theme2].http_only"),
			[]policy.RequirementWaiver{waiver("C-01", "cookies[theme]", day(3))},
			time.Time{},
		},
		"a cookie with brackets in its name": {
			cookies("http[192.0.2.1].hops[0].answer.cookies[a[0]].http_only"),
			[]policy.RequirementWaiver{waiver("C-01", "cookies[a[0]]", day(3))},
			day(3),
		},
		"each cookie":          {cookies("a", "b"), []policy.RequirementWaiver{waiver("C-01", "a", day(3)), waiver("C-01", "b", day(2))}, day(2)},
		"the longer one":       {cookies("a"), []policy.RequirementWaiver{waiver("C-01", "", day(1)), waiver("C-01", "a", day(5))}, day(5)},
		"over":                 {cookies("a"), []policy.RequirementWaiver{waiver("C-01", "", day(-1))}, time.Time{}},
		"over at this instant": {cookies("a"), []policy.RequirementWaiver{waiver("C-01", "", at)}, time.Time{}},
		"without a proof":      {cookies(), []policy.RequirementWaiver{waiver("C-01", "", day(1))}, day(1)},
		"a pass":               {checks.Verdict{Requirement: "C-01", Result: checks.Pass}, []policy.RequirementWaiver{waiver("C-01", "", day(1))}, time.Time{}},
		"cannot be told":       {checks.Verdict{Requirement: "C-01", Result: checks.ResultInconclusive}, []policy.RequirementWaiver{waiver("C-01", "", day(1))}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := []checks.Verdict{test.verdict}
			got := policy.Waive(given, test.waivers, at)
			require.Nil(t, given[0].Waived)
			require.Equal(t, test.verdict.Result, got[0].Result)
			if test.until.IsZero() {
				require.Nil(t, got[0].Waived)
				return
			}
			require.NotNil(t, got[0].Waived)
			require.Equal(t, test.until, got[0].Waived.Until)
			require.Equal(t, "Kim", got[0].Waived.Owner)
		})
	}
}
