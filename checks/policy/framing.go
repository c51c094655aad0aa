package policy

import (
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks/observatory/csp"
)

// share is how many of the hosts below a domain something holds for.
type share uint8

const (
	none share = iota
	some
	all
)

// framing is who may show an answer in a frame.
type framing struct {
	superOffice share // of the hosts below superoffice.com
	anybody     bool
	by          string // field that says so; empty: nothing does
	said        string // the part of it that counts
}

// superOfficeDomain is the domain below which CRM Online frames web panels.
const superOfficeDomain = "superoffice.com"

// framingOf reads frame-ancestors (CSP Level 3 section 6.4.2), which X-Frame-Options
// gives way to where both are sent, and X-Frame-Options (HTML standard, section
// on that field). scheme is the answer's own.
func framingOf(fields map[string][]string, scheme string) framing {
	f := framing{superOffice: all, anybody: true}
	for _, sources := range csp.Parse(fields["content-security-policy"]).All(csp.FrameAncestors) {
		covered := coveredBy(sources, scheme)
		if f.by == "" || covered < f.superOffice {
			f.by, f.said = "content-security-policy", strings.TrimSpace("frame-ancestors "+strings.Join(sources, " "))
		}
		f.superOffice, f.anybody = min(f.superOffice, covered), f.anybody && slices.ContainsFunc(sources, anySite)
	}
	if f.by != "" {
		return f
	}
	if refused, value := refusesFrames(fields["x-frame-options"]); refused {
		return framing{by: "x-frame-options", said: value}
	}
	return f
}

func anySite(source string) bool {
	return slices.Contains([]string{"*", "https:", "http:", "https://*", "http://*"}, strings.ToLower(source))
}

// means says what it comes to for SuperOffice.
func (f framing) means() string {
	switch f.superOffice {
	case all:
		return "SuperOffice can show it in a frame"
	case some:
		return "only some hosts of SuperOffice can show it in a frame"
	}
	return "SuperOffice cannot show it in a frame"
}

// refusesFrames reads X-Frame-Options as browsers do: what they do not know,
// such as ALLOW-FROM, they ignore, and values that contradict each other refuse.
func refusesFrames(values []string) (refused bool, value string) {
	var known []string
	for _, one := range values {
		for option := range strings.SplitSeq(one, ",") {
			option = strings.ToLower(strings.TrimSpace(option))
			if !slices.Contains(known, option) {
				known = append(known, option)
			}
		}
	}
	counts := func(option string) bool { return slices.Contains([]string{"deny", "sameorigin", "allowall"}, option) }
	switch {
	case len(known) > 1:
		refused = slices.ContainsFunc(known, counts)
	case len(known) == 1:
		refused = known[0] == "deny" || known[0] == "sameorigin"
	}
	return refused, strings.Join(values, ", ")
}

// coveredBy says which hosts below superoffice.com, over https on port 443, the
// sources of frame-ancestors match: every one where they match one that nobody
// would name, else those that they name.
func coveredBy(sources []string, scheme string) share {
	page := scheme + "://page.invalid" // 'self' is about the page's own host, which is not SuperOffice's
	if csp.Matches(sources, "https://any."+superOfficeDomain, page) {
		return all
	}
	for _, source := range sources {
		host := csp.SourceHost(source)
		if strings.HasSuffix(host, "."+superOfficeDomain) && csp.Matches(sources, "https://"+strings.TrimPrefix(host, "*."), page) {
			return some
		}
		if below, wildcard := strings.CutPrefix(host, "*."); wildcard && strings.HasSuffix(below, "."+superOfficeDomain) &&
			csp.Matches(sources, "https://any."+below, page) {
			return some
		}
	}
	return none
}
