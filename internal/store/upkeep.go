package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// retentionFloor is how long audit and measurements stay at the least
// (superoffice.md S-06). The database refuses less, too.
const retentionFloor = 92 * 24 * time.Hour

// EnsurePartitions makes the monthly partitions from at's month to months later.
func (tx *Tx) EnsurePartitions(ctx context.Context, at time.Time, months int) error {
	if _, err := tx.Exec(ctx, `SELECT ensure_partitions(@at, @months)`, pgx.StrictNamedArgs{"at": at, "months": months}); err != nil {
		return fmt.Errorf("make partitions ahead: %w", err)
	}
	return nil
}

// DropPartitions drops the partitions of a table that ended more than keep
// before at, but at least 92 days, and returns how many.
func (tx *Tx) DropPartitions(ctx context.Context, table string, at time.Time, keep time.Duration) (dropped int, err error) {
	err = tx.QueryRow(ctx, `SELECT drop_partitions(@table, @at, @keep)`, pgx.StrictNamedArgs{
		"table": table, "at": at, "keep": max(keep, retentionFloor),
	}).Scan(&dropped)
	if err != nil {
		return 0, fmt.Errorf("drop old partitions of %s: %w", table, err)
	}
	return dropped, nil
}

// ExpireSignIns removes sessions and sign-in links that ended before at.
func (tx *Tx) ExpireSignIns(ctx context.Context, at time.Time) (removed int64, err error) {
	for _, table := range []string{"sessions", "sign_in_links"} {
		tag, err := tx.Exec(ctx, `DELETE FROM `+pgx.Identifier{table}.Sanitize()+` WHERE expires_at < @at`, pgx.StrictNamedArgs{"at": at})
		if err != nil {
			return removed, fmt.Errorf("remove expired %s: %w", table, err)
		}
		removed += tag.RowsAffected()
	}
	return removed, nil
}

// ExpireAudit removes audit rows older than keep, but at least 92 days.
func (tx *Tx) ExpireAudit(ctx context.Context, at time.Time, keep time.Duration) (removed int64, err error) {
	tag, err := tx.Exec(ctx, `DELETE FROM audit WHERE occurred_at < @before`,
		pgx.StrictNamedArgs{"before": at.Add(-max(keep, retentionFloor))})
	if err != nil {
		return 0, fmt.Errorf("remove old audit rows: %w", err)
	}
	return tag.RowsAffected(), nil
}

// CollectComponents removes manifests and components last seen in a month that
// ended more than keep before at, and that no current status names. It must run
// before the partitions that name them are dropped.
func (tx *Tx) CollectComponents(ctx context.Context, at time.Time, keep time.Duration) (removed int64, err error) {
	arguments := pgx.StrictNamedArgs{"before": monthOf(at.Add(-max(keep, retentionFloor)))}
	for _, statement := range []string{
		`DELETE FROM manifests m WHERE last_seen_month < @before
			AND NOT EXISTS (SELECT FROM endpoint_status s WHERE s.manifest_sha256 = m.sha256)`,
		`DELETE FROM components c WHERE last_seen_month < @before
			AND NOT EXISTS (SELECT FROM manifest_entries e WHERE e.component_sha256 = c.sha256)
			AND NOT EXISTS (SELECT FROM endpoint_grades g WHERE g.grade_sha256 = c.sha256)`,
	} {
		tag, err := tx.Exec(ctx, statement, arguments)
		if err != nil {
			return removed, fmt.Errorf("collect components: %w", err)
		}
		removed += tag.RowsAffected()
	}
	return removed, nil
}

// FillHosts notes the host of endpoints that a release before this column wrote,
// at most 5,000, and returns how many.
func (tx *Tx) FillHosts(ctx context.Context) (filled int64, err error) {
	rows, _ := tx.Query(ctx, `SELECT id, value_kind, value, probe_url FROM endpoints
		WHERE deleted_at IS NULL AND host = '' AND value_kind IN ('literal', 'pattern') ORDER BY id LIMIT 5000`)
	type row struct {
		ID        int64
		ValueKind policy.ValueKind
		Value     string
		ProbeURL  string
	}
	endpoints, err := collectAll[row](rows, "list endpoints without a host")
	if err != nil {
		return 0, err
	}
	var ids []int64
	var hosts []string
	for _, e := range endpoints {
		if host := (monitor.Endpoint{ValueKind: e.ValueKind, Value: e.Value, ProbeURL: e.ProbeURL}).Host(); host != "" {
			ids, hosts = append(ids, e.ID), append(hosts, host)
		}
	}
	tag, err := tx.Exec(ctx, `UPDATE endpoints e SET host = d.host FROM unnest(@ids::bigint[], @hosts::text[]) AS d(id, host)
		WHERE e.id = d.id AND e.host = ''`, pgx.StrictNamedArgs{"ids": ids, "hosts": hosts})
	if err != nil {
		return 0, fmt.Errorf("note the hosts of %d endpoints: %w", len(ids), err)
	}
	return tag.RowsAffected(), nil
}

// DropOrphans finishes what was asked for before before and has no job any
// more, since River gave it up: assessments as dropped, deliveries as failed.
// What waits for a summary has no job of its own, and LateSummaries finds it.
func (tx *Tx) DropOrphans(ctx context.Context, before, at time.Time) (dropped int64, err error) {
	arguments := pgx.StrictNamedArgs{"before": before, "at": at}
	const live = `j.state IN ('available', 'pending', 'retryable', 'running', 'scheduled')`
	for _, statement := range []string{
		`UPDATE assessments a SET finished_at = @at, outcome = 'dropped', stage = 'finished'
			WHERE a.finished_at IS NULL AND a.requested_at < @before
				AND NOT EXISTS (SELECT FROM river_job j WHERE j.kind = 'look' AND ` + live + `
					AND j.args @> jsonb_build_object('assessment_id', a.id))`,
		`UPDATE deliveries d SET state = 'failed', next_attempt_at = NULL, finished_at = @at
			WHERE d.state = 'pending' AND d.created_at < @before AND d.summary_at IS NULL
				AND NOT EXISTS (SELECT FROM river_job j WHERE j.kind = 'deliver' AND ` + live + `
					AND j.args @> jsonb_build_object('delivery_id', d.id::text))`,
	} {
		tag, err := tx.Exec(ctx, statement, arguments)
		if err != nil {
			return dropped, fmt.Errorf("finish what has no job any more: %w", err)
		}
		dropped += tag.RowsAffected()
	}
	if _, err := tx.Exec(ctx, `DELETE FROM host_leases WHERE until < @before`, pgx.StrictNamedArgs{"before": before}); err != nil {
		return dropped, fmt.Errorf("forget old leases: %w", err)
	}
	return dropped, nil
}
