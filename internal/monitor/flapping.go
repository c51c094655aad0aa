package monitor

import (
	"slices"
	"time"
)

// spell notes that a spell of failing begins. Enough of them are flapping.
func (s *step) spell(state RequirementState) RequirementState {
	state.Spells = turn(state.Spells, s.event.At, s.settings.FlapWithin)
	if len(state.Spells) >= s.settings.FlapSpells {
		state.Flapping = true
	}
	if state.Flapping {
		state.FailedAt = s.event.At
	}
	return state
}

// stable says whether what flaps passed for long enough.
func (s *step) stable(state RequirementState) bool {
	return !s.event.At.Before(state.FailedAt.Add(s.settings.StableFor))
}

// turn adds a time to those within before it, and keeps the newest MostSpells.
func turn(times []time.Time, at time.Time, within time.Duration) []time.Time {
	kept := slices.DeleteFunc(slices.Clone(times), func(t time.Time) bool { return !t.After(at.Add(-within)) })
	kept = append(kept, at)
	return kept[max(0, len(kept)-MostSpells):]
}
