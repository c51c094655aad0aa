package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/auth"
)

func TestSignedOutComesBackToTheAskedPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	asked := b.get("/incidents?all=yes")
	require.Equal(t, http.StatusSeeOther, asked.status)
	require.Equal(t, "/sign-in", asked.location)
	page := b.get("/sign-in")
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.text("main"), "gradewatch sign-in-link")
	require.Contains(t, page.text("main"), "you come back to the page you asked for")

	token, err := auth.NewSignInLink(t.Context(), s.store, s.person, s.now())
	require.NoError(t, err)
	for range 3 { // a scanner or prefetcher opens it
		link := b.get("/sign-in/" + token)
		require.Equal(t, http.StatusOK, link.status)
		require.Equal(t, "Sign in", link.text("main button"))
		require.Equal(t, "/sign-in/"+token, link.Find("main form").AttrOr("action", ""))
	}
	in := b.post("/sign-in/"+token, nil)
	require.Equal(t, http.StatusSeeOther, in.status)
	require.Equal(t, "/incidents?all=yes", in.location)
	require.Equal(t, "gradewatch", in.cookies[0].Name)
	require.True(t, in.cookies[0].HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, in.cookies[0].SameSite)
	require.Equal(t, http.StatusOK, b.get(in.location).status)
	require.NotContains(t, s.log.String(), token, "the log leaves tokens out")

	again := s.browser().post("/sign-in/"+token, nil)
	require.Equal(t, http.StatusGone, again.status)
	require.Contains(t, again.text("main"), "This sign-in link was used")
	require.Equal(t, http.StatusGone, s.browser().get("/sign-in/"+token).status)
}

// Who is signed out while a page of theirs polls, or while they fill in a form,
// comes back to it too, and never to another host.
func TestSignedOutComesBackFromPollsAndForms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, test := range map[string]struct {
		method, path string
		header       http.Header
		want         string
	}{
		"a link of a message":       {http.MethodGet, "/incidents/7", nil, "/incidents/7"},
		"a link with a query":       {http.MethodGet, "/endpoints/1/history?since=2026-11-01T00%3A00%3A00Z&before=x", nil, "/endpoints/1/history?since=2026-11-01T00%3A00%3A00Z&before=x"},
		"a poll":                    {http.MethodGet, "/endpoints/1/progress?look=2", http.Header{"Hx-Request": {"true"}, "Hx-Current-Url": {s.url + "/endpoints/1?a=b"}}, "/endpoints/1?a=b"},
		"a form":                    {http.MethodPost, "/incidents/7/snooze", http.Header{"Sec-Fetch-Site": {"same-origin"}, "Referer": {s.url + "/incidents/7"}}, "/incidents/7"},
		"a form of nobody knows":    {http.MethodPost, "/incidents/7/snooze", http.Header{"Sec-Fetch-Site": {"same-origin"}}, "/"},
		"a poll of another host":    {http.MethodGet, "/endpoints/1/progress", http.Header{"Hx-Request": {"true"}, "Hx-Current-Url": {"https://evil.example/x"}}, "/"},
		"a path that leads outside": {http.MethodGet, "//evil.example/x", nil, "/"},
	} {
		b := s.browser()
		b.do(test.method, test.path, nil, test.header)
		require.NotContains(t, b.get("/sign-in").body, "evil.example", name)
		token, err := auth.NewSignInLink(t.Context(), s.store, s.person, s.now())
		require.NoError(t, err)
		require.Equal(t, test.want, b.post("/sign-in/"+token, nil).location, name)
	}
}

func TestSignInLinkFaultsArePlain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token, err := auth.NewSignInLink(t.Context(), s.store, s.person, s.now())
	require.NoError(t, err)
	s.offset.Store(int64(16 * time.Minute))
	expired := s.browser().post("/sign-in/"+token, nil)
	require.Equal(t, http.StatusGone, expired.status)
	require.Contains(t, expired.text("main"), "expired")
	require.Contains(t, expired.text("main"), "gradewatch sign-in-link")
	require.Empty(t, expired.cookies)
	unknown := s.browser().get("/sign-in/nonsense")
	require.Equal(t, http.StatusNotFound, unknown.status)
	require.Contains(t, unknown.text("main"), "does not work")
}

func TestSessionChangesAtSignInAndEnds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	first := b.client.Jar.Cookies(mustURL(t, s.url))[0].Value
	token, err := auth.NewSignInLink(t.Context(), s.store, s.person, s.now())
	require.NoError(t, err)
	require.Equal(t, http.StatusSeeOther, b.post("/sign-in/"+token, nil).status)
	require.NotEqual(t, first, b.client.Jar.Cookies(mustURL(t, s.url))[0].Value)
	fresh := s.browser()
	require.Equal(t, http.StatusSeeOther, fresh.do(http.MethodGet, "/", nil, http.Header{"Cookie": {"gradewatch=" + first}}).status)

	out := b.post("/sign-out", nil)
	require.Equal(t, http.StatusSeeOther, out.status)
	require.Contains(t, out.header.Get("Clear-Site-Data"), `"storage"`)
	require.Equal(t, "/sign-in", b.get("/").location)
	require.Contains(t, b.get("/signed-out").text("h1"), "signed out")

	idle := s.signedIn(s.person)
	s.offset.Store(int64(auth.DefaultIdle + time.Second))
	require.Equal(t, "/sign-in", idle.get("/").location)
	polled := idle.do(http.MethodGet, "/", nil, http.Header{"HX-Request": {"true"}})
	require.Equal(t, http.StatusUnauthorized, polled.status)
	require.Equal(t, "/sign-in", polled.header.Get("HX-Redirect"))
}

func TestEveryAnswerIsHardened(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	for _, path := range []string{"/", "/channels", "/nowhere", "/probe"} {
		header := b.get(path).header
		require.Contains(t, header.Get("Content-Security-Policy"), "frame-ancestors 'none'", path)
		require.Contains(t, header.Get("Content-Security-Policy"), "script-src 'self'; style-src 'self'", path)
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
		require.Equal(t, "no-store", header.Get("Cache-Control"), path)
		require.NotEmpty(t, header.Get("X-Request-Id"), path)
		require.Empty(t, header.Get("Strict-Transport-Security"), "the base URL is http")
	}
	page := b.get("/")
	page.Find("script").Each(func(_ int, script *selection) {
		require.NotEmpty(t, script.AttrOr("src", ""))
	})
	require.Zero(t, page.Find("[style], style, [onclick]").Length(), "the policy forbids them")
	style := page.Find("link[rel=stylesheet]").AttrOr("href", "")
	require.Regexp(t, `^/static/app\.[0-9a-f]{12}\.css$`, style)
	sheet := b.get(style)
	require.Equal(t, http.StatusOK, sheet.status)
	require.Contains(t, sheet.header.Get("Cache-Control"), "immutable")
	require.Equal(t, http.StatusNotFound, b.get("/static/app.css").status)
}

func TestOtherSitesCannotPost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	for _, header := range []http.Header{
		{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
		{"Origin": {"https://evil.example"}},
	} {
		answer := b.do(http.MethodPost, "/sign-out", nil, header)
		require.Equal(t, http.StatusForbidden, answer.status)
		require.Contains(t, answer.text("main"), "another site")
	}
	require.Equal(t, http.StatusOK, b.get("/").status, "still signed in")
}

func TestMachinesAndStrangers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	require.Equal(t, "ok\n", b.get("/healthz").body)
	require.Equal(t, "ready\n", b.get("/readyz").body)
	require.Equal(t, http.StatusNotFound, b.get("/metrics").status)
	probe := b.get("/probe")
	require.Equal(t, http.StatusOK, probe.status)
	require.Contains(t, probe.text("main"), "How to opt out")
	require.Equal(t, "mailto:ops@example.com", probe.Find(`a[href^="mailto:"]`).AttrOr("href", ""))
	s.database.Pool.Close()
	require.Equal(t, http.StatusServiceUnavailable, b.get("/readyz").status)
	require.Equal(t, http.StatusOK, b.get("/healthz").status)
	broken := b.do(http.MethodGet, "/", nil, http.Header{"Cookie": {"gradewatch=" + s.anyToken()}})
	require.Equal(t, http.StatusInternalServerError, broken.status)
	require.Contains(t, broken.text("main"), broken.header.Get("X-Request-Id"))
	require.NotContains(t, broken.body, "pool")
}
