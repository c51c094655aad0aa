package monitor

import (
	"strings"
	"time"
)

// What people do changes how an incident is handled, never what was seen: State,
// who acknowledged or snoozed it, and what waits to be told.

func (s *incidentStep) acknowledge(event Acknowledge) {
	if !s.live() || s.State == IncidentAcknowledged && s.AcknowledgedBy == event.By {
		return
	}
	s.State, s.AcknowledgedAt, s.AcknowledgedBy = IncidentAcknowledged, s.at, event.By
	s.SnoozedUntil, s.SnoozeReason, s.SnoozedBy = time.Time{}, "", ""
	s.EscalateAt = time.Time{}
	s.note(EntryAcknowledged, event.By, 0, "Somebody takes it on: nobody else is called.")
}

func (s *incidentStep) unacknowledge(event Unacknowledge) {
	if s.State != IncidentAcknowledged {
		return
	}
	s.State, s.AcknowledgedAt, s.AcknowledgedBy = IncidentOpen, time.Time{}, ""
	s.note(EntryUnacknowledged, event.By, 0, "Nobody takes it on any more.")
	s.rearm()
}

// rearm makes the next Tick say when the next level is called: only it knows the
// routes.
func (s *incidentStep) rearm() {
	if s.State == IncidentOpen && !s.ToldAt.IsZero() && blameOf(s.Cause) == blameServer {
		s.rearmed = s.at
	}
}

func (s *incidentStep) snooze(event Snooze) {
	if !s.live() || !event.Until.After(s.at) {
		return
	}
	s.State, s.SnoozedUntil, s.SnoozeReason, s.SnoozedBy = IncidentSnoozed, event.Until, event.Reason, event.By
	s.AcknowledgedAt, s.AcknowledgedBy, s.EscalateAt = time.Time{}, "", time.Time{}
	s.forget()
	text := "Silent until " + event.Until.UTC().Format("2006-01-02 15:04") + " UTC."
	if reason := strings.TrimSpace(event.Reason); reason != "" {
		text += " " + reason
	}
	s.note(EntrySnoozed, event.By, 0, text)
}

func (s *incidentStep) unsnooze(event Unsnooze) {
	if s.State != IncidentSnoozed {
		return
	}
	s.State, s.SnoozedUntil, s.SnoozeReason, s.SnoozedBy = IncidentOpen, time.Time{}, "", ""
	s.note(EntrySnoozeEnded, event.By, 0, "The snooze was ended before its time.")
	if s.ToldAt.IsZero() {
		s.opened()
		return
	}
	s.worsened()
	s.rearm()
}
