package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

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

// Pending is an assessment that waits to be looked at, with its endpoint.
type Pending struct {
	Assessment monitor.Assessment
	Endpoint   monitor.Endpoint // zero: it was removed
	LookedAt   time.Time        // when the endpoint was judged last; zero: never
	Waivers    []monitor.Waiver // of the endpoint, that nobody ended
}

// PendingLook returns what a look needs to know. ErrNotFound: no such
// assessment. ErrConflict: it is finished.
func (tx *Tx) PendingLook(ctx context.Context, id int64, slot time.Time) (Pending, error) {
	type row struct {
		monitor.Endpoint
		LookedAt time.Time
	}
	var pending Pending
	batch := &pgx.Batch{}
	arguments := pgx.StrictNamedArgs{"id": id, "slot": slot}
	batch.Queue(`SELECT `+assessmentColumns+` FROM assessments WHERE id = @id AND slot = @slot`, arguments).Query(func(rows pgx.Rows) (err error) {
		pending.Assessment, err = collectOne[monitor.Assessment](rows, ErrNotFound, "find assessment %d", id)
		return err
	})
	batch.Queue(`SELECT `+endpointColumns+`, coalesce(e.looked_at, '0001-01-01T00:00:00Z') AS looked_at
		FROM endpoints e JOIN applications a ON a.id = e.application_id
		WHERE e.deleted_at IS NULL AND e.id = (SELECT endpoint_id FROM assessments WHERE id = @id AND slot = @slot)`,
		arguments).Query(func(rows pgx.Rows) error {
		found, err := collectAll[row](rows, "find the endpoint of assessment %d", id)
		if len(found) == 1 {
			pending.Endpoint, pending.LookedAt = found[0].Endpoint, found[0].LookedAt
		}
		return err
	})
	batch.Queue(`SELECT `+waiverColumns+` FROM waivers
		WHERE ended_at IS NULL AND endpoint_id = (SELECT endpoint_id FROM assessments WHERE id = @id AND slot = @slot)
		ORDER BY until, id`, arguments).Query(func(rows pgx.Rows) (err error) {
		pending.Waivers, err = collectAll[monitor.Waiver](rows, "list the waivers of assessment %d", id)
		return err
	})
	var siblings []sibling
	batch.Queue(siblingsOfAssessment, arguments).Query(func(rows pgx.Rows) (err error) {
		siblings, err = collectAll[sibling](rows, "list what else is registered with the endpoint of assessment %d", id)
		return err
	})
	err := tx.SendBatch(ctx, batch).Close()
	pending.Endpoint.ClientID, pending.Endpoint.Siblings = siblingsOf(pending.Endpoint.ID, siblings)
	if err == nil && !pending.Assessment.FinishedAt.IsZero() {
		err = fmt.Errorf("begin assessment %d, which is finished: %w", id, ErrConflict)
	}
	return pending, err
}

// BeginLook takes the endpoint for one look, and one of the few places of its
// host, and notes that the look began. It says whether it got both: where it
// did not, the caller rolls the transaction back.
func (tx *Tx) BeginLook(ctx context.Context, lease Lease, slot time.Time, limit HostLimit, now time.Time) (leased bool, err error) {
	arguments := pgx.NamedArgs{
		"endpoint": lease.EndpointID, "assessment": lease.AssessmentID, "slot": slot, "until": lease.Until, "now": now,
		"host": lease.Host, "port": int(lease.Port), "spaced": now.Add(-limit.Spacing), "most": limit.AtOnce,
	}
	got, wanted := int64(0), int64(1)
	count := func(tag pgconn.CommandTag) error { got += tag.RowsAffected(); return nil }
	batch := &pgx.Batch{}
	batch.Queue(`
		UPDATE endpoints SET looking_id = @assessment, looking_until = @until
		WHERE id = @endpoint AND deleted_at IS NULL AND (looking_until IS NULL OR looking_until <= @now)`, arguments).Exec(count)
	if lease.Host != "" {
		wanted++
		batch.Queue(`SELECT pg_advisory_xact_lock(hashtext('gradewatch.host'), hashtext(@host || ':' || @port::int))`, arguments)
		batch.Queue(`DELETE FROM host_leases WHERE host = @host AND port = @port AND until <= @now AND started_at <= @spaced`, arguments)
		batch.Queue(`
			INSERT INTO host_leases (host, port, assessment_id, started_at, until)
			SELECT @host, @port, @assessment, @now, @until
			WHERE (SELECT count(*) FROM host_leases WHERE host = @host AND port = @port AND until > @now) < @most
				AND NOT EXISTS (SELECT FROM host_leases WHERE host = @host AND port = @port AND started_at > @spaced)
			ON CONFLICT (host, port, assessment_id) DO UPDATE SET started_at = excluded.started_at, until = excluded.until`,
			arguments).Exec(count)
	}
	batch.Queue(`UPDATE assessments SET started_at = @now, stage = 'started' WHERE id = @assessment AND slot = @slot AND finished_at IS NULL`, arguments)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return false, fmt.Errorf("begin assessment %d of endpoint %d at %s: %w", lease.AssessmentID, lease.EndpointID, lease.Host, err)
	}
	return got == wanted, nil
}

// Release gives up what lease still holds, after a look that was not judged;
// what it lost meanwhile stays. The host's place ends at now; its row stays
// until the spacing is over.
func (tx *Tx) Release(ctx context.Context, lease Lease, now time.Time) error {
	batch := &pgx.Batch{}
	queueRelease(batch, lease, time.Time{}, now)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("release endpoint %d and its host: %w", lease.EndpointID, err)
	}
	return nil
}

// queueRelease queues what Release does, and notes when the endpoint was
// looked at, unless lookedAt is zero.
func queueRelease(batch *pgx.Batch, lease Lease, lookedAt, now time.Time) {
	batch.Queue(`
		UPDATE endpoints SET looked_at = coalesce(@looked::timestamptz, looked_at),
			looking_id = CASE WHEN looking_id = @assessment AND looking_until = @until THEN NULL ELSE looking_id END,
			looking_until = CASE WHEN looking_id = @assessment AND looking_until = @until THEN NULL ELSE looking_until END
		WHERE id = @endpoint AND (@looked::timestamptz IS NOT NULL OR looking_id = @assessment AND looking_until = @until)`,
		pgx.StrictNamedArgs{
			"looked": timeOrNil(lookedAt), "endpoint": lease.EndpointID, "assessment": lease.AssessmentID, "until": lease.Until,
		})
	if lease.Host == "" {
		return
	}
	batch.Queue(`
		UPDATE host_leases SET until = least(until, @now)
		WHERE host = @host AND port = @port AND assessment_id = @assessment AND until = @until`,
		pgx.StrictNamedArgs{
			"host": lease.Host, "port": int(lease.Port), "assessment": lease.AssessmentID, "until": lease.Until, "now": now,
		})
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
