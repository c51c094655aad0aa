package monitor

import (
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Waiver is a dated exception of one endpoint from one requirement.
type Waiver struct {
	ID          int64
	TeamID      int64
	EndpointID  int64
	Requirement string
	Fact        string // only proofs about this fact, such as one cookie; empty: all
	Owner       string // who answers for it
	Reason      string
	Until       time.Time // it holds before this time
	CreatedBy   string    // mail address
	CreatedAt   time.Time
	EndedAt     time.Time // before its time; zero: nobody ended it
}

// Holds says whether the waiver stands at a time.
func (w Waiver) Holds(at time.Time) bool {
	return !at.Before(w.CreatedAt) && at.Before(w.Until) && (w.EndedAt.IsZero() || at.Before(w.EndedAt))
}

// Waive returns verdicts with those fails marked that waivers cover at at. A
// fail is covered when each of its proofs is; of several waivers the one that
// ends first is named, since the fail counts again then.
func Waive(verdicts []checks.Verdict, waivers []Waiver, at time.Time) []checks.Verdict {
	waived := slices.Clone(verdicts)
	for i, verdict := range waived {
		if verdict.Result != checks.Fail {
			continue
		}
		if waiver, covered := covering(verdict, waivers, at); covered {
			waived[i].Waived = &checks.Waiver{Owner: waiver.Owner, Reason: waiver.Reason, Until: waiver.Until.UTC(), Fact: waiver.Fact}
		}
	}
	return waived
}

// covering returns the waiver by which a fail is covered, and the first to end
// where it takes several.
func covering(verdict checks.Verdict, waivers []Waiver, at time.Time) (Waiver, bool) {
	var ending Waiver
	covered := make([]bool, len(verdict.Proof))
	for _, waiver := range waivers {
		if waiver.Requirement != verdict.Requirement || !waiver.Holds(at) {
			continue
		}
		if waiver.Fact == "" {
			return waiver, true
		}
		used := false
		for i, proof := range verdict.Proof {
			if proof.Fact == waiver.Fact && !covered[i] {
				covered[i], used = true, true
			}
		}
		if used && (ending.Until.IsZero() || waiver.Until.Before(ending.Until)) {
			ending = waiver
		}
	}
	return ending, len(covered) > 0 && !slices.Contains(covered, false)
}
