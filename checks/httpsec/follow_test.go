package httpsec_test

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec"
)

// pages answers paths with a status, header lines and content.
type pages map[string]struct {
	status  int
	field   string
	value   string
	content string
}

func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page, found := p[r.URL.Path]
	if !found {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if page.field != "" {
		w.Header().Set(page.field, page.value)
	}
	w.WriteHeader(page.status)
	_, _ = io.WriteString(w, page.content)
}

func meta(content string) string {
	return fmt.Sprintf(`<!doctype html><title>x</title><meta http-equiv="Refresh" content="%s"><p>One moment, please.`, content)
}

func TestWalkFollowsWhatBrowsersFollow(t *testing.T) {
	t.Parallel()
	address := serve(t, pages{
		"/field":      {200, "Refresh", "0; url=/end", ""},
		"/later":      {200, "Refresh", "30;url=/end", ""},
		"/too-late":   {200, "Refresh", "31;url=/end", ""},
		"/error":      {404, "Refresh", "0;url=/end", ""},
		"/meta":       {200, "", "", meta("5; url=end")},
		"/both":       {200, "Refresh", "0;url=/end", meta("0;url=/elsewhere")},
		"/location":   {302, "Location", "/end", meta("0;url=/elsewhere")},
		"/text":       {200, "Content-Type", "text/plain", meta("0;url=/end")},
		"/broken":     {200, "Refresh", "now;url=/end", meta("0;url=/end")},
		"/script":     {200, "Refresh", "0;url=javascript:alert(1)", ""},
		"/app":        {200, "Refresh", "0;url=myapp://callback", ""},
		"/bad":        {200, "Refresh", "0;url=https://[::1", ""},
		"/reload":     {200, "Refresh", "5", ""},
		"/reload-url": {200, "", "", meta("5;url=/reload-url")},
		"/flicker":    {200, "Refresh", "0;url=/flicker", ""},
		"/ping":       {200, "Refresh", "1;url=/pong", ""},
		"/pong":       {200, "", "", meta("1;url=/ping")},
		"/end":        {200, "", "", "<p>The end."},
	}.ServeHTTP)
	known, absent := checks.KnownFact[int], checks.AbsentFact[int]
	for path, want := range map[string]struct {
		via []checks.Via
		end checks.Fact[int]
	}{
		"/field":      {[]checks.Via{"", checks.ViaRefresh}, known(200)},
		"/later":      {[]checks.Via{"", checks.ViaRefresh}, known(200)},
		"/too-late":   {[]checks.Via{""}, known(200)},
		"/error":      {[]checks.Via{"", checks.ViaRefresh}, known(200)},
		"/meta":       {[]checks.Via{"", checks.ViaMetaRefresh}, known(200)},
		"/both":       {[]checks.Via{"", checks.ViaRefresh}, known(200)},
		"/location":   {[]checks.Via{"", checks.ViaLocation}, known(200)},
		"/text":       {[]checks.Via{""}, known(200)},
		"/broken":     {[]checks.Via{"", checks.ViaMetaRefresh}, known(200)},
		"/script":     {[]checks.Via{""}, known(200)},
		"/app":        {[]checks.Via{""}, absent(checks.ReasonUnsupportedScheme)},
		"/bad":        {[]checks.Via{""}, known(200)},
		"/reload":     {[]checks.Via{""}, known(200)},
		"/reload-url": {[]checks.Via{""}, known(200)},
		"/flicker":    {[]checks.Via{""}, absent(checks.ReasonRedirectLoop)},
		"/ping":       {[]checks.Via{"", checks.ViaRefresh}, absent(checks.ReasonRedirectLoop)},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			got := walk(t, network(t), address, path, checks.Limits{})
			var via []checks.Via
			for _, hop := range got.Hops {
				via = append(via, hop.Via)
			}
			require.Equal(t, want.via, via)
			require.Equal(t, want.end, got.End)
		})
	}
}

func TestWalkNeverAsksTheSignInService(t *testing.T) {
	t.Parallel()
	n := network(t)
	for i, test := range []struct{ field, value, content string }{
		{"Location", "https://sod.superoffice.com/login/common/oauth/authorize?client_id=1", ""},
		{"Location", "https://online2.superoffice.com/Cust12345/CS/scripts", ""},
		{"Location", "//id.superoffice.com/", ""},
		{"Refresh", "0;url=https://online.superoffice.com/login", ""},
		{"X", "", meta("0;url=https://qaonline.superoffice.com/login/")},
	} {
		status := http.StatusOK
		if test.field == "Location" {
			status = http.StatusFound
		}
		address := serve(t, pages{"/": {status, test.field, test.value, test.content}}.ServeHTTP)
		got := walk(t, n, address, "/", checks.Limits{})
		require.Equal(t, checks.AbsentFact[int](checks.ReasonSignInService), got.End, i)
		require.Len(t, got.Hops, 1)
		require.Contains(t, got.Hops[0].Answer.Value.Location, ".superoffice.com/")
	}
	for _, dialed := range n.dialed {
		require.True(t, dialed.Addr().IsLoopback(), "%s", dialed)
	}
}

// Whoever gives the service's own URL gets its answer, and puts no more load on it.
func TestWalkOfTheSignInServiceItself(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	address := serve(t, func(http.ResponseWriter, *http.Request) { requests.Add(1) })
	target, err := checks.ParseTarget("https://sod.superoffice.com/", checks.Quick, checks.Limits{})
	require.NoError(t, err)
	target.Port, target.Provoke, target.SignInStart, target.Post = address.Port(), true, true, checks.PostWebhookTest
	got := httpsec.Walk(t.Context(), network(t), target, address).HTTP
	require.Equal(t, checks.KnownFact(200), got.End)
	require.Equal(t, int32(1), requests.Load())
}

// testssl.sh takes 'http://' anywhere in Location for a downgrade.
func TestLocationWithHTTPInItsQueryIsNoDowngrade(t *testing.T) {
	t.Parallel()
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			w.Header().Set("Location", "/next?back=http://app.example.com/")
			w.WriteHeader(http.StatusFound)
		}
	})
	got := walk(t, network(t), address, "/", checks.Limits{})
	require.Len(t, got.Hops, 2)
	require.Equal(t, fmt.Sprintf("https://app.example.com:%d/next?back=*", address.Port()), got.Hops[0].Answer.Value.Location)
	require.Equal(t, "https", got.Hops[1].Scheme)
}

// testssl.sh looks at the cookies of the first answer only.
func TestCookiesOfRedirectHopsCount(t *testing.T) {
	t.Parallel()
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Set-Cookie", "at"+r.URL.Path[1:]+"=1; Secure; HttpOnly")
		switch r.URL.Path {
		case "/a":
			http.Redirect(w, r, "/b", http.StatusFound)
		case "/b":
			w.Header().Set("Refresh", "0;url=/c")
		}
	})
	got := walk(t, network(t), address, "/a", checks.Limits{})
	require.Len(t, got.Hops, 3)
	for i, name := range []string{"ata", "atb", "atc"} {
		require.Len(t, got.Hops[i].Answer.Value.Cookies, 1)
		require.Equal(t, name, got.Hops[i].Answer.Value.Cookies[0].Name)
	}
}

// testssl.sh counts ten cookies as none: every one is told.
func TestMoreThanNineCookiesAreAllTold(t *testing.T) {
	t.Parallel()
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for i := range 12 {
			w.Header().Add("Set-Cookie", fmt.Sprintf("c%02d=1; HttpOnly", i))
		}
	})
	got := walk(t, network(t), address, "/", checks.Limits{})
	require.Len(t, got.Hops[0].Answer.Value.Cookies, 12)
}

// The MDN observatory drops this cookie before it judges: exceptions belong to
// whoever judges.
func TestNoCookieIsLeftOutByItsName(t *testing.T) {
	t.Parallel()
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Set-Cookie", "heroku-session-affinity=1")
	})
	got := walk(t, network(t), address, "/", checks.Limits{})
	require.Equal(t, "heroku-session-affinity", got.Hops[0].Answer.Value.Cookies[0].Name)
}

func TestWalkReadsContentOfItsOwnSiteOnly(t *testing.T) {
	t.Parallel()
	var other atomic.Int32
	theirs := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		other.Add(1)
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, meta("0;url=/next"))
	})
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, fmt.Sprintf("https://partner.example.net:%d/", theirs.Port()), http.StatusFound)
	})
	n := network(t)
	n.names()["partner.example.net"] = n.names()["app.example.com"]
	got := walk(t, n, address, "/", checks.Limits{})
	require.Equal(t, checks.KnownFact(200), got.End)
	require.Len(t, got.Hops, 2)
	require.False(t, got.Hops[1].SameSite)
	require.Equal(t, checks.Known, got.Hops[0].Answer.Value.Content.State)
	require.Equal(t, checks.NotAsked, got.Hops[1].Answer.Value.Content.State)
}

func TestWalkAnswersOfErrorsAreAnswers(t *testing.T) {
	t.Parallel()
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var status int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &status)
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(status)
	})
	for _, status := range []int{204, 304, 400, 401, 403, 404, 405, 410, 418, 429, 500, 503} {
		got := walk(t, network(t), address, fmt.Sprintf("/%d", status), checks.Limits{})
		require.Equal(t, checks.KnownFact(status), got.End)
		require.Equal(t, checks.Known, got.Hops[0].Answer.Value.Content.State)
		require.True(t, got.Hops[0].Answer.Value.Content.Value.Empty)
	}
}

// A wall that refreshes itself with a new token each time is a wall at once, and
// no walk of ten hops through the application.
func TestWallThatRefreshesItself(t *testing.T) {
	t.Parallel()
	asked := 0
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<html><head><meta http-equiv="refresh" content="5; URL='/?bm-verify=%s'"></head><body><script src="/x.js"></script></body></html>`, rand.Text())
	})
	got := walk(t, network(t), address, "/callback", checks.Limits{})
	require.Equal(t, checks.InconclusiveFact[int](checks.ReasonBotWall), got.End)
	require.Len(t, got.Hops, 1)
	require.Equal(t, checks.ReasonBotWall, got.Hops[0].Answer.Reason)
	require.Equal(t, 1, asked)
}
