package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// listIncidents lists what is broken, or all that ever was.
func (s *server) listIncidents(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	model := views.Incidents{All: query.Get("all") == "yes"}
	before, _ := strconv.ParseInt(query.Get("before"), 10, 64)
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		model.Incidents, err = tx.Incidents(ctx, !model.All, max(before, 0), pageSize+1)
		return err
	})
	if err != nil {
		return err
	}
	if len(model.Incidents) > pageSize {
		model.Incidents = model.Incidents[:pageSize]
		model.Older = fmt.Sprintf("/incidents?before=%d", model.Incidents[pageSize-1].ID)
		if model.All {
			model.Older += "&all=yes"
		}
	}
	return s.render(w, r, http.StatusOK, views.IncidentsPage(s.page(r, "Incidents", "/incidents"), model))
}

// showIncident shows one incident: what fails, since when, why, who was told.
func (s *server) showIncident(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	model := views.Incident{Texts: map[string]string{}}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error { return fillIncident(ctx, tx, id, &model) })
	if err != nil {
		return err
	}
	for _, requirement := range model.Requirements {
		model.Texts[requirement.Requirement] = policy.Statement(requirement.Requirement)
	}
	return s.render(w, r, http.StatusOK, views.IncidentPage(s.page(r, model.Title, "/incidents"), model))
}

func fillIncident(ctx context.Context, tx *store.Tx, id int64, model *views.Incident) (err error) {
	if model.IncidentSummary, err = tx.IncidentSummary(ctx, id); err != nil {
		return err
	}
	if model.Requirements, err = tx.IncidentRequirements(ctx, id); err != nil {
		return err
	}
	var confirming []int64
	for _, requirement := range model.Requirements {
		confirming = append(confirming, requirement.AssessmentID)
	}
	if model.Remedies, err = remediesOf(ctx, tx, model.Requirements); err != nil {
		return err
	}
	if model.Changes, err = tx.ChangesBefore(ctx, confirming); err != nil {
		return err
	}
	notifications, err := tx.IncidentNotifications(ctx, id)
	if err != nil {
		return err
	}
	for _, notification := range notifications {
		deliveries, err := tx.Deliveries(ctx, store.DeliveryFilter{Notification: notification.ID})
		if err != nil {
			return err
		}
		model.Notifications = append(model.Notifications, views.NotificationView{IncidentNotification: notification, Deliveries: deliveries})
	}
	return nil
}

// maxRemedyLooks bounds the looks that are read for what to do: an incident
// with one cause has the same remedy on every endpoint.
const maxRemedyLooks = 3

// remediesOf lists what the looks that confirmed an incident said to do, each
// sentence once.
func remediesOf(ctx context.Context, tx *store.Tx, requirements []store.IncidentRequirement) ([]string, error) {
	var list []string
	looks := map[int64][]checks.Verdict{}
	for _, requirement := range requirements {
		if !requirement.ResolvedAt.IsZero() {
			continue
		}
		verdicts, ok := looks[requirement.AssessmentID]
		if !ok && len(looks) == maxRemedyLooks {
			continue
		}
		if !ok {
			record, err := tx.AssessmentRecord(ctx, requirement.EndpointID, requirement.AssessmentID)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
			verdicts = record.Verdicts
			looks[requirement.AssessmentID] = verdicts
		}
		for _, verdict := range verdicts {
			if verdict.Requirement == requirement.Requirement && verdict.Remedy != "" && !slices.Contains(list, verdict.Remedy) {
				list = append(list, verdict.Remedy)
			}
		}
	}
	return list, nil
}
