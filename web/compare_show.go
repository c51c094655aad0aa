package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

const (
	comparedURLs  = 500 // endpoints that the form lists
	comparedLooks = 30  // looks at each that it lists
)

// showComparison puts two looks side by side: two at one URL, or the newest of
// two. Operators compare over teams.
func (s *server) showComparison(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	model := views.Comparison{All: query.Get("all") == "yes"}
	model.Left.Name, model.Right.Name = "left", "right"
	read := s.asTeam
	if may(r, auth.SeeFleet) {
		read = func(r *http.Request, do func(context.Context, *store.Tx) error) error {
			return s.Store.AsOperator(r.Context(), do)
		}
	}
	err := read(r, func(ctx context.Context, tx *store.Tx) (err error) {
		model.Endpoints, err = tx.EndpointSummaries(ctx, store.EndpointFilter{Limit: comparedURLs}, s.now())
		return err
	})
	if err != nil {
		return err
	}
	for _, side := range []*views.ComparedSide{&model.Left, &model.Right} {
		if err := s.choose(r, side, query.Get(side.Name)); err != nil {
			return err
		}
	}
	status := http.StatusOK
	if model.Left.Fault != "" || model.Right.Fault != "" {
		status = http.StatusUnprocessableEntity
	}
	model.Compare()
	return s.render(w, r, status, views.ComparisonPage(s.page(r, "Compare", "/"), model))
}

// choose reads what one side of a comparison is of. What cannot be compared is a
// fault of the form; what does not exist, or is another team's, is not found.
func (s *server) choose(r *http.Request, side *views.ComparedSide, chosen string) error {
	side.Chosen = chosen
	if chosen == "" {
		return nil
	}
	endpoint, assessment, ok := readChoice(chosen)
	if !ok {
		side.Chosen, side.Fault = "", "Choose a URL, or a look at it, for the "+side.Name+" side."
		return nil
	}
	return s.asTeamOf(r, endpoint, func(ctx context.Context, tx *store.Tx) error {
		return readSide(ctx, tx, side, endpoint, assessment)
	})
}

// asTeamOf runs do in the team of who is signed in, and for operators in that
// of the endpoint: what was seen is read by teams only.
func (s *server) asTeamOf(r *http.Request, endpoint int64, do func(context.Context, *store.Tx) error) error {
	if !may(r, auth.SeeFleet) {
		return s.asTeam(r, do)
	}
	var found monitor.Endpoint
	err := s.Store.AsOperator(r.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		found, err = tx.Endpoint(ctx, endpoint)
		return err
	})
	if err != nil {
		return err
	}
	return s.Store.AsTeam(r.Context(), found.TeamID, do)
}

func readSide(ctx context.Context, tx *store.Tx, side *views.ComparedSide, endpoint, assessment int64) (err error) {
	if side.Endpoint, err = tx.Endpoint(ctx, endpoint); err != nil {
		return err
	}
	if side.Looks, err = tx.AssessmentPage(ctx, endpoint, time.Time{}, comparedLooks); err != nil {
		return err
	}
	record, err := chosenLook(ctx, tx, endpoint, assessment)
	switch {
	case errors.Is(err, store.ErrNotFound) && assessment == 0:
		side.Fault = "Nobody has looked at this URL yet. Compare it after its first look."
		return nil
	case err != nil:
		return err
	case record.Outcome != "judged":
		side.Fault = "This look is not finished, or came to nothing. Choose another one."
		return nil
	}
	side.Record, side.Newest = &record, assessment == 0
	side.Snapshot, err = snapshotOf(ctx, tx, record, side.Newest)
	return err
}

// readChoice reads ENDPOINT or ENDPOINT@ASSESSMENT; assessment 0: the newest.
func readChoice(text string) (endpoint, assessment int64, ok bool) {
	first, second, one := strings.Cut(text, "@")
	endpoint, err := strconv.ParseInt(first, 10, 64)
	if err != nil || endpoint <= 0 {
		return 0, 0, false
	}
	if !one {
		return endpoint, 0, true
	}
	assessment, err = strconv.ParseInt(second, 10, 64)
	return endpoint, assessment, err == nil && assessment > 0
}

func chosenLook(ctx context.Context, tx *store.Tx, endpoint, assessment int64) (store.AssessmentRecord, error) {
	if assessment == 0 {
		return tx.NewestAssessment(ctx, endpoint)
	}
	return tx.AssessmentRecord(ctx, endpoint, assessment)
}

// snapshotOf is what a look saw and came to. The newest look at a URL is
// compared with the newest answer of each family of facts: a quick look hides
// nothing that a full one found.
func snapshotOf(ctx context.Context, tx *store.Tx, record store.AssessmentRecord, newest bool) (monitor.Snapshot, error) {
	engine, _, _ := strings.Cut(record.Engine, "+")
	snapshot := monitor.Snapshot{
		At: record.FinishedAt, Verdicts: record.Verdicts, Engine: engine, Profile: record.Profile, TrustData: record.TrustData,
	}
	if record.Grade != nil {
		snapshot.Grade, snapshot.Criteria = &record.Grade.Endpoint, record.Grade.Endpoint.Criteria
	}
	var observed views.Seen
	var err error
	if newest {
		observed, _, err = newestSeen(ctx, tx, record.EndpointID, record.ManifestSHA256)
	} else {
		observed, err = seen(ctx, tx, record.ManifestSHA256)
	}
	if err != nil {
		return snapshot, fmt.Errorf("read what assessment %d saw: %w", record.ID, err)
	}
	snapshot.Observation, err = store.Together(observed.Components)
	snapshot.Observation.Depth = checks.Depth(record.Depth)
	return snapshot, err
}
