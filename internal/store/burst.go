package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Waiting is a message that waits to be told with others of a burst.
type Waiting struct {
	DeliveryID string
	TeamID     int64
	Held       bool            // it waited for quiet hours to end
	Message    monitor.Message // without verdicts, changes and endpoints
}

// WaitingForSummary locks a channel and returns what waits for its summary at
// at, oldest first: none where the summary was made before. Of what quiet hours
// held it withdraws what is stale by now.
func (tx *Tx) WaitingForSummary(ctx context.Context, channel int64, at time.Time) ([]Waiting, error) {
	if _, err := tx.Exec(ctx, `SELECT FROM channels WHERE id = @channel FOR NO KEY UPDATE`, pgx.StrictNamedArgs{"channel": channel}); err != nil {
		return nil, fmt.Errorf("lock channel %d: %w", channel, err)
	}
	rows, _ := tx.Query(ctx, `
		SELECT d.id::text AS delivery_id, d.team_id, d.held, n.payload - '{verdicts,changes,endpoints}'::text[] AS message
		FROM deliveries d JOIN notifications n ON n.id = d.notification_id
		WHERE d.channel_id = @channel AND d.state = 'pending' AND d.summary_at <= @at ORDER BY d.created_at, d.id`,
		pgx.StrictNamedArgs{"channel": channel, "at": at})
	all, err := collectAll[Waiting](rows, "list what waits for the summary of channel %d", channel)
	if err != nil {
		return nil, err
	}
	waiting := make([]Waiting, 0, len(all))
	for _, one := range all {
		stale, err := tx.withdrawStale(ctx, one, at)
		if err != nil {
			return nil, err
		}
		if !stale {
			waiting = append(waiting, one)
		}
	}
	return waiting, nil
}

// withdrawStale withdraws what was over before its channel heard of it.
func (tx *Tx) withdrawStale(ctx context.Context, waiting Waiting, at time.Time) (stale bool, err error) {
	if !waiting.Held {
		return false, nil
	}
	delivery, err := tx.Delivery(ctx, waiting.DeliveryID)
	if err != nil || !delivery.Stale() {
		return false, err
	}
	return true, tx.WithdrawDelivery(ctx, delivery, at)
}

// Summarize writes a notification that tells all that waiting lists, with its
// delivery to the channel, and returns the delivery's id: the caller inserts
// its job in the same transaction.
func (tx *Tx) Summarize(ctx context.Context, channel int64, waiting []Waiting, message monitor.Message, at time.Time) (string, error) {
	notification, err := tx.insertNotification(ctx, waiting[0].TeamID, message, at)
	if err != nil {
		return "", err
	}
	delivery, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make an id for a summary: %w", err)
	}
	ids := make([]string, 0, len(waiting))
	for _, one := range waiting {
		ids = append(ids, one.DeliveryID)
	}
	batch := &pgx.Batch{}
	batch.Queue(`
		INSERT INTO deliveries (id, team_id, notification_id, channel_id, state, created_at, next_attempt_at)
		VALUES (@id, @team, @notification, @channel, 'pending', @at, @at)`, pgx.StrictNamedArgs{
		"id": delivery.String(), "team": waiting[0].TeamID, "notification": notification.String(), "channel": channel, "at": at,
	})
	batch.Queue(`
		UPDATE deliveries SET state = 'summarized', summary_id = @summary, next_attempt_at = NULL, finished_at = @at
		WHERE id = ANY(@ids::uuid[]) AND state = 'pending'`, pgx.StrictNamedArgs{"summary": delivery.String(), "ids": ids, "at": at})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return "", fmt.Errorf("summarize %d messages for channel %d: %w", len(waiting), channel, err)
	}
	return delivery.String(), nil
}

// LateSummaries lists up to limit channels whose summary was due before before:
// its job is lost.
func (tx *Tx) LateSummaries(ctx context.Context, before time.Time, limit int) ([]int64, error) {
	rows, _ := tx.Query(ctx, `SELECT DISTINCT channel_id FROM deliveries
		WHERE state = 'pending' AND summary_at < @before ORDER BY channel_id LIMIT @limit`,
		pgx.StrictNamedArgs{"before": before, "limit": limit})
	channels, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("list summaries that nobody got: %w", err)
	}
	return channels, nil
}
