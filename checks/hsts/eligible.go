package hsts

import (
	"net/netip"
	"net/url"

	"golang.org/x/net/publicsuffix"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec/site"
)

// PreloadMaxAge is the max-age in seconds that the preload list asks for: one
// year (hstspreload.org, submission requirements).
const PreloadMaxAge = 31_536_000

// Obstacle is what keeps a host out of the preload list.
type Obstacle string

// The submission requirements of hstspreload.org that a look can see. That every
// subdomain is served over https cannot be seen.
const (
	NotBaseDomain       Obstacle = "not_base_domain"   // only registrable domains are taken
	NoPolicy            Obstacle = "no_policy"         // there is none that a browser takes
	MaxAgeTooShort      Obstacle = "max_age_too_short" // under PreloadMaxAge
	NoIncludeSubDomains Obstacle = "no_include_subdomains"
	NoPreload           Obstacle = "no_preload"         // the directive is how an owner agrees
	NoRedirect          Obstacle = "no_redirect"        // port 80 is open and does not lead to https
	RedirectElsewhere   Obstacle = "redirect_elsewhere" // port 80 leads to something else first
)

// Text says it as a clause about the host.
func (o Obstacle) Text() string {
	switch o {
	case NotBaseDomain:
		return "only a registrable domain can be"
	case NoPolicy:
		return "it sends no Strict-Transport-Security that browsers take"
	case MaxAgeTooShort:
		return "its max-age is under a year"
	case NoIncludeSubDomains:
		return "it sends no includeSubDomains"
	case NoPreload:
		return "it sends no preload"
	case NoRedirect:
		return "port 80 does not lead to https"
	case RedirectElsewhere:
		return "port 80 leads elsewhere than to https on the same host first"
	}
	return string(o)
}

// Obstacles returns what keeps host out of the preload list, in the order of the
// constants, by the policy of its first answer over https and what its port 80
// does; none: it could be submitted. known is false where nobody can tell about
// port 80, and that might be one more.
func Obstacles(host string, policy Policy, plain checks.Fact[checks.PlainHTTP]) (obstacles []Obstacle, known bool) {
	add := func(holds bool, obstacle Obstacle) {
		if holds {
			obstacles = append(obstacles, obstacle)
		}
	}
	host = site.Host(host)
	add(!isBaseDomain(host), NotBaseDomain)
	if policy.Valid {
		add(policy.MaxAge < PreloadMaxAge, MaxAgeTooShort)
		add(!policy.IncludeSubDomains, NoIncludeSubDomains)
		add(!policy.Preload, NoPreload)
	} else {
		add(true, NoPolicy)
	}
	if plain.State == checks.Known {
		first := firstPlace(plain.Value)
		add(first == nil && !plain.Value.RedirectsToHTTPS, NoRedirect)
		add(first != nil && (first.Scheme != "https" || site.Host(first.Hostname()) != host), RedirectElsewhere)
	}
	return obstacles, plain.Conclusive()
}

func firstPlace(plain checks.PlainHTTP) *url.URL {
	if len(plain.Route) == 0 {
		return nil
	}
	place, err := url.Parse(plain.Route[0])
	if err != nil {
		return nil
	}
	return place
}

func isBaseDomain(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	base, err := publicsuffix.EffectiveTLDPlusOne(host)
	return err == nil && base == host
}
