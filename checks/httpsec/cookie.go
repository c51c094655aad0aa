package httpsec

import (
	"cmp"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/gradewatch/gradewatch/checks"
)

// Bounds on what is read from one answer (RFC 6265bis section 5.6 gives the
// sizes; the count is ours, several times what browsers keep for a domain).
const (
	maxCookies         = 200
	maxCookieBytes     = 4096 // name and value together
	maxAttributeBytes  = 1024
	maxSetCookieBytes  = 16 << 10
	hostPrefix         = "__host-"
	securePrefix       = "__secure-"
	whitespaceOfCookie = " \t"
)

// ParseCookies reads the Set-Cookie lines of an answer from u as a browser does
// (RFC 6265bis sections 5.6 and 5.7). The result is canonical: sorted, without
// values and repetitions. No more than 200 lines are read.
func ParseCookies(u *url.URL, lines []string) []checks.Cookie {
	var cookies []checks.Cookie
	for _, line := range lines[:min(len(lines), maxCookies)] {
		cookies = append(cookies, ParseCookie(u, line))
	}
	slices.SortFunc(cookies, compareCookies)
	return slices.Compact(cookies)
}

// ParseCookie reads one Set-Cookie line of an answer from u. A line that a
// browser drops gives a cookie with Invalid set and what could be read of it.
func ParseCookie(u *url.URL, line string) checks.Cookie {
	var cookie checks.Cookie
	if len(line) > maxSetCookieBytes {
		line, cookie.Invalid = line[:maxSetCookieBytes], true
	}
	if strings.ContainsFunc(line, isControl) {
		cookie.Invalid = true // section 5.6 step 1
	}
	pair, rest, _ := strings.Cut(line, ";")
	name, value := splitPair(pair)
	if name == "" && value == "" || len(name)+len(value) > maxCookieBytes {
		cookie.Invalid = true
	}
	attributes := parseAttributes(rest)
	cookie.HttpOnly, cookie.Secure, cookie.Partitioned = attributes.httpOnly, attributes.secure, attributes.partitioned
	cookie.SameSite = attributes.sameSite
	// What an invalid cookie leaves of itself is shown and stored all the same.
	cookie.Domain = checks.Clean(attributes.domain, maxAttributeBytes)
	cookie.Path = checks.Clean(CanonicalPath(attributes.path), maxAttributeBytes)
	cookie.Invalid = cookie.Invalid || !storable(u, name, value, attributes)
	cookie.Name = checks.Clean(CanonicalCookieName(clip(name)), maxAttributeBytes)
	return cookie
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

// clip bounds a name that is kept; names that long are dropped by browsers.
func clip(name string) string { return name[:min(len(name), maxAttributeBytes)] }

type cookieAttributes struct {
	httpOnly, secure, partitioned bool
	sameSite, domain, path        string
	hasDomain                     bool
}

// parseAttributes is section 5.6 step 7 on and 5.6.1 to 5.6.7: names in any
// case, the last of a repeated attribute counts, one that is too long is
// ignored. Expires and Max-Age differ at every look and are not kept.
func parseAttributes(text string) cookieAttributes {
	var a cookieAttributes
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		name, value = strings.Trim(name, whitespaceOfCookie), strings.Trim(value, whitespaceOfCookie)
		if len(value) > maxAttributeBytes {
			continue
		}
		switch strings.ToLower(name) {
		case "httponly":
			a.httpOnly = true
		case "secure":
			a.secure = true
		case "partitioned":
			a.partitioned = true
		case "samesite":
			a.sameSite = sameSiteValue(value)
		case "domain":
			a.domain = strings.ToLower(strings.TrimPrefix(value, "."))
			a.hasDomain = a.domain != ""
		case "path":
			a.path = ""
			if strings.HasPrefix(value, "/") {
				a.path = value
			}
		}
	}
	return a
}

func sameSiteValue(value string) string {
	for _, known := range []string{"Strict", "Lax", "None"} {
		if strings.EqualFold(value, known) {
			return known
		}
	}
	return ""
}

// storable is section 5.7: whether a browser that got this from u keeps it.
func storable(u *url.URL, name, value string, a cookieAttributes) bool {
	if a.secure && u.Scheme != "https" {
		return false
	}
	if a.hasDomain && !domainAllowed(u.Hostname(), a.domain) {
		return false
	}
	prefixed := strings.ToLower(name)
	if name == "" { // a value must not pass for a prefixed name either
		prefixed = strings.ToLower(value)
		if strings.HasPrefix(prefixed, hostPrefix) || strings.HasPrefix(prefixed, securePrefix) {
			return false
		}
	}
	switch {
	case strings.HasPrefix(prefixed, hostPrefix):
		return a.secure && !a.hasDomain && a.path == "/"
	case strings.HasPrefix(prefixed, securePrefix):
		return a.secure
	}
	return true
}

// domainAllowed is section 5.7 steps 9 to 11: the host must match the domain,
// and the domain must not be a public suffix unless it is the host itself.
func domainAllowed(host, domain string) bool {
	host = strings.ToLower(host)
	if host == domain {
		return true
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	if !strings.HasSuffix(host, "."+domain) {
		return false
	}
	suffix, _ := publicsuffix.PublicSuffix(domain)
	return suffix != domain
}

// isControl is the set of section 5.6 step 1: controls without the tab.
func isControl(r rune) bool { return r < 0x20 && r != '\t' || r == 0x7f }

func compareCookies(a, b checks.Cookie) int {
	return cmp.Or(
		cmp.Compare(a.Name, b.Name), cmp.Compare(a.Domain, b.Domain), cmp.Compare(a.Path, b.Path),
		cmp.Compare(a.SameSite, b.SameSite),
		compareBool(a.HttpOnly, b.HttpOnly), compareBool(a.Secure, b.Secure),
		compareBool(a.Partitioned, b.Partitioned), compareBool(a.Invalid, b.Invalid),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
