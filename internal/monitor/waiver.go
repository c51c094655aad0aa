package monitor

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
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

// Waive returns verdicts with those fails marked that waivers cover at at:
// those of them that stand then, as policy.Waive lays them over verdicts.
func Waive(verdicts []checks.Verdict, waivers []Waiver, at time.Time) []checks.Verdict {
	var standing []policy.RequirementWaiver
	for _, waiver := range waivers {
		if waiver.Holds(at) {
			standing = append(standing, policy.RequirementWaiver{Requirement: waiver.Requirement, Waiver: checks.Waiver{
				Owner: waiver.Owner, Reason: waiver.Reason, Until: waiver.Until.UTC(), Fact: waiver.Fact,
			}})
		}
	}
	return policy.Waive(verdicts, standing, at)
}
