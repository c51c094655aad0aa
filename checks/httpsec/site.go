package httpsec

import "github.com/gradewatch/gradewatch/checks/httpsec/site"

// SameSite says whether two hosts have the same registrable domain; see
// [site.Same].
func SameSite(a, b string) bool { return site.Same(a, b) }

func siteHost(host string) string { return site.Host(host) }
