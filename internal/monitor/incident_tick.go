package monitor

import (
	"fmt"
	"time"
)

func (s *incidentStep) tick(event Tick) {
	if s.TellKind == "" && event.Paused {
		s.rearmed = s.TellAt
	}
	if event.Paused && s.TellKind != "" {
		s.TellSince = s.at // what was seen before is gathered anew
	}
	if s.State == "" || event.Paused {
		return
	}
	if s.State == IncidentSnoozed {
		if s.at.Before(s.SnoozedUntil) {
			return
		}
		s.snoozeEnds()
	}
	told := s.TellKind != "" && !s.at.Before(s.TellAt) && !s.gathers(event)
	if told {
		s.tell(s.TellKind)
	}
	if s.escalates(event) && !s.EscalateAt.IsZero() && !s.at.Before(s.EscalateAt) {
		if told { // one message at a time
			s.EscalateAt = s.at.Add(s.settings.GatherFor)
		} else {
			s.escalate()
		}
	}
	s.arm(event)
}

func (s *incidentStep) snoozeEnds() {
	s.State, s.SnoozedUntil, s.SnoozeReason, s.SnoozedBy = IncidentOpen, time.Time{}, "", ""
	s.note(EntrySnoozeEnded, "", 0, "The snooze is over, and it still fails.")
	if blameOf(s.Cause) != blameEngine {
		s.wait(IncidentSnoozeEnded, s.at)
	}
}

// gathers says whether siblings are looked at that may belong to what is told,
// and waits for them, within bounds.
func (s *incidentStep) gathers(event Tick) bool {
	latest := s.TellSince.Add(s.settings.GatherMost)
	switch {
	case event.Pending <= 0, !s.at.Before(latest), s.TellKind == IncidentResolved, s.TellKind == IncidentSnoozeEnded:
		return false
	}
	s.TellAt = s.at.Add(s.settings.GatherFor / 4)
	if latest.Before(s.TellAt) {
		s.TellAt = latest
	}
	return true
}

// tell tells one thing, and remembers what people know now.
func (s *incidentStep) tell(kind NotificationKind) {
	s.forget()
	s.Messages++
	s.ToldAt, s.ToldKind, s.ToldWeight, s.ToldEndpoints = s.at, kind, s.Weight, s.Endpoints
	s.effects = append(s.effects, Tell{Kind: kind, Level: s.Level})
	s.note(EntryTold, "", 0, toldText(kind, s.Endpoints))
	if kind == IncidentResolved && s.Flapping {
		s.Flapping, s.Turns = false, nil
	}
}

func toldText(kind NotificationKind, endpoints int) string {
	holds := "one URL"
	if endpoints > 1 {
		holds = fmt.Sprintf("%d URLs", endpoints)
	}
	switch kind {
	case IncidentOpened:
		return "People are told that it opened, on " + holds + "."
	case IncidentWorsened:
		return "People are told that it got worse, on " + holds + "."
	case IncidentReopened:
		return "People are told that it came back, on " + holds + "."
	case IncidentFlapping:
		return "People are told that it fails now and again."
	case IncidentUnacknowledged:
		return "The next level is told that nobody acknowledged it."
	case IncidentSnoozeEnded:
		return "People are told that the snooze is over and that it still fails."
	case IncidentResolved:
		return "People are told that it resolved."
	default:
		return "People are told."
	}
}

// escalates says whether somebody else is left to call.
func (s *incidentStep) escalates(event Tick) bool {
	return s.State == IncidentOpen && !s.ToldAt.IsZero() && blameOf(s.Cause) == blameServer && s.Level+1 < event.Levels
}

func (s *incidentStep) escalate() {
	s.Level++
	s.EscalateAt = time.Time{}
	s.note(EntryEscalated, "", 0, fmt.Sprintf("Nobody acknowledged it: level %d is called.", s.Level))
	waits, at, since := s.TellKind, s.TellAt, s.TellSince
	s.tell(IncidentUnacknowledged)
	if waits != "" {
		s.TellKind, s.TellAt, s.TellSince = waits, at, since
	}
}

// arm says when the next level is called.
func (s *incidentStep) arm(event Tick) {
	switch {
	case !s.escalates(event):
		s.EscalateAt = time.Time{}
	case s.EscalateAt.IsZero():
		s.EscalateAt = s.at.Add(max(event.EscalateAfter, time.Minute))
	}
}
