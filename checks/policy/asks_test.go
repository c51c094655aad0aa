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
