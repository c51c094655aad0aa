package appraisal

import (
	"math"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/renewal"
)

// dated is what dates are asked of: the path, or the leaf alone where there is
// none.
func (s *subject) dated() []*certificate {
	if len(s.path.certificates) > 0 {
		return s.path.certificates
	}
	if refused, found := bestOf(s.built.distrusted, s.at); found {
		return refused.certificates
	}
	return []*certificate{s.leaf}
}

func (s *subject) expired() checks.ChainFinding {
	var details []checks.FindingDetail
	for index, certificate := range s.dated() {
		if end := certificate.outline.NotAfter; s.at.After(end) {
			details = append(details, about(certificate, end.UTC().Format(time.RFC3339), "%s expired on %s.", role(index, certificate), moment(end)))
		}
	}
	return yesOr(details)
}

func (s *subject) notYetValid() checks.ChainFinding {
	var details []checks.FindingDetail
	for index, certificate := range s.dated() {
		if start := certificate.outline.NotBefore; s.at.Before(start) {
			details = append(details, about(certificate, start.UTC().Format(time.RFC3339), "%s is not valid before %s.", role(index, certificate), moment(start)))
		}
	}
	return yesOr(details)
}

func role(index int, certificate *certificate) string {
	if index == 0 {
		return "The certificate " + certificate.name
	}
	return "The issuer certificate " + certificate.name + ", which every path needs,"
}

func (s *subject) describeLeaf() checks.LeafAppraisal {
	leaf := checks.LeafAppraisal{SHA256: s.leaf.fingerprint}
	if s.leaf.outline == nil {
		return checks.LeafAppraisal{}
	}
	if s.leaf.keyErr == nil {
		leaf.Key, leaf.KeyBits, leaf.Curve, leaf.RSABits = s.leaf.key.Algorithm, s.leaf.key.Bits, s.leaf.key.Curve, s.leaf.key.RSABits
		if leaf.Key == "RSASSA-PSS" {
			leaf.Key = "RSA"
		}
	}
	leaf.Signature = s.leaf.signature.Name
	leaf.NotBefore, leaf.NotAfter = s.leaf.outline.NotBefore.UTC(), s.leaf.outline.NotAfter.UTC()
	leaf.Lifetime = duration(leaf.NotBefore, leaf.NotAfter)
	leaf.RenewalDue = renewal.Due(leaf.NotBefore, leaf.NotAfter).UTC()
	if len(s.path.certificates) > 0 {
		leaf.PathNotAfter = s.path.notAfter().UTC()
	}
	return leaf
}

// duration includes both ends (RFC 5280 section 4.1.2.5). It is clamped: a
// time.Duration holds 292 years, a certificate up to 10,000.
func duration(notBefore, notAfter time.Time) time.Duration {
	seconds := notAfter.Unix() - notBefore.Unix() + 1
	if limit := int64(math.MaxInt64 / time.Second); seconds > limit {
		seconds = limit
	}
	return time.Duration(seconds) * time.Second
}

func (s *subject) renewalInfo() (info *checks.RenewalInfo, fact checks.Fact[checks.RenewalInfo]) {
	fact = s.observation.PKI.RenewalInfo[s.leaf.fingerprint]
	if fact.State == checks.Known {
		return &fact.Value, fact
	}
	return nil, fact
}

func (s *subject) renewalOverdue() checks.ChainFinding {
	start, end := s.leaf.outline.NotBefore, s.leaf.outline.NotAfter
	from := renewal.OverdueFrom(start, end)
	if info, _ := s.renewalInfo(); info != nil {
		from = renewal.OverdueFromWithin(*info, start, end)
	}
	if s.at.Before(from) {
		return no()
	}
	due := renewal.Due(start, end)
	return yes(about(s.leaf, due.UTC().Format(time.RFC3339),
		"The certificate %s ends on %s and was due for renewal on %s; it is still served.", s.leaf.name, moment(end), moment(due)))
}

func (s *subject) renewalAsked() checks.ChainFinding {
	info, fact := s.renewalInfo()
	switch {
	case fact.State == checks.NotAsked:
		return notAsked("The issuer was not asked when it wants the certificate renewed.")
	case fact.State == checks.Absent:
		return notApplicable("The issuer does not publish when it wants the certificate renewed (ARI, RFC 9773).")
	case info == nil:
		return inconclusive(fact.Reason, s.leaf.fingerprint, "The issuer did not say when it wants the certificate renewed.")
	}
	asked, sentence := renewal.Asked(*info, s.leaf.outline.NotBefore, s.leaf.outline.NotAfter, s.at)
	if !asked {
		return no()
	}
	return yes(about(s.leaf, info.End.UTC().Format(time.RFC3339), "The certificate %s is still served. %s", s.leaf.name, sentence))
}

// dateChanges are the first moments of what comes after a change for a date in a
// certificate or in its issuer's window: a certificate is valid at both of its
// dates (RFC 5280 section 4.1.2.5), so it is something else only after the second.
func (s *subject) dateChanges() []time.Time {
	if s.leaf.outline == nil {
		return nil
	}
	var times []time.Time
	add := func(certificates []*certificate) {
		for _, certificate := range certificates {
			if certificate.outline != nil {
				times = append(times, certificate.outline.NotBefore.UTC(), certificate.outline.NotAfter.UTC().Add(time.Nanosecond))
			}
		}
	}
	add(s.sent)
	for _, routes := range [][]route{s.built.routes, s.built.distrusted} {
		for _, route := range routes {
			add(route.certificates)
		}
	}
	info, _ := s.renewalInfo()
	start, end := s.leaf.outline.NotBefore, s.leaf.outline.NotAfter
	return append(append(times, renewal.Due(start, end)), renewal.Boundaries(info, start, end)...)
}
