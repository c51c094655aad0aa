package httpsec

import (
	"net/url"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Bounds on what is read from one answer (RFC 6265bis section 5.6 gives the
// sizes; the count is ours, more than the 180 that browsers keep for a domain).
const (
	maxCookies         = 200
	maxCookieBytes     = 4096 // name and value together
	maxAttributeBytes  = 1024
	maxKeptNameBytes   = 1024 // of a name that is shown; ours
	whitespaceOfCookie = " \t"
)

// ParseCookies reads the Set-Cookie lines of an answer that came from u at now
// as a browser does (RFC 6265bis sections 5.6 and 5.7; see ParseCookie). Of
// lines that a browser takes for the same cookie it keeps the last, with
// Repeated set. The result is canonical: sorted, without values and
// repetitions. No more than 200 lines are read.
func ParseCookies(u *url.URL, lines []string, now time.Time) []checks.Cookie {
	var received []receivedCookie
	for _, line := range lines[:min(len(lines), maxCookies)] {
		received = append(received, receive(u, line, now))
	}
	return canonicalCookies(received)
}

// ParseCookie reads one Set-Cookie line of an answer that came from u at now. A
// line that a browser drops gives a cookie with Invalid and Drop set, and what
// could be read of it. u's host is canonical (lower case, ASCII).
//
// It follows RFC 6265bis wherever Chromium or Firefox does. Where both do
// something else, it does that: the prefixes __Http- and __Host-Http-,
// Partitioned, Secure over http from a loopback host, __Host- with an address in
// Domain, an unreadable Max-Age that undoes the one before, Domain=".". Unlike
// both it does not correct Expires by the Date of the answer, which matters only
// where a server's clock is wrong.
func ParseCookie(u *url.URL, line string, now time.Time) checks.Cookie {
	return receive(u, line, now).cookie
}

// receivedCookie is a cookie with what tells it from others in a browser.
type receivedCookie struct {
	cookie checks.Cookie
	key    cookieKey
}

// cookieKey is what makes two cookies the same (RFC 6265bis section 5.7 step
// 22): as sent, not canonical. Partitioned ones live in a jar of their own.
type cookieKey struct {
	name, domain, path    string
	hostOnly, partitioned bool
}

func receive(u *url.URL, line string, now time.Time) receivedCookie {
	pair, rest, _ := strings.Cut(line, ";")
	name, value := splitPair(pair)
	attributes := parseAttributes(rest)
	scope := scopeOf(u, attributes)
	fault := faultOf(u, line, name, value, attributes, scope)
	cookie := checks.Cookie{
		// What a dropped cookie leaves of itself is shown and stored all the same.
		Name:            checks.Clean(CanonicalCookieName(name[:min(len(name), maxKeptNameBytes)]), maxKeptNameBytes),
		HttpOnly:        attributes.httpOnly,
		Secure:          attributes.secure,
		SameSite:        attributes.sameSite,
		SameSiteInvalid: attributes.sameSiteInvalid,
		Domain:          checks.Clean(attributes.domain, maxAttributeBytes),
		Path:            checks.Clean(CanonicalPath(attributes.path), maxAttributeBytes),
		Partitioned:     attributes.partitioned,
		Lifetime:        attributes.lifetime(now),
		Width:           scope.width,
		Invalid:         fault != "",
		Drop:            fault,
	}
	key := cookieKey{name: name, domain: scope.domain, hostOnly: scope.hostOnly, path: attributes.path, partitioned: attributes.partitioned}
	if key.path == "" {
		key.path = defaultPath(u)
	}
	return receivedCookie{cookie: cookie, key: key}
}

// splitPair is section 5.6 step 3: without '=' the whole text is the value of
// a cookie that has no name.
func splitPair(pair string) (name, value string) {
	name, value, found := strings.Cut(pair, "=")
	if !found {
		name, value = "", pair
	}
	return strings.Trim(name, whitespaceOfCookie), strings.Trim(value, whitespaceOfCookie)
}

// defaultPath is section 5.1.4: the path of u up to its last slash, without it.
func defaultPath(u *url.URL) string {
	path := u.EscapedPath()
	last := strings.LastIndexByte(path, '/')
	if !strings.HasPrefix(path, "/") || last == 0 {
		return "/"
	}
	return path[:last]
}
