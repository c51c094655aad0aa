package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// Bounds of what people write about incidents, in characters, and of a snooze.
const (
	longestEntry  = 2000
	longestSnooze = 30 * 24 * time.Hour
)

// clockTime is how a field for a day and a time is written.
const clockTime = "2006-01-02T15:04"

// incidentDeed is one thing that a person does to an incident.
type incidentDeed struct {
	action string // in the audit
	done   string // what is said afterwards
	event  monitor.IncidentEvent
	// refused says why it cannot be done as the incident stands, since somebody
	// did something meanwhile; empty: it can.
	refused func(monitor.Incident) string
}

// acknowledgeIncident says that who is signed in works on an incident. Of two
// people at once the second is told who has it.
func (s *server) acknowledgeIncident(w http.ResponseWriter, r *http.Request) error {
	by := emailOf(r)
	return s.actOnIncident(w, r, incidentDeed{
		action: "incident.acknowledge", done: "incident-acknowledged", event: monitor.Acknowledge{By: by},
		refused: func(incident monitor.Incident) string {
			if incident.State == monitor.IncidentAcknowledged && incident.AcknowledgedBy != by {
				return fmt.Sprintf("%s has it already, since %s. Nothing was changed.", incident.AcknowledgedBy, views.UTC(incident.AcknowledgedAt))
			}
			return ""
		},
	})
}

// unacknowledgeIncident takes an acknowledgement back.
func (s *server) unacknowledgeIncident(w http.ResponseWriter, r *http.Request) error {
	return s.actOnIncident(w, r, incidentDeed{
		action: "incident.unacknowledge", done: "incident-unacknowledged", event: monitor.Unacknowledge{By: emailOf(r)},
		refused: func(incident monitor.Incident) string {
			if incident.State != monitor.IncidentAcknowledged {
				return "Nobody has it any more. Nothing was changed."
			}
			return ""
		},
	})
}

// snoozeIncident silences an incident for a reason until a time.
func (s *server) snoozeIncident(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.HandleIncidents); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	form := views.SnoozeForm{For: typed(r, "for"), Until: typed(r, "until"), Zone: typed(r, "zone"), Reason: typed(r, "snooze-reason")}
	until, faults := snoozeFaults(form, s.now())
	if len(faults) > 0 {
		model, err := s.incidentPage(r)
		if err != nil {
			return err
		}
		model.Snooze, model.Faults = form, faults
		return s.renderIncident(w, r, http.StatusUnprocessableEntity, model)
	}
	return s.actOnIncident(w, r, incidentDeed{
		action: "incident.snooze", done: "incident-snoozed",
		event: monitor.Snooze{By: emailOf(r), Reason: form.Reason, Until: until},
	})
}

// unsnoozeIncident ends a snooze before its time.
func (s *server) unsnoozeIncident(w http.ResponseWriter, r *http.Request) error {
	return s.actOnIncident(w, r, incidentDeed{
		action: "incident.unsnooze", done: "incident-unsnoozed", event: monitor.Unsnooze{By: emailOf(r)},
		refused: func(incident monitor.Incident) string {
			if incident.State != monitor.IncidentSnoozed {
				return "The snooze is over already. Nothing was changed."
			}
			return ""
		},
	})
}

// actOnIncident does what a person asks for, with its audit row and the job that
// tells. Where somebody else was faster the page says so (409).
func (s *server) actOnIncident(w http.ResponseWriter, r *http.Request, deed incidentDeed) error {
	if err := permit(r, auth.HandleIncidents); err != nil {
		return err
	}
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	var conflict string
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		before, err := tx.LockIncident(ctx, id)
		if err != nil {
			return err
		}
		if conflict = refusal(before, deed); conflict != "" {
			return nil
		}
		after, wakes, err := tx.ActOnIncident(ctx, id, deed.event, s.Settings, s.now())
		if err != nil {
			return err
		}
		for _, at := range wakes {
			if err := jobs.InsertTell(ctx, s.Jobs, tx, id, at, s.now()); err != nil {
				return err
			}
		}
		return s.audit(ctx, tx, r, store.AuditEntry{
			Action: deed.action, Object: fmt.Sprintf("incident/%d", id), Old: auditedHandling(before), New: auditedHandling(after),
		})
	})
	if err != nil {
		return err
	}
	if conflict == "" {
		return redirect(w, r, fmt.Sprintf("/incidents/%d?done=%s", id, deed.done))
	}
	model, err := s.incidentPage(r)
	if err != nil {
		return err
	}
	model.Conflict = conflict
	return s.renderIncident(w, r, http.StatusConflict, model)
}

// refusal says why something cannot be done to an incident as it stands.
func refusal(incident monitor.Incident, deed incidentDeed) string {
	if incident.State == monitor.IncidentClosed {
		return fmt.Sprintf("It resolved at %s. Nothing was changed.", views.UTC(incident.ResolvedAt))
	}
	if deed.refused == nil {
		return ""
	}
	return deed.refused(incident)
}

// auditedHandling is what the audit keeps of how an incident is handled.
func auditedHandling(incident monitor.Incident) map[string]any {
	kept := map[string]any{"state": incident.State}
	switch incident.State {
	case monitor.IncidentAcknowledged:
		kept["by"] = incident.AcknowledgedBy
	case monitor.IncidentSnoozed:
		kept["by"], kept["until"], kept["reason"] = incident.SnoozedBy, incident.SnoozedUntil.UTC(), incident.SnoozeReason
	}
	return kept
}

// snoozeFaults reads when a snooze ends, and says what is wrong with it.
func snoozeFaults(form views.SnoozeForm, now time.Time) (until time.Time, faults views.Faults) {
	add := func(id, text string) { faults = append(faults, views.FieldFault{ID: id, Text: text}) }
	if form.Reason == "" || utf8.RuneCountInString(form.Reason) > longestReason {
		add("snooze-reason", fmt.Sprintf("Enter why it is to be silent, in at most %d characters", longestReason))
	}
	zone, known := zoneOf(form.Zone)
	if !slices.ContainsFunc(views.SnoozeChoices(), func(choice views.SnoozeChoice) bool { return choice.Value == form.For }) {
		add("for", "Choose how long")
		return until, faults
	}
	until, err := snoozeEnd(form, zone, now)
	if form.For == views.SnoozeCustom && (err != nil || !until.After(now) || until.After(now.Add(longestSnooze))) {
		add("until", "Enter a day and time from now on, at most 30 days ahead, such as "+now.In(zone).AddDate(0, 0, 2).Format("2006-01-02")+" 08:00")
	}
	if !known {
		add("zone", "Enter a time zone such as Europe/Oslo")
	}
	return until, faults
}

// snoozeEnd returns when a snooze that begins now ends.
func snoozeEnd(form views.SnoozeForm, zone *time.Location, now time.Time) (time.Time, error) {
	switch form.For {
	case "1h":
		return now.Add(time.Hour), nil
	case "4h":
		return now.Add(4 * time.Hour), nil
	case "1w":
		return now.AddDate(0, 0, 7), nil
	case "tomorrow":
		year, month, day := now.In(zone).Date()
		return time.Date(year, month, day+1, 8, 0, 0, 0, zone).UTC(), nil
	default:
		at, err := time.ParseInLocation(clockTime, form.Until, zone)
		return at.UTC(), err
	}
}

// zoneOf returns an IANA time zone by its name; UTC and false where there is none.
func zoneOf(name string) (zone *time.Location, known bool) {
	if name == "" || !monitor.ZoneKnown(name) {
		return time.UTC, false
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC, false
	}
	return zone, true
}

// noteOnIncident writes what somebody says into the timeline, also of one that
// is resolved.
func (s *server) noteOnIncident(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.HandleIncidents); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	note := typed(r, "note")
	if note == "" || utf8.RuneCountInString(note) > longestEntry {
		model, err := s.incidentPage(r)
		if err != nil {
			return err
		}
		model.Note = note
		model.Faults = views.Faults{{ID: "note", Text: fmt.Sprintf("Enter a note of at most %d characters", longestEntry)}}
		return s.renderIncident(w, r, http.StatusUnprocessableEntity, model)
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.NoteOnIncident(ctx, id, emailOf(r), note, s.now()); err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{Action: "incident.note", Object: fmt.Sprintf("incident/%d", id), New: map[string]any{"note": note}})
	})
	if err != nil {
		return err
	}
	return redirect(w, r, fmt.Sprintf("/incidents/%d?done=incident-noted#timeline", id))
}

// emailOf is the mail address of who is signed in.
func emailOf(r *http.Request) string {
	if session := visitOf(r).session; session != nil {
		return session.Email
	}
	return ""
}
