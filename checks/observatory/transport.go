package observatory

import (
	"net/url"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/hsts"
	"github.com/gradewatch/gradewatch/checks/httpsec/site"
)

// Results of the tests of what travels in the clear.
const (
	transportPreloaded   = "hsts-preloaded"
	transportLong        = "hsts-implemented-max-age-at-least-six-months"
	transportShort       = "hsts-implemented-max-age-less-than-six-months"
	transportMissing     = "hsts-not-implemented"
	transportInvalid     = "hsts-header-invalid"
	transportNoHTTPS     = "hsts-not-implemented-no-https"
	transportInvalidCert = "hsts-invalid-cert"

	redirectsPreloaded   = "redirection-all-redirects-preloaded"
	redirectsToHTTPS     = "redirection-to-https"
	redirectsNotNeeded   = "redirection-not-needed-no-http"
	redirectsOffHost     = "redirection-off-host-from-http"
	redirectsOverHTTP    = "redirection-not-to-https-on-initial-redirection"
	redirectsNotToHTTPS  = "redirection-not-to-https"
	redirectsMissing     = "redirection-missing"
	redirectsInvalidCert = "redirection-invalid-cert"
)

// sixMonths is what the Observatory takes for it, in seconds: 180 days.
const sixMonths = 15_552_000

func transportSecurity(s seen) string {
	if !s.https {
		return transportNoHTTPS
	}
	if _, preloaded := hsts.Preloaded(s.host); preloaded {
		return transportPreloaded
	}
	if !s.trusted {
		return transportInvalidCert
	}
	sent := s.final.HSTS
	if sent.State != checks.Known || len(sent.Value) == 0 {
		return transportMissing
	}
	return readTransport(strings.Join(sent.Value, ", "))
}

// readTransport reads the field as the Observatory does, which is not RFC 6797:
// a comma is an error, a directive may stand twice, and a max-age that is no
// number counts as a long one.
func readTransport(value string) string {
	if strings.Contains(value, ",") {
		return transportInvalid
	}
	result := transportInvalid
	for parameter := range strings.SplitSeq(value, ";") {
		if age, found := strings.CutPrefix(plain(parameter), "max-age="); found {
			result = transportLong
			if seconds, number := leadingNumber(age); number && seconds < sixMonths {
				result = transportShort
			}
		}
	}
	return result
}

// leadingNumber is ECMAScript's parseInt to base ten, clamped.
func leadingNumber(text string) (int, bool) {
	text = strings.TrimSpace(text)
	unsigned := strings.TrimLeft(text, "+-")
	if len(text)-len(unsigned) > 1 {
		return 0, false
	}
	number, digits := 0, 0
	for digits < len(unsigned) && unsigned[digits] >= '0' && unsigned[digits] <= '9' {
		number = min(number*10+int(unsigned[digits]-'0'), sixMonths)
		digits++
	}
	if strings.HasPrefix(text, "-") {
		number = -number
	}
	return number, digits > 0
}

func redirection(s seen) string {
	switch s.way.State {
	case checks.Known:
	case checks.Absent:
		return redirectsNotNeeded
	default:
		return Inconclusive
	}
	way := s.way.Value
	last := way[len(way)-1]
	switch {
	case !s.trusted && anyHTTPS(way):
		return redirectsInvalidCert
	case allPreloaded(way):
		return redirectsPreloaded
	case len(way) == 1:
		return redirectsMissing
	case last.Scheme != "https":
		return redirectsNotToHTTPS
	case way[1].Scheme == "http":
		return redirectsOverHTTP
	case site.Host(way[0].Hostname()) != site.Host(way[1].Hostname()):
		return redirectsOffHost
	}
	return redirectsToHTTPS
}

func anyHTTPS(way []*url.URL) bool {
	for _, place := range way {
		if place.Scheme == "https" {
			return true
		}
	}
	return false
}

func allPreloaded(way []*url.URL) bool {
	for _, place := range way {
		if _, found := hsts.Preloaded(place.Hostname()); !found {
			return false
		}
	}
	return true
}
