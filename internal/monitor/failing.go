package monitor

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

func (s *step) fail(state RequirementState, verdict checks.Verdict) RequirementState {
	if state.IncidentID != 0 {
		return s.failsStill(state, verdict)
	}
	if state.Waived { // the waiver is over
		state.Waived, state.Conclusive, state.ConclusiveSince = false, "", time.Time{}
	}
	joins := verdict.Alarms() && s.event.Joins[state.Requirement] != 0
	firstSeen := state.FailingSince
	switch {
	case state.Conclusive == checks.Fail && !verdict.Alarms():
		return state
	case state.Conclusive == checks.Fail: // confirmed before it could alarm: its severity rose
		firstSeen = state.ConclusiveSince
	case firstSeen.IsZero():
		firstSeen = s.event.At
		if state = s.begins(state, verdict); !joins && !state.Flapping {
			return state
		}
	case joins:
	case !s.confirms(firstSeen), s.carried(verdict):
		return state // the confirming look was asked for already
	}
	state.Conclusive, state.ConclusiveSince, state.FailingSince = checks.Fail, s.event.At, time.Time{}
	if verdict.Alarms() {
		state = s.alarm(state, verdict, firstSeen)
	}
	return state
}

// begins notes a fail that was not seen in the look before, and asks for a
// second look where nothing else says that it counts.
func (s *step) begins(state RequirementState, verdict checks.Verdict) RequirementState {
	state.FailingSince, state.Cause = s.event.At, s.event.causeOf(s.before, verdict)
	if !verdict.Alarms() {
		return state
	}
	state = s.spell(state)
	if s.event.Joins[state.Requirement] == 0 && !state.Flapping {
		s.ask(restsOnFullLook(verdict))
	}
	return state
}

// failsStill notes a fail that an incident holds already.
func (s *step) failsStill(state RequirementState, verdict checks.Verdict) RequirementState {
	if s.carried(verdict) {
		return state // seen before, and no newer
	}
	if !state.RecoveringSince.IsZero() {
		state.RecoveringSince = time.Time{}
		state = s.spell(state)
	}
	if state.Flapping {
		state.FailedAt = s.event.At
	}
	return state
}

func (s *step) alarm(state RequirementState, verdict checks.Verdict, firstSeen time.Time) RequirementState {
	if incident := s.joins(state, verdict, firstSeen); incident != 0 {
		state.IncidentID = incident
		s.joined[incident] = append(s.joined[incident], state.Requirement)
		return state
	}
	s.confirmed = append(s.confirmed, state.Requirement)
	if s.since.IsZero() || firstSeen.Before(s.since) {
		s.since = firstSeen
	}
	return state
}

// joins returns the open incident that a confirmed fail belongs to; 0: none.
func (s *step) joins(state RequirementState, verdict checks.Verdict, firstSeen time.Time) int64 {
	if incident := s.event.Joins[state.Requirement]; incident != 0 {
		return incident
	}
	if state.Flapping {
		return 0 // what is steady must not be silent with it
	}
	if s.ranOut != 0 && (timeAlone(verdict) || state.Cause == checks.CauseTime) && blameOf(state.Cause) == blameServer {
		return s.ranOut
	}
	newest := s.event.Newest
	if newest.ID == 0 || blameOf(state.Cause) != blameOf(newest.Cause) || newest.Flapping {
		return 0
	}
	if !firstSeen.After(s.spellOf(newest)) && s.event.At.Before(newest.turnedAt().Add(joinWithin)) {
		return newest.ID
	}
	return 0
}

// spellOf returns when the endpoint's part of an incident began: when that
// opened, or when the endpoint joined it.
func (s *step) spellOf(incident Incident) time.Time {
	var joined time.Time
	for _, state := range s.before {
		if state.IncidentID == incident.ID && (joined.IsZero() || state.ConclusiveSince.Before(joined)) {
			joined = state.ConclusiveSince
		}
	}
	if turned := incident.turnedAt(); joined.Before(turned) {
		return turned
	}
	return joined
}

// turnedAt is when the incident opened or reopened last.
func (i Incident) turnedAt() time.Time {
	if len(i.Turns) > 0 {
		return i.Turns[len(i.Turns)-1]
	}
	return i.OpenedAt
}
