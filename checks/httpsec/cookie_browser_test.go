package httpsec_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	cdpnetwork "github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec"
	"github.com/gradewatch/gradewatch/internal/browsertest"
)

// TestChromiumKeepsTheSameCookies gives every case to a real Chromium.
func TestChromiumKeepsTheSameCookies(t *testing.T) {
	t.Parallel()
	browser := startCookieBrowser(t)
	now := time.Now()
	for group, cases := range setCookieCases() {
		for _, test := range cases {
			u, lines := test.filled(t, now)
			kept := browser.kept(t, u, lines)
			ours := wouldKeep(u, httpsec.ParseCookies(u, lines, now))
			name := fmt.Sprintf("%s, %s: %.200q", group, test.name, lines)
			if test.chromium == "" {
				if ours != kept {
					t.Errorf("%s\n    ours %.300s\nchromium %.300s", name, ours, kept)
				}
				continue
			}
			if kept != test.kept || ours == kept {
				t.Errorf("%s: the explanation does not hold\n    ours %.300s\nchromium %.300s", name, ours, kept)
			}
		}
	}
}

// wouldKeep writes what a browser that keeps these cookies has after the answer.
func wouldKeep(u *url.URL, cookies []checks.Cookie) string {
	var all []string
	for _, c := range cookies {
		if c.Invalid || c.Lifetime == checks.LifetimeDeleted {
			continue
		}
		stored := cdpnetwork.Cookie{
			Name: c.Name, Domain: strings.TrimSuffix(u.Host, ":"+u.Port()), Path: c.Path, HTTPOnly: c.HttpOnly, Secure: c.Secure,
			SameSite: cdpnetwork.CookieSameSite(c.SameSite), Session: c.Lifetime == checks.LifetimeSession,
		}
		if c.Width != checks.WidthHost {
			stored.Domain = "." + c.Domain
		}
		if c.Path == "" {
			stored.Path = httpsec.DefaultPath(u)
		}
		if c.Partitioned {
			stored.PartitionKey = &cdpnetwork.CookiePartitionKey{}
		}
		all = append(all, describeStored(stored))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " | ") // random parts of names are gone
}

// describeStored writes what a browser has of a cookie, without its value.
func describeStored(c cdpnetwork.Cookie) string {
	words := []string{plainName(checks.Clean(httpsec.CanonicalCookieName(c.Name), 1024)), c.Domain, httpsec.CanonicalPath(c.Path)}
	for _, flag := range []struct {
		set  bool
		word string
	}{
		{c.HTTPOnly, "HttpOnly"},
		{c.Secure, "Secure"},
		{c.SameSite != "", "SameSite=" + string(c.SameSite)},
		{c.PartitionKey != nil, "Partitioned"},
		{!c.Session, "persistent"},
	} {
		if flag.set {
			words = append(words, flag.word)
		}
	}
	return strings.Join(words, " ")
}

// cookieBrowser is a browser to which every name and address is a server here.
type cookieBrowser struct {
	ctx    context.Context
	answer *cookieAnswer
}

func startCookieBrowser(t *testing.T) cookieBrowser {
	t.Helper()
	answer := &cookieAnswer{}
	secure, plain := httptest.NewTLSServer(answer), httptest.NewServer(answer)
	t.Cleanup(secure.Close)
	t.Cleanup(plain.Close)
	rules := fmt.Sprintf("MAP *:443 %s, MAP *:80 %s", secure.Listener.Addr(), plain.Listener.Addr())
	return cookieBrowser{answer: answer, ctx: browsertest.StartWith(t, []chromedp.ExecAllocatorOption{
		chromedp.IgnoreCertErrors, chromedp.Flag("host-resolver-rules", rules),
		chromedp.Flag("disable-features", "HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,LocalNetworkAccessChecks"),
	}, "/favicon.ico")}
}

// kept returns the cookies that the browser has after an answer from u.
func (b cookieBrowser) kept(t *testing.T, u *url.URL, lines []string) string {
	t.Helper()
	b.answer.set(u.EscapedPath(), lines)
	_, err := chromedp.CallBrowser(b.ctx, storage.ClearCookies, storage.ClearCookiesParams{})
	require.NoError(t, err)
	var load *chromedp.LoadError
	require.ErrorAs(t, chromedp.Do(b.ctx, chromedp.Navigate(u.String())), &load, "navigate to %s", u)
	require.Contains(t, []string{"net::ERR_ABORTED", "net::ERR_INVALID_HTTP_RESPONSE"}, load.ErrorText) // 204, or a NUL in the head
	require.Positive(t, b.answer.count(), "the browser came")
	got, err := chromedp.CallBrowser(b.ctx, storage.GetCookies, storage.GetCookiesParams{})
	require.NoError(t, err)
	var all []string
	for _, cookie := range got.Cookies {
		all = append(all, describeStored(*cookie))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " | ") // random parts of names are gone
}

// cookieAnswer answers one path with Set-Cookie lines, byte by byte as given.
type cookieAnswer struct {
	mu    sync.Mutex
	path  string
	lines []string
	asked int
}

func (a *cookieAnswer) set(path string, lines []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.path, a.lines, a.asked = max(path, "/"), lines, 0
}

func (a *cookieAnswer) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked
}

func (a *cookieAnswer) head(path string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	head := "HTTP/1.1 204 No Content\r\nConnection: close\r\n" // no page to draw
	if path == a.path {
		a.asked++
		for _, line := range a.lines {
			head += "Set-Cookie: " + line + "\r\n"
		}
	}
	return head + "\r\n"
}

func (a *cookieAnswer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(a.head(r.URL.EscapedPath()))) // a browser that went away asks again
}
