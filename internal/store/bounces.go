package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Bounce says that a mail server refused a recipient, at once or by a message
// that came back.
type Bounce struct {
	DeliveryID string
	At         time.Time
	Permanent  bool   // and it is about the address
	Status     string // of RFC 3463: 5.1.1; empty: unknown
	Answer     string // one line, for people
}

// BouncedChannel is the email channel of a delivery that bounced.
type BouncedChannel struct {
	TeamID    int64
	Team      string // its name
	ChannelID int64
	Address   string
	State     string // of the delivery
	Attempts  int    // of the delivery
	InUse     bool   // the channel is neither disabled nor removed
}

// BouncedChannel finds and locks the email channel of a delivery, so that of
// two bounces one comes after the other. ErrNotFound: there is no such
// delivery, or not by mail.
func (tx *Tx) BouncedChannel(ctx context.Context, delivery string) (BouncedChannel, error) {
	rows, _ := tx.Query(ctx, `
		SELECT d.team_id, t.name AS team, c.id AS channel_id, c.address, d.state, d.attempts,
			c.disabled_at IS NULL AND c.deleted_at IS NULL AS in_use
		FROM deliveries d JOIN channels c ON c.id = d.channel_id JOIN teams t ON t.id = d.team_id
		WHERE d.id = @id AND c.kind = 'email' FOR UPDATE OF c`, pgx.StrictNamedArgs{"id": delivery})
	return collectOne[BouncedChannel](rows, ErrNotFound, "find the channel of delivery %s", delivery)
}

// SaveBounce writes a bounce of channel once, and says whether it is new. A
// delivery that was accepted and came back for good counts as failed from then
// on, with an attempt that says why.
func (tx *Tx) SaveBounce(ctx context.Context, channel BouncedChannel, bounce Bounce) (added bool, err error) {
	tag, err := tx.Exec(ctx, `
		INSERT INTO mail_bounces (team_id, channel_id, delivery_id, address, at, permanent, status, answer)
		SELECT @team, @channel, @delivery, @address, @at, @permanent, @status, @answer
		WHERE NOT EXISTS (SELECT FROM mail_bounces WHERE channel_id = @channel AND delivery_id = @delivery AND permanent = @permanent)`,
		pgx.StrictNamedArgs{
			"team": channel.TeamID, "channel": channel.ChannelID, "delivery": bounce.DeliveryID, "address": channel.Address,
			"at": bounce.At, "permanent": bounce.Permanent, "status": bounce.Status, "answer": bounce.Answer,
		})
	if err != nil {
		return false, fmt.Errorf("store a bounce of delivery %s: %w", bounce.DeliveryID, err)
	}
	return tag.RowsAffected() == 1, nil
}

// FailReturned says of a delivery that was accepted that it came back. One that
// is in another state stays as it is.
func (tx *Tx) FailReturned(ctx context.Context, channel BouncedChannel, bounce Bounce) error {
	_, err := tx.Exec(ctx, `
		WITH returned AS (
			UPDATE deliveries SET state = 'failed', attempts = attempts + 1, finished_at = @at WHERE id = @id AND state = 'delivered'
			RETURNING id, team_id, attempts)
		INSERT INTO delivery_attempts (delivery_id, team_id, attempt, started_at, duration_ms, accepted, answer)
		SELECT id, team_id, attempts, @at, 0, false, @answer FROM returned`,
		pgx.StrictNamedArgs{"id": bounce.DeliveryID, "at": bounce.At, "answer": "It came back: " + bounce.Answer})
	if err != nil {
		return fmt.Errorf("note that delivery %s to channel %d came back: %w", bounce.DeliveryID, channel.ChannelID, err)
	}
	return nil
}

// MailBounce is a bounce that was stored.
type MailBounce struct {
	DeliveryID string // empty: it is gone
	Address    string
	At         time.Time
	Permanent  bool
	Status     string
	Answer     string
	ClearedAt  time.Time // zero: it counts
}

// MailBounces lists the newest 50 bounces of a channel since a time, newest first.
func (tx *Tx) MailBounces(ctx context.Context, channel int64, since time.Time) ([]MailBounce, error) {
	rows, _ := tx.Query(ctx, `
		SELECT coalesce(delivery_id::text, '') AS delivery_id, address, at, permanent, status, answer,
			coalesce(cleared_at, '0001-01-01T00:00:00Z') AS cleared_at
		FROM mail_bounces WHERE channel_id = @channel AND at > @since ORDER BY at DESC, id DESC LIMIT 50`,
		pgx.StrictNamedArgs{"channel": channel, "since": since})
	return collectAll[MailBounce](rows, "list the bounces of channel %d", channel)
}

// ClearBounces says that the address of a channel works again, by the word of
// somebody: what bounced before at counts no more.
func (tx *Tx) ClearBounces(ctx context.Context, channel int64, by string, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE mail_bounces SET cleared_at = @at, cleared_by = @by WHERE channel_id = @channel AND cleared_at IS NULL`,
		pgx.StrictNamedArgs{"channel": channel, "by": by, "at": at})
	if err != nil {
		return fmt.Errorf("clear the bounces of channel %d: %w", channel, err)
	}
	return nil
}

// DisableBouncing disables a channel for reason and audits it.
func (tx *Tx) DisableBouncing(ctx context.Context, channel BouncedChannel, reason string, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE channels SET disabled_at = @at, disabled_reason = @reason WHERE id = @id AND disabled_at IS NULL`,
		pgx.StrictNamedArgs{"id": channel.ChannelID, "at": at, "reason": reason})
	if err != nil {
		return fmt.Errorf("disable channel %d: %w", channel.ChannelID, err)
	}
	return tx.Audit(ctx, Actor{Source: "worker"}, AuditEntry{
		TeamID: channel.TeamID, OccurredAt: at, Action: "channel.disable", Object: fmt.Sprintf("channel/%d", channel.ChannelID),
		New: map[string]any{"kind": "email", "address": channel.Address, "reason": reason},
	})
}
