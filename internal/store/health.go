package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

const healthColumns = `name AS vantage, state, coalesce(since, '0001-01-01T00:00:00Z') AS since, reason,
	coalesce(checked_at, '0001-01-01T00:00:00Z') AS checked_at, failures, successes, told`

// VantagesSeen lists the vantages of which a worker said since since that it runs.
func (tx *Tx) VantagesSeen(ctx context.Context, since time.Time) ([]string, error) {
	rows, _ := tx.Query(ctx, `SELECT name FROM vantages WHERE seen_at >= @since ORDER BY name`, pgx.StrictNamedArgs{"since": since})
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list the vantages that work: %w", err)
	}
	return names, nil
}

// ForgetVantages removes the vantages of which no worker ran since since: nobody
// is there who could say that they can be believed again.
func (tx *Tx) ForgetVantages(ctx context.Context, since time.Time) error {
	if _, err := tx.Exec(ctx, `DELETE FROM vantages WHERE seen_at < @since`, pgx.StrictNamedArgs{"since": since}); err != nil {
		return fmt.Errorf("forget vantages without workers: %w", err)
	}
	return nil
}

// LockVantageHealth returns whether a vantage is believed, and holds its row
// until the transaction ends. One that has no row gets it: a worker of it runs.
func (tx *Tx) LockVantageHealth(ctx context.Context, vantage string, at time.Time) (monitor.VantageHealth, error) {
	rows, _ := tx.Query(ctx, `INSERT INTO vantages (name, seen_at) VALUES (@name, @at)
		ON CONFLICT (name) DO UPDATE SET seen_at = greatest(vantages.seen_at, excluded.seen_at) RETURNING `+healthColumns,
		pgx.StrictNamedArgs{"name": vantage, "at": at})
	health, err := collectOne[monitor.VantageHealth](rows, ErrNotFound, "lock vantage %s", vantage)
	if health.CheckedAt.IsZero() {
		health.State = "" // it was never checked, whatever the column's default says
	}
	return health, err
}

// SaveVantageHealth writes what LockVantageHealth returned and a check changed,
// with what the check saw, for the page.
func (tx *Tx) SaveVantageHealth(ctx context.Context, health monitor.VantageHealth, detail monitor.HealthEvent) error {
	seen, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("write what the check of vantage %s saw: %w", health.Vantage, err)
	}
	state := health.State
	if state == "" {
		state = monitor.Sound
	}
	_, err = tx.Exec(ctx, `UPDATE vantages SET state = @state, since = @since, reason = @reason, checked_at = @checked,
			failures = @failures, successes = @successes, told = @told, detail = @detail
		WHERE name = @name`, pgx.StrictNamedArgs{
		"name": health.Vantage, "state": string(state), "since": timeOrNil(health.Since), "reason": health.Reason, "checked": timeOrNil(health.CheckedAt),
		"failures": health.Failures, "successes": health.Successes, "told": health.Told, "detail": json.RawMessage(seen),
	})
	if err != nil {
		return fmt.Errorf("note the health of vantage %s: %w", health.Vantage, err)
	}
	return nil
}

// TurnedSites counts the sites that a vantage looked at since since and that
// were fine before, and those of them that E-01 began to fail at since,
// confirmed or not. Hosts that share their last two labels are one site: a
// hundred names of one server that breaks say nothing about us.
func (tx *Tx) TurnedSites(ctx context.Context, vantage string, since time.Time) (sites, turned int, err error) {
	err = tx.QueryRow(ctx, `
		SELECT count(*), count(*) FILTER (WHERE bad) FROM (
			SELECT coalesce(substring(e.host FROM '[^.]+\.[^.]+$'), e.host) AS site, bool_or(s.result = 'fail') AS bad
			FROM endpoints e JOIN requirement_status s ON s.endpoint_id = e.id AND s.requirement = @requirement
			WHERE e.vantage = @vantage AND e.deleted_at IS NULL AND e.looked_at >= @since
				AND (s.result = 'pass' OR s.result = 'fail' AND coalesce(s.failing_since, s.conclusive_since) >= @since)
			GROUP BY site) AS looked`,
		pgx.StrictNamedArgs{"vantage": vantage, "since": since, "requirement": monitor.Unreachable}).Scan(&sites, &turned)
	if err != nil {
		return 0, 0, fmt.Errorf("count what turned unreachable from vantage %s: %w", vantage, err)
	}
	return sites, turned, nil
}

// OperatorTeams lists the teams that have an operator among their people.
func (tx *Tx) OperatorTeams(ctx context.Context) ([]monitor.Team, error) {
	rows, _ := tx.Query(ctx, `SELECT id, name, created_at FROM teams t
		WHERE EXISTS (SELECT FROM people p WHERE p.team_id = t.id AND p.role = 'operator') ORDER BY id`)
	return collectAll[monitor.Team](rows, "list the teams of operators")
}
