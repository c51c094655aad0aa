package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

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
	return tx.NotifyChannel(ctx, channel.TeamID, channel.ID, message, at)
}
