package chain

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Appraise says as an appraisal what Verify says of the chain that each address
// serves. Everything that Verify does not ask is 'not applicable'. Nil roots
// appraise nothing.
func Appraise(observation *checks.Observation, at time.Time, roots *Roots) checks.Appraisal {
	var appraisal checks.Appraisal
	if observation == nil {
		return appraisal
	}
	for _, address := range observation.Addresses {
		one := checks.AddressAppraisal{Address: address.Address, Port: address.Port, Reason: address.TLS.Chain.Reason}
		if sent := address.TLS.Chain; sent.State == checks.Known && roots != nil {
			if ders := sentCertificates(observation, sent.Value); ders != nil {
				one.Chains = []checks.ChainAppraisal{newAppraisal(sent.Value, Verify(ders, observation.DNS.Host, at, roots))}
			}
		}
		appraisal.Addresses = append(appraisal.Addresses, one)
	}
	return appraisal
}

// sentCertificates returns nil where one is not at hand.
func sentCertificates(observation *checks.Observation, fingerprints []checks.Fingerprint) [][]byte {
	var ders [][]byte
	for _, one := range fingerprints {
		der := observation.Certificate(one)
		if der == nil {
			return nil
		}
		ders = append(ders, der)
	}
	return ders
}

func newAppraisal(served []checks.Fingerprint, result Result) checks.ChainAppraisal {
	made := checks.ChainAppraisal{SNI: true, Served: served, PrivateRoot: result.PrivateRoot, Findings: map[checks.Question]checks.ChainFinding{}}
	for _, one := range result.Trust {
		made.Path = append(made.Path, checks.Fingerprint(one))
	}
	made.Leaf.NotBefore, made.Leaf.NotAfter, made.Leaf.PathNotAfter = result.NotBefore, result.NotAfter, result.PathNotAfter
	made.Leaf.Signature = result.Signature
	for _, question := range checks.Questions() {
		made.Findings[question] = checks.ChainFinding{Answer: checks.FaultNotApplicable}
	}
	trusted := result.Trusted()
	for code, question := range questions() {
		answer := checks.ChainFinding{Answer: checks.FaultNotFound}
		if trusted.Answer == Unknown {
			answer = checks.ChainFinding{Answer: checks.FaultInconclusive, Reason: checks.Reason(trusted.Faults[0].Code), Details: details(trusted.Faults)}
		} else if trusted.Has(code) {
			answer = checks.ChainFinding{Answer: checks.FaultFound, Cause: checks.CauseCertificate}
			if code == Expired || code == NotYetValid {
				answer.Cause = checks.CauseTime
			}
		}
		if known := made.Findings[question]; known.Answer != checks.FaultFound {
			made.Findings[question] = answer
		}
	}
	for _, fault := range trusted.Faults {
		question := questions()[fault.Code]
		if finding := made.Findings[question]; finding.Answer == checks.FaultFound {
			finding.Details = append(finding.Details, details([]Fault{fault})...)
			made.Findings[question] = finding
		}
	}
	return made
}

func details(faults []Fault) []checks.FindingDetail {
	var all []checks.FindingDetail
	for _, fault := range faults {
		all = append(all, checks.FindingDetail{Certificate: checks.Fingerprint(fault.Certificate), Value: string(fault.Code), Text: fault.Text})
	}
	return all
}

func questions() map[Code]checks.Question {
	return map[Code]checks.Question{
		SelfSigned: checks.SelfSigned, UntrustedRoot: checks.UnknownIssuer, IncompleteChain: checks.UnknownIssuer,
		Distrusted: checks.Distrusted, NotAuthorized: checks.KeyUsage, WeakSignature: checks.SHA1Signature,
		NameMismatch: checks.NameMismatch, Expired: checks.Expired, NotYetValid: checks.NotYetValid,
	}
}
