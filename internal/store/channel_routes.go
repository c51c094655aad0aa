package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// channelRoute is a row of channel_routes.
type channelRoute struct {
	ID            int64
	TeamID        int64
	ChannelID     int64
	ApplicationID int64
	Environment   policy.Environment
	Least         monitor.Weight
	Level         int
	AfterSeconds  int64
	QuietFrom     int
	QuietUntil    int
	QuietDays     []int
	QuietZone     string
	QuietExcept   monitor.Weight
}

const channelRouteColumns = `id, team_id, channel_id, coalesce(application_id, 0) AS application_id, coalesce(environment, '') AS environment,
	least, level, after_seconds, quiet_from, quiet_until, quiet_days, quiet_zone, quiet_except`

func (r channelRoute) route() monitor.ChannelRoute {
	return monitor.ChannelRoute{
		ID: r.ID, TeamID: r.TeamID, ChannelID: r.ChannelID, ApplicationID: r.ApplicationID, Environment: r.Environment,
		Least: r.Least, Level: r.Level, After: time.Duration(r.AfterSeconds) * time.Second,
		Quiet: monitor.QuietHours{From: r.QuietFrom, Until: r.QuietUntil, Days: r.QuietDays, Zone: r.QuietZone, Except: r.QuietExcept},
	}
}

// CreateChannelRoute adds a route to a channel of the team that is not removed.
// ErrNotFound: there is no such channel or application. ErrTooMany: the team has
// monitor.MostRoutes. The caller audits it.
func (tx *Tx) CreateChannelRoute(ctx context.Context, route monitor.ChannelRoute, by string, at time.Time) (monitor.ChannelRoute, error) {
	if err := tx.limitRoutes(ctx, route.TeamID); err != nil {
		return route, err
	}
	quiet := route.Quiet
	if quiet.Zone == "" {
		quiet.Zone = "UTC"
	}
	if quiet.Except == "" {
		quiet.Except = monitor.Critical
	}
	if quiet.Days == nil {
		quiet.Days = []int{}
	}
	const insert = `
		INSERT INTO channel_routes (team_id, channel_id, application_id, environment, least, level, after_seconds, quiet_from, quiet_until,
			quiet_days, quiet_zone, quiet_except, created_by, created_at)
		SELECT c.team_id, c.id, nullif(@application::bigint, 0), nullif(@environment, ''), @least, @level, @after, @from, @until,
			@days, @zone, @except, @by, @at
		FROM channels c WHERE c.id = @channel AND c.team_id = @team AND c.deleted_at IS NULL
			AND (@application::bigint = 0 OR EXISTS (SELECT FROM applications a WHERE a.id = @application AND a.team_id = c.team_id AND a.deleted_at IS NULL))
		RETURNING ` + channelRouteColumns
	rows, _ := tx.Query(ctx, insert, pgx.StrictNamedArgs{
		"channel": route.ChannelID, "team": route.TeamID, "application": route.ApplicationID, "environment": string(route.Environment),
		"least": string(route.Least), "level": route.Level, "after": int64(route.After / time.Second), "from": quiet.From, "until": quiet.Until,
		"days": quiet.Days, "zone": quiet.Zone, "except": string(quiet.Except), "by": by, "at": at,
	})
	created, err := collectOne[channelRoute](rows, ErrNotFound, "create a route to channel %d", route.ChannelID)
	return created.route(), err
}

// limitRoutes counts the routes of the team, one transaction at a time.
func (tx *Tx) limitRoutes(ctx context.Context, team int64) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('gradewatch.channel_routes'), @team::bigint::integer)`,
		pgx.StrictNamedArgs{"team": team}); err != nil {
		return fmt.Errorf("lock the routes: %w", err)
	}
	var count int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM channel_routes WHERE team_id = @team`, pgx.StrictNamedArgs{"team": team}).Scan(&count); err != nil {
		return fmt.Errorf("count the routes: %w", err)
	}
	if count >= monitor.MostRoutes {
		return fmt.Errorf("%d routes: %w", count, ErrTooMany)
	}
	return nil
}

// ChannelRoutes lists the routes of a team to channels that are not removed, by
// level and channel.
func (tx *Tx) ChannelRoutes(ctx context.Context, team int64) ([]monitor.ChannelRoute, error) {
	rows, _ := tx.Query(ctx, `SELECT `+channelRouteColumns+` FROM channel_routes r WHERE team_id = @team
		AND EXISTS (SELECT FROM channels c WHERE c.id = r.channel_id AND c.deleted_at IS NULL)
		AND (application_id IS NULL OR EXISTS (SELECT FROM applications a WHERE a.id = r.application_id AND a.deleted_at IS NULL))
		ORDER BY level, channel_id, id`, pgx.StrictNamedArgs{"team": team})
	found, err := collectAll[channelRoute](rows, "list the routes of team %d", team)
	routes := make([]monitor.ChannelRoute, 0, len(found))
	for _, row := range found {
		routes = append(routes, row.route())
	}
	return routes, err
}

// RemoveChannelRoute removes a route and returns what it was. ErrNotFound: there
// is none. The caller audits it.
func (tx *Tx) RemoveChannelRoute(ctx context.Context, id int64) (monitor.ChannelRoute, error) {
	rows, _ := tx.Query(ctx, `DELETE FROM channel_routes WHERE id = @id RETURNING `+channelRouteColumns, pgx.StrictNamedArgs{"id": id})
	removed, err := collectOne[channelRoute](rows, ErrNotFound, "remove route %d", id)
	return removed.route(), err
}
