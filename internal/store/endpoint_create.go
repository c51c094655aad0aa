package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// CreateEndpoint adds an endpoint to the application it names, due first at
// endpoint.NextRunAt, and fully from endpoint.NextFullAt on. ErrConflict: the
// application has that value already, as the same kind in the same environment.
// ErrNotFound: no such application.
func (tx *Tx) CreateEndpoint(ctx context.Context, endpoint monitor.Endpoint, at time.Time) (monitor.Endpoint, error) {
	if _, err := tx.Application(ctx, endpoint.ApplicationID); err != nil {
		return endpoint, err
	}
	ids, err := tx.CreateEndpoints(ctx, []monitor.Endpoint{endpoint}, at)
	if err != nil {
		return endpoint, fmt.Errorf("create the endpoint %q: %w", endpoint.Value, err)
	}
	return tx.Endpoint(ctx, ids[0])
}

// CreateEndpoints adds endpoints to the applications that they name, due first
// at their NextRunAt, and returns their ids in the same order. It is the only
// way in. ErrConflict: one of them is registered already, or names an
// application that is not there; *HostQuotaError: their hosts would be too many
// (see CheckHostQuota). Then none is added.
func (tx *Tx) CreateEndpoints(ctx context.Context, endpoints []monitor.Endpoint, at time.Time) ([]int64, error) {
	const insert = `
		INSERT INTO endpoints (team_id, application_id, environment, kind, value_kind, value, probe_url, host, method, post_allowed,
			vantage, interval_seconds, next_run_at, next_full_at, anchor_at, created_at)
		SELECT a.team_id, a.id, nullif(n.environment, ''), n.kind, n.value_kind, n.value, n.probe, n.host, n.method, n.post,
			n.vantage, n.seconds, n.next, n.next_full, n.anchor, @at
		FROM unnest(@applications::bigint[], @environments::text[], @kinds::text[], @value_kinds::text[], @values::text[],
			@probes::text[], @hosts::text[], @methods::text[], @posts::boolean[], @vantages::text[], @intervals::integer[],
			@nexts::timestamptz[], @fulls::timestamptz[], @anchors::timestamptz[]) WITH ORDINALITY
			AS n(application, environment, kind, value_kind, value, probe, host, method, post, vantage, seconds, next, next_full, anchor, place)
		JOIN applications a ON a.id = n.application AND a.deleted_at IS NULL
		ORDER BY n.place
		ON CONFLICT DO NOTHING
		RETURNING id`
	if err := tx.checkQuotas(ctx, endpoints); err != nil {
		return nil, err
	}
	rows, _ := tx.Query(ctx, insert, newEndpoints(endpoints, at))
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("create %d endpoints: %w", len(endpoints), err)
	}
	if len(ids) != len(endpoints) {
		return nil, fmt.Errorf("create %d endpoints: %w", len(endpoints), ErrConflict)
	}
	return ids, nil
}

// checkQuotas asks for the hosts of each team by themselves.
func (tx *Tx) checkQuotas(ctx context.Context, endpoints []monitor.Endpoint) error {
	type row struct{ ID, TeamID int64 }
	rows, _ := tx.Query(ctx, `SELECT id, team_id FROM applications WHERE id = ANY(@ids::bigint[]) AND deleted_at IS NULL`,
		pgx.StrictNamedArgs{"ids": columnOf(endpoints, func(e monitor.Endpoint) int64 { return e.ApplicationID })})
	applications, err := collectAll[row](rows, "find the teams of %d endpoints", len(endpoints))
	if err != nil {
		return err
	}
	of := make(map[int64]int64, len(applications)) // application -> team
	for _, application := range applications {
		of[application.ID] = application.TeamID
	}
	teams := map[int64][]string{}
	for _, endpoint := range endpoints {
		team, known := of[endpoint.ApplicationID]
		if !known {
			return fmt.Errorf("create %d endpoints: %w", len(endpoints), ErrConflict)
		}
		teams[team] = append(teams[team], endpoint.Host())
	}
	for _, team := range slices.Sorted(maps.Keys(teams)) {
		if err := tx.CheckHostQuota(ctx, team, teams[team]); err != nil {
			return fmt.Errorf("create %d endpoints: %w", len(endpoints), err)
		}
	}
	return nil
}

// newEndpoints turns endpoints into the columns of CreateEndpoints.
func newEndpoints(endpoints []monitor.Endpoint, at time.Time) pgx.StrictNamedArgs {
	text := func(get func(monitor.Endpoint) string) []string { return columnOf(endpoints, get) }
	return pgx.StrictNamedArgs{
		"at":           at,
		"applications": columnOf(endpoints, func(e monitor.Endpoint) int64 { return e.ApplicationID }),
		"environments": text(func(e monitor.Endpoint) string { return string(e.Environment) }),
		"kinds":        text(func(e monitor.Endpoint) string { return string(e.Kind) }),
		"value_kinds":  text(func(e monitor.Endpoint) string { return string(e.ValueKind) }),
		"values":       text(func(e monitor.Endpoint) string { return e.Value }),
		"probes":       text(func(e monitor.Endpoint) string { return e.ProbeURL }),
		"hosts":        text(monitor.Endpoint.Host),
		"methods":      text(func(e monitor.Endpoint) string { return cmp.Or(e.Method, "GET") }),
		"posts":        columnOf(endpoints, func(e monitor.Endpoint) bool { return e.PostAllowed }),
		"vantages":     text(func(e monitor.Endpoint) string { return cmp.Or(e.Vantage, "local") }),
		"intervals":    columnOf(endpoints, func(e monitor.Endpoint) int64 { return int64(e.Interval / time.Second) }),
		"nexts":        columnOf(endpoints, func(e monitor.Endpoint) time.Time { return e.NextRunAt }),
		"fulls":        columnOf(endpoints, func(e monitor.Endpoint) *time.Time { return timeOrNil(e.NextFullAt) }),
		"anchors":      columnOf(endpoints, func(e monitor.Endpoint) *time.Time { return timeOrNil(e.Anchor) }),
	}
}

// columnOf returns one property of each of many.
func columnOf[T, C any](all []T, get func(T) C) []C {
	column := make([]C, 0, len(all))
	for _, one := range all {
		column = append(column, get(one))
	}
	return column
}
