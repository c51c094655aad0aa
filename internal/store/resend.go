package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// MostResends is how many deliveries a team sends again by hand within
// TestsWithin: the addresses of its channels may be strangers'.
const MostResends = 60

// Resend makes a delivery of the same message to the same channel, and returns
// its id; the caller inserts its job and audits. The receiver gets the message's
// ID of the first one. ErrConflict: the channel is out of use, or the message is
// on its way. ErrTooMany: MostResends were sent within TestsWithin.
func (tx *Tx) Resend(ctx context.Context, delivery DeliverySummary, at time.Time) (string, error) {
	if err := tx.limitResends(ctx, at); err != nil {
		return "", err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make an id for a delivery: %w", err)
	}
	rows, _ := tx.Query(ctx, `
		INSERT INTO deliveries (id, team_id, notification_id, channel_id, state, created_at, next_attempt_at, resend_of)
		SELECT @id, d.team_id, d.notification_id, d.channel_id, 'pending', @at, @at, coalesce(d.resend_of, d.id)
		FROM deliveries d JOIN channels c ON c.id = d.channel_id
		WHERE d.id = @delivery AND d.state <> 'pending' AND c.deleted_at IS NULL AND c.disabled_at IS NULL
			AND NOT EXISTS (SELECT FROM deliveries p WHERE p.notification_id = d.notification_id AND p.channel_id = d.channel_id AND p.state = 'pending')
		RETURNING id::text AS id`, pgx.StrictNamedArgs{"id": id.String(), "delivery": delivery.ID, "at": at})
	made, err := collectOne[struct{ ID string }](rows, ErrConflict, "send delivery %s again", delivery.ID)
	return made.ID, err
}

// limitResends counts what the team sent again, one transaction at a time.
func (tx *Tx) limitResends(ctx context.Context, at time.Time) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('gradewatch.resends'), current_team()::integer)`); err != nil {
		return fmt.Errorf("lock what is sent again: %w", err)
	}
	var sent int
	err := tx.QueryRow(ctx, `SELECT count(*) FROM deliveries WHERE resend_of IS NOT NULL AND created_at > @since`,
		pgx.StrictNamedArgs{"since": at.Add(-TestsWithin)}).Scan(&sent)
	if err != nil {
		return fmt.Errorf("count what was sent again: %w", err)
	}
	if sent >= MostResends {
		return fmt.Errorf("%d messages sent again within %s: %w", sent, TestsWithin, ErrTooMany)
	}
	return nil
}
