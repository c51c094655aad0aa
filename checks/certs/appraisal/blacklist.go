package appraisal

import (
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

// blacklisted is asked of everything that was sent and of the path.
func (s *subject) blacklisted() checks.ChainFinding {
	var details []checks.FindingDetail
	for _, certificate := range append(s.unique(), s.way()...) {
		known := slices.ContainsFunc(details, func(d checks.FindingDetail) bool { return d.Certificate == certificate.fingerprint })
		if certificate.compromised != "" && !known {
			details = append(details, about(certificate, certificate.compromised, "The private key of the certificate %s is published: %s.", certificate.name, certificate.compromised))
		}
	}
	return yesOr(details)
}

// knownDistrusted finds a distrusted authority among the names of the way up.
func (s *subject) knownDistrusted() *checks.FindingDetail {
	if s.trusted() || s.built.walk.end >= endPrivate {
		return nil
	}
	for _, certificate := range s.built.walk.certificates {
		if certificate.outline == nil {
			continue
		}
		organizations := attributes(certificate.outline.RawIssuer, oidOrganization)
		names := attributes(certificate.outline.RawIssuer, oidCommonName)
		for _, authority := range distrustedAuthorities() {
			if overlap(authority.organizations, organizations) || overlap(authority.names, names) {
				detail := about(certificate, subjectName(certificate.outline.RawIssuer),
					"The issuer %s is distrusted: %s.", subjectName(certificate.outline.RawIssuer), authority.why)
				return &detail
			}
		}
	}
	return nil
}

func overlap(known, seen []string) bool {
	return slices.ContainsFunc(seen, func(value string) bool { return slices.Contains(known, value) })
}

func (s *subject) debianWeakKey() checks.ChainFinding {
	unknown := false
	found := s.keys(func(c *certificate) (checks.FindingDetail, bool) {
		if c.key.Modulus == nil {
			return checks.FindingDetail{}, false
		}
		unknown = unknown || !s.trust.debian.Covers(c.key.Bits)
		if !s.trust.debian.Weak(c.key.Modulus) {
			return checks.FindingDetail{}, false
		}
		return about(c, c.strength(), "The key of the certificate %s was made by Debian's broken OpenSSL of 2006 to 2008 (CVE-2008-0166): everybody has its private key.", c.name), true
	})
	if found.Answer != checks.FaultNotFound || !unknown {
		return found
	}
	if s.trusted() && !s.path.private {
		return no(checks.FindingDetail{Text: "Public authorities must refuse Debian's weak keys (Baseline Requirements, section 6.1.1.3); no list of keys of this size was asked."})
	}
	return notAsked("No list of Debian's weak keys of this size is loaded.")
}
