package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// assessmentColumns are read by every query that returns monitor.Assessment,
// from the table assessments by its own name.
const assessmentColumns = `id, team_id, endpoint_id, slot, purpose, vantage, depth,
	depth = 'full' AND EXISTS (SELECT FROM intrusive_leaves l JOIN endpoints le ON le.id = l.endpoint_id
		WHERE l.endpoint_id = assessments.endpoint_id AND l.host IN ('', le.host)) AS intrusive, requested_at,
	coalesce(started_at, '0001-01-01T00:00:00Z') AS started_at, stage,
	coalesce(finished_at, '0001-01-01T00:00:00Z') AS finished_at,
	coalesce(profile, '') AS profile, coalesce(engine, '') AS engine, coalesce(trust_data, '') AS trust_data,
	coalesce(grade, '') AS letter, provisional, coalesce(criteria, '') AS criteria, changed`

// RequestAssessment asks for a look of a depth at an endpoint that is due at slot, and
// returns its assessment's row, still unfinished. The caller inserts the job
// in the same transaction. ErrConflict: the slot is taken. ErrNotFound: there
// is no such endpoint for the transaction's team.
func (tx *Tx) RequestAssessment(ctx context.Context, endpoint int64, purpose monitor.Purpose, depth checks.Depth, slot, requestedAt time.Time) (monitor.Assessment, error) {
	return tx.requestFrom(ctx, endpoint, "", purpose, depth, slot, requestedAt)
}

// RequestConfirmation is RequestAssessment for a confirming look from a vantage;
// empty: the endpoint's own.
func (tx *Tx) RequestConfirmation(ctx context.Context, endpoint int64, vantage string, depth checks.Depth, slot, requestedAt time.Time) (monitor.Assessment, error) {
	return tx.requestFrom(ctx, endpoint, vantage, monitor.Confirm, depth, slot, requestedAt)
}

func (tx *Tx) requestFrom(ctx context.Context, endpoint int64, vantage string, purpose monitor.Purpose, depth checks.Depth, slot, requestedAt time.Time) (monitor.Assessment, error) {
	const insert = `
		INSERT INTO assessments (team_id, endpoint_id, slot, purpose, vantage, depth, requested_at)
		SELECT team_id, id, @slot, @purpose, coalesce(nullif(@vantage, ''), vantage), @depth, @requested
		FROM endpoints WHERE id = @endpoint AND deleted_at IS NULL
		ON CONFLICT (endpoint_id, slot) DO NOTHING
		RETURNING ` + assessmentColumns
	rows, _ := tx.Query(ctx, insert, pgx.StrictNamedArgs{
		"endpoint": endpoint, "slot": slot, "purpose": string(purpose), "depth": string(depth), "requested": requestedAt,
		"vantage": vantage,
	})
	assessment, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[monitor.Assessment])
	if errors.Is(err, pgx.ErrNoRows) {
		why, err := tx.whyNotRequested(ctx, endpoint)
		return assessment, fmt.Errorf("ask for a look at endpoint %d at %s: %w", endpoint, slot.UTC().Format(time.RFC3339), errors.Join(why, err))
	}
	if err != nil {
		return assessment, fmt.Errorf("ask for a look at endpoint %d: %w", endpoint, err)
	}
	return assessment, nil
}

// LockRequests makes people's requests for looks at one endpoint follow each
// other, until the transaction ends: of two presses at the same time the second
// finds the first one's look.
func (tx *Tx) LockRequests(ctx context.Context, endpoint int64) error {
	const lock = `SELECT pg_advisory_xact_lock(hashtextextended('gradewatch.request', @endpoint))`
	if _, err := tx.Exec(ctx, lock, pgx.StrictNamedArgs{"endpoint": endpoint}); err != nil {
		return fmt.Errorf("lock the requests for endpoint %d: %w", endpoint, err)
	}
	return nil
}

// LookUnderWay says whether a look at an endpoint that was due by at is
// unfinished and asks all that one of depth would.
func (tx *Tx) LookUnderWay(ctx context.Context, endpoint int64, depth checks.Depth, at time.Time) (underWay bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM assessments WHERE endpoint_id = @endpoint AND finished_at IS NULL
		AND slot <= @at AND (depth = 'full' OR @depth = 'quick'))`,
		pgx.StrictNamedArgs{"endpoint": endpoint, "depth": string(depth), "at": at}).Scan(&underWay)
	if err != nil {
		return false, fmt.Errorf("look for an unfinished look at endpoint %d: %w", endpoint, err)
	}
	return underWay, nil
}

// whyNotRequested tells a taken slot from a missing endpoint.
func (tx *Tx) whyNotRequested(ctx context.Context, endpoint int64) (why, err error) {
	var exists bool
	const query = `SELECT EXISTS (SELECT FROM endpoints WHERE id = @endpoint AND deleted_at IS NULL)`
	if err := tx.QueryRow(ctx, query, pgx.StrictNamedArgs{"endpoint": endpoint}).Scan(&exists); err != nil {
		return nil, fmt.Errorf("look for the endpoint: %w", err)
	}
	if exists {
		return ErrConflict, nil
	}
	return ErrNotFound, nil
}
