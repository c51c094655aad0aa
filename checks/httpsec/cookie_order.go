package httpsec

import (
	"cmp"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

// canonicalCookies keeps the last of the cookies that are the same one to a
// browser, and sorts. What a browser drops repeats nothing.
func canonicalCookies(received []receivedCookie) []checks.Cookie {
	var cookies []checks.Cookie
	at := map[cookieKey]int{}
	for _, one := range received {
		if before, found := at[one.key]; found && !one.cookie.Invalid {
			cookies[before] = one.cookie
			cookies[before].Repeated = true
			continue
		}
		if !one.cookie.Invalid {
			at[one.key] = len(cookies)
		}
		cookies = append(cookies, one.cookie)
	}
	slices.SortFunc(cookies, CompareCookies)
	return slices.Compact(cookies)
}

// CompareCookies orders cookies by name, domain, path and everything else.
func CompareCookies(a, b checks.Cookie) int {
	return cmp.Or(
		cmp.Compare(a.Name, b.Name), cmp.Compare(a.Domain, b.Domain), cmp.Compare(a.Path, b.Path),
		cmp.Compare(a.SameSite, b.SameSite), compareBool(a.SameSiteInvalid, b.SameSiteInvalid),
		compareBool(a.HttpOnly, b.HttpOnly), compareBool(a.Secure, b.Secure), compareBool(a.Partitioned, b.Partitioned),
		cmp.Compare(a.Lifetime, b.Lifetime), cmp.Compare(a.Width, b.Width),
		compareBool(a.Repeated, b.Repeated), compareBool(a.Invalid, b.Invalid), cmp.Compare(a.Drop, b.Drop),
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
