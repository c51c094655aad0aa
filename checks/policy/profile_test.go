package policy_test

import (
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
		{"T-04", policy.Standard, policy.Redirect, checks.Record},
		{"T-06", policy.Standard, policy.Redirect, checks.Recommended},
		{"T-08", policy.Standard, policy.Redirect, checks.Recommended},
		{"T-10", policy.Custom, policy.Webhook, checks.Recommended},
		{"T-11", policy.Custom, policy.ERPSync, checks.Must},
		{"T-11", policy.Custom, policy.QuoteConnector, checks.Must},
		{"T-11", policy.Custom, policy.Webhook, checks.Recommended},
		{"L-06", policy.Standard, policy.Redirect, checks.Recommended},
		{"L-07", policy.Standard, policy.Redirect, checks.Must},
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

// What SuperOffice's documents do not state is our inference from them, and is
// never shown as theirs, whatever the endpoint is (superoffice.md section 0).
func TestDerivedRequirementsAreAdvice(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"T-05", "L-04", "L-05", "L-08", "L-09"} {
		requirement, ok := policy.SuperOffice().Requirement(id)
		require.True(t, ok)
		for _, rule := range requirement.Rules {
			require.Equal(t, checks.Advice, rule.Severity, id)
		}
	}
}
