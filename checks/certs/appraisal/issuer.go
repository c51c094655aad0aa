package appraisal

import (
	"crypto/x509"
	"errors"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/outline"
)

func (s *subject) trusted() bool { return len(s.path.certificates) > 0 }

func (s *subject) selfSigned() checks.ChainFinding {
	if s.trusted() || s.built.walk.end != endRoot || len(s.built.walk.certificates) > 1 {
		return no()
	}
	return yes(about(s.leaf, "", "The certificate %s is self-signed: nobody but its owner vouches for it.", s.leaf.name))
}

func (s *subject) unknownIssuer() checks.ChainFinding {
	if s.built.failed {
		return inconclusive(checks.ReasonInternal, s.leaf.fingerprint, "The paths of this chain cannot be examined.")
	}
	way := s.built.walk
	if way.end >= endPrivate && way.unverified && way.strong() && !s.trusted() {
		return yes(about(s.leaf, s.leaf.signature.Name, "The chain names a trusted root, and a signature on the way (%s) is of a kind that no client checks.", unverifiedAlgorithm(way)))
	}
	if s.trusted() || len(s.built.distrusted) > 0 || way.end >= endPrivate || s.selfSigned().Answer == checks.FaultFound || s.knownDistrusted() != nil {
		return no()
	}
	last := way.certificates[len(way.certificates)-1]
	if way.end == endRoot {
		return yes(about(last, "", "The chain ends at the root %s, which no public root store trusts.", last.name))
	}
	issuer := subjectName(last.outline.RawIssuer)
	if issuer == "" {
		issuer = "without a name"
	}
	if way.end == endUnsigned {
		return yes(about(last, issuer, "The issuer %s of the certificate %s is known by name, and its key did not sign the certificate.", issuer, last.name))
	}
	switch fact := s.observation.PKI.Issuers[last.fingerprint]; {
	case fact.State == checks.Inconclusive:
		return inconclusive(fact.Reason, last.fingerprint, "The issuer "+issuer+" was not sent, and what the certificate names as its address could not be read.")
	case fact.State == checks.NotAsked && namesIssuerAddress(last):
		return notAsked("The issuer " + issuer + " was not sent, and was not asked for at the address that the certificate names.")
	}
	return yes(about(last, issuer, "The issuer %s of the certificate %s was not sent, is in no public root store and cannot be had from the address in the certificate.", issuer, last.name))
}

// unverifiedAlgorithm is the first signature algorithm on the way that has no
// name here, else that of the leaf.
func unverifiedAlgorithm(way walk) string {
	for _, certificate := range way.below() {
		if certificate.signature.Digest == outline.DigestUnknown {
			return certificate.signature.Name
		}
	}
	return way.certificates[0].signature.Name
}

func namesIssuerAddress(certificate *certificate) bool {
	return certificate.standard != nil && len(certificate.standard.IssuingCertificateURL) > 0
}

func (s *subject) incompleteChain() checks.ChainFinding {
	if s.trusted() {
		var details []checks.FindingDetail
		for _, certificate := range s.path.certificates {
			if s.path.fetched && contains(s.fetched, certificate) {
				details = append(details, about(certificate, certificate.name, "The issuer certificate %s was not sent; it had to be fetched from the address that the certificate below it names.", certificate.name))
			}
		}
		return yesOr(details)
	}
	if unknown := s.unknownIssuer(); unknown.Answer == checks.FaultNotAsked || unknown.Answer == checks.FaultInconclusive {
		return unknown
	}
	return no()
}

func (s *subject) distrusted() checks.ChainFinding {
	if s.trusted() {
		return no()
	}
	if refused, found := bestOf(s.built.distrusted, s.at); found {
		root := refused.certificates[len(refused.certificates)-1]
		return yes(about(root, checks.Clean(refused.distrust.Error(), 200),
			"Mozilla's store holds the root %s, but does not trust it for this certificate any more.", root.name))
	}
	if known := s.knownDistrusted(); known != nil {
		return yes(*known)
	}
	return no()
}

// keyUsage is every rule of RFC 5280 section 6 but signatures, dates and trust.
func (s *subject) keyUsage() checks.ChainFinding {
	switch {
	case s.trusted() && !s.path.unparsed:
		return no()
	case s.leaf.standard == nil && s.built.walk.proven() && brokenByIssuer(s.built.walk) != "":
		return yes(about(s.leaf, "path", "%s", brokenByIssuer(s.built.walk)))
	case s.leaf.standard == nil:
		return inconclusive(checks.ReasonMalformed, s.leaf.fingerprint, "The constraints of the certificate "+s.leaf.name+" cannot be examined: it cannot be parsed by the usual rules.")
	case len(s.built.distrusted) > 0:
		return no()
	case s.leaf.candidate == nil && brokenByIssuer(s.built.walk) == "":
		return inconclusive(checks.ReasonTooLarge, s.leaf.fingerprint, "The certificate "+s.leaf.name+" has too many names to be examined.")
	}
	var critical x509.UnhandledCriticalExtension
	if errors.As(s.built.refusal, &critical) || len(s.leaf.standard.UnhandledCriticalExtensions) > 0 {
		return yes(about(s.leaf, "", "The certificate %s has a critical extension that no client knows.", s.leaf.name))
	}
	if forbidsServers(s.leaf.standard) {
		return yes(about(s.leaf, "extended key usage", "The certificate %s may not be used for servers: its extended key usage does not name TLS servers.", s.leaf.name))
	}
	if !s.built.walk.proven() {
		return no()
	}
	return yes(about(s.leaf, "path", "%s", brokenRule(s.built.refusal, s.built.walk)))
}

func forbidsServers(leaf *x509.Certificate) bool {
	if len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) == 0 {
		return false
	}
	return !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth) && !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// brokenByIssuer names the issuer on the way that may not be one; empty: none.
func brokenByIssuer(way walk) string {
	for index, issuer := range way.certificates[1:] {
		if issuer.standard == nil {
			return "The issuer certificate " + issuer.name + " cannot be parsed by the usual rules."
		}
		switch standard := issuer.standard; {
		case index < len(way.certificates)-2 && (!standard.BasicConstraintsValid || !standard.IsCA):
			return "The issuer certificate " + issuer.name + " is no certificate of an authority (basic constraints)."
		case standard.KeyUsage != 0 && standard.KeyUsage&x509.KeyUsageCertSign == 0:
			return "The issuer certificate " + issuer.name + " may not sign certificates (key usage)."
		case standard.MaxPathLen >= 0 && standard.BasicConstraintsValid && (standard.MaxPathLen > 0 || standard.MaxPathLenZero) && index > standard.MaxPathLen:
			return "The issuer certificate " + issuer.name + " allows fewer issuers below it than there are (path length)."
		case len(standard.UnhandledCriticalExtensions) > 0:
			return "The issuer certificate " + issuer.name + " has a critical extension that no client knows."
		}
	}
	return ""
}

func brokenRule(refusal error, way walk) string {
	if issuer := brokenByIssuer(way); issuer != "" {
		return issuer
	}
	var invalid x509.CertificateInvalidError
	if !errors.As(refusal, &invalid) {
		return "The path breaks a rule of RFC 5280, section 6."
	}
	switch invalid.Reason {
	case x509.CANotAuthorizedForThisName, x509.UnconstrainedName, x509.TooManyConstraints:
		return "An issuer may not issue certificates for these names (name constraints)."
	case x509.IncompatibleUsage:
		return "An issuer may not issue certificates for servers (extended key usage)."
	default:
		return "The path breaks a rule of RFC 5280, section 6."
	}
}
