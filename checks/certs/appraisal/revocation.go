package appraisal

import (
	"fmt"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

// revocation is what the sources together say of one certificate.
type revocation struct {
	answer checks.FaultAnswer // yes: revoked; no: good; not_applicable: its issuer publishes nothing
	reason checks.Reason
	detail checks.FindingDetail
}

// revoked: the leaf is, or every path has an issuer that is.
func (s *subject) revoked() checks.ChainFinding {
	if leaf := s.revocationOf(s.leaf); leaf.answer == checks.FaultFound {
		return yes(leaf.detail)
	}
	if details := s.revokedIssuers(); len(details) > 0 {
		return yes(details...)
	}
	leaf := s.revocationOf(s.leaf)
	if leaf.answer != checks.FaultNotFound {
		return leaf.finding()
	}
	for _, issuer := range s.belowRoot()[1:] {
		if of := s.revocationOf(issuer); of.answer == checks.FaultInconclusive || of.answer == checks.FaultNotAsked {
			return of.finding()
		}
	}
	return no(leaf.detail)
}

// revokedIssuers returns what is revoked where no path, in date, does without.
func (s *subject) revokedIssuers() []checks.FindingDetail {
	routes := slices.DeleteFunc(slices.Clone(s.built.routes), func(r route) bool { return !r.inDate(s.at) })
	if len(routes) == 0 {
		return s.revokedAmong(s.belowRoot()[1:])
	}
	for _, route := range routes {
		if len(s.revokedAmong(route.belowRoot()[1:])) == 0 {
			return nil
		}
	}
	return s.revokedAmong(s.belowRoot()[1:])
}

func (s *subject) revokedAmong(certificates []*certificate) []checks.FindingDetail {
	var details []checks.FindingDetail
	for _, certificate := range certificates {
		if of := s.revocationOf(certificate); of.answer == checks.FaultFound {
			details = append(details, of.detail)
		}
	}
	return details
}

func (s *subject) revocationOf(certificate *certificate) revocation {
	published, asked := s.observation.PKI.Revocation[certificate.fingerprint]
	facts := []checks.Fact[checks.RevocationStatus]{published.CRL, published.OCSP}
	if staple, found := s.staple(); found && certificate == s.leaf && staple.Fault == "" {
		facts = append(facts, checks.KnownFact(staple.Status))
	}
	for _, fact := range facts {
		if fact.State == checks.Known && fact.Value.State == checks.RevocationRevoked {
			return revocation{answer: checks.FaultFound, detail: saysRevoked(certificate, fact.Value)}
		}
	}
	for _, fact := range facts {
		if fact.State == checks.Known && fact.Value.State == checks.RevocationGood {
			return revocation{answer: checks.FaultNotFound, detail: about(certificate, string(checks.RevocationGood), "The issuer of the certificate %s says that it is not revoked.", certificate.name)}
		}
	}
	for _, fact := range facts {
		switch {
		case fact.State == checks.Inconclusive:
			return revocation{answer: checks.FaultInconclusive, reason: fact.Reason, detail: about(certificate, "", "What its issuer says about the certificate %s could not be read.", certificate.name)}
		case fact.State == checks.Known:
			return revocation{answer: checks.FaultInconclusive, reason: checks.ReasonNoRecord, detail: about(certificate, string(fact.Value.State), "The responder of its issuer does not know the certificate %s.", certificate.name)}
		}
	}
	if certificate == s.leaf && s.selfSigned().Answer == checks.FaultFound {
		return revocation{answer: checks.FaultNotApplicable, detail: about(certificate, "", "The certificate %s is self-signed: nobody else could revoke it.", certificate.name)}
	}
	if asked && published.CRL.State == checks.Absent && published.OCSP.State == checks.Absent {
		return revocation{answer: checks.FaultNotApplicable, detail: about(certificate, "", "The certificate %s names no place where its issuer publishes revocations.", certificate.name)}
	}
	return revocation{answer: checks.FaultNotAsked, detail: about(certificate, "", "Nobody asked whether the certificate %s is revoked.", certificate.name)}
}

func (r revocation) finding() checks.ChainFinding {
	return checks.ChainFinding{Answer: r.answer, Reason: r.reason, Details: []checks.FindingDetail{r.detail}}
}

func saysRevoked(certificate *certificate, status checks.RevocationStatus) checks.FindingDetail {
	when, cause := "", ""
	if !status.RevokedAt.IsZero() {
		when = " on " + moment(status.RevokedAt)
	}
	if status.Cause != "" {
		cause = fmt.Sprintf(" (%s)", checks.Clean(status.Cause, 40))
	}
	return about(certificate, string(checks.RevocationRevoked), "The issuer of the certificate %s revoked it%s%s.", certificate.name, when, cause)
}

// staple returns the staple that came with this leaf.
func (s *subject) staple() (checks.Staple, bool) {
	fact := s.address.Full.Stapled.OCSP
	if fact.State != checks.Known || fact.Value.Leaf != s.leaf.fingerprint {
		return checks.Staple{}, false
	}
	return fact.Value, true
}

const oidTLSFeature = "1.3.6.1.5.5.7.1.24"

// mustStaple says whether the TLS feature extension (RFC 7633) names
// status_request (5) or status_request_v2 (17).
func (c *certificate) mustStaple() bool {
	value, found := c.outline.Extension(oidTLSFeature)
	if !found {
		return false
	}
	features, err := readFeatures(value)
	return err == nil && (slices.Contains(features, 5) || slices.Contains(features, 17))
}

func (s *subject) stapleMissing() checks.ChainFinding {
	if !s.leaf.mustStaple() {
		return notApplicable("The certificate does not ask for a staple.")
	}
	fact := s.address.Full.Stapled.OCSP
	switch fact.State {
	case checks.Absent:
		return yes(about(s.leaf, "", "The certificate %s may only be used with an OCSP staple, and none came.", s.leaf.name))
	case checks.Inconclusive:
		return inconclusive(fact.Reason, s.leaf.fingerprint, "Whether a staple comes with the certificate "+s.leaf.name+" could not be told.")
	case checks.Known:
		if _, found := s.staple(); found {
			return no()
		}
	}
	return notAsked("Nobody asked for a staple to this certificate.")
}

func (s *subject) stapleInvalid() checks.ChainFinding {
	fact := s.address.Full.Stapled.OCSP
	switch staple, found := s.staple(); {
	case fact.State == checks.Absent:
		return notApplicable("No staple came.")
	case fact.State == checks.Inconclusive:
		return inconclusive(fact.Reason, s.leaf.fingerprint, "What comes with the certificate "+s.leaf.name+" could not be read.")
	case !found:
		return notAsked("Nobody asked for a staple to this certificate.")
	case staple.Fault == "":
		return no()
	default:
		return yes(about(s.leaf, string(staple.Fault), "The OCSP staple that came with the certificate %s is worth nothing: %s.", s.leaf.name, saysFault(staple.Fault)))
	}
}

func saysFault(fault checks.StapleFault) string {
	switch fault {
	case checks.StapleExpired:
		return "it is out of date"
	case checks.StapleNotYetValid:
		return "it is not valid yet"
	case checks.StapleOtherCertificate:
		return "it is about another certificate"
	case checks.StapleBadSignature:
		return "neither the issuer nor its delegate signed it"
	case checks.StapleMalformed:
		return "it is no OCSP response, or one that says that it failed"
	default:
		return "it cannot be used"
	}
}
