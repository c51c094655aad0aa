package monitor

import (
	"reflect"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// RequirementState is where one requirement of one endpoint stands. The zero
// value is 'never judged'.
type RequirementState struct {
	Requirement string
	Severity    checks.Severity
	Result      checks.Result // of the latest look

	// Conclusive is the last result that was pass or fail and, if fail,
	// confirmed by a second look; empty when there was none yet.
	Conclusive      checks.Result
	ConclusiveSince time.Time
	// FailingSince is when a fail was first seen that waits for its
	// confirmation; zero when none does.
	FailingSince time.Time
	// InconclusiveSince is when the latest unbroken spell of inconclusive
	// results began, counted only over looks for which our own connectivity
	// was proven; zero when the latest look was conclusive.
	InconclusiveSince  time.Time
	InconclusiveReason string
	Noticed            bool // 'we cannot tell' was said for this spell
	// Waived: the last conclusive result is a fail that somebody answers for.
	Waived bool

	// RecoveringSince is when a pass was first seen that waits for its
	// confirmation, while an incident holds the requirement; zero when none does.
	RecoveringSince time.Time
	// Spells are when the newest spells of failing began, confirmed or not, oldest
	// first: at most MostSpells, none older than FlapWithin at the last change.
	Spells []time.Time
	// Flapping: it fails now and again. FailedAt is when it was last seen to.
	Flapping bool
	FailedAt time.Time
	// Cause is why it began to fail, as the comparison said when it did.
	Cause checks.Cause

	IncidentID int64 // the open incident that holds this requirement; 0 when none
}

// Change is a difference between two assessments of one endpoint, or of two.
type Change struct {
	OccurredAt time.Time    `json:"occurred_at"`
	Class      ChangeClass  `json:"class"`
	Weight     Weight       `json:"weight,omitempty"`
	Cause      checks.Cause `json:"cause"`
	Subject    string       `json:"subject"` // path of what changed: addresses[192.0.2.1].protocols.TLSv1.2
	Before     string       `json:"before"`
	After      string       `json:"after"`
	Sentence   string       `json:"sentence"`
}

// ChangeClass says which way a change goes.
type ChangeClass string

// The classes of changes.
const (
	Regression ChangeClass = "regression"
	Recovery   ChangeClass = "recovery"
	Drift      ChangeClass = "drift" // different, neither better nor worse
)

// SecretDue is a secret that expires, or has. It is never the secret itself.
type SecretDue struct {
	Kind        SecretKind `json:"kind"`
	Description string     `json:"description"`
	ExpiresOn   string     `json:"expires_on"` // a day: 2026-11-22
	DaysLeft    int        `json:"days_left"`  // when it was told; negative: it has expired
	Owner       string     `json:"owner"`
}

// AttestationEnd is a statement that is to be made anew.
type AttestationEnd struct {
	Requirement string          `json:"requirement"`
	Text        string          `json:"text"`     // what was stated
	RenewBy     string          `json:"renew_by"` // the last day on which it counts
	DaysLeft    int             `json:"days_left"`
	Owner       string          `json:"owner"`
	Severity    checks.Severity `json:"severity"`
}

// Same says whether two states are one, whatever zones their times are in.
func (s RequirementState) Same(other RequirementState) bool {
	times := func(state *RequirementState) []*time.Time {
		return []*time.Time{&state.ConclusiveSince, &state.FailingSince, &state.InconclusiveSince, &state.RecoveringSince, &state.FailedAt}
	}
	for i, at := range times(&s) {
		if !at.Equal(*times(&other)[i]) {
			return false
		}
		*at, *times(&other)[i] = time.Time{}, time.Time{}
	}
	equalSpells := slices.EqualFunc(s.Spells, other.Spells, time.Time.Equal)
	s.Spells, other.Spells = nil, nil
	return equalSpells && reflect.DeepEqual(s, other)
}
