package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

func TestSuperOfficeProfile(t *testing.T) {
	t.Parallel()
	profile := policy.SuperOffice()
	require.Equal(t, "superoffice@2026-07", profile.Name())
	severity := func(id string, subject policy.Subject) checks.Severity {
		requirement, ok := profile.Requirement(id)
		require.True(t, ok)
		return requirement.Severity(subject)
	}
	for _, test := range []struct {
		id              string
		applicationType policy.ApplicationType
		kind            policy.Kind
		want            checks.Severity
	}{
		{"T-01", policy.Custom, policy.Redirect, checks.Must},
		{"T-01", policy.Standard, policy.WebPanel, checks.Must},
		{"T-03", policy.Standard, policy.CORSOrigin, checks.Advice},
		{"T-07", policy.Custom, policy.Redirect, checks.Must},
		{"T-09", policy.Custom, policy.Webhook, checks.Must},
		{"T-09", policy.Standard, policy.Redirect, checks.Advice},
		{"C-01", policy.Custom, policy.Redirect, checks.Must},
		{"C-02", policy.Custom, policy.Redirect, checks.Recommended},
		{"C-02", policy.Standard, policy.Redirect, checks.Must},
		{"C-02", policy.Standard, policy.Guide, checks.Advice},
		{"E-01", policy.Custom, policy.Redirect, checks.Must},
		{"L-03", policy.Custom, policy.Redirect, checks.Must},
	} {
		for _, environment := range policy.Environments() {
			subject := policy.Subject{ApplicationType: test.applicationType, Kind: test.kind, Environment: environment}
			require.Equal(t, test.want, severity(test.id, subject), "%+v", test)
		}
	}
	_, ok := profile.Requirement("X-99")
	require.False(t, ok)
	_, err := policy.ProfileByID("nobody")
	require.ErrorContains(t, err, "nobody")
}

func TestParseProfileIsStrict(t *testing.T) {
	t.Parallel()
	const good = `{"id":"x","version":"2026-01","requirements":[{"id":"T-01","text":"t","source":"s","severity":[{"environment":["SOD"],"severity":"record"},{"severity":"must"}]}]}`
	profile, err := policy.ParseProfile([]byte(good))
	require.NoError(t, err)
	require.Equal(t, checks.Record, profile.Requirements[0].Severity(policy.Subject{Environment: policy.SOD}))
	require.Equal(t, checks.Must, profile.Requirements[0].Severity(policy.Subject{Environment: policy.Stage}))
	for _, test := range []struct{ old, replacement, fault string }{
		{`"id":"x"`, `"id":""`, "needs an id"},
		{`"id":"x"`, `"name":"x"`, "unknown field"},
		{`"T-01"`, `"T-99"`, `"T-99" is not known`},
		{`"must"`, `"shall"`, `"shall" is not known`},
		{`"must"`, `""`, `"" is not known`},
		{`"SOD"`, `"sod"`, `environment "sod" is not known`},
		{`"environment":["SOD"]`, `"kind":["cookie"]`, `kind "cookie" is not known`},
		{`"environment":["SOD"]`, `"application_type":["big"]`, `application type "big" is not known`},
		{`,{"severity":"must"}`, ``, "must end with a severity for everything"},
		{`"text":"t"`, `"text":""`, "needs a text"},
		{`]}]}`, `]}]} {}`, "follows after its end"},
		{`"requirements":[`, `"requirements":[{"id":"T-01","text":"t","source":"s","severity":[{"severity":"must"}]},`, "stands twice"},
	} {
		require.Contains(t, good, test.old)
		_, err := policy.ParseProfile([]byte(strings.Replace(good, test.old, test.replacement, 1)))
		require.ErrorContains(t, err, test.fault, test.replacement)
	}
}
