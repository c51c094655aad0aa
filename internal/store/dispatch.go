package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Routing is by what a team's notifications are routed.
type Routing struct {
	Routes   []monitor.ChannelRoute
	Channels []monitor.RoutedChannel
}

const routeColumns = `r.id, r.team_id, r.channel_id, coalesce(r.application_id, 0) AS application_id, coalesce(r.environment, '') AS environment,
	r.least, r.level, r.after_seconds, r.quiet_from, r.quiet_until, r.quiet_days, r.quiet_zone, r.quiet_except`

// routeRow is one row of channel_routes.
type routeRow struct {
	monitor.ChannelRoute
	AfterSeconds int64
	QuietFrom    int
	QuietUntil   int
	QuietDays    []int
	QuietZone    string
	QuietExcept  monitor.Weight
}

func (r routeRow) route() monitor.ChannelRoute {
	route := r.ChannelRoute
	route.After = time.Duration(r.AfterSeconds) * time.Second
	route.Quiet = monitor.QuietHours{From: r.QuietFrom, Until: r.QuietUntil, Days: r.QuietDays, Zone: r.QuietZone, Except: r.QuietExcept}
	return route
}

// Routing returns the routes and channels of a team.
func (tx *Tx) Routing(ctx context.Context, team int64) (Routing, error) {
	rows, _ := tx.Query(ctx, `SELECT `+routeColumns+` FROM channel_routes r JOIN channels c ON c.id = r.channel_id
		WHERE r.team_id = @team AND c.deleted_at IS NULL ORDER BY r.id`, pgx.StrictNamedArgs{"team": team})
	all, err := pgx.CollectRows(rows, pgx.RowToStructByNameLax[routeRow])
	if err != nil {
		return Routing{}, fmt.Errorf("list the routes of team %d: %w", team, err)
	}
	var routing Routing
	for _, row := range all {
		routing.Routes = append(routing.Routes, row.route())
	}
	rows, _ = tx.Query(ctx, `SELECT id, disabled_at IS NULL AS in_use FROM channels WHERE team_id = @team AND deleted_at IS NULL ORDER BY id`,
		pgx.StrictNamedArgs{"team": team})
	routing.Channels, err = collectAll[monitor.RoutedChannel](rows, "list the channels of team %d", team)
	return routing, err
}

// Dispatched is a delivery that was written, and when its job runs.
type Dispatched struct {
	DeliveryID string
	At         time.Time
	// SummaryOf is the channel whose summary is to be asked for at At; 0: the
	// delivery's own job is. Both are empty for what waits for a summary that
	// was asked for.
	SummaryOf int64
}

// deliverTo writes the deliveries of a notification. A channel that gets too
// many at once is told the rest in one summary.
func (tx *Tx) deliverTo(ctx context.Context, team int64, notification uuid.UUID, dispatches []monitor.Dispatch, at time.Time) ([]Dispatched, error) {
	if len(dispatches) == 0 {
		return nil, nil
	}
	bursts, err := tx.bursts(ctx, dispatches, at)
	if err != nil {
		return nil, err
	}
	var written []Dispatched
	for _, dispatch := range dispatches {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("make an id for a delivery: %w", err)
		}
		due := dispatch.At
		if due.Before(at) {
			due = at
		}
		decision, err := tx.decideBurst(ctx, bursts[dispatch.ChannelID], dispatch, due, at)
		if err != nil {
			return nil, err
		}
		one, summary := Dispatched{DeliveryID: id.String(), At: due}, decision.SummaryAt
		if !decision.Send {
			one = Dispatched{At: summary}
			if decision.First {
				one.SummaryOf = dispatch.ChannelID
			}
		}
		const insert = `
			INSERT INTO deliveries (id, team_id, notification_id, channel_id, state, created_at, next_attempt_at, held, summary_at)
			VALUES (@id, @team, @notification, @channel, 'pending', @at, @due, @held, @summary)`
		_, err = tx.Exec(ctx, insert, pgx.StrictNamedArgs{
			"id": id.String(), "team": team, "notification": notification.String(), "channel": dispatch.ChannelID,
			"at": at, "due": due, "held": dispatch.Held, "summary": timeOrNil(summary),
		})
		if err != nil {
			return nil, fmt.Errorf("store a delivery to channel %d: %w", dispatch.ChannelID, err)
		}
		written = append(written, one)
	}
	return written, nil
}

// decideBurst says whether a delivery goes out by itself. What waits for the
// morning comes out then, and is as much a burst then: of what is held until the
// same time, all but the first are told in one summary at that time.
func (tx *Tx) decideBurst(ctx context.Context, burst monitor.Burst, dispatch monitor.Dispatch, due, at time.Time) (monitor.BurstDecision, error) {
	if !dispatch.Held {
		_, decision := monitor.StepBurst(burst, monitor.BurstMessage, at)
		return decision, nil
	}
	var alone, together int
	err := tx.QueryRow(ctx, `SELECT count(*) FILTER (WHERE summary_at IS NULL), count(*) FILTER (WHERE summary_at IS NOT NULL)
		FROM deliveries WHERE channel_id = @channel AND held AND state = 'pending' AND next_attempt_at = @due`,
		pgx.StrictNamedArgs{"channel": dispatch.ChannelID, "due": due}).Scan(&alone, &together)
	switch {
	case err != nil:
		return monitor.BurstDecision{}, fmt.Errorf("count what channel %d is told at %s: %w", dispatch.ChannelID, due, err)
	case alone < monitor.MostInBurst:
		return monitor.BurstDecision{Send: true}, nil
	default:
		return monitor.BurstDecision{SummaryAt: due, First: together == 0}, nil
	}
}

// bursts returns what the channels of dispatches got in the last while. It
// locks them by ascending id until the transaction ends: what two incidents
// tell at once is counted one after the other.
func (tx *Tx) bursts(ctx context.Context, dispatches []monitor.Dispatch, at time.Time) (map[int64]monitor.Burst, error) {
	ids := make([]int64, 0, len(dispatches))
	for _, dispatch := range dispatches {
		ids = append(ids, dispatch.ChannelID)
	}
	if _, err := tx.Exec(ctx, `SELECT FROM channels WHERE id = ANY(@ids) ORDER BY id FOR NO KEY UPDATE`, pgx.StrictNamedArgs{"ids": ids}); err != nil {
		return nil, fmt.Errorf("lock %d channels: %w", len(ids), err)
	}
	type row struct {
		ID int64
		monitor.Burst
	}
	rows, _ := tx.Query(ctx, `
		SELECT c.id, 0 AS held,
			ARRAY(SELECT d.created_at FROM deliveries d WHERE d.channel_id = c.id AND d.created_at > @since
				AND NOT d.held AND d.summary_at IS NULL ORDER BY d.created_at) AS sent,
			coalesce((SELECT max(d.summary_at) FROM deliveries d WHERE d.channel_id = c.id AND d.state = 'pending'
				AND d.summary_at IS NOT NULL AND NOT d.held), '0001-01-01T00:00:00Z') AS summary_at
		FROM channels c WHERE c.id = ANY(@ids)`, pgx.StrictNamedArgs{"ids": ids, "since": at.Add(-monitor.BurstWithin)})
	all, err := collectAll[row](rows, "count what %d channels got", len(ids))
	bursts := make(map[int64]monitor.Burst, len(all))
	for _, r := range all {
		bursts[r.ID] = r.Burst
	}
	return bursts, err
}
