package httpsec

import (
	"net/url"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// faultOf says why a browser that got this from u drops it, or returns "". Of
// several faults the first in the order of sections 5.6 and 5.7 is named.
func faultOf(u *url.URL, line, name, value string, a cookieAttributes, scope cookieScope) checks.CookieFault {
	switch {
	case strings.ContainsFunc(line, isControl):
		return checks.CookieControl
	case name == "" && value == "":
		return checks.CookieEmpty
	case len(name)+len(value) > maxCookieBytes:
		return checks.CookieTooLarge
	case scope.fault != "":
		return scope.fault
	case a.secure && !trustworthy(u):
		return checks.CookieSecureOverHTTP
	case a.sameSite == "None" && !a.secure:
		return checks.CookieNoneNotSecure
	case name == "" && prefixOf(value) != "":
		return checks.CookieHiddenPrefix
	}
	fault := prefixFault(prefixOf(name), a, scope)
	if fault == "" && a.partitioned && !a.secure {
		fault = checks.CookiePartitionedUnsafe
	}
	return fault
}

// isControl is the set of section 5.6 step 1: controls without the tab.
func isControl(r rune) bool { return r < 0x20 && r != '\t' || r == 0x7f }

// Prefixes of names that bind a browser, in lower case: sections 4.1.3 and 5.7
// steps 18 to 20, and the two that draft-ietf-httpbis-layered-cookies adds and
// browsers know. They are compared in any case.
const (
	prefixSecure   = "__secure-"
	prefixHost     = "__host-"
	prefixHTTP     = "__http-"
	prefixHostHTTP = "__host-http-"
)

func prefixOf(text string) string {
	text = lowerASCII(text[:min(len(text), len(prefixHostHTTP))])
	for _, prefix := range []string{prefixHostHTTP, prefixHost, prefixHTTP, prefixSecure} { // the longer first
		if strings.HasPrefix(text, prefix) {
			return prefix
		}
	}
	return ""
}

// prefixFault says which promise of a name's prefix is not kept. An address in
// Domain leaves a cookie with its host, so browsers take it with __Host-.
func prefixFault(prefix string, a cookieAttributes, scope cookieScope) checks.CookieFault {
	bound := a.secure && scope.hostOnly && a.path == "/"
	switch {
	case prefix == prefixSecure && !a.secure:
		return checks.CookieSecurePrefix
	case prefix == prefixHost && !bound:
		return checks.CookieHostPrefix
	case prefix == prefixHTTP && !(a.secure && a.httpOnly):
		return checks.CookieHTTPPrefix
	case prefix == prefixHostHTTP && !a.httpOnly:
		return checks.CookieHTTPPrefix
	case prefix == prefixHostHTTP && !bound:
		return checks.CookieHostPrefix
	}
	return ""
}
