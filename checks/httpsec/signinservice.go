package httpsec

import (
	"net/url"
	"regexp"
	"strings"
)

// signInHosts are the hosts of SuperOffice's sign-in service (superoffice.md
// 4.1), numbered ones of tenants among them, which are not to be named in a
// sign-in (E-04) and are asked just as little.
var (
	signInHosts = regexp.MustCompile(`^(?:sod|qaonline|online|id)[0-9]*\.superoffice\.com$`)
	tenantPaths = regexp.MustCompile(`(?i)^/(?:login|cust)`)
)

// SignInHost says whether host, in lower case and without a dot at its end, is
// one of SuperOffice's sign-in service, whatever is asked of it.
func SignInHost(host string) bool { return signInHosts.MatchString(host) }

// signInService says whether u is at SuperOffice's sign-in service. Monitoring
// does not load it: no hop leads there.
func signInService(u *url.URL) bool {
	host := siteHost(u.Hostname())
	if SignInHost(host) {
		return true
	}
	below := host == "superoffice.com" || strings.HasSuffix(host, ".superoffice.com")
	return below && tenantPaths.MatchString(u.EscapedPath())
}
