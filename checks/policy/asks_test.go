package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

func TestAsk(t *testing.T) {
	t.Parallel()
	with := map[policy.Kind]checks.Target{
		policy.Redirect:    {Provoke: true},
		policy.SignInStart: {SignInStart: true},
		policy.Webhook:     {Post: checks.PostWebhookTest},
		policy.StateChange: {Post: checks.PostInvalidToken},
	}
	for _, kind := range policy.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			subject := policy.Subject{Kind: kind, ValueKind: policy.Literal, Value: "https://app.example.com/"}
			var target checks.Target
			subject.Ask(&target, true)
			require.Equal(t, with[kind], target)

			var without checks.Target
			subject.Ask(&without, false)
			require.Empty(t, without.Post, "nothing is sent without leave")
		})
	}
}

func TestAuthorizeURL(t *testing.T) {
	t.Parallel()
	subject := policy.Subject{
		Kind: policy.Redirect, ValueKind: policy.Literal, Environment: policy.SOD, ClientID: "c1", Value: "https://app.example.com/callback",
	}
	require.Equal(t,
		"https://sod.superoffice.com/login/common/oauth/authorize?client_id=c1&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&response_type=code&scope=openid&state=gradewatch",
		subject.AuthorizeURL())
	for name, change := range map[string]func(*policy.Subject){
		"another kind": func(s *policy.Subject) { s.Kind = policy.WebPanel }, "a pattern": func(s *policy.Subject) { s.ValueKind = policy.Pattern },
		"no client ID": func(s *policy.Subject) { s.ClientID = "" }, "no environment": func(s *policy.Subject) { s.Environment = "" },
	} {
		other := subject
		change(&other)
		require.Empty(t, other.AuthorizeURL(), name)
	}
}
