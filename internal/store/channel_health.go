package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// ChannelHealth returns where a channel stands, and holds its row until the
// transaction ends.
func (tx *Tx) ChannelHealth(ctx context.Context, id int64) (monitor.ChannelHealth, error) {
	rows, _ := tx.Query(ctx, `
		SELECT coalesce(failing_since, '0001-01-01T00:00:00Z') AS failing_since,
			disabled_at IS NOT NULL OR deleted_at IS NOT NULL AS disabled, disabled_reason AS reason
		FROM channels WHERE id = @id FOR NO KEY UPDATE`, pgx.StrictNamedArgs{"id": id})
	return collectOne[monitor.ChannelHealth](rows, ErrNotFound, "find out how channel %d is", id)
}

// SaveChannelHealth writes where a channel stands. One that becomes disabled is
// so from at on.
func (tx *Tx) SaveChannelHealth(ctx context.Context, id int64, health monitor.ChannelHealth, at time.Time) error {
	_, err := tx.Exec(ctx, `
		UPDATE channels SET failing_since = @since, disabled_reason = @reason,
			disabled_at = CASE WHEN @disabled THEN coalesce(disabled_at, @at) ELSE disabled_at END
		WHERE id = @id AND deleted_at IS NULL`, pgx.StrictNamedArgs{
		"id": id, "since": timeOrNil(health.FailingSince), "reason": health.Reason, "disabled": health.Disabled, "at": at,
	})
	if err != nil {
		return fmt.Errorf("note how channel %d is: %w", id, err)
	}
	return nil
}

// ChannelRecovered forgets that a channel failed; where it did not, nothing is
// written.
func (tx *Tx) ChannelRecovered(ctx context.Context, id int64) error {
	_, err := tx.Exec(ctx, `UPDATE channels SET failing_since = NULL WHERE id = @id AND failing_since IS NOT NULL`, pgx.StrictNamedArgs{"id": id})
	if err != nil {
		return fmt.Errorf("note that channel %d works: %w", id, err)
	}
	return nil
}
