package httpsec

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// maxCookieFieldBytes bounds the cookies that one request sends back: servers
// turn down larger heads.
const maxCookieFieldBytes = 4 << 10

// jar holds the cookies of one walk, in memory and no longer than it: what a
// browser without any would send back.
type jar struct{ kept *cookiejar.Jar }

func newJar() jar {
	kept, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	if err != nil {
		panic("cookie jar: " + err.Error()) // it never fails
	}
	return jar{kept: kept}
}

// take keeps what an answer from u sets, as far as net/http reads it.
func (j jar) take(u *url.URL, lines []string) {
	var cookies []*http.Cookie
	for _, line := range lines[:min(len(lines), maxCookies)] {
		if cookie, err := http.ParseSetCookie(line); err == nil {
			cookies = append(cookies, cookie)
		}
	}
	j.kept.SetCookies(u, cookies)
}

// field is the header line that gives u its cookies back, if there are any.
func (j jar) field(u *url.URL) []string {
	var pairs []string
	left := maxCookieFieldBytes
	for _, cookie := range j.kept.Cookies(u) {
		pair := cookie.Name + "=" + cookie.Value
		if cookie.Quoted {
			pair = cookie.Name + `="` + cookie.Value + `"`
		}
		if left -= len(pair) + len("; "); left < 0 {
			break
		}
		pairs = append(pairs, pair)
	}
	if len(pairs) == 0 {
		return nil
	}
	return []string{"Cookie: " + strings.Join(pairs, "; ")}
}

// names tells which cookies u would get, and not their values: an answer that
// sets the same ones anew leads in a circle.
func (j jar) names(u *url.URL) string {
	var names []string
	for _, cookie := range j.kept.Cookies(u) {
		names = append(names, CanonicalCookieName(cookie.Name))
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}
