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
// fail is covered when each of its proofs is; where several waivers cover them,
// the one that ends first is named, since the fail counts again then.
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

// covering returns the waiver that says until when all proofs are covered. A
// fail without a proof is covered by a waiver from the whole requirement.
func covering(verdict checks.Verdict, waivers []Waiver, at time.Time) (first Waiver, covered bool) {
	proofs := verdict.Proof
	if len(proofs) == 0 {
		proofs = []checks.Proof{{}}
	}
	for _, proof := range proofs {
		longest, found := longestFor(proof, verdict.Requirement, waivers, at)
		if !found {
			return Waiver{}, false
		}
		if first.Until.IsZero() || longest.Until.Before(first.Until) {
			first = longest
		}
	}
	return first, true
}

func longestFor(proof checks.Proof, requirement string, waivers []Waiver, at time.Time) (longest Waiver, found bool) {
	for _, waiver := range waivers {
		if waiver.Requirement != requirement || !waiver.Holds(at) || waiver.Fact != "" && waiver.Fact != proof.Fact {
			continue
		}
		if !found || waiver.Until.After(longest.Until) {
			longest, found = waiver, true
		}
	}
	return longest, found
}
