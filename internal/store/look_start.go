package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Lease is the right to look at an endpoint until a time. It ends by itself.
type Lease struct {
	EndpointID   int64
	AssessmentID int64
	Host         string // empty: nothing on the network is looked at
	Port         uint16
	Until        time.Time // unique to the attempt that holds it
}

// HostLimit bounds looks at one host and port, whichever teams asked.
type HostLimit struct {
	AtOnce  int           // looks at the same time
	Spacing time.Duration // between the beginnings of two looks
}

// PendingAssessment returns an assessment that waits to be looked at.
// ErrNotFound: no such row. ErrConflict: it is finished.
func (tx *Tx) PendingAssessment(ctx context.Context, id int64, slot time.Time) (monitor.Assessment, error) {
	rows, _ := tx.Query(ctx, `SELECT `+assessmentColumns+` FROM assessments WHERE id = @id AND slot = @slot`,
		pgx.StrictNamedArgs{"id": id, "slot": slot})
	assessment, err := collectOne[monitor.Assessment](rows, ErrNotFound, "find assessment %d", id)
	if err == nil && !assessment.FinishedAt.IsZero() {
		err = fmt.Errorf("begin assessment %d, which is finished: %w", id, ErrConflict)
	}
	return assessment, err
}

// LeaseEndpoint takes the endpoint for one look and says whether it got it:
// another look may hold it.
func (tx *Tx) LeaseEndpoint(ctx context.Context, lease Lease, now time.Time) (bool, error) {
	const take = `
		UPDATE endpoints SET looking_id = @assessment, looking_until = @until
		WHERE id = @endpoint AND deleted_at IS NULL AND (looking_until IS NULL OR looking_until <= @now)`
	tag, err := tx.Exec(ctx, take, pgx.StrictNamedArgs{
		"assessment": lease.AssessmentID, "until": lease.Until, "endpoint": lease.EndpointID, "now": now,
	})
	if err != nil {
		return false, fmt.Errorf("lease endpoint %d: %w", lease.EndpointID, err)
	}
	return tag.RowsAffected() == 1, nil
}

// LeaseHost takes one of the host's few places and says whether there was one.
func (tx *Tx) LeaseHost(ctx context.Context, lease Lease, limit HostLimit, now time.Time) (bool, error) {
	arguments := pgx.StrictNamedArgs{"host": lease.Host, "port": int(lease.Port)}
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('gradewatch.host'), hashtext(@host || ':' || @port::int))`, arguments); err != nil {
		return false, fmt.Errorf("lock host %s: %w", lease.Host, err)
	}
	spaced := now.Add(-limit.Spacing)
	const forget = `DELETE FROM host_leases WHERE host = @host AND port = @port AND until <= @now AND started_at <= @spaced`
	arguments["now"], arguments["spaced"] = now, spaced
	if _, err := tx.Exec(ctx, forget, arguments); err != nil {
		return false, fmt.Errorf("forget what looked at host %s: %w", lease.Host, err)
	}
	const take = `
		INSERT INTO host_leases (host, port, assessment_id, started_at, until)
		SELECT @host, @port, @assessment, @now, @until
		WHERE (SELECT count(*) FROM host_leases WHERE host = @host AND port = @port AND until > @now) < @most
			AND NOT EXISTS (SELECT FROM host_leases WHERE host = @host AND port = @port AND started_at > @spaced)
		ON CONFLICT (host, port, assessment_id) DO UPDATE SET started_at = excluded.started_at, until = excluded.until`
	arguments["assessment"], arguments["until"], arguments["most"] = lease.AssessmentID, lease.Until, limit.AtOnce
	tag, err := tx.Exec(ctx, take, arguments)
	if err != nil {
		return false, fmt.Errorf("lease host %s: %w", lease.Host, err)
	}
	return tag.RowsAffected() == 1, nil
}

// Release gives up what lease still holds; what it lost meanwhile stays.
// The host's place ends at now; its row stays until the spacing is over.
func (tx *Tx) Release(ctx context.Context, lease Lease, now time.Time) error {
	const endpoint = `
		UPDATE endpoints SET looking_id = NULL, looking_until = NULL
		WHERE id = @endpoint AND looking_id = @assessment AND looking_until = @until`
	_, err := tx.Exec(ctx, endpoint, pgx.StrictNamedArgs{
		"endpoint": lease.EndpointID, "assessment": lease.AssessmentID, "until": lease.Until,
	})
	if err != nil {
		return fmt.Errorf("release endpoint %d: %w", lease.EndpointID, err)
	}
	if lease.Host == "" {
		return nil
	}
	const host = `
		UPDATE host_leases SET until = least(until, @now)
		WHERE host = @host AND port = @port AND assessment_id = @assessment AND until = @until`
	_, err = tx.Exec(ctx, host, pgx.StrictNamedArgs{
		"host": lease.Host, "port": int(lease.Port), "assessment": lease.AssessmentID, "until": lease.Until, "now": now,
	})
	if err != nil {
		return fmt.Errorf("release host %s: %w", lease.Host, err)
	}
	return nil
}

// BeginAssessment notes that a look began. A look that is tried again begins anew.
func (tx *Tx) BeginAssessment(ctx context.Context, assessment monitor.Assessment, now time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE assessments SET started_at = @now, stage = 'started' WHERE id = @id AND slot = @slot AND finished_at IS NULL`,
		pgx.StrictNamedArgs{"id": assessment.ID, "slot": assessment.Slot, "now": now})
	if err != nil {
		return fmt.Errorf("begin assessment %d: %w", assessment.ID, err)
	}
	return nil
}

// SetStage notes how far a look is, for people who wait.
func (tx *Tx) SetStage(ctx context.Context, assessment monitor.Assessment, stage string) error {
	_, err := tx.Exec(ctx, `UPDATE assessments SET stage = @stage WHERE id = @id AND slot = @slot AND finished_at IS NULL`,
		pgx.StrictNamedArgs{"id": assessment.ID, "slot": assessment.Slot, "stage": stage})
	if err != nil {
		return fmt.Errorf("note the progress of assessment %d: %w", assessment.ID, err)
	}
	return nil
}
