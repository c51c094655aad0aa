package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Subscription is whose digests a token stops.
type Subscription struct {
	TeamID    int64
	Team      string // its name
	ChannelID int64
	Address   string
	Digest    string // none, daily or weekly
}

// UnsubscribeToken returns the token that stops the digests of a channel: token,
// where it had none yet.
func (tx *Tx) UnsubscribeToken(ctx context.Context, channel int64, token string) (kept string, err error) {
	err = tx.QueryRow(ctx, `
		UPDATE channels SET unsubscribe_token = CASE unsubscribe_token WHEN '' THEN @token ELSE unsubscribe_token END
		WHERE id = @id RETURNING unsubscribe_token`, pgx.StrictNamedArgs{"id": channel, "token": token}).Scan(&kept)
	if err != nil {
		return "", fmt.Errorf("keep a token of channel %d: %w", channel, err)
	}
	return kept, nil
}

const subscriptionColumns = `c.team_id, t.name AS team, c.id AS channel_id, c.address, c.digest`

// Subscription finds the channel that a token is of. ErrNotFound: none, or one
// that was removed.
func (tx *Tx) Subscription(ctx context.Context, token string) (Subscription, error) {
	rows, _ := tx.Query(ctx, `SELECT `+subscriptionColumns+` FROM channels c JOIN teams t ON t.id = c.team_id
		WHERE c.unsubscribe_token = @token AND @token <> '' AND c.deleted_at IS NULL`, pgx.StrictNamedArgs{"token": token})
	return collectOne[Subscription](rows, ErrNotFound, "find whose digests a link stops")
}

// Unsubscribe stops the digests of the channel that a token is of, and audits it.
// Doing it twice does nothing more. ErrNotFound: as Subscription.
func (tx *Tx) Unsubscribe(ctx context.Context, actor Actor, token string, at time.Time) (Subscription, error) {
	found, err := tx.Subscription(ctx, token)
	if err != nil {
		return found, err
	}
	tag, err := tx.Exec(ctx, `UPDATE channels SET digest = 'none', digest_next_at = NULL WHERE id = @id AND digest <> 'none'`,
		pgx.StrictNamedArgs{"id": found.ChannelID})
	if err != nil {
		return found, fmt.Errorf("stop the digests of channel %d: %w", found.ChannelID, err)
	}
	if tag.RowsAffected() == 0 {
		return found, nil
	}
	return found, tx.Audit(ctx, actor, AuditEntry{
		TeamID: found.TeamID, OccurredAt: at, Action: "channel.unsubscribe", Object: fmt.Sprintf("channel/%d", found.ChannelID),
		Old: map[string]any{"digest": found.Digest, "address": found.Address}, New: map[string]any{"digest": "none"},
	})
}

// EnsureUnsubscribeToken gives a channel the token by which digests are ended
// without signing in (RFC 8058), unless it has one.
func (tx *Tx) EnsureUnsubscribeToken(ctx context.Context, channel int64, token string) error {
	_, err := tx.Exec(ctx, `UPDATE channels SET unsubscribe_token = @token WHERE id = @id AND unsubscribe_token = ''`,
		pgx.StrictNamedArgs{"id": channel, "token": token})
	if err != nil {
		return fmt.Errorf("give channel %d a token: %w", channel, err)
	}
	return nil
}
