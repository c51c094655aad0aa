package main

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

// httpExample is what a web panel answered that leads by way of another host.
func httpExample() checks.ReportHTTP {
	own, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("203.0.113.9")
	long := "https://app.example.com/panel/" + strings.Repeat("customers-and-their-documents/", 4) + "?uctx=*&usid=*"
	cookies := []checks.Cookie{
		{Name: "__Host-session", HttpOnly: true, Secure: true, SameSite: "None", Path: "/", Partitioned: true},
		{Name: "ui", Domain: "example.com", Width: checks.WidthRegistrable, Lifetime: checks.LifetimeOverLong, Repeated: true},
		{Name: "", SameSiteInvalid: true},
		{Name: "old", Lifetime: checks.LifetimeDeleted},
		{Name: "__Secure-id", Invalid: true, Drop: checks.CookieSecurePrefix},
	}
	fields := map[string][]string{
		"content-security-policy": {"default-src 'self'; frame-ancestors https://*.superoffice.com; script-src 'nonce-*'"},
		"content-type":            {"text/html; charset=utf-8"}, "server": {"nginx/*"}, "x-powered-by": {"ASP.NET"}, "x-content-type-options": {"nosniff"},
		"referrer-policy": {"no-referrer"}, "permissions-policy": {"camera=()"}, "cross-origin-opener-policy": {"same-origin"},
	}
	hops := []checks.Hop{
		{URL: long, Scheme: "https", Host: "app.example.com", SameSite: true, Answer: checks.KnownFact(checks.Response{
			Status: 302, Version: "HTTP/1.1", TLS: checks.TLSv13, Location: "https://login.example.net/?state=*", Cookies: cookies,
		})},
		{URL: "https://login.example.net/?state=*", Scheme: "https", Host: "login.example.net", Answer: checks.KnownFact(checks.Response{
			Status: 200, Version: "HTTP/1.1", TLS: checks.TLSv12,
		})},
		{URL: "https://app.example.com/shell", Scheme: "https", Host: "app.example.com", SameSite: true, Via: checks.ViaMetaRefresh, Answer: checks.KnownFact(checks.Response{
			Status: 500, Version: "HTTP/1.1", TLS: checks.TLSv13, HSTS: checks.KnownFact([]string{"max-age=31536000; includeSubDomains; preload"}), Fields: fields,
			Content: checks.KnownFact(checks.Content{Look: checks.LookScriptShell, Signatures: []string{"aspnet-yellow-screen", "dotnet-stack-trace"}}),
		})},
	}
	fails, passes := false, true
	score := &checks.HTTPScore{Algorithm: 4, Score: 35, Grade: "D-", Rules: []checks.HTTPRule{
		{Name: "content-security-policy", Result: "csp-not-implemented", Modifier: -25, Pass: &fails, Text: "Content-Security-Policy is not implemented, so that script of any site can run in the page."},
		{Name: "x-content-type-options", Result: "x-content-type-options-nosniff", Pass: &passes, Text: "X-Content-Type-Options is set to nosniff."},
		{Name: "cookies", Result: "cookies-session-without-secure-flag", Modifier: -40, Pass: &fails, Text: "A session cookie is set without Secure."},
	}}
	example := checks.ReportHTTP{
		Headers: fields, Score: score,
		Addresses: []checks.ReportHTTPAddress{{
			Address: own, Port: 443, Score: score,
			HTTP: checks.HTTP{
				Hops: hops, End: checks.AbsentFact[int](checks.ReasonSignInService),
				Preflight: checks.KnownFact(checks.Preflight{Status: 204, AllowOrigin: checks.PreflightOrigin, AllowCredentials: true}),
				PlainHTTP: checks.KnownFact(checks.PlainHTTP{Status: 301, RedirectsToHTTPS: true}),
				Provoked:  checks.KnownFact(checks.Response{Status: 500, Content: checks.KnownFact(checks.Content{Signatures: []string{"django-debug"}})}),
				Posted:    checks.InconclusiveFact[checks.Response](checks.ReasonTimeout),
				SignIn: checks.KnownFact(checks.SignIn{
					Host: "online.superoffice.com", Path: "/login/common/oauth/authorize", RedirectURI: "https://app.example.com/signin-superoffice",
					ResponseType: "code", Scope: "openid", CodeChallengeMethod: "S256", State: true,
				}),
			},
			Versions: checks.HTTPVersions{
				checks.HTTP11: checks.KnownFact(302), checks.HTTP2: checks.AbsentFact[int](""), checks.HTTP3: checks.InconclusiveFact[int](checks.ReasonTimeout),
			},
			ScriptCookies: checks.KnownFact([]checks.Cookie{{Name: "_ga"}, {Name: "theme"}}),
		}},
	}
	for i, hop := range hops {
		at := own
		if i == 1 {
			at = other
		}
		example.Hops = append(example.Hops, checks.ReportHop{Address: at, Hop: hop, Timing: &checks.ReportTiming{DNS: 1.2, Connect: 10, TLS: 20.4, FirstByte: 31}})
		for _, cookie := range hop.Answer.Value.Cookies {
			example.Cookies = append(example.Cookies, checks.ReportCookie{Hop: i, Host: hop.Host, Cookie: cookie})
		}
	}
	return example
}

// What answers reads well at 80 columns: nothing but a word that is longer by
// itself goes beyond them.
func TestPrintHTTP(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	(&printer{out: &b, width: 80}).http(&b, httpExample())
	golden(t, "testdata/http_80.golden.txt", b.String())
	for line := range strings.Lines(b.String()) {
		line = strings.TrimRight(line, "\n")
		require.Equal(t, strings.TrimRight(line, " "), line)
		if len(strings.Fields(line)) > 1 && !strings.Contains(line, "://") {
			require.LessOrEqual(t, utf8.RuneCountInString(line), 80, line)
		}
	}
	require.Equal(t, "https://app.example.com/ (by Refresh) - not the application: bot wall", hopWords(checks.ReportHop{Hop: checks.Hop{
		URL: "https://app.example.com/", Via: checks.ViaRefresh, Answer: checks.InconclusiveFact[checks.Response](checks.ReasonBotWall),
	}}))
	b.Reset()
	(&printer{out: &b, width: 80}).http(&b, checks.ReportHTTP{})
	require.Empty(t, b.String(), "a look without an answer")
}
