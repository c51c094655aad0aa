package httpsec

import (
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec/site"
)

// cookieScope is which hosts get a cookie back.
type cookieScope struct {
	domain   string // the host, where hostOnly
	hostOnly bool
	width    checks.Width
	fault    checks.CookieFault // empty: the host may set a cookie for the domain
}

// scopeOf is section 5.7 steps 8 to 10: the host must match the attribute
// Domain, which must not be a public suffix. A Domain that is the host itself
// goes to every host below it too, unless the host is an address or a public
// suffix. Both sections of the public suffix list count, as in browsers.
func scopeOf(u *url.URL, a cookieAttributes) cookieScope {
	host := lowerASCII(u.Hostname())
	scope := cookieScope{domain: host, hostOnly: true}
	if a.domain == "" {
		return scope
	}
	suffix, _ := publicsuffix.PublicSuffix(a.domain)
	switch {
	case host == a.domain && (site.IsAddress(host) || suffix == a.domain):
		return scope
	case suffix == a.domain && strings.HasSuffix(host, "."+a.domain):
		scope.fault = checks.CookiePublicSuffix
	case host != a.domain && !domainMatches(host, a.domain):
		scope.fault = checks.CookieDomainMismatch
	default:
		return cookieScope{domain: a.domain, width: CookieWidth(a.domain)}
	}
	return scope
}

// domainMatches is section 5.1.3 for a host that is not the domain itself.
func domainMatches(host, domain string) bool {
	return !site.IsAddress(host) && strings.HasSuffix(host, "."+domain)
}

// CookieWidth returns how wide a cookie is whose attribute Domain is domain.
func CookieWidth(domain string) checks.Width {
	if registrable, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil && registrable == domain {
		return checks.WidthRegistrable
	}
	return checks.WidthDomain
}

// trustworthy says whether browsers take cookies with Secure from u: over
// https, and over http from the machine itself (W3C Secure Contexts section
// 3.1), which no network comes between.
func trustworthy(u *url.URL) bool {
	host := siteHost(u.Hostname())
	if address, err := netip.ParseAddr(host); err == nil && address.IsLoopback() {
		return true
	}
	return u.Scheme == "https" || host == "localhost" || strings.HasSuffix(host, ".localhost")
}
