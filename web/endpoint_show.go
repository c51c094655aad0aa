package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// showEndpoint shows where one URL stands, and why.
func (s *server) showEndpoint(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	model := views.Endpoint{MayLook: may(r, auth.RequestLook), MayChange: may(r, auth.ChangeInventory), MayPlan: may(r, auth.PlanMaintenance)}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error { return s.fillEndpoint(ctx, tx, id, &model) })
	if err != nil {
		return err
	}
	if model.Seen.Standing != nil {
		model.Seen.Standing.MayIntrude = may(r, auth.AllowIntrusive) || may(r, auth.AllowOwnIntrusive)
	}
	page := s.page(r, model.Value, "/")
	page.Refresh = model.Unfinished != nil
	return s.render(w, r, http.StatusOK, views.EndpointPage(page, model))
}

func (s *server) fillEndpoint(ctx context.Context, tx *store.Tx, id int64, model *views.Endpoint) error {
	summaries, err := tx.EndpointSummaries(ctx, store.EndpointFilter{Endpoint: id}, s.now())
	if err != nil {
		return err
	}
	if len(summaries) == 0 {
		return fmt.Errorf("find endpoint %d: %w", id, store.ErrNotFound)
	}
	model.Endpoint, model.State = summaries[0].Endpoint, summaries[0].State
	if model.Unfinished, err = unfinished(ctx, tx, id); err != nil {
		return err
	}
	if model.Incidents, err = tx.OpenIncidentsOf(ctx, id); err != nil {
		return err
	}
	if model.Waivers, err = tx.Waivers(ctx, id); err != nil {
		return err
	}
	if model.Windows, err = runningWindows(ctx, tx, []monitor.Endpoint{model.Endpoint}, s.now()); err != nil {
		return err
	}
	if model.Availability, err = availabilityOf(ctx, tx, id, s.now()); err != nil {
		return err
	}
	newest, err := tx.NewestAssessment(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	states, err := tx.RequirementStates(ctx, id)
	if err != nil {
		return err
	}
	model.Newest, model.LastChanges = &newest, newest.Changes
	model.Verdicts = verdictViews(newest.Verdicts, states, model.Unfinished)
	model.Grade = gradeView(newest.Grade)
	offerWaivers(model)
	return s.fillSeen(ctx, tx, newest, model)
}

// fillSeen fills in what was seen, whichever looks saw it.
func (s *server) fillSeen(ctx context.Context, tx *store.Tx, newest store.AssessmentRecord, model *views.Endpoint) error {
	standing := &views.Standing{
		Now: s.now(), LookedAt: newest.FinishedAt, FullLookedAt: model.FullLookedAt, NextFullAt: model.NextFullAt,
		EndpointID: model.ID, SpeaksTLS: model.SpeaksTLS(),
	}
	var err error
	if model.Seen, standing.ObservedAt, err = newestSeen(ctx, tx, model.ID, newest.ManifestSHA256); err != nil {
		return err
	}
	model.Seen.Standing = standing
	offerLines(&model.Grade, model.Verdicts, model.Seen)
	addJudgement(&model.Seen, newest.Grade)
	standing.Leave, err = intrusiveLeave(ctx, tx, model.ID)
	return err
}

// unfinished returns the look that is asked for or runs; nil: none.
func unfinished(ctx context.Context, tx *store.Tx, endpoint int64) (*monitor.Assessment, error) {
	look, err := tx.UnfinishedAssessment(ctx, endpoint)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil //nolint:nilnil // none is an answer here
	}
	return &look, err
}

// showProgress is the fragment that is polled. Once the look that it was about
// is over, the page is loaded anew: everything on it may be different.
func (s *server) showProgress(w http.ResponseWriter, r *http.Request) error {
	endpoint, err := s.findEndpoint(r)
	if err != nil {
		return err
	}
	var look *monitor.Assessment
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		look, err = unfinished(ctx, tx, endpoint.ID)
		return err
	})
	if err != nil {
		return err
	}
	asked, _ := strconv.ParseInt(r.URL.Query().Get("look"), 10, 64)
	if look == nil || look.ID != asked {
		w.Header().Set("HX-Refresh", "true")
	}
	return s.render(w, r, http.StatusOK, views.Progress(endpoint.ID, look))
}

func (s *server) findEndpoint(r *http.Request) (endpoint monitor.Endpoint, err error) {
	id, err := pathID(r, "id")
	if err != nil {
		return endpoint, err
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		endpoint, err = tx.Endpoint(ctx, id)
		return err
	})
	return endpoint, err
}

// offerWaivers leads from what fails to the form that excuses from it.
func offerWaivers(model *views.Endpoint) {
	for i, verdict := range model.Verdicts {
		if model.MayChange && verdict.Result == checks.Fail && verdict.Waived == nil && verdict.Severity != checks.Record {
			model.Verdicts[i].WaivePath = fmt.Sprintf("/endpoints/%d/waivers?requirement=%s", model.ID, verdict.Requirement)
		}
	}
}
