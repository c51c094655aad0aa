package monitor

import (
	"maps"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// pass notes a pass. What an incident holds stays in it until a later look agrees.
func (s *step) pass(state RequirementState, verdict checks.Verdict) RequirementState {
	switch {
	case state.IncidentID == 0:
		return s.recover(refuted(state))
	case state.RecoveringSince.IsZero():
		state.RecoveringSince = s.event.At
		if !state.Flapping || s.stable(state) {
			s.ask(restsOnFullLook(verdict))
		}
		return state
	case !s.confirms(state.RecoveringSince), s.carried(verdict), state.Flapping && !s.stable(state):
		return state
	default:
		return s.recover(state)
	}
}

// refuted takes back the spell of an endpoint that nothing was heard of in one
// look alone: a packet was lost, or one vantage sees less than another. What a
// server did answer stays a spell.
func refuted(state RequirementState) RequirementState {
	if state.Requirement == Unreachable && !state.FailingSince.IsZero() && !state.Flapping && len(state.Spells) > 0 {
		state.Spells = slices.Clone(state.Spells[:len(state.Spells)-1])
	}
	return state
}

// recover takes a pass that counts.
func (s *step) recover(state RequirementState) RequirementState {
	if state.Flapping { // a single fail after so long is one of its own
		state.Flapping, state.FailedAt, state.Spells = false, time.Time{}, nil
	}
	state.FailingSince, state.RecoveringSince, state.Waived, state.Cause = time.Time{}, time.Time{}, false, ""
	if state.Conclusive != checks.Pass {
		state.Conclusive, state.ConclusiveSince = checks.Pass, s.event.At
	}
	return s.close(state)
}

// close takes a requirement out of its incident.
func (s *step) close(state RequirementState) RequirementState {
	if state.IncidentID != 0 {
		s.closed[state.IncidentID] = append(s.closed[state.IncidentID], state.Requirement)
		state.IncidentID = 0
	}
	return state
}

// waive takes a fail that somebody answers for. It needs no second look: nobody
// is told of it.
func (s *step) waive(state RequirementState) RequirementState {
	state.FailingSince, state.RecoveringSince, state.Waived = time.Time{}, time.Time{}, true
	state.Flapping, state.FailedAt, state.Spells, state.Cause = false, time.Time{}, nil, ""
	if state.Conclusive != checks.Fail {
		state.Conclusive, state.ConclusiveSince = checks.Fail, s.event.At
	}
	if state.IncidentID != 0 {
		s.waived = append(s.waived, state.Requirement)
	}
	return s.close(state)
}

// retire closes what is judged no longer: it is as if it was never judged. A
// judgement without any verdict says nothing about that.
func (s *step) retire() {
	if len(s.event.Verdicts) == 0 {
		return
	}
	judged := map[string]bool{}
	for _, verdict := range s.event.Verdicts {
		judged[verdict.Requirement] = true
	}
	for _, requirement := range slices.Sorted(maps.Keys(s.next)) {
		if state := s.next[requirement]; !judged[requirement] {
			s.close(state)
			s.next[requirement] = RequirementState{Requirement: requirement, Severity: state.Severity, Result: checks.NotApplicable}
		}
	}
}
