package judgement

import (
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/observatory"
)

// Score is how the HTTP Observatory would score what an address answered at the
// URL of host; nil where there is nothing to score. Where browsers refuse its
// certificate, Strict-Transport-Security is worth nothing (RFC 6797 section 8.1).
func Score(address checks.AddressObservation, host string, appraised checks.AddressAppraisal) *checks.HTTPScore {
	if refused(appraised) {
		return observatory.ScoreUntrusted(address, host)
	}
	return observatory.Score(address, host)
}

// refused says whether browsers refuse the chain that every look sees.
func refused(appraised checks.AddressAppraisal) bool {
	if len(appraised.Chains) == 0 {
		return false
	}
	return slices.ContainsFunc(refusals(), func(question checks.Question) bool {
		return appraised.Chains[0].Findings[question].Answer == checks.FaultFound
	})
}

// refusals are the faults for which every browser stops.
func refusals() []checks.Question {
	return []checks.Question{
		checks.NotYetValid, checks.Expired, checks.SelfSigned, checks.UnknownIssuer, checks.SHA1Signature, checks.Distrusted,
		checks.Blacklisted, checks.KeyUsage, checks.NameMismatch,
	}
}
