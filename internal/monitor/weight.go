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
// severity says.
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

// refusedByBrowsers says whether a must fails since the certificate is expired,
// untrusted, revoked or for another name: no browser goes on to the page.
func refusedByBrowsers(verdict checks.Verdict) bool {
	return verdict.Severity == checks.Must && verdict.Result == checks.Fail &&
		slices.ContainsFunc(verdict.Proof, func(proof checks.Proof) bool {
			return strings.Contains(proof.Fact, "certificate") || strings.Contains(proof.Fact, "appraisal")
		})
}
