package checks

import "fmt"

// State says how much is known of a fact. The zero value is NotAsked, so that
// a family that did not run never looks like one that found nothing.
type State uint8

// The four answers a question about a server can have.
const (
	NotAsked     State = iota // nobody asked
	Known                     // asked, and Value holds the answer
	Absent                    // asked, and the server proved that it is not there
	Inconclusive              // asked, and Reason says why nobody can tell
)

var stateNames = [...]string{NotAsked: "not_asked", Known: "known", Absent: "absent", Inconclusive: "inconclusive"}

// String returns the state's name as it stands in reports.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

// MarshalText implements encoding.TextMarshaler.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; it rejects unknown names.
func (s *State) UnmarshalText(text []byte) error {
	for state, name := range stateNames {
		if name == string(text) {
			*s = State(state)
			return nil
		}
	}
	return fmt.Errorf("unknown fact state %q", text)
}

// Fact is one answer about a server: known with a value, absent, inconclusive
// with a reason, or not asked. The zero Fact is 'not asked'.
type Fact[T any] struct {
	State  State  `json:"state"`
	Value  T      `json:"value,omitzero"`
	Reason Reason `json:"reason,omitempty"`
}

// KnownFact returns a fact whose value was seen.
func KnownFact[T any](value T) Fact[T] { return Fact[T]{State: Known, Value: value} }

// AbsentFact returns a fact that was proved not to be there. reason may be
// empty; it says how the absence showed itself, as far as that is stable.
func AbsentFact[T any](reason Reason) Fact[T] { return Fact[T]{State: Absent, Reason: reason} }

// InconclusiveFact returns a fact that could not be told, and why.
func InconclusiveFact[T any](reason Reason) Fact[T] {
	return Fact[T]{State: Inconclusive, Reason: reason}
}

// Conclusive says whether the fact is known or proved absent.
func (f Fact[T]) Conclusive() bool { return f.State == Known || f.State == Absent }
