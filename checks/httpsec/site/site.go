// Package site says which hosts belong together. It asks nobody: the public
// suffix list is data.
package site

import (
	"net/netip"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Same says whether two hosts have the same registrable domain by the public
// suffix list. Addresses, and names that have no registrable domain
// (localhost, a public suffix), are the same site only as themselves.
func Same(a, b string) bool {
	a, b = Host(a), Host(b)
	if a == b {
		return true
	}
	if IsAddress(a) || IsAddress(b) {
		return false
	}
	siteA, errA := publicsuffix.EffectiveTLDPlusOne(a)
	siteB, errB := publicsuffix.EffectiveTLDPlusOne(b)
	return errA == nil && errB == nil && siteA == siteB
}

// Host returns host as it is compared: lower case, without the dot at its end.
func Host(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

// IsAddress says whether host is an IP address and no name.
func IsAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
