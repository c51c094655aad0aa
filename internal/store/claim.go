package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// dueEndpoint is what the claim needs to know of an endpoint that is due.
type dueEndpoint struct {
	ID        int64
	Interval  time.Duration
	NextRunAt time.Time
	CreatedAt time.Time
}

// longestLate is how far back the slot of a late run may lie: further back its
// partition may be gone, and one such row would fail the whole claim.
const longestLate = 31 * 24 * time.Hour

// ClaimDue takes up to limit endpoints that are due at now, moves each to its
// next run, and returns the assessments that it asked for: the caller inserts
// their jobs in the same transaction. claimed counts the endpoints; one whose
// last scheduled look is still unfinished moves on without another, so that a
// backlog does not grow. Claims at the same time skip each other's rows.
func (tx *Tx) ClaimDue(ctx context.Context, now time.Time, limit int) (asked []monitor.Assessment, claimed int, err error) {
	const due = `
		SELECT id, interval_seconds::bigint * 1000000000 AS interval, next_run_at, created_at FROM endpoints
		WHERE deleted_at IS NULL AND next_run_at <= @now
		ORDER BY next_run_at LIMIT @limit FOR UPDATE SKIP LOCKED`
	rows, _ := tx.Query(ctx, due, pgx.StrictNamedArgs{"now": now, "limit": limit})
	endpoints, err := collectAll[dueEndpoint](rows, "claim what is due")
	if err != nil || len(endpoints) == 0 {
		return nil, 0, err
	}
	ids, slots, next := make([]int64, 0, len(endpoints)), make([]time.Time, 0, len(endpoints)), make([]time.Time, 0, len(endpoints))
	for _, endpoint := range endpoints {
		slot := endpoint.NextRunAt
		if now.Sub(slot) > longestLate {
			slot = now
		}
		schedule := monitor.Schedule{EndpointID: endpoint.ID, Anchor: endpoint.CreatedAt, Interval: endpoint.Interval}
		ids, slots, next = append(ids, endpoint.ID), append(slots, slot), append(next, schedule.Next(now))
	}
	const move = `
		UPDATE endpoints e SET next_run_at = d.next
		FROM unnest(@ids::bigint[], @next::timestamptz[]) AS d(id, next) WHERE e.id = d.id`
	if _, err := tx.Exec(ctx, move, pgx.StrictNamedArgs{"ids": ids, "next": next}); err != nil {
		return nil, 0, fmt.Errorf("move %d endpoints to their next run: %w", len(ids), err)
	}
	const ask = `
		INSERT INTO assessments (team_id, endpoint_id, slot, purpose, vantage, depth, requested_at)
		SELECT e.team_id, e.id, d.slot, 'scheduled', e.vantage, 'quick', @now
		FROM unnest(@ids::bigint[], @slots::timestamptz[]) AS d(id, slot) JOIN endpoints e ON e.id = d.id
		WHERE NOT EXISTS (SELECT FROM assessments u
			WHERE u.endpoint_id = e.id AND u.slot < d.slot AND u.finished_at IS NULL AND u.purpose = 'scheduled')
		ON CONFLICT (endpoint_id, slot) DO NOTHING
		RETURNING ` + assessmentColumns
	rows, _ = tx.Query(ctx, ask, pgx.StrictNamedArgs{"now": now, "ids": ids, "slots": slots})
	asked, err = collectAll[monitor.Assessment](rows, "ask for %d looks", len(ids))
	return asked, len(endpoints), err
}
