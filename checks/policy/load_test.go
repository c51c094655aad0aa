package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/policy/cases"
)

const goodProfile = `id: example
version: 2026-01
title: Example
owner: Somebody
source: https://example.com/
settings: {least: 128, names: [a, b]}
requirements:
  - id: EX-01
    text: It is so
    source: section 1
    severity:
      - {environment: [SOD], severity: record}
      - {severity: must}
    each: address
    applies: endpoint.tls
    pass: address.all_suites.all(s, s.strength >= settings.least)
    proof: {fail: "address.all_suites.filter(s, s.strength < settings.least)"}
    remedy: Do it.
    remedies:
      - {when: "address.port == 80", remedy: Do that.}
`

func TestLoad(t *testing.T) {
	t.Parallel()
	profile, err := policy.Load([]byte(goodProfile))
	require.NoError(t, err)
	require.Equal(t, "example@2026-01", profile.Name())
	requirement, ok := profile.Requirement("EX-01")
	require.True(t, ok)
	require.Equal(t, checks.Record, requirement.Severity(policy.Subject{Environment: policy.SOD}))
	require.Equal(t, checks.Must, requirement.Severity(policy.Subject{Environment: policy.Stage}))
	require.Equal(t, "It is so", profile.Statement("EX-01"))
	require.Empty(t, profile.Statement("EX-02"))
	require.Empty(t, profile.Only().Requirements)
}

// Whether an A- is enough is a setting: SuperOffice says nothing of it.
func TestProfileWithOtherSettings(t *testing.T) {
	t.Parallel()
	evidence := cases.Healthy()
	evidence.Grades[0].Letter = checks.GradeAMinus
	strict := policy.SuperOffice().Only("T-06")
	lenient, err := strict.With(map[string]any{"accept_a_minus": true})
	require.NoError(t, err)
	require.Equal(t, fail, policy.Judge(evidence, strict)[0].Result)
	require.Equal(t, pass, policy.Judge(evidence, lenient)[0].Result)
	_, err = strict.With(map[string]any{"accept_b": true})
	require.ErrorContains(t, err, `no setting "accept_b"`)
	_, err = strict.With(map[string]any{"accept_a_minus": "yes"})
	require.ErrorContains(t, err, "is bool, not string")
}

// Everything that is wrong is said, with its line.
func TestLoadSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ old, replacement, fault string }{
		{"id: example", "id: Example", `line 1: the profile's id "Example"`},
		{"version: 2026-01", "version: ''", "line 2: the profile's version"},
		{"owner: Somebody", "owner: ' '", "line 4: the profile needs a owner"},
		{"owner: Somebody", "proprietor: x", "field proprietor not found"},
		{"least: 128", "least: {}", "line 6: the setting least is no"},
		{"least: 128", "Least: 128", `line 6: the setting "Least"`},
		{"id: EX-01", "id: ex01", "line 8: the requirement's id"},
		{"text: It is so", "text: ''", "line 9: requirement EX-01 needs a text"},
		{"severity: must", "severity: shall", `line 13: requirement EX-01, severity 2: severity "shall" is not known`},
		{"[SOD]", "[sod]", `environment "sod" is not known`},
		{"environment: [SOD]", "kind: [cookie]", `kind "cookie" is not known`},
		{"environment: [SOD]", "application_type: [big]", `application type "big" is not known`},
		{"environment: [SOD]", "planet: [x]", `line 12: a severity rule has no field "planet"`},
		{"      - {severity: must}\n", "", "must end with a severity for everything"},
		{"each: address", "each: planet", `line 14: requirement EX-01: each "planet" is not known`},
		{"endpoint.tls", "endpoint.tsl", "line 15: requirement EX-01, applies: undefined field 'tsl'"},
		{"endpoint.tls", "cookie.secure", "type(cookie)"},
		{"endpoint.tls", "endpoint.port", "it gives int, not true or false"},
		{"endpoint.tls", "endpoint.tls &&", "Syntax error"},
		{"endpoint.tls", "has(endpoint.tls)", "undeclared reference to 'has'"},
		{"endpoint.tls", "\"endpoint.kind == 'webhok'\"", `kind is never "webhok"`},
		{"endpoint.tls", "\"endpoint.kind in ['webhook', 'webhok']\"", `kind is never "webhok"`},
		{"settings.least)\n    proof", "settings.most)\n    proof", "undeclared reference to 'settings"},
		{"address.all_suites.all(s, s.strength >= settings.least)", "\"address.protocols['TLSv1.4'] == 'accepted'\"", `line 16: requirement EX-01, pass: protocols holds no "TLSv1.4"`},
		{"address.all_suites.all(s, s.strength >= settings.least)", "\"address.protocols['TLSv1.2'] == 'on'\"", `protocols is never "on"`},
		{"address.all_suites.all(s, s.strength >= settings.least)", "address.chains.all(c, !c.faults.expird)", `faults holds no "expird"`},
		{"address.all_suites.all(s, s.strength >= settings.least)", "size(address.all_suites) > 3", "may not have been seen whole"},
		{"address.all_suites.all(s, s.strength >= settings.least)", "address.all_suites.filter(s, s.aead).size() > 3", "may not have been seen whole"},
		{"address.all_suites.filter(s, s.strength < settings.least)", "address.port", "it gives int, not a text"},
		{"address.all_suites.filter(s, s.strength < settings.least)", "address", "it gives address, not a text"},
		{"address.port == 80", "address.prt == 80", "line 20: requirement EX-01, remedies 0 when: undefined field"},
		{"remedy: Do that.", "remedy: ''", "remedy 1 needs a when and a remedy"},
		{"remedy: Do it.", "remedy: ''", "needs a remedy"},
		{"requirements:\n", "requirements:\n  - {id: EX-01, text: t, source: s, severity: must, pass: 'true', remedy: r}\n", "requirement EX-01 stands twice"},
		{"      - {when", "---\nx: 1\n      - {when", "follows after its end"},
	} {
		require.Contains(t, goodProfile, test.old)
		_, err := policy.Load([]byte(strings.Replace(goodProfile, test.old, test.replacement, 1)))
		require.ErrorContains(t, err, test.fault, test.replacement)
	}
	_, err := policy.Load([]byte(strings.NewReplacer("EX-01", "x", "each: address", "each: x").Replace(goodProfile)))
	require.ErrorContains(t, err, "line 8:")
	require.ErrorContains(t, err, "line 14:", "all of them at once")
	for _, odd := range []string{"", "x", "[]", goodProfile + "---\nx: 1\n", strings.Repeat("#", 2<<20)} {
		_, err := policy.Load([]byte(odd))
		require.Error(t, err)
	}
}

// A profile comes from whoever runs the program, and a broken one is refused,
// not fatal.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(goodProfile))
	f.Add([]byte("id: x\nrequirements: [{id: X-1, pass: 'addresses.all(a, a.port > 0)'}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		profile, err := policy.Load(data)
		if err != nil {
			return
		}
		require.Len(t, policy.Judge(policy.Evidence{}, profile), len(profile.Requirements))
	})
}
