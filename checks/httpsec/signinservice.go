package httpsec

import (
	"net/url"
	"regexp"
	"strings"
)

// rootLoginHosts are the hosts of SuperOffice's sign-in service
// (superoffice.md 4.1), and numberedHosts those of tenants, which are not to be
// named in a sign-in (E-04) and are asked just as little.
var (
	rootLoginHosts = regexp.MustCompile(`^(?:sod|qaonline|online|id)\.superoffice\.com$`)
	numberedHosts  = regexp.MustCompile(`^(?:sod|qaonline|online)[0-9]+\.superoffice\.com$`)
	tenantPaths    = regexp.MustCompile(`(?i)^/(?:login|cust)`)
)

// signInService says whether u is at SuperOffice's sign-in service. Monitoring
// does not load it: no hop leads there.
func signInService(u *url.URL) bool {
	host := siteHost(u.Hostname())
	if rootLoginHosts.MatchString(host) || numberedHosts.MatchString(host) {
		return true
	}
	below := host == "superoffice.com" || strings.HasSuffix(host, ".superoffice.com")
	return below && tenantPaths.MatchString(u.EscapedPath())
}
