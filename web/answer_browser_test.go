package web_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

const longPolicy = "default-src 'self'; script-src 'self' 'unsafe-inline' https://cdn.a-supplier-with-a-long-name.example.net/assets/*; " +
	"style-src 'self' 'unsafe-inline'; img-src * data:; connect-src 'self' wss://events.app.example.com; frame-ancestors https://online.superoffice.com https://sod.superoffice.com; report-uri /csp"

// manyCookies have every attribute, and every remark there is.
func manyCookies() []checks.Cookie {
	return []checks.Cookie{
		{Name: "__Host-session", HttpOnly: true, Secure: true, SameSite: "Lax", Path: "/"},
		{Name: "ARRAffinity", Domain: "example.com", Width: checks.WidthRegistrable, Repeated: true},
		{Name: "__Secure-a-name-of-a-cookie-that-does-not-end-before-the-column-does-" + strings.Repeat("x", 40), Secure: true, Lifetime: checks.LifetimeOverLong},
		{Name: "dropped", SameSite: "None", Invalid: true, Drop: checks.CookieNoneNotSecure},
		{Name: "old", HttpOnly: true, Secure: true, Lifetime: checks.LifetimeDeleted},
		{Name: "panel", HttpOnly: true, Secure: true, SameSite: "None", Partitioned: true, Lifetime: checks.LifetimeDays},
		{Name: "theme", HttpOnly: true, Secure: true, SameSite: "Strict", Domain: "apps.example.com", Width: checks.WidthDomain},
	}
}

// manyHops lead by meta refresh and by Location to a sign-in service.
func manyHops() []checks.Hop {
	page := checks.Content{MediaType: "text/html", Look: checks.LookScriptShell}
	return []checks.Hop{
		{URL: "https://app.example.com/callback", Scheme: "https", Host: "app.example.com", SameSite: true, Answer: checks.KnownFact(checks.Response{
			Status: 200, Version: "HTTP/1.1", TLS: checks.TLSv13, Location: "https://app.example.com/start", Cookies: manyCookies(), Content: checks.KnownFact(page),
		})},
		{URL: "https://app.example.com/start", Scheme: "https", Host: "app.example.com", SameSite: true, Via: checks.ViaMetaRefresh, Answer: checks.KnownFact(checks.Response{
			Status: 302, Version: "HTTP/1.1", TLS: checks.TLSv13, Location: "https://login.partner-identity.example.net/authorize?client_id=*&nonce=*&redirect_uri=*&response_type=*&scope=*&state=*",
		})},
		{URL: "https://login.partner-identity.example.net/authorize?client_id=*&nonce=*&redirect_uri=*&response_type=*&scope=*&state=*", Scheme: "https", Host: "login.partner-identity.example.net", Via: checks.ViaLocation, Answer: checks.KnownFact(checks.Response{
			Status: 200, Version: "HTTP/1.1", TLS: checks.TLSv12, Location: "https://sod.superoffice.com/login/common/oauth/authorize", HSTS: checks.KnownFact([]string{"max-age=300"}), Cookies: []checks.Cookie{{Name: "portal", Secure: true}},
			Fields:  map[string][]string{"content-security-policy": {longPolicy, "default-src 'none'"}, "content-type": {"text/html; charset=utf-8"}, "server": {"Microsoft-IIS/10.0"}, "x-powered-by": {"ASP.NET"}},
			Content: checks.KnownFact(checks.Content{MediaType: "text/html", Look: checks.LookSignIn, Password: true}),
		})},
	}
}

// answering are two addresses that answer differently, and a third like the
// first.
func answering() *checks.Observation {
	addresses := []netip.Addr{netip.MustParseAddr("192.0.2.10"), netip.MustParseAddr("192.0.2.11"), netip.MustParseAddr("2001:db8:1234:5678:9abc:def0:1234:5678")}
	observation := &checks.Observation{
		Depth: checks.Full, Certificates: []checks.Certificate{certificate()},
		DNS: checks.DNS{Host: "app.example.com", Addresses: checks.KnownFact(addresses)},
	}
	rich := checks.HTTP{
		Hops: manyHops(), End: checks.AbsentFact[int](checks.ReasonSignInService), PlainHTTP: checks.KnownFact(checks.PlainHTTP{Status: 301, RedirectsToHTTPS: true}),
		Provoked: checks.KnownFact(checks.Response{Status: 500, Version: "HTTP/1.1", TLS: checks.TLSv13, Content: checks.KnownFact(checks.Content{Look: checks.LookMessage, Signatures: []string{"aspnet-yellow-screen"}})}),
		SignIn: checks.KnownFact(checks.SignIn{
			Host: "sod.superoffice.com", Path: "/login/common/oauth/authorize", ClientID: "0123456789abcdef0123456789abcdef", RedirectURI: "https://app.example.com/a/very/long/path/that/goes/on/and/on/LoginRedirect.aspx",
			ResponseType: "code", Scope: "openid", State: true, FreshState: checks.KnownFact(true), Nonce: true, FreshNonce: checks.KnownFact(false), CodeChallengeMethod: "S256",
		}),
	}
	full := checks.FullTLS{
		Versions:      checks.HTTPVersions{checks.HTTP11: checks.KnownFact(200), checks.HTTP2: checks.KnownFact(200), checks.HTTP3: checks.InconclusiveFact[int](checks.ReasonTimeout)},
		ScriptCookies: checks.KnownFact([]checks.Cookie{{Name: "_ga"}, {Name: "consent"}}),
	}
	plain := checks.HTTP{
		Hops: []checks.Hop{{URL: "https://app.example.com/callback", Scheme: "https", Host: "app.example.com", SameSite: true, Answer: checks.KnownFact(checks.Response{
			Status: 403, Version: "HTTP/1.1", TLS: checks.TLSv12, Fields: map[string][]string{"x-frame-options": {"DENY"}},
		})}},
		End: checks.KnownFact(403), PlainHTTP: checks.AbsentFact[checks.PlainHTTP](checks.ReasonRefused), SignIn: checks.AbsentFact[checks.SignIn](""),
	}
	for i, address := range addresses {
		one := checks.AddressObservation{Address: address, Port: 443, HTTP: rich, Full: full, TLS: checks.TLS{Protocols: protocols(false), Chain: checks.KnownFact([]checks.Fingerprint{certificate().SHA256})}}
		if i == 1 {
			one.HTTP, one.Full = plain, checks.FullTLS{Versions: checks.HTTPVersions{checks.HTTP11: checks.KnownFact(403), checks.HTTP2: checks.AbsentFact[int]("")}}
		}
		observation.Addresses = append(observation.Addresses, one)
	}
	return observation
}

func (s *site) answeringEndpoint() monitor.Endpoint {
	s.Helper()
	endpoint := s.addEndpoint("Shop", "https://app.example.com/callback", policy.Production)
	s.saw(endpoint, answering(), s.now())
	return endpoint
}

func TestAnswerSaysHopsCookiesFieldsAndScore(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.answeringEndpoint()
	page := s.signedIn(s.person).get("/endpoints/1")
	const alike, other = "192.0.2.10, 2001:db8:1234:5678:9abc:def0:1234:5678", "192.0.2.11"
	for _, section := range []string{"answer", "cookies", "headers", "observatory"} {
		require.Equal(t, alike+" "+other, page.text("section[aria-labelledby="+section+"] h3.of-address"), section)
	}
	answer := page.text("section[aria-labelledby=answer]")
	for _, words := range []string{
		"Status 200 by HTTP/1.1 over TLS 1.3. It is a page that script fills.",
		"https://app.example.com/start By meta refresh", "state=* Other site", "It is a page to sign in, with a password field.",
		"login.partner-identity.example.net leads to SuperOffice's sign-in service, which is not asked.",
		"Port 80 redirects to https (status 301).",
		"With error=access_denied added: status 500 by HTTP/1.1 over TLS 1.3, a short message, with signs of aspnet-yellow-screen.",
		"Answers by HTTP/1.1, HTTP/2; could not tell of HTTP/3 (timeout).", "Answers by HTTP/1.1; not by HTTP/2.",
		"Script sets cookies in a browser, which HttpOnly cannot cover: _ga, consent.",
		"Sign-in request", "0123456789abcdef0123456789abcdef", "Sent, and new at every start", "Sent, and the same at every start",
		"The walk led to no sign-in service.",
	} {
		require.Contains(t, answer, words)
	}
	cookies := page.text("section[aria-labelledby=cookies]")
	for _, words := range []string{
		"Browsers drop it: it has SameSite=None without Secure.", "Deleted by this answer.", "Outlives the browser.",
		"Sent to every host of example.com; set more than once in one answer.", "Sent to every host below apps.example.com.",
		"Lives longer than 400 days, which browsers cut.", "HttpOnly, Secure, SameSite=None, Partitioned", "No answer sets a cookie.",
	} {
		require.Contains(t, cookies, words)
	}
	require.Equal(t, 2, page.Find("section[aria-labelledby=cookies] .fail-text").Length(), "of this site, kept by browsers and readable by script")
	headers := page.text("section[aria-labelledby=headers]")
	require.Contains(t, headers, "Sent by https://login.partner-identity.example.net/authorize?client_id=*&nonce=*&redirect_uri=*&response_type=*&scope=*&state=* Other site")
	require.Contains(t, headers, longPolicy+" default-src 'none'")
	require.Contains(t, headers, "Not sent: permissions-policy, referrer-policy, x-content-type-options, x-frame-options.")
	require.Contains(t, headers, "Not sent: strict-transport-security, content-security-policy, permissions-policy, referrer-policy, x-content-type-options.")
	score := page.text("section[aria-labelledby=observatory]")
	require.Regexp(t, `[A-F][+-]?, \d+ points`, score)
	require.Contains(t, score, "x-content-type-options Costs points \u22125")
	require.NotContains(t, score, "+0")
	require.Contains(t, score, "cross-origin-resource-sharing Could not tell 0")
}

// Looks at unchanged servers with equal answers but unequal versions of HTTP
// are told apart where versions are said, and not where they are not.
func TestAnswersDifferWhereTheyAreSaid(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	endpoint := s.addEndpoint("Shop", "https://app.example.com/callback", policy.Production)
	observation := answering()
	observation.Addresses[1].HTTP = observation.Addresses[0].HTTP
	s.saw(endpoint, observation, s.now())
	page := s.signedIn(s.person).get("/endpoints/1")
	require.Equal(t, 2, page.Find("section[aria-labelledby=answer] h3.of-address").Length())
	require.Contains(t, page.text("section[aria-labelledby=answer]"), "not by HTTP/2")
	require.Zero(t, page.Find("section[aria-labelledby=cookies] h3, section[aria-labelledby=headers] h3").Length())
}

// TestBrowserAnswer looks at the sections of what answered at a desk's and a
// narrow phone's width, in light and dark.
func TestBrowserAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	endpoint := s.answeringEndpoint()
	address := netip.MustParseAddr("192.0.2.10")
	requested := s.seedLook(endpoint, look{at: s.now(), purpose: monitor.First, requests: []checks.RequestRecord{
		{Address: address, URL: "https://app.example.com/callback", DNS: 3 * time.Millisecond, Connect: 12 * time.Millisecond, TLS: 31 * time.Millisecond, FirstByte: 210 * time.Millisecond, Excerpt: "Sign in to continue. You are being sent to SuperOffice, which takes a moment."},
		{Address: address, URL: manyHops()[2].URL, Hop: 2, Reused: true, FirstByte: 19 * time.Millisecond},
	}})
	s.saw(endpoint, answering(), s.now())
	ctx := chromium(t)
	token, err := auth.NewSignInLink(t.Context(), s.store, s.person, s.now())
	require.NoError(t, err)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(s.url+"/sign-in/"+token), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(chromedp.CSS(".counters"))))
	s.walkPictures(ctx, map[string]string{"answer": "/endpoints/1", "rich-requests": fmt.Sprintf("/endpoints/1/looks/%d", requested)}, 1280, 360)
}
