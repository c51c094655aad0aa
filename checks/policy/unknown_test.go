package policy_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/policy/cases"
)

// ruleOf loads a profile of one requirement.
func ruleOf(t *testing.T, each, applies, pass string) *policy.Profile {
	t.Helper()
	profile, err := policy.Load([]byte(fmt.Sprintf(`
id: test
version: "1"
title: Test
owner: Test
source: test
requirements:
  - {id: X-01, text: t, source: s, severity: must, each: %s, applies: %q, pass: %q, remedy: r}
`, each, applies, pass)))
	require.NoError(t, err)
	return profile
}

// asked are the facts of the property: each true, false or unknown.
var asked = []struct {
	expression string
	set        func(e *policy.Evidence, value int)
}{
	{"(address.protocols['TLSv1.0'] == 'accepted')", setProtocol(checks.TLSv10)},
	{"(address.protocols['TLSv1.1'] == 'accepted')", setProtocol(checks.TLSv11)},
	{"(address.features.heartbeat == 'yes')", func(e *policy.Evidence, value int) {
		e.Observation.Addresses[0].Full.Features.Heartbeat = boolFact(value)
	}},
	{"address.dh_reuse", func(e *policy.Evidence, value int) { e.Observation.Addresses[0].Full.Suites.DHReuse = boolFact(value) }},
}

const (
	no = iota
	yes
	unsure
)

func boolFact(value int) checks.Fact[bool] {
	if value == unsure {
		return checks.InconclusiveFact[bool](checks.ReasonTimeout)
	}
	return checks.KnownFact(value == yes)
}

func setProtocol(protocol checks.Protocol) func(*policy.Evidence, int) {
	return func(e *policy.Evidence, value int) {
		facts := []checks.Fact[checks.Accepted]{
			checks.AbsentFact[checks.Accepted](""), checks.KnownFact(checks.Accepted{}), checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout),
		}
		e.Observation.Addresses[0].TLS.Protocols[protocol] = facts[value]
	}
}

// randomCondition writes a condition over asked.
func randomCondition(random *rand.Rand, depth int) string {
	if depth == 0 || random.IntN(5) == 0 {
		return asked[random.IntN(len(asked))].expression
	}
	part := func() string { return randomCondition(random, depth-1) }
	switch random.IntN(7) {
	case 0, 1:
		return "(" + part() + " && " + part() + ")"
	case 2, 3:
		return "(" + part() + " || " + part() + ")"
	case 4:
		return "!" + part()
	case 5:
		return "(" + part() + " ? " + part() + " : " + part() + ")"
	}
	return "(" + part() + " == " + part() + ")"
}

func oneAddress(values []int) policy.Evidence {
	evidence := cases.Healthy()
	evidence.Observation.Addresses = evidence.Observation.Addresses[:1]
	evidence.Observation.DNS.Addresses.Value = evidence.Observation.DNS.Addresses.Value[:1]
	for i, value := range values {
		asked[i].set(&evidence, value)
	}
	return evidence
}

// combinations calls do with every list of length values under base.
func combinations(length, base int, do func([]int)) {
	values := make([]int, length)
	for {
		do(values)
		at := 0
		for at < length && values[at] == base-1 {
			values[at] = 0
			at++
		}
		if at == length {
			return
		}
		values[at]++
	}
}

// A rule is inconclusive exactly when two values of its unknown facts give two
// answers, and its proof then names exactly the facts of which one can change
// the answer. With every answer known, the proof suffices: nothing else matters.
func TestInconclusiveExactlyWhereAnUnknownDecides(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test that is the same each time
	for range 16 {
		condition := randomCondition(random, 3)
		profile := ruleOf(t, "address", "true", condition)
		known := map[string]checks.Result{}
		combinations(len(asked), 2, func(values []int) {
			known[fmt.Sprint(values)] = policy.Judge(oneAddress(values), profile)[0].Result
		})
		combinations(len(asked), 3, func(values []int) {
			want, essential := completions(known, values)
			got := policy.Judge(oneAddress(values), profile)[0]
			require.Equal(t, want, got.Result, "%s of %v", condition, values)
			if want == checks.ResultInconclusive {
				require.Len(t, got.Proof, essential, "%s of %v: %+v", condition, values, got.Proof)
			}
		})
	}
}

// completions gives the result that every completion of values has, or
// inconclusive and how many unknown facts can change it alone.
func completions(known map[string]checks.Result, values []int) (checks.Result, int) {
	results := map[checks.Result]bool{}
	essential := map[int]bool{}
	combinations(len(values), 2, func(complete []int) {
		for i, value := range values {
			if value != unsure && complete[i] != value {
				return
			}
		}
		results[known[fmt.Sprint(complete)]] = true
		for i, value := range values {
			if value != unsure {
				continue
			}
			other := append([]int{}, complete...)
			other[i] = 1 - other[i]
			if known[fmt.Sprint(other)] != known[fmt.Sprint(complete)] {
				essential[i] = true
			}
		}
	})
	if len(results) > 1 {
		return checks.ResultInconclusive, len(essential)
	}
	for result := range results {
		return result, 0
	}
	return "", 0
}

// Lists of which not everything was seen, letters, and numbers.
func TestUnknownsOfEveryKind(t *testing.T) {
	t.Parallel()
	openWalk := func(e *policy.Evidence) {
		hops := &e.Observation.Addresses[0].HTTP.Hops
		*hops = append(*hops, checks.Hop{URL: "https://app.example.com/2", Scheme: "https", Host: cases.Host, SameSite: true, Answer: checks.InconclusiveFact[checks.Response](checks.ReasonTimeout)})
	}
	noSuites := func(e *policy.Evidence) {
		e.Observation.Addresses[0].Full.Suites.Accepted[checks.TLSv12] = checks.InconclusiveFact[[]checks.Suite](checks.ReasonBudget)
	}
	provisional := func(e *policy.Evidence) { e.Grades[0].Letter, e.Grades[0].Provisional = checks.GradeB, true }
	for _, test := range []struct {
		change func(*policy.Evidence)
		pass   string
		want   checks.Result
	}{
		{nil, "address.http.cookies.all(c, c.secure)", pass},
		{openWalk, "address.http.cookies.all(c, c.secure)", inconclusive},
		{openWalk, "address.http.cookies.all(c, !c.secure)", fail},
		{openWalk, "address.http.cookies.exists(c, c.secure)", pass},
		{openWalk, "address.http.cookies.exists(c, c.name == 'other')", inconclusive},
		{openWalk, "address.http.cookies.all(c, true)", pass},
		{openWalk, "address.http.cookies.all(c, c.secure || !c.secure)", inconclusive}, // what is unknown of an element can be anything
		{openWalk, "address.http.cookies.exists(c, false)", fail},
		{openWalk, "address.http.cookies.exists_one(c, c.secure)", inconclusive},
		{openWalk, "'sid' in address.http.cookies.map(c, c.name)", inconclusive}, // map and filter give a whole list or none
		{openWalk, "'other' in address.http.cookies.map(c, c.name)", inconclusive},
		{openWalk, "address.http.cookies.filter(c, c.secure).all(c, c.http_only)", inconclusive},
		{nil, "address.http.cookies.filter(c, !c.secure).all(c, c.http_only)", pass},
		{noSuites, "address.all_suites.all(s, s.aead)", inconclusive},
		{noSuites, "address.all_suites.exists(s, s.protocol == 'TLSv1.3')", pass},
		{noSuites, "address.suites['TLSv1.3'].all(s, s.aead)", pass},
		{noSuites, "size(address.suites['TLSv1.2']) > 0", inconclusive},
		{noSuites, "size(address.suites['TLSv1.3']) == 2 && size(address.suites.SSLv3) == 0", pass},
		{noSuites, "address.suites['TLSv1.2'][0].strength >= 128", inconclusive},
		{noSuites, "true || address.suites['TLSv1.2'][0].strength >= 128", pass},
		{noSuites, "address.protocols['TLSv1.2'] == 'refused' && address.suites['TLSv1.2'][0].strength >= 128", fail},
		{provisional, "address.grade.letter in ['A', 'A+']", fail},
		{provisional, "address.grade.rank <= 1", fail},
		{provisional, "address.grade.rank <= 3", inconclusive},
		{provisional, "address.grade.rank >= 3", pass},
		{nil, "address.protocols.exists(p, address.protocols[p] == 'accepted')", pass},
		{func(e *policy.Evidence) { setProtocol(checks.TLSv10)(e, unsure) }, "address.protocols.all(p, address.protocols[p] in ['accepted', 'refused'])", pass},
		{nil, "address.suites['TLSv1.2'][7].strength > 0", inconclusive}, // it cannot be evaluated
		{nil, "at - address.chains[0].leaf.not_before < duration('2160h')", pass},
	} {
		profile := ruleOf(t, "address", "true", test.pass)
		evidence := oneAddress(nil)
		if test.change != nil {
			test.change(&evidence)
		}
		got := policy.Judge(evidence, profile)[0]
		require.Equal(t, test.want, got.Result, "%s: %+v", test.pass, got)
		require.NotEmpty(t, got.Proof)
	}
}

// Whatever a scope is evaluated over: one fails the whole, else one leaves it
// open; what was not looked at counts; what does not apply does not.
func TestScopes(t *testing.T) {
	t.Parallel()
	second := "address.ip == '2001:db8::1'"
	for _, test := range []struct {
		each, applies, pass string
		change              func(*policy.Evidence)
		want                checks.Result
		proofs              int
	}{
		{"address", "true", "address.port == 443", nil, pass, 1},
		{"address", second, "address.protocols['TLSv1.3'] == 'accepted'", nil, pass, 1},
		{"address", second, "address.protocols['TLSv1.3'] == 'refused'", nil, fail, 1},
		{"address", "endpoint.kind == 'webhook'", "false", nil, notForThis, 1},
		{"address", "address.port == 80", "false", nil, notForThis, 0},
		{"address", "true", "endpoint.tls", func(e *policy.Evidence) { e.Observation.Addresses = nil }, pass, 1},
		{"address", "true", "address.port == 443", func(e *policy.Evidence) { e.Observation.Addresses = nil }, inconclusive, 1},
		{"chain", "true", "chain.leaf.key == 'ECDSA'", nil, pass, 2},
		{"chain", "true", "chain.leaf.key_bits > 256", nil, fail, 2},
		{"chain", "true", "chain.leaf.key == 'RSA'", func(e *policy.Evidence) { e.Appraisal.Addresses = nil }, inconclusive, 2},
		{"hop", "true", "hop.scheme == 'https' && hop.status == 200", nil, pass, 2},
		{"hop", "hop.same_site", "hop.status == 404", nil, fail, 2},
		{"cookie", "cookie.name == 'other'", "false", nil, notForThis, 0},
		{"endpoint", "true", "addresses.all(a, a.protocols['TLSv1.3'] == 'accepted')", nil, pass, 2},
		{"endpoint", "true", "addresses.exists(a, a.protocols['TLSv1.0'] == 'accepted')", func(e *policy.Evidence) { e.Observation.Addresses = e.Observation.Addresses[:1] }, inconclusive, 1},
	} {
		profile := ruleOf(t, test.each, test.applies, test.pass)
		evidence := cases.Healthy()
		if test.change != nil {
			test.change(&evidence)
		}
		got := policy.Judge(evidence, profile)[0]
		require.Equal(t, test.want, got.Result, "%+v %+v", test, got)
		if test.proofs > 0 {
			require.Len(t, got.Proof, test.proofs, "%s: %+v", test.pass, got.Proof)
		}
	}
}

// A hostile peer cannot make a rule run for long.
func TestCostIsLimited(t *testing.T) {
	t.Parallel()
	evidence := oneAddress(nil)
	suites := make([]checks.Suite, 400)
	for i := range suites {
		suites[i] = checks.Suite{ID: fmt.Sprintf("0x%04X", i), Name: strings.Repeat("x", 50), Strength: 128}
	}
	evidence.Observation.Addresses[0].Full.Suites.Accepted[checks.TLSv12] = checks.KnownFact(suites)
	const all = "address.suites['TLSv1.2']"
	got := policy.Judge(evidence, ruleOf(t, "address", "true", all+".all(a, "+all+".all(b, "+all+".all(c, a.id != b.id || b.id != c.id || true)))"))[0]
	require.Equal(t, inconclusive, got.Result)
	require.Equal(t, "rule", got.Proof[0].Fact)
}

func TestNotAsked(t *testing.T) {
	t.Parallel()
	evidence := cases.Healthy()
	judge := func() checks.Verdict { return policy.Judge(evidence, policy.SuperOffice().Only("T-05"))[0] }
	require.False(t, policy.NotAsked(judge()))
	evidence.Observation.Addresses[0].Full.Suites = checks.Suites{}
	require.True(t, policy.NotAsked(judge()))
	evidence.Observation.Addresses[0].TLS.Protocols[checks.SSLv3] = checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout)
	require.False(t, policy.NotAsked(judge()))
}
