package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// pageSize is how many rows a page of a list has.
const pageSize = 50

// showHistory lists the looks at a URL.
func (s *server) showHistory(w http.ResponseWriter, r *http.Request) error {
	endpoint, err := s.findEndpoint(r)
	if err != nil {
		return err
	}
	model := views.History{Endpoint: endpoint, Since: queryTime(r, "since")}
	before := queryTime(r, "before")
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		model.Records, err = tx.AssessmentPage(ctx, endpoint.ID, before, pageSize+1)
		return err
	})
	if err != nil {
		return err
	}
	path := fmt.Sprintf("/endpoints/%d/history", endpoint.ID)
	since := ""
	if !model.Since.IsZero() {
		since = "&since=" + timeQuery(model.Since)
		model.Records = slices.DeleteFunc(model.Records, func(record store.AssessmentRecord) bool { return record.Slot.Before(model.Since) })
	}
	if len(model.Records) > pageSize {
		model.Records = model.Records[:pageSize]
		model.Older = path + "?before=" + timeQuery(model.Records[pageSize-1].Slot) + since
	}
	if !before.IsZero() {
		model.Newest = path
	}
	return s.render(w, r, http.StatusOK, views.HistoryPage(s.page(r, "History of "+endpoint.Value, "/"), model))
}

// showAssessment shows one look in full.
func (s *server) showAssessment(w http.ResponseWriter, r *http.Request) error {
	endpoint, err := s.findEndpoint(r)
	if err != nil {
		return err
	}
	id, err := pathID(r, "assessment")
	if err != nil {
		return err
	}
	model := views.Assessment{Endpoint: endpoint}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if model.Record, err = tx.AssessmentRecord(ctx, endpoint.ID, id); err != nil {
			return err
		}
		model.Verdicts = verdictViews(model.Record.Verdicts, nil, nil)
		if model.Seen, err = seen(ctx, tx, model.Record.ManifestSHA256); err != nil {
			return err
		}
		model.Grade = gradeView(model.Record.Grade)
		offerLines(&model.Grade, model.Verdicts, model.Seen)
		addJudgement(&model.Seen, model.Record.Grade)
		measurements, err := tx.Measurements(ctx, model.Record.HostLookID, model.Record.HostLookAt)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		model.Measurements = &measurements
		return err
	})
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.AssessmentPage(s.page(r, "One look", "/"), model))
}

// queryTime reads a time from the query; the zero time if there is none.
func queryTime(r *http.Request, name string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, r.URL.Query().Get(name))
	if err != nil || at.Year() < 2000 || at.Year() > 9998 {
		return time.Time{}
	}
	return at
}

func timeQuery(at time.Time) string { return url.QueryEscape(at.UTC().Format(time.RFC3339Nano)) }
