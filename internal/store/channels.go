package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Channel is where a team wants to be told. It never holds what is secret about
// it, so that a list cannot leak it: a webhook's signing secret and the address
// of chat are ChannelSecret's.
type Channel struct {
	ID         int64
	TeamID     int64
	Kind       string // email, webhook or chat
	Address    string // mail address or URL; of chat what tells it from others
	Name       string // as people call it; may be empty
	Service    string // of chat: slack, teams, ...
	IsDefault  bool   // made without anybody asking: the technical contact's
	CreatedAt  time.Time
	DisabledAt time.Time // zero: in use

	PreviousSecretUntil time.Time // the secret before the last rotation signs until then; zero or past: it does not
	FailingSince        time.Time // the first attempt of those in a row that failed; zero: the last got through
	DisabledReason      string    // empty: a person did it

	Digest       string // none, daily or weekly
	DigestHour   int
	DigestZone   string    // IANA time zone
	DigestNextAt time.Time // zero: none is due
}

// InUse reports whether the channel is told anything.
func (c Channel) InUse() bool { return c.DisabledAt.IsZero() }

const channelColumns = `id, team_id, kind, address, name, service, is_default, created_at,
	coalesce(disabled_at, '0001-01-01T00:00:00Z') AS disabled_at,
	coalesce(previous_secret_until, '0001-01-01T00:00:00Z') AS previous_secret_until,
	coalesce(failing_since, '0001-01-01T00:00:00Z') AS failing_since, disabled_reason,
	digest, digest_hour, digest_zone, coalesce(digest_next_at, '0001-01-01T00:00:00Z') AS digest_next_at`

// CreateChannel adds a channel with its secret: what a webhook is signed with,
// the service URL of chat, else empty. ErrConflict: the team has one of the same
// kind and address.
func (tx *Tx) CreateChannel(ctx context.Context, channel Channel, secret string, at time.Time) (Channel, error) {
	if err := tx.lockChannels(ctx, channel.TeamID); err != nil {
		return channel, err
	}
	rows, _ := tx.Query(ctx, `
		INSERT INTO channels (team_id, kind, address, name, service, secret, is_default, created_at)
		SELECT @team, @kind, @address, @name, @service, @secret, @default, @at
		WHERE NOT EXISTS (SELECT FROM channels WHERE team_id = @team AND kind = @kind AND address = @address AND deleted_at IS NULL)
		RETURNING `+channelColumns,
		pgx.StrictNamedArgs{
			"team": channel.TeamID, "kind": channel.Kind, "address": channel.Address, "name": channel.Name, "service": channel.Service,
			"secret": secret, "default": channel.IsDefault, "at": at,
		})
	return collectOne[Channel](rows, ErrConflict, "create the %s channel %q", channel.Kind, channel.Address)
}

func (tx *Tx) lockChannels(ctx context.Context, team int64) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('gradewatch.channels'), @team::bigint::integer)`,
		pgx.StrictNamedArgs{"team": team}); err != nil {
		return fmt.Errorf("lock the channels: %w", err)
	}
	return nil
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
	err = tx.QueryRow(ctx, `SELECT secret FROM channels WHERE id = @id AND kind = 'webhook' AND deleted_at IS NULL`, pgx.StrictNamedArgs{"id": id}).Scan(&secret)
	if isNoRows(err) {
		err = ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("read the secret of channel %d: %w", id, err)
	}
	return secret, nil
}

// RotateSecret makes secret that of a webhook. The one before it signs too
// until until; one from before that no longer does.
func (tx *Tx) RotateSecret(ctx context.Context, id int64, secret string, until time.Time) error {
	return tx.changeChannel(ctx, `UPDATE channels SET previous_secret = secret, previous_secret_until = @until, secret = @secret
		WHERE id = @id AND kind = 'webhook' AND deleted_at IS NULL`, pgx.StrictNamedArgs{"id": id, "secret": secret, "until": until})
}

// EndPreviousSecret forgets the secret before the last rotation.
func (tx *Tx) EndPreviousSecret(ctx context.Context, id int64) error {
	return tx.changeChannel(ctx, `UPDATE channels SET previous_secret = '', previous_secret_until = NULL
		WHERE id = @id AND kind = 'webhook' AND deleted_at IS NULL`, pgx.StrictNamedArgs{"id": id})
}

// DisableChannel stops a channel at at, as a person wants it; a zero at puts it
// back in use, with nothing held against it.
func (tx *Tx) DisableChannel(ctx context.Context, id int64, at time.Time) error {
	return tx.changeChannel(ctx, `UPDATE channels SET disabled_at = @at, disabled_reason = '', failing_since = NULL
		WHERE id = @id AND deleted_at IS NULL`, pgx.StrictNamedArgs{"id": id, "at": timeOrNil(at)})
}

// ChangeChannel sets how people call a channel and when it gets a digest.
func (tx *Tx) ChangeChannel(ctx context.Context, channel Channel) error {
	return tx.changeChannel(ctx, `UPDATE channels SET name = @name, digest = @digest, digest_hour = @hour, digest_zone = @zone, digest_next_at = @next
		WHERE id = @id AND deleted_at IS NULL`, pgx.StrictNamedArgs{
		"id": channel.ID, "name": channel.Name, "digest": channel.Digest, "hour": channel.DigestHour, "zone": channel.DigestZone,
		"next": timeOrNil(channel.DigestNextAt),
	})
}

// RemoveChannel removes a channel with the routes to it, and forgets its
// secrets; its deliveries stay.
func (tx *Tx) RemoveChannel(ctx context.Context, id int64, at time.Time) error {
	if _, err := tx.Exec(ctx, `DELETE FROM channel_routes WHERE channel_id = @id`, pgx.StrictNamedArgs{"id": id}); err != nil {
		return fmt.Errorf("remove the routes to channel %d: %w", id, err)
	}
	return tx.changeChannel(ctx, `UPDATE channels SET deleted_at = @at, secret = '', previous_secret = '', previous_secret_until = NULL, digest_next_at = NULL
		WHERE id = @id AND deleted_at IS NULL`, pgx.StrictNamedArgs{"id": id, "at": at})
}

func (tx *Tx) changeChannel(ctx context.Context, statement string, arguments pgx.StrictNamedArgs) error {
	tag, err := tx.Exec(ctx, statement, arguments)
	if err != nil {
		return fmt.Errorf("change channel %d: %w", arguments["id"], err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("change channel %d: %w", arguments["id"], ErrNotFound)
	}
	return nil
}
