package observatory

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec/site"
)

// Results of the test of scripts and their checksums.
const (
	integrityAll             = "sri-implemented-and-all-scripts-loaded-securely"
	integrityExternal        = "sri-implemented-and-external-scripts-loaded-securely"
	integrityNotHTML         = "sri-not-implemented-response-not-html"
	integrityNoScripts       = "sri-not-implemented-but-no-scripts-loaded"
	integrityOwnOrigin       = "sri-not-implemented-but-all-scripts-loaded-from-secure-origin"
	integrityMissing         = "sri-not-implemented-but-external-scripts-loaded-securely"
	integrityInsecure        = "sri-implemented-but-external-scripts-not-loaded-securely"
	integrityMissingInsecure = "sri-not-implemented-and-external-scripts-not-loaded-securely"
)

// integrity judges the scripts of a page.
func integrity(s seen) string {
	switch {
	case !s.html():
		return integrityNotHTML
	case s.unread():
		return Inconclusive
	}
	page := s.final.Content.Value
	if len(page.Scripts) == 0 && !page.InlineScript {
		return integrityNoScripts
	}
	// A script that is bad in no way counts as none here.
	order := []string{"", integrityInsecure, integrityMissing, integrityMissingInsecure}
	worst, foreign, checked := 0, false, false
	for _, script := range page.Scripts {
		own, secure := s.origin(script)
		if own {
			checked = checked || script.Integrity && secure
			continue
		}
		foreign = true
		worst = max(worst, slices.Index(order, external(script.Integrity, secure)))
	}
	switch {
	case worst > 0:
		return order[worst]
	case checked:
		return integrityAll
	case foreign:
		return integrityExternal
	}
	return integrityOwnOrigin
}

func external(checksum, secure bool) string {
	switch {
	case checksum && secure:
		return ""
	case checksum:
		return integrityInsecure
	case secure:
		return integrityMissing
	}
	return integrityMissingInsecure
}

// origin says whether a script comes from the own site, and is bound to https.
// What names its host but not its scheme counts as another's.
func (s *seen) origin(script checks.Script) (own, secure bool) {
	scheme, host := "", ""
	if place, err := url.Parse(script.Origin); err == nil {
		scheme, host = place.Scheme, place.Hostname()
	}
	switch {
	case script.Relative == "protocol":
		return false, false
	case host == "" && script.Relative != "", scheme != "http" && scheme != "https" && script.Origin != "":
		return true, s.https
	case host == "": // in full, of the page's own origin
		last := s.hops[len(s.hops)-1]
		scheme, host = last.Scheme, last.Host
	}
	return registrable(host) == registrable(s.host), scheme == "https"
}

// registrable is the domain below a public suffix that ICANN delegates; where
// private companies let names below theirs counts as one site, as the
// Observatory has it. Addresses have none and are all alike.
func registrable(host string) string {
	host = site.Host(host)
	if _, err := netip.ParseAddr(host); err == nil {
		return ""
	}
	suffix, icann := publicsuffix.PublicSuffix(host)
	for !icann && strings.Contains(suffix, ".") {
		_, parent, _ := strings.Cut(suffix, ".")
		suffix, icann = publicsuffix.PublicSuffix(parent)
	}
	rest, found := strings.CutSuffix(host, "."+suffix)
	if !found {
		return ""
	}
	return rest[strings.LastIndexByte(rest, '.')+1:] + "." + suffix
}
