package oracle

import (
	"github.com/gradewatch/gradewatch/checks"
)

// judgePositions is Sleeping POODLE: padding is wrong only where nobody looks.
func (t cbcTrial) judgePositions(answers checks.Vulnerabilities) {
	if t.accepts(modeWrongPadding) || len(t.positions) == 0 {
		return
	}
	if reason := failure(t.positions); reason != "" {
		answers[checks.SleepingPOODLE] = inconclusive(reason, valueFailed, t.name+": not every position of the padding was tried")
		return
	}
	if !t.positions[0].accepts() {
		return
	}
	_, same := survey(t.positions, coarsely)
	switch {
	case !same:
		answers[checks.SleepingPOODLE] = inconclusive(checks.ReasonDisagreement, valueFailed, t.name+": repeated rounds differ")
	case len(t.positions) < differentRounds:
		answers[checks.SleepingPOODLE] = inconclusive(checks.ReasonBudget, valueFailed, t.name+": not asked often enough")
	default:
		var proof []string
		for at, words := range t.positions[0].profile(coarsely) {
			proof = append(proof, t.name+": "+modeName(modeFirstFiller+at)+": "+words)
		}
		answers[checks.SleepingPOODLE] = finding(checks.Vulnerable, cbcValue(checks.SleepingPOODLE, true), proof...)
	}
}

// judgeCBC puts the findings of all combinations together. One that accepts
// wrong padding among others that do not is Sleeping POODLE too.
func judgeCBC(trials []cbcTrial) checks.Vulnerabilities {
	findings := map[checks.Vulnerability][]checks.Finding{}
	var accepting, rejecting []string
	for _, trial := range trials {
		answers := trial.judge()
		for vulnerability, answer := range answers {
			findings[vulnerability] = append(findings[vulnerability], answer)
		}
		switch answers[checks.POODLETLS].Result {
		case checks.Vulnerable:
			accepting = append(accepting, trial.name+": wrong padding is accepted")
		case checks.NotVulnerable:
			rejecting = append(rejecting, trial.name+": wrong padding is rejected")
		}
	}
	merged := checks.Vulnerabilities{}
	for _, vulnerability := range cbcVulnerabilities() {
		merged[vulnerability] = merge(findings[vulnerability])
	}
	if len(accepting) > 0 && len(rejecting) > 0 {
		sleeping := finding(checks.Vulnerable, cbcValue(checks.SleepingPOODLE, true), append(accepting, rejecting...)...)
		merged[checks.SleepingPOODLE] = merge([]checks.Finding{sleeping, merged[checks.SleepingPOODLE]})
	}
	return merged
}
