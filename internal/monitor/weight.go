package monitor

import (
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// Weight is how much a change or an incident matters to who runs the endpoint.
type Weight string

// The weights, the heaviest first.
const (
	Critical Weight = "critical" // people cannot use it now: nothing answers, or browsers refuse the certificate
	High     Weight = "high"     // a requirement of severity must is not met
	Medium   Weight = "medium"   // a recommended one
	Low      Weight = "low"      // advice, or how it is done
)

// Weights lists every weight, the heaviest first.
func Weights() []Weight { return []Weight{Critical, High, Medium, Low} }

// Rank orders weights: 0 is the heaviest. What is no weight ranks last.
func (w Weight) Rank() int {
	if i := slices.Index(Weights(), w); i >= 0 {
		return i
	}
	return len(Weights())
}

// Heavier says whether w matters more than other.
func (w Weight) Heavier(other Weight) bool { return w.Rank() < other.Rank() }

// heaviest returns the heaviest of weights; empty where there is none.
func heaviest(weights ...Weight) Weight {
	if len(weights) == 0 {
		return ""
	}
	return slices.MinFunc(weights, func(a, b Weight) int { return a.Rank() - b.Rank() })
}

// WeightOf returns how much a failing verdict matters: critical where nothing
// answers (E-01) or where browsers stop people before the page, else what its
// severity says. A certificate that browsers refuse is critical by any
// requirement that alarms: that SuperOffice's documents demand a valid one of
// webhooks only (T-09) helps nobody who cannot sign in.
func WeightOf(verdict checks.Verdict) Weight {
	switch {
	case down([]checks.Verdict{verdict}), refusedByBrowsers(verdict):
		return Critical
	case verdict.Severity == checks.Must:
		return High
	case verdict.Severity == checks.Recommended:
		return Medium
	default:
		return Low
	}
}

// refusedByBrowsers says whether a verdict fails since no browser goes on to the
// page: what its proof names is expired, untrusted, for another name or revoked.
func refusedByBrowsers(verdict checks.Verdict) bool {
	return verdict.Result == checks.Fail && verdict.Alarms() &&
		slices.ContainsFunc(verdict.Proof, func(proof checks.Proof) bool {
			return strings.HasSuffix(proof.Fact, ".certificates") && refused(checks.Question(proof.Value))
		})
}

// refused lists the faults of chains that browsers refuse.
func refused(question checks.Question) bool {
	switch question {
	case checks.Expired, checks.NotYetValid, checks.SelfSigned, checks.UnknownIssuer, checks.NameMismatch, checks.KeyUsage,
		checks.Distrusted, checks.Blacklisted, checks.SHA1Signature, checks.MDSignature, checks.Revoked:
		return true
	default:
		return false
	}
}
