package httpsec

import (
	"context"
	"net/url"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// maxParameterBytes bounds what is kept of an authorize request's parameter.
const maxParameterBytes = 2 << 10

// authorizes says whether u asks somebody to sign a person in: it is at
// SuperOffice's sign-in service, or an authorize request (RFC 6749 section
// 4.1.1), or SuperOffice's form before OAuth 2.0.
func authorizes(u *url.URL) bool {
	query := u.Query()
	return signInService(u) || query.Has("response_type") && query.Has("client_id") || legacy(u)
}

// legacy says whether u is /login/?app_id=..., the deprecated form (E-06).
func legacy(u *url.URL) bool {
	return strings.HasPrefix(strings.ToLower(u.EscapedPath()), "/login") && u.Query().Has("app_id")
}

// signIn tells of the authorize request that the walk led to: the one at
// SuperOffice's service, else the first. The walk is made once more from its
// start, with no cookies of the first, to see whether state, nonce and challenge are new.
func (w *walker) signIn(ctx context.Context, main trail) checks.Fact[checks.SignIn] {
	if main.signIn == nil {
		if main.end.State == checks.Inconclusive {
			return checks.InconclusiveFact[checks.SignIn](main.end.Reason)
		}
		return checks.AbsentFact[checks.SignIn](main.end.Reason)
	}
	u := main.signIn.url
	query := u.Query()
	told := checks.SignIn{
		Host: u.Hostname(), Path: CanonicalPath(u.EscapedPath()), Legacy: legacy(u),
		ClientID: parameter(query, "client_id"), RedirectURI: parameter(query, "redirect_uri"),
		ResponseType: parameter(query, "response_type"), ResponseMode: parameter(query, "response_mode"),
		Scope: parameter(query, "scope"), CodeChallengeMethod: challengeMethod(query),
		State: query.Get("state") != "", Nonce: query.Get("nonce") != "",
		PasswordBefore: main.signIn.password,
	}
	if told.Legacy {
		told.ClientID, told.RedirectURI = parameter(query, "app_id"), parameter(query, "redirect_url")
	}
	again := w.follow(ctx, nil)
	told.FreshState = fresh(query, again, "state")
	told.FreshNonce = fresh(query, again, "nonce")
	told.FreshChallenge = fresh(query, again, "code_challenge")
	return checks.KnownFact(told)
}

func parameter(query url.Values, name string) string {
	return checks.Clean(query.Get(name), maxParameterBytes)
}

// challengeMethod is plain where there is a challenge and no method (RFC 7636
// section 4.3).
func challengeMethod(query url.Values) string {
	if query.Get("code_challenge") == "" {
		return ""
	}
	if method := parameter(query, "code_challenge_method"); method != "" {
		return method
	}
	return "plain"
}

// fresh says whether a second start gave another value of a parameter.
func fresh(first url.Values, again trail, name string) checks.Fact[bool] {
	value := first.Get(name)
	if value == "" {
		return checks.AbsentFact[bool]("")
	}
	if again.signIn == nil {
		if again.end.State == checks.Inconclusive {
			return checks.InconclusiveFact[bool](again.end.Reason)
		}
		return checks.InconclusiveFact[bool](checks.ReasonDisagreement)
	}
	second := again.signIn.url.Query().Get(name)
	if second == "" {
		return checks.InconclusiveFact[bool](checks.ReasonDisagreement)
	}
	return checks.KnownFact(second != value)
}
