package oracle

import (
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

// Values of the SSL Labs API that several fields share (rating guide, section 14).
const (
	valueFailed        = -1
	valueNotVulnerable = 1
)

func finding(result checks.VulnerabilityResult, value int, proof ...string) checks.Finding {
	return checks.Finding{Result: result, SSLLabsValue: &value, Proof: proof}
}

func notVulnerable(proof ...string) checks.Finding {
	return finding(checks.NotVulnerable, valueNotVulnerable, proof...)
}

// inapplicable counts as not vulnerable (rating guide, section 14).
func inapplicable(proof ...string) checks.Finding {
	return finding(checks.VulnerabilityInapplicable, valueNotVulnerable, proof...)
}

func inconclusive(reason checks.Reason, value int, proof ...string) checks.Finding {
	answer := finding(checks.VulnerabilityInconclusive, value, proof...)
	answer.Reason = reason
	return answer
}

// merge makes one finding of those of several versions or suites: one that is
// vulnerable decides, and of several the worst; then one that nobody can tell.
func merge(findings []checks.Finding) checks.Finding {
	for _, result := range []checks.VulnerabilityResult{
		checks.Vulnerable, checks.VulnerabilityInconclusive, checks.NotVulnerable, checks.VulnerabilityInapplicable,
	} {
		var merged *checks.Finding
		for _, one := range findings {
			if one.Result == result {
				merged = worse(merged, one)
			}
		}
		if merged != nil {
			return *merged
		}
	}
	return inapplicable()
}

// worse adds one to merged: the higher value counts among the vulnerable, the
// first reason among the inconclusive, and every proof.
func worse(merged *checks.Finding, one checks.Finding) *checks.Finding {
	if merged == nil {
		return &one
	}
	merged.Proof = append(slices.Clip(merged.Proof), one.Proof...)
	if one.Result == checks.Vulnerable && *one.SSLLabsValue > *merged.SSLLabsValue {
		merged.SSLLabsValue = one.SSLLabsValue
	}
	return merged
}
