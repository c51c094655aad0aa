package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Channel is where a team wants to be told. It never holds the secret: that is
// ChannelSecret's, so that a list cannot leak it.
type Channel struct {
	ID         int64
	TeamID     int64
	Kind       string // email or webhook
	Address    string // mail address or URL
	CreatedAt  time.Time
	DisabledAt time.Time // zero: in use
}

const channelColumns = `id, team_id, kind, address, created_at, coalesce(disabled_at, '0001-01-01T00:00:00Z') AS disabled_at`

// CreateChannel adds a channel with its signing secret (webhooks; else empty).
// ErrConflict: the team has one of the same kind and address.
func (tx *Tx) CreateChannel(ctx context.Context, channel Channel, secret string, at time.Time) (Channel, error) {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('gradewatch.channels'), @team::bigint::integer)`,
		pgx.StrictNamedArgs{"team": channel.TeamID}); err != nil {
		return channel, fmt.Errorf("lock the channels: %w", err)
	}
	rows, _ := tx.Query(ctx, `
		INSERT INTO channels (team_id, kind, address, secret, created_at)
		SELECT @team, @kind, @address, @secret, @at
		WHERE NOT EXISTS (SELECT FROM channels WHERE kind = @kind AND address = @address AND deleted_at IS NULL)
		RETURNING `+channelColumns,
		pgx.StrictNamedArgs{"team": channel.TeamID, "kind": channel.Kind, "address": channel.Address, "secret": secret, "at": at})
	return collectOne[Channel](rows, ErrConflict, "create the %s channel %q", channel.Kind, channel.Address)
}

// Channels lists the channels of the team that are not removed.
func (tx *Tx) Channels(ctx context.Context) ([]Channel, error) {
	rows, _ := tx.Query(ctx, `SELECT `+channelColumns+` FROM channels WHERE deleted_at IS NULL ORDER BY kind, address`)
	return collectAll[Channel](rows, "list the channels")
}

// Channel returns a channel that is not removed.
func (tx *Tx) Channel(ctx context.Context, id int64) (Channel, error) {
	rows, _ := tx.Query(ctx, `SELECT `+channelColumns+` FROM channels WHERE id = @id AND deleted_at IS NULL`, pgx.StrictNamedArgs{"id": id})
	return collectOne[Channel](rows, ErrNotFound, "find channel %d", id)
}

// ChannelSecret returns the signing secret of a webhook. The caller audits it.
func (tx *Tx) ChannelSecret(ctx context.Context, id int64) (secret string, err error) {
	err = tx.QueryRow(ctx, `SELECT secret FROM channels WHERE id = @id AND deleted_at IS NULL`, pgx.StrictNamedArgs{"id": id}).Scan(&secret)
	if isNoRows(err) {
		err = ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("read the secret of channel %d: %w", id, err)
	}
	return secret, nil
}

// DisableChannel stops a channel at at; a zero at puts it back in use.
func (tx *Tx) DisableChannel(ctx context.Context, id int64, at time.Time) error {
	var disabled *time.Time
	if !at.IsZero() {
		disabled = &at
	}
	return tx.changeChannel(ctx, `UPDATE channels SET disabled_at = @at WHERE id = @id AND deleted_at IS NULL`, id, disabled)
}

// RemoveChannel removes a channel and forgets its secret; its deliveries stay.
func (tx *Tx) RemoveChannel(ctx context.Context, id int64, at time.Time) error {
	return tx.changeChannel(ctx, `UPDATE channels SET deleted_at = @at, secret = '' WHERE id = @id AND deleted_at IS NULL`, id, &at)
}

func (tx *Tx) changeChannel(ctx context.Context, statement string, id int64, at *time.Time) error {
	tag, err := tx.Exec(ctx, statement, pgx.StrictNamedArgs{"id": id, "at": at})
	if err != nil {
		return fmt.Errorf("change channel %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("change channel %d: %w", id, ErrNotFound)
	}
	return nil
}

// A team sends at most MostTests tests within TestsWithin: the addresses of its
// channels may be strangers'.
const (
	MostTests   = 20
	TestsWithin = time.Hour
)

// ErrTooMany is what a method returns that was called too often, or where as many rows stand as may.
var ErrTooMany = errors.New("too many")

// limitTests counts the tests of the team, one transaction at a time.
func (tx *Tx) limitTests(ctx context.Context, team int64, at time.Time) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('gradewatch.channel_tests'), @team::bigint::integer)`,
		pgx.StrictNamedArgs{"team": team}); err != nil {
		return fmt.Errorf("lock the tests of channels: %w", err)
	}
	var sent int
	err := tx.QueryRow(ctx, `SELECT count(*) FROM notifications WHERE team_id = @team AND kind = 'channel.test' AND created_at > @since`,
		pgx.StrictNamedArgs{"team": team, "since": at.Add(-TestsWithin)}).Scan(&sent)
	if err != nil {
		return fmt.Errorf("count the tests of channels: %w", err)
	}
	if sent >= MostTests {
		return fmt.Errorf("%d tests of channels within %s: %w", sent, TestsWithin, ErrTooMany)
	}
	return nil
}

// CreateTestNotification writes a channel.test notification and its delivery
// to one channel, and returns the delivery's id. The caller inserts the job in
// the same transaction. ErrTooMany: the team sent MostTests within TestsWithin.
func (tx *Tx) CreateTestNotification(ctx context.Context, channel Channel, message monitor.Message, at time.Time) (string, error) {
	if err := tx.limitTests(ctx, channel.TeamID, at); err != nil {
		return "", err
	}
	payload, err := json.Marshal(message)
	if err != nil {
		return "", fmt.Errorf("write the test message: %w", err)
	}
	notification, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make an id for the test: %w", err)
	}
	delivery, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make an id for the test: %w", err)
	}
	const insert = `
		WITH told AS (
			INSERT INTO notifications (id, team_id, kind, created_at, payload) VALUES (@notification, @team, @kind, @at, @payload)
			RETURNING id, team_id)
		INSERT INTO deliveries (id, team_id, notification_id, channel_id, state, created_at, next_attempt_at)
		SELECT @delivery, team_id, id, @channel, 'pending', @at, @at FROM told`
	_, err = tx.Exec(ctx, insert, pgx.StrictNamedArgs{
		"notification": notification.String(), "team": channel.TeamID, "kind": string(message.Kind), "at": at,
		"payload": json.RawMessage(payload), "delivery": delivery.String(), "channel": channel.ID,
	})
	if err != nil {
		return "", fmt.Errorf("write the test of channel %d: %w", channel.ID, err)
	}
	return delivery.String(), nil
}
