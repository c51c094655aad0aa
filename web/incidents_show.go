package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// Bounds of what one page of an incident shows.
const (
	membersShown      = 100 // endpoints
	changesShown      = 20
	deliveriesOfOne   = 50   // of one notification
	mostTimelineItems = 1000 // that store.IncidentEntries reads
)

// showIncident shows one incident: what fails, where and since when, why it
// matters, what to do, what was done and who was told.
func (s *server) showIncident(w http.ResponseWriter, r *http.Request) error {
	model, err := s.incidentPage(r)
	if err != nil {
		return err
	}
	return s.renderIncident(w, r, http.StatusOK, model)
}

func (s *server) renderIncident(w http.ResponseWriter, r *http.Request, status int, model views.Incident) error {
	return s.render(w, r, status, views.IncidentPage(s.page(r, model.Title, "/incidents"), model))
}

// incidentPage reads all of an incident of the reader's team.
func (s *server) incidentPage(r *http.Request) (views.Incident, error) {
	model := views.Incident{
		Now: s.now(), MayAct: may(r, auth.HandleIncidents), MayWaive: may(r, auth.ChangeInventory),
		Snooze: views.SnoozeForm{For: "1h", Zone: "UTC"},
	}
	id, err := pathID(r, "id")
	if err != nil {
		return model, err
	}
	return model, s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if err := fillIncident(ctx, tx, id, pageNumber(r), &model); err != nil {
			return err
		}
		if err := fillHandling(ctx, tx, id, &model); err != nil {
			return err
		}
		model.Windows, err = incidentWindows(ctx, tx, model, s.now())
		return err
	})
}

// showFleetIncident shows an incident of any team to operators, who read it.
func (s *server) showFleetIncident(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.SeeFleet); err != nil {
		return err
	}
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	model := views.Incident{Now: s.now()}
	err = s.Store.AsOperator(r.Context(), func(ctx context.Context, tx *store.Tx) error {
		team, err := tx.IncidentTeam(ctx, id)
		if err != nil {
			return err
		}
		model.TeamName = cmp.Or(team.Name, fmt.Sprintf("Team %d", team.ID))
		if err := fillIncident(ctx, tx, id, pageNumber(r), &model); err != nil {
			return err
		}
		entries, err := tx.IncidentEntries(ctx, id)
		model.Timeline = views.Timeline(entries, nil, nil)
		return err
	})
	if err != nil {
		return err
	}
	return s.renderIncident(w, r, http.StatusOK, model)
}

// fillIncident reads what an incident is about.
func fillIncident(ctx context.Context, tx *store.Tx, id int64, page int, model *views.Incident) (err error) {
	if model.IncidentSummary, err = tx.IncidentSummary(ctx, id); err != nil {
		return err
	}
	members, err := tx.IncidentMembers(ctx, id, page*membersShown+1)
	if err != nil {
		return err
	}
	members = members[min((page-1)*membersShown, len(members)):]
	path := func(page int) string { return fmt.Sprintf("?page=%d#endpoints", page) }
	if len(members) > membersShown {
		members, model.Next = members[:membersShown], path(page+1)
	}
	if page > 1 {
		model.Previous = path(page - 1)
	}
	model.Members = members
	spans, err := tx.IncidentSpans(ctx, id)
	if err != nil {
		return err
	}
	for _, span := range spans {
		model.Failing = append(model.Failing, failingRequirement(span, members))
	}
	return nil
}

// failingRequirement says what a requirement of an incident is and what to do,
// as the looks at its endpoints said.
func failingRequirement(span store.IncidentSpan, members []store.IncidentMember) views.FailingRequirement {
	failing := views.FailingRequirement{IncidentSpan: span, Text: cmp.Or(policy.Statement(span.Requirement), span.Requirement)}
	for _, member := range members {
		for _, requirement := range member.Requirements {
			verdict := requirement.Verdict
			if requirement.Requirement != span.Requirement || verdict.Result != checks.Fail {
				continue
			}
			failing.Severity = cmp.Or(failing.Severity, verdict.Severity)
			if verdict.Remedy != "" && requirement.ResolvedAt.IsZero() && !slices.Contains(failing.Remedies, verdict.Remedy) && len(failing.Remedies) < 3 {
				failing.Remedies = append(failing.Remedies, verdict.Remedy)
			}
			if profile := policy.Find(verdict.Profile); profile != nil && failing.Source == "" {
				if found, ok := profile.Requirement(span.Requirement); ok {
					failing.Source = found.Source
				}
			}
		}
	}
	return failing
}

// fillHandling reads what changed before, what was done and who was told.
func fillHandling(ctx context.Context, tx *store.Tx, id int64, model *views.Incident) error {
	var confirming []int64
	values := map[int64]string{}
	for _, member := range model.Members {
		values[member.EndpointID] = member.Value
		for _, requirement := range member.Requirements {
			confirming = append(confirming, requirement.AssessmentID)
		}
	}
	changes, err := tx.ChangesBefore(ctx, confirming)
	if err != nil {
		return err
	}
	model.Changes = differentChanges(changes)
	for _, change := range changes {
		if change.PreviousAssessmentID != 0 {
			model.Compare = views.ComparePath(change.EndpointID, change.PreviousAssessmentID, change.AssessmentID)
			break
		}
	}
	entries, err := tx.IncidentEntries(ctx, id)
	if err != nil {
		return err
	}
	model.NotWholly = len(entries) >= mostTimelineItems
	notifications, err := notificationsOf(ctx, tx, id)
	if err != nil {
		return err
	}
	if len(entries) == 0 { // it is older than timelines are
		entries = []monitor.IncidentEntry{{At: model.OpenedAt, Kind: monitor.EntryOpened}}
		if !model.ResolvedAt.IsZero() {
			entries = append(entries, monitor.IncidentEntry{At: model.ResolvedAt, Kind: monitor.EntryResolved})
		}
	}
	model.Timeline = views.Timeline(entries, notifications, values)
	return nil
}

// notificationsOf lists what people were told of an incident, and by what.
func notificationsOf(ctx context.Context, tx *store.Tx, id int64) ([]views.NotificationView, error) {
	notifications, err := tx.IncidentNotifications(ctx, id)
	if err != nil {
		return nil, err
	}
	var list []views.NotificationView
	for _, notification := range notifications {
		deliveries, err := tx.Deliveries(ctx, store.DeliveryFilter{Notification: notification.ID, Limit: deliveriesOfOne})
		if err != nil {
			return nil, err
		}
		list = append(list, views.NotificationView{IncidentNotification: notification, Deliveries: deliveries})
	}
	return list, nil
}

// differentChanges lists each change once: what forty endpoints share changed
// for all of them.
func differentChanges(changes []store.ChangeRecord) []store.ChangeRecord {
	var list []store.ChangeRecord
	for _, change := range changes {
		same := func(other store.ChangeRecord) bool {
			return other.Sentence == change.Sentence && other.Cause == change.Cause
		}
		if len(list) < changesShown && !slices.ContainsFunc(list, same) {
			list = append(list, change)
		}
	}
	return list
}

// incidentWindows lists planned work that runs now at endpoints of an incident.
func incidentWindows(ctx context.Context, tx *store.Tx, incident views.Incident, now time.Time) ([]views.RunningWindow, error) {
	endpoints := make([]monitor.Endpoint, 0, len(incident.Members))
	for _, member := range incident.Members {
		endpoints = append(endpoints, monitor.Endpoint{
			ID: member.EndpointID, TeamID: incident.TeamID, ApplicationID: member.ApplicationID, Environment: member.Environment,
			Kind: member.Kind, ValueKind: member.ValueKind, Value: member.Value, ProbeURL: member.ProbeURL,
		})
	}
	return runningWindows(ctx, tx, endpoints, now)
}
