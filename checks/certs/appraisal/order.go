package appraisal

import (
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

func (s *subject) unparsable() checks.ChainFinding {
	var details []checks.FindingDetail
	for _, certificate := range s.sent {
		switch {
		case certificate.standard != nil:
		case certificate.unknownCurve():
			details = append(details, about(certificate, certificate.key.Curve, "Common clients cannot read the certificate %s: its key is on the curve %s.", certificate.name, checks.Clean(certificate.key.Curve, 80)))
		case certificate.outline == nil:
			details = append(details, about(certificate, "", "The certificate %s cannot be parsed.", certificate.name))
		default:
			details = append(details, about(certificate, checks.Clean(certificate.err.Error(), 200), "The certificate %s breaks the rules of X.509: only a tolerant parser reads it.", certificate.name))
		}
	}
	if len(s.all) > len(s.sent) {
		details = append(details, checks.FindingDetail{Text: "More than 64 certificates were sent; the rest was not looked at."})
	}
	return yesOr(details)
}

func (s *subject) duplicates() checks.ChainFinding {
	var details []checks.FindingDetail
	for index, certificate := range s.sent {
		if contains(s.sent[:index], certificate) && !slices.ContainsFunc(details, func(d checks.FindingDetail) bool { return d.Certificate == certificate.fingerprint }) {
			details = append(details, about(certificate, "", "The certificate %s was sent more than once.", certificate.name))
		}
	}
	return yesOr(details)
}

// unique is what was sent, without what was sent again.
func (s *subject) unique() []*certificate {
	var unique []*certificate
	for _, certificate := range s.sent {
		if !contains(unique, certificate) {
			unique = append(unique, certificate)
		}
	}
	return unique
}

// wrongOrder: in TLS 1.2 each certificate must certify the one before it (RFC
// 5246 section 7.4.2). It is asked of those that the way uses; what it does not
// use counts as out of order only where it stands between two of them.
func (s *subject) wrongOrder() checks.ChainFinding {
	var details []checks.FindingDetail
	sent := s.unique()
	last := 0
	for _, issuer := range s.way()[1:] {
		index := slices.IndexFunc(sent, func(c *certificate) bool { return c.fingerprint == issuer.fingerprint })
		if index < 0 {
			continue
		}
		if index != last+1 {
			details = append(details, about(issuer, "", "The certificate %s was not sent right after the one that it signs.", issuer.name))
		}
		last = index
	}
	return yesOr(details)
}

func (s *subject) rootSent() checks.ChainFinding {
	var details []checks.FindingDetail
	for _, certificate := range s.unique()[1:] {
		if s.isRoot(certificate) {
			details = append(details, about(certificate, "", "The root %s was sent; clients that trust it have it, and others do not take it from a server.", certificate.name))
		}
	}
	return yesOr(details)
}

// isRoot says whether a certificate is what the way ends at.
func (s *subject) isRoot(certificate *certificate) bool {
	if s.trusted() {
		last := s.path.certificates[len(s.path.certificates)-1]
		return len(s.path.certificates) > 1 && last.fingerprint == certificate.fingerprint
	}
	way := s.built.walk
	return way.end >= endRoot && len(way.certificates) > 1 && way.certificates[len(way.certificates)-1].fingerprint == certificate.fingerprint
}

func (s *subject) superfluous() checks.ChainFinding {
	var details []checks.FindingDetail
	for _, certificate := range s.unique()[1:] {
		if contains(s.way(), certificate) {
			continue
		}
		text := "The certificate %s was sent and is not needed."
		if s.crossSigned(certificate) {
			text = "The certificate %s was sent and is not needed by clients that know the newest roots; it leads to an older root."
		}
		details = append(details, about(certificate, "", text, certificate.name))
	}
	return yesOr(details)
}

// crossSigned says whether a certificate vouches for a key of the way by
// another issuer.
func (s *subject) crossSigned(cross *certificate) bool {
	return cross.outline != nil && slices.ContainsFunc(s.way(), func(c *certificate) bool {
		return c.outline != nil && string(c.outline.RawSPKI) == string(cross.outline.RawSPKI)
	})
}
