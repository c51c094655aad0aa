package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// Workers that come back after half an hour tidy up before they have summarized
// what waits: that must not count as lost.
func TestWhatWaitsForASummaryIsNoOrphan(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	long := instant.Add(-time.Hour)
	_, err := owner.Exec(t.Context(), `UPDATE deliveries SET created_at = $1, summary_at = CASE WHEN team_id = 1 THEN $1::timestamptz END`, long)
	require.NoError(t, err)
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.DropOrphans(ctx, instant.Add(-15*time.Minute), instant)
		require.NoError(t, err)
		late, err := tx.LateSummaries(ctx, instant.Add(-time.Minute), 10)
		require.Equal(t, []int64{ours * 100}, late)
		return err
	}))
	var states []string
	require.NoError(t, owner.QueryRow(t.Context(), `SELECT array_agg(state ORDER BY team_id) FROM deliveries`).Scan(&states))
	require.Equal(t, []string{"pending", "failed"}, states, "theirs has no job and waits for nothing")
}

// What flaps resolves and reopens in silence. Whoever had quiet hours when it was
// told hears of it in the morning, also where it happens to pass just then.
func TestHeldMessageOfWhatFlapsIsNotStale(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	for flapping, stale := range map[bool]bool{true: false, false: true} {
		_, err := owner.Exec(t.Context(), `UPDATE deliveries SET held = true`)
		require.NoError(t, err)
		_, err = owner.Exec(t.Context(), `UPDATE notifications SET payload = '{"kind": "incident.flapping"}'`)
		require.NoError(t, err)
		_, err = owner.Exec(t.Context(), `UPDATE incidents SET state = 'resolved', resolved_at = $1, flapping = $2`, instant, flapping)
		require.NoError(t, err)
		require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			var id string
			require.NoError(t, tx.QueryRow(ctx, `SELECT id::text FROM deliveries WHERE team_id = 1`).Scan(&id))
			delivery, err := tx.Delivery(ctx, id)
			require.Equal(t, stale, delivery.Stale())
			return err
		}))
	}
}

// A night's messages are as much a burst in the morning as at any other time.
func TestQuietHoursEndWithoutAFlood(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	morning := instant.Add(8 * time.Hour)
	notify := func(dispatch monitor.Dispatch) (dispatched store.Dispatched) {
		require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			message := monitor.Message{Kind: monitor.EndpointUndetermined, OccurredAt: instant}
			all, err := tx.NotifyRouted(ctx, ours, message, []monitor.Dispatch{dispatch}, instant)
			dispatched = all[0]
			return err
		}))
		return dispatched
	}
	held := monitor.Dispatch{ChannelID: ours * 100, At: morning, Held: true}
	for range monitor.MostInBurst {
		require.NotEmpty(t, notify(held).DeliveryID)
	}
	require.Equal(t, store.Dispatched{At: morning, SummaryOf: ours * 100}, notify(held))
	require.Equal(t, store.Dispatched{At: morning}, notify(held))
	require.NotEmpty(t, notify(monitor.Dispatch{ChannelID: ours * 100, At: instant}).DeliveryID, "what cannot wait does not wait for the morning's summary")

	_, err := owner.Exec(t.Context(), `UPDATE notifications SET incident_id = 100, sequence = 7, payload = payload || '{"kind": "incident.opened"}'
		WHERE id = (SELECT notification_id FROM deliveries WHERE summary_at IS NOT NULL ORDER BY id LIMIT 1)`)
	require.NoError(t, err)
	_, err = owner.Exec(t.Context(), `UPDATE incidents SET state = 'resolved', resolved_at = $1`, instant)
	require.NoError(t, err)
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		waiting, err := tx.WaitingForSummary(ctx, ours*100, instant)
		require.NoError(t, err)
		require.Empty(t, waiting, "not before it is due")
		waiting, err = tx.WaitingForSummary(ctx, ours*100, morning)
		require.Len(t, waiting, 1, "one of the two is over")
		return err
	}))
}
