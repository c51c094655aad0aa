package appraisal

import (
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// caaForbids compares the CAA records of today (RFC 8659) with who issued the
// certificate. Authorities looked at those of the day of issue, so a yes says
// that a renewal by the same authority will fail, and not that a rule was broken.
func (s *subject) caaForbids() checks.ChainFinding {
	fact := s.observation.Records.CAA
	switch {
	case fact.State == checks.NotAsked:
		return notAsked("DNS was not asked for CAA records.")
	case fact.State == checks.Inconclusive:
		return inconclusive(fact.Reason, "", "CAA records could not be read.")
	case fact.State == checks.Absent:
		return notApplicable("There is no CAA record: every authority may issue.")
	case !s.public():
		return notApplicable("CAA records bind public authorities only.")
	}
	if tag, found := unknownCritical(fact.Value.Records); found {
		return yes(about(s.leaf, tag, "The CAA records of %s have a critical property %s that authorities do not know: none may issue.", checks.Clean(fact.Value.Domain, 255), quoted(tag)))
	}
	allowed, restricted := allowedIssuers(fact.Value.Records, s.wildcard())
	if !restricted {
		return no(checks.FindingDetail{Text: "The CAA records name no issuer, so every authority may issue."})
	}
	authority, domains := s.authority()
	if len(domains) == 0 {
		return inconclusive(checks.ReasonNoRecord, s.leaf.fingerprint, "Which names the authority "+authority+" answers to in CAA records is not known here.")
	}
	for _, domain := range domains {
		if slices.Contains(allowed, domain) {
			return no()
		}
	}
	said := "no authority at all"
	if len(allowed) > 0 {
		said = "only " + checks.Clean(strings.Join(allowed, ", "), 200)
	}
	return yes(about(s.leaf, strings.Join(allowed, ", "),
		"The CAA records of %s allow %s today, and the certificate %s is from %s (%s): the next renewal there will fail.",
		checks.Clean(fact.Value.Domain, 255), said, s.leaf.name, authority, domains[0]))
}

func unknownCritical(records []checks.CAARecord) (tag string, found bool) {
	known := []string{"issue", "issuewild", "iodef", "contactemail", "contactphone", "issuemail", "issuevmc"}
	for _, record := range records {
		if record.Critical && !slices.Contains(known, strings.ToLower(record.Tag)) {
			return record.Tag, true
		}
	}
	return "", false
}

// allowedIssuers returns the issuer domain names that records allow, and false
// where they restrict nothing (RFC 8659 sections 4.2 and 4.3).
func allowedIssuers(records []checks.CAARecord, wildcard bool) (allowed []string, restricted bool) {
	collect := func(tag string) (found bool) {
		for _, record := range records {
			if strings.ToLower(record.Tag) != tag {
				continue
			}
			found = true
			domain, _, _ := strings.Cut(record.Value, ";")
			if domain = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(domain), ".")); domain != "" && !slices.Contains(allowed, domain) {
				allowed = append(allowed, domain)
			}
		}
		return found
	}
	if wildcard && collect("issuewild") {
		return allowed, true
	}
	return allowed, collect("issue")
}

// wildcard says whether only a wildcard of the certificate fits the host.
func (s *subject) wildcard() bool {
	names, err := s.leaf.names()
	if err != nil {
		return false
	}
	host := asciiHost(s.observation.DNS.Host)
	_, parent, _ := strings.Cut(host, ".")
	found := false
	for _, name := range names.DNSNames {
		if strings.EqualFold(name, host) {
			return false
		}
		found = found || strings.EqualFold(name, "*."+parent)
	}
	return found
}

// authority says who issued the certificate: the organization of the nearest
// issuer that the table knows, with the names that it answers to.
func (s *subject) authority() (name string, domains []string) {
	for _, issuer := range s.path.certificates[1:] {
		for _, organization := range attributes(issuer.outline.RawSubject, oidOrganization) {
			if name == "" {
				name = quoted(organization)
			}
			if domains := issuerDomains(organization); len(domains) > 0 {
				return quoted(organization), domains
			}
		}
	}
	if name == "" {
		name = s.path.certificates[len(s.path.certificates)-1].name
	}
	return name, nil
}
