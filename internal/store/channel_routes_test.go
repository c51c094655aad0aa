package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

func TestChannelRoutes(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	route := monitor.ChannelRoute{
		TeamID: ours, ChannelID: 100, ApplicationID: 100, Environment: policy.Production, Least: monitor.High, Level: 1, After: 15 * time.Minute,
		Quiet: monitor.QuietHours{From: 1320, Until: 420, Days: []int{0, 6}, Zone: "Europe/Oslo", Except: monitor.High},
	}
	asOurs(t, database, func(ctx context.Context, tx *store.Tx) error {
		created, err := tx.CreateChannelRoute(ctx, route, "person1@example.com", instant)
		require.NoError(t, err)
		route.ID = created.ID
		require.Equal(t, route, created)
		routes, err := tx.ChannelRoutes(ctx, ours)
		require.NoError(t, err)
		require.Len(t, routes, 2, "and the fixture's")
		require.Equal(t, monitor.QuietHours{Days: []int{}, Zone: "UTC", Except: monitor.Critical}, routes[0].Quiet)
		require.Equal(t, route, routes[1])
		routing, err := tx.Routing(ctx, ours)
		require.NoError(t, err)
		require.Contains(t, routing.Routes, route, "what is told rests on the same rows")
		return nil
	})
	for name, wrong := range map[string]monitor.ChannelRoute{
		"another team's channel":     {TeamID: ours, ChannelID: 200},
		"another team's application": {TeamID: ours, ChannelID: 100, ApplicationID: 200},
		"no channel":                 {TeamID: ours, ChannelID: 7},
	} {
		require.ErrorIs(t, database.Store.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.CreateChannelRoute(ctx, wrong, "b", instant)
			return err
		}), store.ErrNotFound, name)
	}
	asOurs(t, database, func(ctx context.Context, tx *store.Tx) error {
		removed, err := tx.RemoveChannelRoute(ctx, route.ID)
		require.NoError(t, err)
		require.Equal(t, route, removed)
		_, err = tx.RemoveChannelRoute(ctx, route.ID)
		require.ErrorIs(t, err, store.ErrNotFound)
		return nil
	})
	_, err := owner.Exec(t.Context(), `INSERT INTO channel_routes (team_id, channel_id, created_by, created_at)
		SELECT 1, 100, 'b', $1 FROM generate_series(1, $2::int)`, instant, monitor.MostRoutes-1)
	require.NoError(t, err)
	require.ErrorIs(t, database.Store.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.CreateChannelRoute(ctx, monitor.ChannelRoute{TeamID: ours, ChannelID: 100}, "b", instant)
		return err
	}), store.ErrTooMany)
	_, err = owner.Exec(t.Context(), `UPDATE channels SET deleted_at = $1 WHERE id = 100`, instant)
	require.NoError(t, err)
	asOurs(t, database, func(ctx context.Context, tx *store.Tx) error {
		routes, err := tx.ChannelRoutes(ctx, ours)
		require.Empty(t, routes, "their channel is gone")
		return err
	})
}
