package policy_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// A web panel is asked with harmless values where SuperOffice puts its own.
func TestURLOfWebPanels(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, value, want string }{
		{"as documented", "https://app.example.com/panel?uctx=<uctx>&usid=<usid>", "https://app.example.com/panel?uctx=Cust00000&usid=monitor"},
		{"encoded", "https://app.example.com/panel?c=%3Cuctx%3E&u=%3cusid%3e", "https://app.example.com/panel?c=Cust00000&u=monitor"},
		{"in the host", "https://<uctx>.example.com/", "https://Cust00000.example.com/"},
		{"in the path, and others", "https://app.example.com/<uctx>/x?cid=<contact_id>&n=<pers.name>", "https://app.example.com/Cust00000/x?cid=monitor&n=monitor"},
		{"another case", "https://app.example.com/?c=<UCTX>", "https://app.example.com/?c=Cust00000"},
		{"nothing to fill", "https://app.example.com/?a=1<2", "https://app.example.com/?a=1<2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			subject := policy.Subject{Kind: policy.WebPanel, ValueKind: policy.Literal, Value: test.value}
			require.Equal(t, test.want, subject.URL())
			_, err := url.Parse(subject.URL())
			require.NoError(t, err)
			_, err = checks.ParseTarget(subject.URL(), checks.Quick, checks.Limits{})
			require.NoError(t, err)
			subject.Kind = policy.Redirect
			require.Equal(t, test.value, subject.URL(), "of web panels only")
		})
	}
}
