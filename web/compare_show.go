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
	read := func(ctx context.Context, tx *store.Tx) (err error) {
		if model.Endpoints, err = tx.EndpointSummaries(ctx, store.EndpointFilter{Limit: comparedURLs}, s.now()); err != nil {
			return err
		}
		for _, side := range []*views.ComparedSide{&model.Left, &model.Right} {
			if err := s.choose(ctx, tx, side, query.Get(side.Name)); err != nil {
				return err
			}
		}
		return nil
	}
	err := s.asReader(r, read)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if model.Left.Fault != "" || model.Right.Fault != "" {
		status = http.StatusUnprocessableEntity
	}
	model.Compare()
	return s.render(w, r, status, views.ComparisonPage(s.page(r, "Compare", "/"), model))
}

// asReader runs do with all that who is signed in may read: operators read over
// teams.
func (s *server) asReader(r *http.Request, do func(context.Context, *store.Tx) error) error {
	if may(r, auth.SeeFleet) {
		return s.Store.AsOperator(r.Context(), do)
	}
	return s.asTeam(r, do)
}

// choose reads what one side of a comparison is of. What cannot be compared is a
// fault of the form; what does not exist, or is another team's, is not found.
func (s *server) choose(ctx context.Context, tx *store.Tx, side *views.ComparedSide, chosen string) error {
	side.Chosen = chosen
	if chosen == "" {
		return nil
	}
	endpoint, assessment, ok := readChoice(chosen)
	if !ok {
		side.Chosen, side.Fault = "", "Choose a URL, or a look at it, from the list."
		return nil
	}
	var err error
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
