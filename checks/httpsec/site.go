package httpsec

import (
	"net/netip"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// SameSite says whether two hosts have the same registrable domain by the
// public suffix list. Addresses, and names that have no registrable domain
// (localhost, a public suffix), are the same site only as themselves.
func SameSite(a, b string) bool {
	a, b = siteHost(a), siteHost(b)
	if a == b {
		return true
	}
	if isAddress(a) || isAddress(b) {
		return false
	}
	siteA, errA := publicsuffix.EffectiveTLDPlusOne(a)
	siteB, errB := publicsuffix.EffectiveTLDPlusOne(b)
	return errA == nil && errB == nil && siteA == siteB
}

func siteHost(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
