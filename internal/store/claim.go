package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// dueEndpoint is what the claim needs to know of an endpoint that is due.
type dueEndpoint struct {
	ID         int64
	ValueKind  policy.ValueKind
	Value      string
	ProbeURL   string
	Interval   time.Duration
	NextRunAt  time.Time
	NextFullAt time.Time
	Anchor     time.Time
}

func (d dueEndpoint) endpoint() monitor.Endpoint {
	return monitor.Endpoint{
		ID: d.ID, ValueKind: d.ValueKind, Value: d.Value, ProbeURL: d.ProbeURL,
		Interval: d.Interval, NextRunAt: d.NextRunAt, NextFullAt: d.NextFullAt, Anchor: d.Anchor,
	}
}

// longestLate is how far back the slot of a late run may lie: further back its
// partition may be gone, and one such row would fail the whole claim.
const longestLate = 31 * 24 * time.Hour

// ClaimDue takes up to limit endpoints that are due at now, moves each to its
// next run, and returns the assessments that it asked for, full where a full
// look is due: the caller inserts their jobs in the same transaction. count is
// of the endpoints; one whose last scheduled look is still unfinished moves on
// without another, so that a backlog does not grow, and stays due for a full
// one. Claims at the same time skip each other's rows.
func (tx *Tx) ClaimDue(ctx context.Context, now time.Time, limit int) (asked []monitor.Assessment, count int, err error) {
	const due = `
		SELECT id, value_kind, value, probe_url, interval_seconds::bigint * 1000000000 AS interval, next_run_at,
			coalesce(next_full_at, '0001-01-01T00:00:00Z') AS next_full_at, coalesce(anchor_at, created_at) AS anchor FROM endpoints
		WHERE deleted_at IS NULL AND next_run_at <= @now
		ORDER BY next_run_at LIMIT @limit FOR UPDATE SKIP LOCKED`
	rows, _ := tx.Query(ctx, due, pgx.StrictNamedArgs{"now": now, "limit": limit})
	endpoints, err := collectAll[dueEndpoint](rows, "claim what is due")
	if err != nil || len(endpoints) == 0 {
		return nil, 0, err
	}
	asked, err = tx.askForRuns(ctx, endpoints, now)
	if err != nil {
		return nil, 0, err
	}
	return asked, len(endpoints), tx.moveToNextRun(ctx, endpoints, asked, now)
}

// askForRuns inserts the assessments of endpoints that are due, and returns
// those that it inserted.
func (tx *Tx) askForRuns(ctx context.Context, due []dueEndpoint, now time.Time) ([]monitor.Assessment, error) {
	ids, slots, depths := make([]int64, 0, len(due)), make([]time.Time, 0, len(due)), make([]string, 0, len(due))
	for _, endpoint := range due {
		slot := endpoint.NextRunAt
		if now.Sub(slot) > longestLate {
			slot = now
		}
		ids, slots, depths = append(ids, endpoint.ID), append(slots, slot), append(depths, string(endpoint.endpoint().DepthAt(now)))
	}
	const ask = `
		INSERT INTO assessments (team_id, endpoint_id, slot, purpose, vantage, depth, requested_at)
		SELECT e.team_id, e.id, d.slot, 'scheduled', e.vantage, d.depth, @now
		FROM unnest(@ids::bigint[], @slots::timestamptz[], @depths::text[]) AS d(id, slot, depth) JOIN endpoints e ON e.id = d.id
		WHERE NOT EXISTS (SELECT FROM assessments u
			WHERE u.endpoint_id = e.id AND u.slot < d.slot AND u.finished_at IS NULL AND u.purpose = 'scheduled')
		ON CONFLICT (endpoint_id, slot) DO NOTHING
		RETURNING ` + assessmentColumns
	rows, _ := tx.Query(ctx, ask, pgx.StrictNamedArgs{"now": now, "ids": ids, "slots": slots, "depths": depths})
	return collectAll[monitor.Assessment](rows, "ask for %d looks", len(ids))
}

// moveToNextRun moves endpoints that were due to their next run, and those that
// a full look was asked for to the run of the next one.
func (tx *Tx) moveToNextRun(ctx context.Context, due []dueEndpoint, asked []monitor.Assessment, now time.Time) error {
	full := map[int64]bool{}
	for _, assessment := range asked {
		full[assessment.EndpointID] = assessment.Depth == string(checks.Full)
	}
	ids, next, nextFull := make([]int64, 0, len(due)), make([]time.Time, 0, len(due)), make([]*time.Time, 0, len(due))
	for _, endpoint := range due {
		schedule := endpoint.endpoint().Schedule()
		ids, next = append(ids, endpoint.ID), append(next, schedule.Next(now))
		if full[endpoint.ID] {
			nextFull = append(nextFull, timeOrNil(schedule.NextFull(now)))
		} else {
			nextFull = append(nextFull, nil)
		}
	}
	const move = `
		UPDATE endpoints e SET next_run_at = d.next, next_full_at = coalesce(d.next_full, e.next_full_at)
		FROM unnest(@ids::bigint[], @next::timestamptz[], @full::timestamptz[]) AS d(id, next, next_full) WHERE e.id = d.id`
	if _, err := tx.Exec(ctx, move, pgx.StrictNamedArgs{"ids": ids, "next": next, "full": nextFull}); err != nil {
		return fmt.Errorf("move %d endpoints to their next run: %w", len(ids), err)
	}
	return nil
}
