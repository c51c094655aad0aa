package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Standing is where an endpoint stands between two judgements.
type Standing struct {
	States map[string]monitor.RequirementState
	Last   JudgedBy           // zero: it was never judged
	Newest checks.Observation // the newest answer of each family of facts that the look asks
	Grade  monitor.GradeState
	// Availability is what the look before said about whether it is up.
	Availability monitor.AvailabilityState
	Windows      []monitor.MaintenanceWindow // that cover it, whether one of their occurrences runs or not
	Paused       bool                        // what the look's vantage sees cannot be believed
}

// JudgedBy is by which rules an endpoint was judged last.
type JudgedBy struct {
	AssessmentID int64
	At           time.Time
	Engine       string
	FullEngine   string // of the newest full look; empty: there was none
	Profile      string
	TrustData    string
	Criteria     string
}

// LockStanding makes judgements of one endpoint follow each other, until the
// transaction ends, and returns where it stands at at, as far as a look of a
// depth asks, from a vantage. ErrNotFound: it was removed.
func (tx *Tx) LockStanding(ctx context.Context, endpoint int64, depth checks.Depth, vantage string, at time.Time) (Standing, error) {
	var standing Standing
	arguments := pgx.NamedArgs{
		"endpoint": endpoint, "families": familiesOf(depth), "vantage": vantage, "sound": string(monitor.Sound), "at": at,
	}
	batch := &pgx.Batch{}
	batch.Queue(`
		SELECT coalesce(answered_at, '0001-01-01T00:00:00Z') AS looked_at, answer, answer_planned AS planned
		FROM endpoints WHERE id = @endpoint AND deleted_at IS NULL FOR NO KEY UPDATE`, arguments).Query(func(rows pgx.Rows) (err error) {
		standing.Availability, err = collectOne[monitor.AvailabilityState](rows, ErrNotFound, "lock endpoint %d", endpoint)
		return err
	})
	batch.Queue(requirementStates, arguments).Query(func(rows pgx.Rows) (err error) {
		standing.States, err = byRequirement(rows, endpoint)
		return err
	})
	batch.Queue(`
		SELECT id AS assessment_id, finished_at AS at, engine, coalesce((SELECT f.engine FROM assessments f
			WHERE f.endpoint_id = @endpoint AND f.depth = 'full' AND f.outcome = 'judged' ORDER BY f.slot DESC LIMIT 1), '') AS full_engine, profile, trust_data, coalesce(criteria, '') AS criteria FROM assessments
		WHERE endpoint_id = @endpoint AND outcome = 'judged' ORDER BY slot DESC LIMIT 1`, arguments).Query(func(rows pgx.Rows) error {
		last, err := collectAll[JudgedBy](rows, "find the last judgement of endpoint %d", endpoint)
		if len(last) == 1 {
			standing.Last = last[0]
		}
		return err
	})
	batch.Queue(newestAnswers, arguments).Query(func(rows pgx.Rows) (err error) {
		standing.Newest, err = together(rows, endpoint)
		return err
	})
	batch.Queue(windowsOf, arguments).Query(func(rows pgx.Rows) (err error) {
		standing.Windows, err = collectAll[monitor.MaintenanceWindow](rows, "list the maintenance windows of endpoint %d", endpoint)
		return err
	})
	batch.Queue(`SELECT name FROM vantages WHERE name = @vantage AND state <> @sound`, arguments).Query(func(rows pgx.Rows) error {
		unsound, err := pgx.CollectRows(rows, pgx.RowTo[string])
		standing.Paused = len(unsound) > 0
		return err
	})
	batch.Queue(gradeState, arguments).Query(func(rows pgx.Rows) (err error) {
		standing.Grade, err = gradeStateOf(rows, endpoint)
		return err
	})
	err := tx.SendBatch(ctx, batch).Close()
	return standing, err
}

// Settlement is how a judgement leaves its endpoint.
type Settlement struct {
	Assessment  monitor.Assessment
	Lease       Lease
	At          time.Time                           // of the judgement
	Before      map[string]monitor.RequirementState // as Standing had them
	States      map[string]monitor.RequirementState
	GradeBefore monitor.GradeState
	Grade       monitor.GradeState
	Observation *checks.Observation // what the look itself saw; nil: nothing on the network was looked at
	Seen        Seen
	Full        monitor.FullPlan
	RunBy       time.Time // the next run is not later than this; zero: as scheduled
	// Availability is what the look said about whether it is up, and Days what
	// that adds.
	Availability monitor.AvailabilityState
	Days         []monitor.AvailabilityDay
}

// Settle writes where the endpoint stands and gives the lease up. Of the rows
// that say how it stands, only those that changed are written.
func (tx *Tx) Settle(ctx context.Context, settlement Settlement, now time.Time) error {
	batch := &pgx.Batch{}
	for requirement, state := range settlement.States {
		if before, known := settlement.Before[requirement]; !known || !before.Same(state) {
			queueRequirementState(batch, settlement.Assessment, state, settlement.At)
		}
	}
	if settlement.Observation != nil {
		queueEndpointStatus(batch, settlement.Assessment, settlement.Observation, settlement.Seen.Look, settlement.At)
	}
	if !settlement.Grade.Same(settlement.GradeBefore) {
		queueGradeState(batch, settlement)
	}
	queueRelease(batch, settlement.Lease, settlement.At, now)
	queueLooked(batch, settlement)
	queueAvailability(batch, settlement)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("note where endpoint %d stands: %w", settlement.Assessment.EndpointID, err)
	}
	return nil
}

// queueLooked notes how new the answers of a depth are, and when the next full
// look is due.
func queueLooked(batch *pgx.Batch, settlement Settlement) {
	batch.Queue(`
		UPDATE endpoints SET
			quick_looked_at = CASE WHEN @depth = 'full' THEN quick_looked_at ELSE @at END,
			full_looked_at = CASE WHEN @depth = 'full' THEN @at ELSE full_looked_at END,
			next_full_at = coalesce(@full, next_full_at),
			next_run_at = least(next_run_at, @run, @by),
			answered_at = @answered, answer = @answer, answer_planned = @planned
		WHERE id = @endpoint`,
		pgx.StrictNamedArgs{
			"endpoint": settlement.Assessment.EndpointID, "depth": settlement.Assessment.Depth, "at": settlement.At,
			"full": timeOrNil(settlement.Full.DueAt), "run": timeOrNil(settlement.Full.RunAt),
			"by": timeOrNil(settlement.RunBy), "answered": timeOrNil(settlement.Availability.LookedAt),
			"answer": string(settlement.Availability.Answer), "planned": settlement.Availability.Planned,
		})
}
