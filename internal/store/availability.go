package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// queueAvailability adds what a look says to the days of its endpoint.
func queueAvailability(batch *pgx.Batch, settlement Settlement) {
	const add = `
		INSERT INTO endpoint_availability AS d (endpoint_id, team_id, day, up_seconds, down_seconds, unknown_seconds, planned_seconds, looks, responses)
		VALUES (@endpoint, @team, @day, @up, @down, @unknown, @planned, @looks, @responses)
		ON CONFLICT (endpoint_id, day) DO UPDATE SET up_seconds = d.up_seconds + excluded.up_seconds,
			down_seconds = d.down_seconds + excluded.down_seconds, unknown_seconds = d.unknown_seconds + excluded.unknown_seconds,
			planned_seconds = d.planned_seconds + excluded.planned_seconds, looks = d.looks + excluded.looks,
			responses = ARRAY(SELECT coalesce(one, 0) + coalesce(other, 0)
				FROM unnest(d.responses, excluded.responses) WITH ORDINALITY AS r(one, other, place) ORDER BY place)`
	for _, day := range settlement.Days {
		responses := day.Responses
		if responses == nil {
			responses = []int{}
		}
		batch.Queue(add, pgx.StrictNamedArgs{
			"endpoint": settlement.Assessment.EndpointID, "team": settlement.Assessment.TeamID, "day": day.Day,
			"up": day.Up.Seconds(), "down": day.Down.Seconds(), "unknown": day.Unknown.Seconds(), "planned": day.Planned.Seconds(),
			"looks": day.Looks, "responses": responses,
		})
	}
}

// AvailabilityDays lists how an endpoint answered on each day from since on,
// oldest first. Days on which nobody looked are missing.
func (tx *Tx) AvailabilityDays(ctx context.Context, endpoint int64, since time.Time) ([]monitor.AvailabilityDay, error) {
	rows, _ := tx.Query(ctx, `
		SELECT day::timestamp AT TIME ZONE 'UTC' AS day, (up_seconds * 1e9)::bigint AS up, (down_seconds * 1e9)::bigint AS down,
			(unknown_seconds * 1e9)::bigint AS unknown, (planned_seconds * 1e9)::bigint AS planned, looks, responses
		FROM endpoint_availability WHERE endpoint_id = @endpoint AND day >= (@since::timestamptz AT TIME ZONE 'UTC')::date ORDER BY day`,
		pgx.StrictNamedArgs{"endpoint": endpoint, "since": since})
	return collectAll[monitor.AvailabilityDay](rows, "list how endpoint %d answered", endpoint)
}
