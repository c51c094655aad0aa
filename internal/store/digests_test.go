package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/internal/testdb"
)

func dueDigests(t *testing.T, database *testdb.Database, at time.Time) (due []store.DigestChannel) {
	t.Helper()
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		due, err = tx.DueDigests(ctx, at, 0, 10)
		return err
	}))
	return due
}

func TestDigestsMoveOnce(t *testing.T) {
	t.Parallel()
	database, _ := twoTeams(t)
	require.Empty(t, dueDigests(t, database, instant))
	schedule := monitor.DigestSchedule{Period: monitor.DailyDigest, Hour: 7, Zone: "Europe/Oslo"}
	asOurs(t, database, func(ctx context.Context, tx *store.Tx) error {
		require.ErrorIs(t, tx.SetChannelDigest(ctx, 200, schedule, instant), store.ErrNotFound, "another team's")
		return tx.SetChannelDigest(ctx, 100, schedule, time.Time{})
	})
	due := dueDigests(t, database, instant)
	require.Len(t, due, 1)
	require.True(t, due[0].NextAt.IsZero() && due[0].SentAt.IsZero())
	require.Equal(t, schedule, due[0].Schedule)
	require.Equal(t, []int64{100, ours}, []int64{due[0].ID, due[0].TeamID})
	require.Equal(t, "team", due[0].TeamName)
	move := func(channel store.DigestChannel, next, sent time.Time) (moved bool) {
		require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
			moved, err = tx.MoveDigest(ctx, channel, next, sent)
			return err
		}))
		return moved
	}
	require.True(t, move(due[0], instant.Add(time.Hour), time.Time{}))
	require.False(t, move(due[0], instant.Add(time.Hour), time.Time{}), "somebody did")
	require.Empty(t, dueDigests(t, database, instant))
	due = dueDigests(t, database, instant.Add(time.Hour))
	require.Len(t, due, 1)
	require.True(t, due[0].SentAt.IsZero())
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		first, err := tx.MoveDigest(ctx, due[0], instant.Add(25*time.Hour), instant.Add(time.Hour))
		require.NoError(t, err)
		require.True(t, first)
		require.False(t, move(due[0], instant.Add(25*time.Hour), time.Time{}), "of two at once one passes by")
		return nil
	}))
	due = dueDigests(t, database, instant.Add(48*time.Hour))
	require.Equal(t, instant.Add(time.Hour), due[0].SentAt.UTC())
}

func TestUnsubscribe(t *testing.T) {
	t.Parallel()
	database, _ := twoTeams(t)
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.UnsubscribeToken(ctx, 100, "first")
		require.NoError(t, err)
		kept, err := tx.UnsubscribeToken(ctx, 100, "second")
		require.NoError(t, err)
		require.Equal(t, "first", kept)
		require.NoError(t, tx.SetChannelDigest(ctx, 100, monitor.DigestSchedule{Period: monitor.WeeklyDigest}, instant))
		for _, token := range []string{"second", ""} {
			_, err := tx.Unsubscribe(ctx, store.Actor{Source: "web"}, token, instant)
			require.ErrorIs(t, err, store.ErrNotFound, "%q", token)
		}
		channel, err := tx.Unsubscribe(ctx, store.Actor{Source: "web"}, "first", instant)
		require.NoError(t, err)
		require.EqualValues(t, 100, channel.ChannelID)
		require.Equal(t, "weekly", channel.Digest)
		_, err = tx.Unsubscribe(ctx, store.Actor{Source: "web"}, "first", instant)
		return err
	}))
	require.Empty(t, dueDigests(t, database, instant.AddDate(1, 0, 0)))
}

func TestDigestInputIsTheTeamsOwn(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	for _, statement := range []string{
		`INSERT INTO incidents (id, team_id, state, title, cause, opened_at, resolved_at) OVERRIDING SYSTEM VALUE VALUES
			(110, 1, 'resolved', 'new', 'c', '2026-11-20', '2026-11-21 11:00Z'), (111, 1, 'resolved', 'old', 'c', '2026-11-01', '2026-11-02')`,
		`INSERT INTO changes (team_id, endpoint_id, assessment_id, previous_assessment_id, occurred_at, class, cause, subject, before, after, sentence, weight) VALUES
			(1, 100, 100, 100, '2026-11-21 11:00Z', 'drift', 'certificate', 's', 'b', 'a', 'The certificate was replaced.', 'medium'),
			(1, 100, 100, 100, '2026-11-21 11:00Z', 'regression', 'configuration', 's', 'b', 'a', 'worse', 'high'),
			(1, 100, 100, 100, '2026-11-01 11:00Z', 'drift', 'certificate', 's', 'b', 'a', 'long ago', 'medium')`,
	} {
		_, err := owner.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	asOurs(t, database, func(ctx context.Context, tx *store.Tx) error {
		incidents, err := tx.DigestIncidents(ctx, instant.Add(-24*time.Hour))
		require.NoError(t, err)
		require.Equal(t, []int64{110, 100}, []int64{incidents[0].ID, incidents[1].ID})
		require.Len(t, incidents, 2)
		require.Equal(t, "Shop", incidents[1].ApplicationName)
		require.Equal(t, 1, incidents[1].Endpoints)
		changes, err := tx.DigestChanges(ctx, instant.Add(-24*time.Hour))
		require.NoError(t, err)
		require.Len(t, changes, 1)
		require.Equal(t, "The certificate was replaced.", changes[0].Sentence)
		endpoints, failing, grades, err := tx.DigestCounts(ctx)
		require.Equal(t, []int{1, 1}, []int{endpoints, failing})
		require.Equal(t, map[string]int{"B": 1}, grades)
		return err
	})
}
