package observatory

import (
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec/site"
)

// Results of the test of cookies.
const (
	cookiesBest              = "cookies-secure-with-httponly-sessions-and-samesite"
	cookiesGood              = "cookies-secure-with-httponly-sessions"
	cookiesNone              = "cookies-not-found"
	cookiesInsecureHSTS      = "cookies-without-secure-flag-but-protected-by-hsts"
	sessionInsecureHSTS      = "cookies-session-without-secure-flag-but-protected-by-hsts"
	cookiesInsecure          = "cookies-without-secure-flag"
	cookiesSameSiteInvalid   = "cookies-samesite-flag-invalid"
	cookiesForgeryNoSameSite = "cookies-anticsrf-without-samesite-flag"
	sessionNotHTTPOnly       = "cookies-session-without-httponly-flag"
	sessionInsecure          = "cookies-session-without-secure-flag"
)

// badness is from bad to worst.
func badness() []string {
	return []string{
		cookiesInsecureHSTS, cookiesInsecure, sessionInsecureHSTS, cookiesSameSiteInvalid,
		cookiesForgeryNoSameSite, sessionNotHTTPOnly, sessionInsecure,
	}
}

// cookies judges what is in the jar after the walk; protected says that the test
// of Strict-Transport-Security passes.
func cookies(s seen, protected bool) string {
	kept := jar(s.hops)
	if len(kept) == 0 {
		return cookiesNone
	}
	worst := -1
	note := func(holds bool, result string) {
		if holds {
			worst = max(worst, slices.Index(badness(), result))
		}
	}
	for _, cookie := range s.final.Cookies {
		note(cookie.SameSiteInvalid, cookiesSameSiteInvalid)
	}
	complete := true
	for _, cookie := range kept {
		name := strings.ToLower(cookie.Name)
		session := strings.Contains(name, "login") || strings.Contains(name, "sess")
		note(!cookie.Secure && cookie.SameSite == "None", cookiesSameSiteInvalid)
		note(!cookie.Secure && protected, cookiesInsecureHSTS)
		note(!cookie.Secure && !protected, cookiesInsecure)
		note(strings.Contains(name, "csrf") && cookie.SameSite == "", cookiesForgeryNoSameSite)
		note(session && !cookie.Secure && protected, sessionInsecureHSTS)
		note(session && !cookie.Secure && !protected, sessionInsecure)
		note(session && !cookie.HttpOnly, sessionNotHTTPOnly)
		complete = complete && cookie.SameSite != ""
	}
	switch {
	case worst >= 0:
		return badness()[worst]
	case complete:
		return cookiesBest
	}
	return cookiesGood
}

// place is what makes two cookies the same one.
type place struct{ name, domain, path string }

// jar is what the Observatory's cookie jar holds after the walk: of cookies with
// the same place the last, without what was deleted before a later request.
func jar(hops []checks.Hop) []checks.Cookie {
	var order []place
	kept := map[place]checks.Cookie{}
	for i := range hops {
		path := pathOf(hops[i].URL)
		for at, cookie := range kept {
			if cookie.Lifetime == checks.LifetimeDeleted && goesTo(at, cookie, &hops[i], path) {
				delete(kept, at)
			}
		}
		for _, cookie := range hops[i].Answer.Value.Cookies {
			if !storable(cookie) {
				continue
			}
			at := placeOf(cookie, hops[i].Host, path)
			if !slices.Contains(order, at) {
				order = append(order, at)
			}
			kept[at] = cookie
		}
	}
	var all []checks.Cookie
	for _, at := range order {
		if cookie, found := kept[at]; found && cookie.Name != "heroku-session-affinity" {
			all = append(all, cookie)
		}
	}
	return all
}

// storable says whether the Observatory's jar takes the cookie: it is stricter
// than browsers with names and laxer with Secure.
func storable(cookie checks.Cookie) bool {
	if cookie.Name == "" {
		return false
	}
	switch cookie.Drop {
	case checks.CookieTooLarge, checks.CookieSecureOverHTTP, checks.CookieNoneNotSecure, checks.CookieHTTPPrefix, checks.CookiePartitionedUnsafe:
		return true
	}
	return !cookie.Invalid
}

func placeOf(cookie checks.Cookie, host, path string) place {
	at := place{cookie.Name, cookie.Domain, cookie.Path}
	if at.domain == "" {
		at.domain = "=" + site.Host(host) // of this host alone
	}
	if at.path == "" {
		at.path = path[:max(strings.LastIndexByte(path, '/'), 1)]
	}
	return at
}

// goesTo says whether the cookie would go along with the request of hop.
func goesTo(at place, cookie checks.Cookie, hop *checks.Hop, path string) bool {
	host := site.Host(hop.Host)
	own, exact := strings.CutPrefix(at.domain, "=")
	if exact && host != own || !exact && host != at.domain && !strings.HasSuffix(host, "."+at.domain) {
		return false
	}
	if cookie.Secure && hop.Scheme != "https" {
		return false
	}
	below := strings.HasPrefix(path, at.path) && (strings.HasSuffix(at.path, "/") || strings.HasPrefix(path[len(at.path):], "/"))
	return path == at.path || below
}

// pathOf is the path of an absolute URL, at least a slash.
func pathOf(text string) string {
	_, rest, _ := strings.Cut(text, "://")
	if at := strings.IndexAny(rest, "?#"); at >= 0 {
		rest = rest[:at]
	}
	if at := strings.IndexByte(rest, '/'); at >= 0 {
		return rest[at:]
	}
	return "/"
}
