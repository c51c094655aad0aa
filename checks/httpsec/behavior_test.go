package httpsec_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/behavior"
	"github.com/gradewatch/gradewatch/checks/httpsec"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Every row of the farm gives the facts that its verdict is about, and the same
// ones again.
func TestBehavior(t *testing.T) {
	t.Parallel()
	rows := behavior.Rows()
	told := make([]string, len(rows))
	var all sync.WaitGroup
	for i, row := range rows {
		all.Go(func() {
			address := serve(t, row.Handler.ServeHTTP)
			target, err := checks.ParseTarget(fmt.Sprintf("https://%s:%d%s", behavior.Host, address.Port(), row.Path), checks.Quick, checks.Limits{})
			if err != nil {
				t.Error(err)
				return
			}
			row.Ask(&target)
			first := httpsec.Walk(t.Context(), network(t), target, address).HTTP
			second := httpsec.Walk(t.Context(), network(t), target, address).HTTP
			if a, b := form(first), form(second); a != b {
				at := 0
				for at < min(len(a), len(b)) && a[at] == b[at] {
					at++
				}
				t.Errorf("%s %s: two looks differ at %q and %q", row.Requirement, row.Name, a[at:], b[at:])
			}
			told[i] = fmt.Sprintf("%s %s, %s: %s", row.Requirement, row.Want, row.Name, facts(first))
		})
	}
	all.Wait()
	const golden = "testdata/behavior.golden"
	got := strings.Join(told, "\n") + "\n"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func form(of checks.HTTP) string {
	text, _, err := checks.Canonical(of)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// facts are what E-01 to E-14 are about.
func facts(of checks.HTTP) string {
	var parts []string
	for _, hop := range of.Hops {
		parts = append(parts, strings.TrimSpace(string(hop.Via)+" "+answered(hop.Answer)))
	}
	parts = append(parts, "end "+fact(of.End))
	if of.Provoked.State != checks.NotAsked {
		parts = append(parts, "provoked "+answered(of.Provoked))
	}
	if of.Posted.State != checks.NotAsked {
		parts = append(parts, "posted "+answered(of.Posted))
	}
	switch of.SignIn.State {
	case checks.NotAsked:
	case checks.Known:
		s := of.SignIn.Value
		parts = append(parts, fmt.Sprintf(
			"sign-in at %s, legacy %t, client %q, redirect %q, type %q, scope %q, challenge %q, state %t %s, nonce %t %s, challenge %s, password %t",
			s.Host, s.Legacy, s.ClientID, s.RedirectURI, s.ResponseType, s.Scope, s.CodeChallengeMethod,
			s.State, fact(s.FreshState), s.Nonce, fact(s.FreshNonce), fact(s.FreshChallenge), s.PasswordBefore))
	default:
		parts = append(parts, "sign-in "+fact(of.SignIn))
	}
	return strings.Join(parts, "; ")
}

func fact[T any](of checks.Fact[T]) string {
	if of.State == checks.Known {
		return fmt.Sprint(of.Value)
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s", of.State, of.Reason))
}

func answered(of checks.Fact[checks.Response]) string {
	if of.State != checks.Known {
		return fact(of)
	}
	content := of.Value.Content.Value
	text := fmt.Sprintf("%d %s", of.Value.Status, content.Look)
	if len(content.Signatures) > 0 {
		text += fmt.Sprintf(" %v", content.Signatures)
	}
	return strings.TrimSpace(text)
}
