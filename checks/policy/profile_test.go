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
