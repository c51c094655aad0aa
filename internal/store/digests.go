package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// DigestChannel is a channel that gets digests.
type DigestChannel struct {
	ID       int64
	TeamID   int64
	TeamName string
	Schedule monitor.DigestSchedule
	NextAt   time.Time // zero: nobody said yet when the first one is due
	SentAt   time.Time // of the last one; zero: there was none
}

type digestRow struct {
	ID       int64
	TeamID   int64
	TeamName string
	Digest   monitor.DigestPeriod
	Hour     int
	Zone     string
	NextAt   time.Time
	SentAt   time.Time
}

// DueDigests lists up to limit channels in use after the one with the id after
// whose digest is due at at, or of which nobody said when it is, by id.
func (tx *Tx) DueDigests(ctx context.Context, at time.Time, after int64, limit int) ([]DigestChannel, error) {
	rows, _ := tx.Query(ctx, `
		SELECT c.id, c.team_id, t.name AS team_name, c.digest, c.digest_hour AS hour, c.digest_zone AS zone,
			coalesce(c.digest_next_at, '0001-01-01T00:00:00Z') AS next_at, coalesce(c.digest_sent_at, '0001-01-01T00:00:00Z') AS sent_at
		FROM channels c JOIN teams t ON t.id = c.team_id
		WHERE c.digest <> 'none' AND c.deleted_at IS NULL AND c.disabled_at IS NULL AND c.id > @after
			AND (c.digest_next_at IS NULL OR c.digest_next_at <= @at)
		ORDER BY c.id LIMIT @limit`, pgx.StrictNamedArgs{"at": at, "after": after, "limit": limit})
	found, err := collectAll[digestRow](rows, "list the digests that are due")
	due := make([]DigestChannel, 0, len(found))
	for _, row := range found {
		due = append(due, DigestChannel{
			ID: row.ID, TeamID: row.TeamID, TeamName: row.TeamName, NextAt: row.NextAt, SentAt: row.SentAt,
			Schedule: monitor.DigestSchedule{Period: row.Digest, Hour: row.Hour, Zone: row.Zone},
		})
	}
	return due, err
}

// MoveDigest says when a channel's next digest is due, and that one is sent at
// sent unless that is zero. False: somebody else moved it since DueDigests said
// when it was due, or does now, and nothing is to be sent. It is the fence.
func (tx *Tx) MoveDigest(ctx context.Context, channel DigestChannel, next, sent time.Time) (moved bool, err error) {
	tag, err := tx.Exec(ctx, `
		UPDATE channels SET digest_next_at = @next, digest_sent_at = coalesce(@sent, digest_sent_at)
		WHERE id = (SELECT id FROM channels WHERE id = @id AND digest = @digest AND deleted_at IS NULL AND disabled_at IS NULL
			AND digest_next_at IS NOT DISTINCT FROM @due FOR UPDATE SKIP LOCKED)`, pgx.StrictNamedArgs{
		"id": channel.ID, "digest": string(channel.Schedule.Period), "due": timeOrNil(channel.NextAt), "next": timeOrNil(next), "sent": timeOrNil(sent),
	})
	if err != nil {
		return false, fmt.Errorf("move the digest of channel %d: %w", channel.ID, err)
	}
	return tag.RowsAffected() == 1, nil
}

// SetChannelDigest changes when a channel gets digests; next is when the first
// is due, zero for none. ErrNotFound: there is no such channel. The caller audits it.
func (tx *Tx) SetChannelDigest(ctx context.Context, id int64, schedule monitor.DigestSchedule, next time.Time) error {
	zone := schedule.Zone
	if zone == "" {
		zone = "UTC"
	}
	tag, err := tx.Exec(ctx, `UPDATE channels SET digest = @digest, digest_hour = @hour, digest_zone = @zone, digest_next_at = @next
		WHERE id = @id AND deleted_at IS NULL`, pgx.StrictNamedArgs{
		"id": id, "digest": string(schedule.Period), "hour": schedule.Hour, "zone": zone, "next": timeOrNil(next),
	})
	if err != nil {
		return fmt.Errorf("change the digest of channel %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("change the digest of channel %d: %w", id, ErrNotFound)
	}
	return nil
}

// NotifyChannel writes a notification of message and one delivery to one channel,
// due at at, and returns the delivery's id: the caller inserts its job in the
// same transaction.
func (tx *Tx) NotifyChannel(ctx context.Context, team, channel int64, message monitor.Message, at time.Time) (string, error) {
	payload, err := json.Marshal(message)
	if err != nil {
		return "", fmt.Errorf("write the message %s: %w", message.Kind, err)
	}
	notification, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make an id for a notification: %w", err)
	}
	delivery, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make an id for a delivery: %w", err)
	}
	const insert = `
		WITH told AS (
			INSERT INTO notifications (id, team_id, kind, created_at, payload) VALUES (@notification, @team, @kind, @at, @payload)
			RETURNING id, team_id)
		INSERT INTO deliveries (id, team_id, notification_id, channel_id, state, created_at, next_attempt_at)
		SELECT @delivery, team_id, id, @channel, 'pending', @at, @at FROM told`
	_, err = tx.Exec(ctx, insert, pgx.StrictNamedArgs{
		"notification": notification.String(), "team": team, "kind": string(message.Kind), "at": at,
		"payload": json.RawMessage(payload), "delivery": delivery.String(), "channel": channel,
	})
	if err != nil {
		return "", fmt.Errorf("store the notification %s of channel %d: %w", message.Kind, channel, err)
	}
	return delivery.String(), nil
}
