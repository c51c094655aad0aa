package behavior

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// What the starts of a sign-in send.
const (
	clientID   = "0123456789abcdef0123456789abcdef"
	redirectTo = "https://app.example.com/signin-superoffice"
)

// authorize returns an authorize request at host that does everything right,
// with parameters in the form of a query added or put in place of others; one
// without a value is left out.
func authorize(host, changes string) string {
	query := url.Values{
		"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {redirectTo}, "scope": {"openid"},
		"state": {rand.Text()}, "code_challenge": {rand.Text()}, "code_challenge_method": {"S256"},
	}
	for change := range strings.SplitSeq(changes, "&") {
		name, value, _ := strings.Cut(change, "=")
		if value == "" {
			query.Del(name)
			continue
		}
		if plain, err := url.QueryUnescape(value); err == nil {
			value = plain
		}
		query.Set(name, value)
	}
	return "https://" + host + "/login/common/oauth/authorize?" + query.Encode()
}

const root = "sod.superoffice.com"

// starts redirects to a new authorize request each time.
func starts(host, changes string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { to(authorize(host, changes))(w, r) }
}

// signInStarts are the rows of E-03 to E-07: where the start of a sign-in leads.
func signInStarts() []Row {
	row := func(requirement, name string, want checks.Result, handler http.Handler) Row {
		return Row{
			Requirement: requirement, Name: name, Kind: policy.SignInStart, Path: "/login", Registered: []string{redirectTo},
			Handler: handler, Want: want,
		}
	}
	password := page(http.StatusOK, `<h1>Sign in</h1><form method="post"><input name="user"><input type="password" name="password"><button>Sign in</button></form>`)
	passwordFirst := page(http.StatusOK, `<form><input type="password" name="p"></form><meta http-equiv="refresh" content="5;url=/go">`)
	legacy := to("https://sod.superoffice.com/login/?app_id=" + clientID + "&redirect_url=" + url.QueryEscape(redirectTo))
	constant := to(authorize(root, "state=1&nonce=1&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"))
	return []Row{
		row("E-03", "straight to the service", checks.Pass, starts(root, "")),
		row("E-03", "by way of a page without a password", checks.Pass, paths{
			"/login": page(http.StatusOK, `<p>You are sent to SuperOffice.<meta http-equiv="refresh" content="0;url=/go">`), "/go": starts(root, ""),
		}),
		row("E-03", "a sign-in form of its own", checks.Fail, password),
		row("E-03", "a page that asks for a password on the way", checks.Fail, paths{"/login": passwordFirst, "/go": starts(root, "")}),
		row("E-03", "a single-page application", checks.ResultInconclusive, page(http.StatusOK, `<div id="root"></div><script src="/app.js"></script>`)),
		row("E-03", "script that leads on", checks.ResultInconclusive, page(http.StatusOK, `<p>You are now sent to SuperOffice to sign in.</p><script>location = "/go"</script>`)),
		row("E-03", "leads to a page of the application", checks.Fail, paths{"/login": to("/home"), "/home": page(http.StatusOK, "<h1>Home</h1><p>Welcome to the application.")}),
		row("E-04", "the root host", checks.Pass, starts(root, "")),
		row("E-04", "a numbered host", checks.Fail, starts("sod2.superoffice.com", "")),
		row("E-04", "a numbered host of Production", checks.Fail, starts("online12.superoffice.com", "")),
		row("E-05", "a registered redirect URL", checks.Pass, starts(root, "")),
		row("E-05", "another path", checks.Fail, starts(root, "redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback")),
		row("E-05", "another case", checks.Fail, starts(root, "redirect_uri=https%3A%2F%2Fapp.example.com%2FSignin-SuperOffice")),
		row("E-05", "a slash at the end", checks.Fail, starts(root, "redirect_uri="+url.QueryEscape(redirectTo+"/"))),
		row("E-05", "none", checks.Fail, starts(root, "redirect_uri=")),
		row("E-06", "code and S256", checks.Pass, starts(root, "")),
		row("E-06", "code without a challenge", checks.Fail, starts(root, "code_challenge=&code_challenge_method=")),
		row("E-06", "a plain challenge", checks.Fail, starts(root, "code_challenge_method=plain")),
		row("E-06", "a challenge without a method", checks.Fail, starts(root, "code_challenge_method=")),
		row("E-06", "implicit", checks.Fail, starts(root, "response_type=id_token+token&nonce=abc")),
		row("E-06", "hybrid", checks.Fail, starts(root, "response_type=code+id_token&nonce=abc")),
		row("E-06", "the form before OAuth 2.0", checks.Fail, legacy),
		row("E-07", "openid and a new state", checks.Pass, starts(root, "")),
		row("E-07", "openid among others", checks.Pass, starts(root, "scope=openid+profile")),
		row("E-07", "no openid", checks.Fail, starts(root, "scope=profile")),
		row("E-07", "no scope", checks.Fail, starts(root, "scope=")),
		row("E-07", "no state", checks.Fail, starts(root, "state=")),
		row("E-07", "the same state each time", checks.Fail, constant),
		row("E-07", "implicit without a nonce", checks.Fail, starts(root, "response_type=id_token")),
	}
}
