package appraisal

import (
	"strconv"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/key"
	"github.com/gradewatch/gradewatch/checks/certs/outline"
)

func (s *subject) signatures(digest outline.Digest, why string) checks.ChainFinding {
	var details []checks.FindingDetail
	for _, certificate := range s.belowRoot() {
		if certificate.outline != nil && certificate.signature.Digest == digest {
			details = append(details, about(certificate, certificate.signature.Name, "The certificate %s is signed with %s, %s.", certificate.name, certificate.signature.Name, why))
		}
	}
	return yesOr(details)
}

func (s *subject) sha1Signature() checks.ChainFinding {
	return s.signatures(outline.DigestSHA1, "which no browser accepts since 2017")
}

func (s *subject) mdSignature() checks.ChainFinding {
	return s.signatures(outline.DigestMD, "which can be forged")
}

// keys collects a detail for every certificate below the root whose key a test
// finds wanting.
func (s *subject) keys(test func(c *certificate) (checks.FindingDetail, bool)) checks.ChainFinding {
	var details []checks.FindingDetail
	for _, certificate := range s.belowRoot() {
		if certificate.keyErr != nil {
			continue
		}
		if detail, found := test(certificate); found {
			details = append(details, detail)
		}
	}
	if len(details) == 0 && s.leaf.keyErr != nil {
		return inconclusive(checks.ReasonMalformed, s.leaf.fingerprint, "The key of the certificate "+s.leaf.name+" cannot be read.")
	}
	return yesOr(details)
}

const strongRSA = 2048 // bits: Baseline Requirements section 6.1.5, rating guide B-KEY-2048

func (s *subject) weakKey() checks.ChainFinding {
	if s.leaf.keyErr == nil && s.leaf.key.RSABits == 0 && s.leaf.key.Bits == 0 {
		return inconclusive(checks.ReasonMalformed, s.leaf.fingerprint, "The size of the key of the certificate "+s.leaf.name+" is not known: its algorithm is "+checks.Clean(s.leaf.key.Algorithm+" "+s.leaf.key.Curve, 80)+".")
	}
	return s.keys(func(c *certificate) (checks.FindingDetail, bool) {
		if c.key.RSABits >= strongRSA || c.key.Bits == 0 {
			return checks.FindingDetail{}, false
		}
		equivalent := ""
		if c.key.Curve != "" {
			equivalent = ", which is worth " + strconv.Itoa(c.key.RSABits) + " bits of RSA"
		}
		return about(c, c.strength(), "The certificate %s has an %s key of %d bits%s: less than %d bits of RSA are too weak.", c.name, c.key.Algorithm, c.key.Bits, equivalent, strongRSA), true
	})
}

func (s *subject) exponentOne() checks.ChainFinding {
	return s.keys(func(c *certificate) (checks.FindingDetail, bool) {
		if c.key.Exponent == nil || !c.key.Exponent.IsInt64() || c.key.Exponent.Int64() != 1 {
			return checks.FindingDetail{}, false
		}
		return about(c, "1", "The RSA key of the certificate %s has the exponent 1: it encrypts nothing and everybody can sign with it.", c.name), true
	})
}

func (s *subject) roca() checks.ChainFinding {
	return s.keys(func(c *certificate) (checks.FindingDetail, bool) {
		if !key.ROCA(c.key.Modulus) {
			return checks.FindingDetail{}, false
		}
		return about(c, c.strength(), "The RSA key of the certificate %s was made by the faulty library of CVE-2017-15361 (ROCA): its private key can be computed.", c.name), true
	})
}
