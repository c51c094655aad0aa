package monitor

import (
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

// runningOut returns the oldest open incident of a requirement whose fail, in
// this very judgement, hangs on time alone, or else the newest incident where
// it was opened for that; 0: none. What else hangs on time alone now has the
// same cause: a certificate that expires was not renewed in time, and that was
// told.
func runningOut(states map[string]RequirementState, event Judged) int64 {
	var oldest int64
	for _, verdict := range event.Verdicts {
		incident := states[verdict.Requirement].IncidentID
		if blameOf(states[verdict.Requirement].Cause) == blameServer && incident != 0 && (oldest == 0 || incident < oldest) && timeAlone(verdict) {
			oldest = incident
		}
	}
	if oldest == 0 && event.Newest.Cause == checks.CauseTime {
		return event.Newest.ID
	}
	return oldest
}

// timeAlone says whether a verdict fails by the passing of time and by nothing
// else, as far as its proof names causes.
func timeAlone(verdict checks.Verdict) bool {
	other := func(proof checks.Proof) bool { return proof.Cause != "" && proof.Cause != checks.CauseTime }
	byTime := func(proof checks.Proof) bool { return proof.Cause == checks.CauseTime }
	return verdict.Result == checks.Fail && slices.ContainsFunc(verdict.Proof, byTime) && !slices.ContainsFunc(verdict.Proof, other)
}
