package observatory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/observatory"
)

// resultCase is an answer with everything right but what change does, and what
// one rule says of it.
type resultCase struct {
	name, want string
	change     func(*checks.HTTP, *checks.Response)
}

// field is a case of an answer with other values of one field; none: without it.
func field(want, name string, values ...string) resultCase {
	return resultCase{name, want, func(_ *checks.HTTP, response *checks.Response) {
		response.Fields[name] = values
		if len(values) == 0 {
			delete(response.Fields, name)
		}
	}}
}

func fieldCases() map[string][]resultCase {
	const policy, frames = "content-security-policy", "x-frame-options"
	framed := func(want string, values ...string) resultCase {
		one := field(want, frames, values...)
		return resultCase{one.name, want, func(facts *checks.HTTP, response *checks.Response) {
			delete(response.Fields, policy)
			one.change(facts, response)
		}}
	}
	shared := func(want, origin string, credentials bool) resultCase {
		return resultCase{origin, want, func(facts *checks.HTTP, _ *checks.Response) {
			facts.Preflight = checks.KnownFact(checks.Preflight{AllowOrigin: origin, AllowCredentials: credentials})
		}}
	}
	return map[string][]resultCase{
		"content-security-policy": {
			field("csp-implemented-with-no-unsafe-default-src-none", policy, "default-src 'none'"),
			field("csp-implemented-with-no-unsafe", policy, "default-src 'self'"),
			field("csp-implemented-with-unsafe-inline-in-style-src-only", policy, "default-src 'none'; style-src 'unsafe-inline'"),
			field("csp-implemented-with-insecure-scheme-in-passive-content-only", policy, "default-src 'none'; img-src http:"),
			field("csp-implemented-with-unsafe-eval", policy, "default-src 'none'; script-src 'unsafe-eval'"),
			field("csp-implemented-with-unsafe-inline", policy, "default-src 'unsafe-inline'"),
			field("csp-implemented-with-insecure-scheme", policy, "default-src 'none'; font-src http:"),
			field("csp-implemented-but-duplicate-directives", policy, "default-src 'none'; report-to a; report-to b"),
			field("csp-header-invalid", policy, "a"),
			field("csp-not-implemented", policy),
			{"reports", "csp-not-implemented-but-reporting-enabled", func(_ *checks.HTTP, response *checks.Response) {
				response.Fields = map[string][]string{"content-security-policy-report-only": {"default-src 'none'"}}
			}},
		},
		"referrer-policy": {
			field("referrer-policy-private", "referrer-policy", "Strict-Origin"),
			field("referrer-policy-unsafe", "referrer-policy", "no-referrer", "origin"),
			field("referrer-policy-header-invalid", "referrer-policy", "maybe"),
			field("referrer-policy-not-implemented", "referrer-policy"),
		},
		"x-content-type-options": {
			field("x-content-type-options-nosniff", "x-content-type-options", "NOSNIFF"),
			field("x-content-type-options-header-invalid", "x-content-type-options", "nosniff", "nosniff"),
			field("x-content-type-options-not-implemented", "x-content-type-options"),
		},
		"x-frame-options": {
			field("x-frame-options-implemented-via-csp", frames, "DENY"),
			framed("x-frame-options-sameorigin-or-deny", "SameOrigin"),
			framed("x-frame-options-allow-from-origin", "ALLOW-FROM https://b.example"),
			framed("x-frame-options-header-invalid", "DENY", "DENY"),
			framed("x-frame-options-not-implemented"),
		},
		"cross-origin-resource-policy": {
			field("corp-implemented-with-same-origin", "cross-origin-resource-policy", "same-origin"),
			field("corp-implemented-with-same-site", "cross-origin-resource-policy", "Same-Site"),
			field("corp-implemented-with-cross-origin", "cross-origin-resource-policy", "cross-origin"),
			field("corp-header-invalid", "cross-origin-resource-policy", "none"),
			field("corp-not-implemented", "cross-origin-resource-policy"),
		},
		"cross-origin-resource-sharing": {
			shared("cross-origin-resource-sharing-not-implemented", "", true),
			shared("cross-origin-resource-sharing-implemented-with-public-access", "*", true),
			shared("cross-origin-resource-sharing-implemented-with-restricted-access", "https://b.example", true),
			shared("cross-origin-resource-sharing-implemented-with-restricted-access", checks.PreflightOrigin, false),
			shared("cross-origin-resource-sharing-implemented-with-universal-access", checks.PreflightOrigin, true),
		},
	}
}

func transportCases() map[string][]resultCase {
	sent := func(want string, values ...string) resultCase {
		return resultCase{want, want, func(_ *checks.HTTP, response *checks.Response) {
			response.HSTS = checks.KnownFact(values)
		}}
	}
	leads := func(want string, places ...string) resultCase {
		return resultCase{want, want, func(facts *checks.HTTP, _ *checks.Response) {
			facts.PlainHTTP = checks.KnownFact(checks.PlainHTTP{Route: places})
		}}
	}
	hop := func(address, scheme, host string) checks.Hop {
		return checks.Hop{URL: address, Scheme: scheme, Host: host, Answer: checks.KnownFact(checks.Response{Status: 302})}
	}
	return map[string][]resultCase{
		"strict-transport-security": {
			sent("hsts-implemented-max-age-at-least-six-months", "max-age=15552000"),
			sent("hsts-implemented-max-age-at-least-six-months", "max-age=soon"),
			sent("hsts-implemented-max-age-less-than-six-months", "max-age=15551999"),
			sent("hsts-implemented-max-age-less-than-six-months", "max-age=-99999999"),
			sent("hsts-implemented-max-age-less-than-six-months", "max-age=15552000; max-age= 5"),
			sent("hsts-header-invalid", "max-age=15552000", "max-age=15552000"),
			sent("hsts-header-invalid", "preload"),
			{"absent", "hsts-not-implemented", func(_ *checks.HTTP, response *checks.Response) {
				response.HSTS = checks.AbsentFact[[]string]("")
			}},
			{"no https", "hsts-not-implemented-no-https", func(facts *checks.HTTP, _ *checks.Response) {
				facts.Hops[0].URL, facts.Hops[0].Scheme = "http://a.example/", "http"
			}},
			{"http first", "hsts-implemented-max-age-at-least-six-months", func(facts *checks.HTTP, _ *checks.Response) {
				facts.Hops = append([]checks.Hop{hop("http://a.example/", "http", "a.example")}, facts.Hops...)
			}},
		},
		"redirection": {
			leads("redirection-to-https", "https://a.example/"),
			leads("redirection-to-https", "https://a.example/elsewhere"),
			leads("redirection-off-host-from-http", "https://www.a.example/"),
			leads("redirection-not-to-https-on-initial-redirection", "http://a.example/x", "https://a.example/"),
			leads("redirection-not-to-https", "http://a.example/x"),
			leads("redirection-missing"),
			{"closed", "redirection-not-needed-no-http", func(facts *checks.HTTP, _ *checks.Response) {
				facts.PlainHTTP = checks.AbsentFact[checks.PlainHTTP](checks.ReasonRefused)
			}},
			{"back to http", "redirection-not-to-https", func(facts *checks.HTTP, _ *checks.Response) {
				facts.Hops[0].Answer = checks.KnownFact(checks.Response{Status: 302})
				facts.Hops = append(facts.Hops, checks.Hop{URL: "http://a.example/", Scheme: "http", Host: "a.example"})
			}},
			{"asked over http", "redirection-to-https", func(facts *checks.HTTP, _ *checks.Response) {
				facts.Hops = append([]checks.Hop{hop("http://a.example/", "http", "a.example")}, facts.Hops...)
			}},
		},
	}
}

func contentCases() map[string][]resultCase {
	set := func(want string, cookies ...checks.Cookie) resultCase {
		return resultCase{want, want, func(_ *checks.HTTP, response *checks.Response) { response.Cookies = cookies }}
	}
	bare := func(want string, cookies ...checks.Cookie) resultCase {
		return resultCase{want + " bare", want, func(_ *checks.HTTP, response *checks.Response) {
			response.Cookies, response.HSTS = cookies, checks.AbsentFact[[]string]("")
		}}
	}
	load := func(want string, scripts ...checks.Script) resultCase {
		return resultCase{want, want, func(_ *checks.HTTP, response *checks.Response) {
			response.Content = checks.KnownFact(checks.Content{Scripts: scripts})
		}}
	}
	cookie := func(name string, secure, hidden bool, sameSite string) checks.Cookie {
		return checks.Cookie{Name: name, Secure: secure, HttpOnly: hidden, SameSite: sameSite}
	}
	own := checks.Script{Relative: "origin", SameSite: true}
	return map[string][]resultCase{
		"cookies": {
			set("cookies-not-found"),
			set("cookies-not-found", checks.Cookie{Name: "a", Invalid: true, Drop: checks.CookiePublicSuffix}),
			set("cookies-not-found", checks.Cookie{}),
			set("cookies-not-found", cookie("heroku-session-affinity", false, false, "")),
			set("cookies-secure-with-httponly-sessions-and-samesite", cookie("a", true, false, "Lax"), cookie("sess", true, true, "None")),
			set("cookies-secure-with-httponly-sessions", cookie("a", true, false, "Lax"), cookie("b", true, false, "")),
			set("cookies-without-secure-flag-but-protected-by-hsts", cookie("a", false, false, "")),
			bare("cookies-without-secure-flag", cookie("a", false, false, "")),
			set("cookies-session-without-secure-flag-but-protected-by-hsts", cookie("PHPSESSID", false, true, "")),
			bare("cookies-session-without-secure-flag", cookie("LoginName", false, true, "")),
			set("cookies-session-without-httponly-flag", cookie("session", true, false, "Lax")),
			set("cookies-anticsrf-without-samesite-flag", cookie("XCSRF", true, true, "")),
			set("cookies-samesite-flag-invalid", checks.Cookie{Name: "a", Secure: true, SameSiteInvalid: true}),
			set("cookies-samesite-flag-invalid", checks.Cookie{Name: "a", SameSite: "None", Invalid: true, Drop: checks.CookieNoneNotSecure}),
		},
		"subresource-integrity": {
			load("sri-not-implemented-but-no-scripts-loaded"),
			load("sri-not-implemented-but-all-scripts-loaded-from-secure-origin", own),
			load("sri-not-implemented-but-all-scripts-loaded-from-secure-origin", checks.Script{Origin: "http://cdn.a.example", SameSite: true}),
			load("sri-implemented-and-all-scripts-loaded-securely", checks.Script{Relative: "origin", Integrity: true}),
			load("sri-implemented-and-all-scripts-loaded-securely", checks.Script{SameSite: true, Integrity: true}),
			load("sri-implemented-and-external-scripts-loaded-securely", own, checks.Script{Origin: "https://b.example", Integrity: true}),
			load("sri-not-implemented-but-external-scripts-loaded-securely", checks.Script{Origin: "https://b.example"}),
			load("sri-implemented-but-external-scripts-not-loaded-securely", checks.Script{Origin: "http://b.example", Integrity: true}),
			load("sri-implemented-but-external-scripts-not-loaded-securely", checks.Script{Origin: "https://a.example", Relative: "protocol", Integrity: true}),
			load("sri-not-implemented-and-external-scripts-not-loaded-securely", checks.Script{Origin: "http://b.example"}),
			load("sri-not-implemented-and-external-scripts-not-loaded-securely", checks.Script{Relative: "protocol"}, checks.Script{Origin: "https://b.example"}),
			field("sri-not-implemented-response-not-html", "content-type", "application/json"),
			field("sri-not-implemented-response-not-html", "content-type", "Text/HTML"),
			{"inline", "sri-not-implemented-but-all-scripts-loaded-from-secure-origin", func(_ *checks.HTTP, response *checks.Response) {
				response.Content = checks.KnownFact(checks.Content{InlineScript: true})
			}},
		},
	}
}

func TestEveryResult(t *testing.T) {
	t.Parallel()
	shown := map[string]bool{
		observatory.Inconclusive: true, "hsts-invalid-cert": true, "redirection-invalid-cert": true, // TestInconclusiveRules, TestUntrusted
		"hsts-preloaded": true, "redirection-all-redirects-preloaded": true, // TestPreloaded
	}
	for _, rules := range []map[string][]resultCase{fieldCases(), transportCases(), contentCases()} {
		for rule, cases := range rules {
			for _, one := range cases {
				score := observatory.Score(answer(one.change), "a.example")
				require.Equal(t, one.want, resultOf(t, score, rule), "%s: %s", rule, one.name)
				shown[one.want] = true
			}
		}
	}
	for _, result := range observatory.Results() {
		require.True(t, shown[result], "no case of %s", result)
	}
}

func TestPreloaded(t *testing.T) {
	t.Parallel()
	observed := answer(func(facts *checks.HTTP, response *checks.Response) {
		facts.Hops[0].URL, facts.Hops[0].Host = "https://gradewatch.dev/", "gradewatch.dev"
		facts.PlainHTTP = checks.KnownFact(checks.PlainHTTP{Status: 200})
		response.HSTS = checks.AbsentFact[[]string]("")
	})
	score := observatory.Score(observed, "Gradewatch.dev.")
	require.Equal(t, "hsts-preloaded", resultOf(t, score, "strict-transport-security"))
	require.Equal(t, "redirection-all-redirects-preloaded", resultOf(t, score, "redirection"))
}

// A refresh is followed by browsers and not by the Observatory.
func TestRefreshIsNotFollowed(t *testing.T) {
	t.Parallel()
	observed := answer(func(facts *checks.HTTP, response *checks.Response) {
		facts.Hops[0].Answer = checks.KnownFact(*response)
		facts.Hops = append(facts.Hops, checks.Hop{
			URL: "https://a.example/home", Scheme: "https", Host: "a.example", Via: checks.ViaMetaRefresh,
			Answer: checks.InconclusiveFact[checks.Response](checks.ReasonTimeout),
		})
		facts.End = checks.InconclusiveFact[int](checks.ReasonTimeout)
	})
	require.Equal(t, 130, observatory.Score(observed, "a.example").Score)
}

// Scripts of one site under a suffix that a private company lets names below are
// of one site to the Observatory, whose list has the suffixes of ICANN alone.
func TestPrivateSuffixesDivideNothing(t *testing.T) {
	t.Parallel()
	observed := answer(func(facts *checks.HTTP, response *checks.Response) {
		facts.Hops[0].URL, facts.Hops[0].Host = "https://one.github.io/", "one.github.io"
		response.Content = checks.KnownFact(checks.Content{Scripts: []checks.Script{{Origin: "https://two.github.io"}}})
	})
	score := observatory.Score(observed, "one.github.io")
	require.Equal(t, "sri-not-implemented-but-all-scripts-loaded-from-secure-origin", resultOf(t, score, "subresource-integrity"))
}
