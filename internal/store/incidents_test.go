package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

func TestKnownIncidentsHoldTheEndpointOrShareAKey(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	insert := func(id, team int64, keys []string, resolved *time.Time) {
		state := "open"
		if resolved != nil {
			state = "resolved"
		}
		_, err := owner.Exec(t.Context(), `INSERT INTO incidents (id, team_id, state, title, cause, keys, opened_at, resolved_at)
			OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, 't', 'configuration', $4, $5, $6)`, id, team, state, keys, instant, resolved)
		require.NoError(t, err)
	}
	recent, old := instant.Add(-time.Hour), instant.Add(-25*time.Hour)
	insert(11, ours, []string{"certificate:a", "x"}, nil)
	insert(12, ours, []string{"certificate:a"}, &recent)
	insert(13, ours, []string{"certificate:a"}, &old)
	insert(14, ours, []string{"certificate:b"}, nil)
	insert(15, theirs, []string{"certificate:a"}, nil)
	var ids []int64
	var own [][]string
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		require.NoError(t, tx.LockIncidents(ctx, ours))
		known, err := tx.KnownIncidents(ctx, ours, ours*100, []string{"certificate:a"}, instant.Add(-24*time.Hour))
		for _, incident := range known {
			ids, own = append(ids, incident.ID), append(own, incident.Own)
		}
		return err
	}))
	require.Equal(t, []int64{11, 12, 100}, ids)
	require.Equal(t, [][]string{{}, {}, {"T-01"}}, own)
}

func TestRequirementMovesFromOneIncidentToAnother(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	_, err := owner.Exec(t.Context(), `UPDATE components SET body = '[]' WHERE kind = 'verdicts'`)
	require.NoError(t, err)
	assessment := monitor.Assessment{ID: ours * 100, TeamID: ours, EndpointID: ours * 100, Vantage: "local"}
	states := map[string]monitor.RequirementState{"T-01": {Requirement: "T-01"}}
	plans := []monitor.IncidentPlan{
		{
			Incident: monitor.Incident{TeamID: ours, State: monitor.IncidentOpen, Title: "new", Cause: checks.CauseConfiguration, Weight: monitor.High, OpenedAt: instant},
			Opened:   true, Added: []string{"T-01"}, Since: instant,
			Entries: []monitor.IncidentEntry{{At: instant, Kind: monitor.EntryOpened, EndpointID: ours * 100}},
		},
		{
			Incident: monitor.Incident{ID: ours * 100, TeamID: ours, State: monitor.IncidentClosed, Title: "old", Cause: checks.CauseConfiguration, Weight: monitor.High, ResolvedAt: instant},
			Removed:  []string{"T-01"},
		},
	}
	var saved []monitor.Incident
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		saved, err = tx.SaveIncidentPlans(ctx, assessment, plans, nil, states, instant)
		return err
	}))
	require.NotZero(t, saved[0].ID)
	require.Equal(t, saved[0].ID, states["T-01"].IncidentID)
	require.NoError(t, database.Store.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) error {
		members, err := tx.IncidentMembers(ctx, saved[0].ID, 10)
		require.NoError(t, err)
		require.Len(t, members, 1)
		require.True(t, members[0].Open())
		require.Equal(t, []string{"local"}, members[0].Vantages)
		members, err = tx.IncidentMembers(ctx, ours*100, 10)
		require.NoError(t, err)
		require.False(t, members[0].Open())
		entries, err := tx.IncidentEntries(ctx, saved[0].ID)
		require.Len(t, entries, 1)
		return err
	}))
}

func TestNobodyActsOnIncidentsOfOthers(t *testing.T) {
	t.Parallel()
	database, _ := twoTeams(t)
	require.NoError(t, database.Store.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) error {
		_, _, err := tx.ActOnIncident(ctx, theirs*100, monitor.Acknowledge{By: "a@example.com"}, monitor.Settings{}, instant)
		require.ErrorIs(t, err, store.ErrNotFound)
		require.ErrorIs(t, tx.NoteOnIncident(ctx, theirs*100, "a@example.com", "mine", instant), store.ErrNotFound)
		acted, _, err := tx.ActOnIncident(ctx, ours*100, monitor.Acknowledge{By: "a@example.com"}, monitor.Settings{}, instant)
		require.Equal(t, monitor.IncidentAcknowledged, acted.State)
		return err
	}))
}

func TestVantageElsewhereRunsAndCanBeBelieved(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	elsewhere := func() (name string) {
		require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
			name, err = tx.VantageElsewhere(ctx, "local", instant)
			return err
		}))
		return name
	}
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		for name, seen := range map[string]time.Duration{"local": 0, "bergen": -3 * time.Minute, "oslo": -time.Minute, "paris": 0} {
			require.NoError(t, tx.SeeVantage(ctx, name, instant.Add(seen)))
		}
		return nil
	}))
	_, err := owner.Exec(t.Context(), `UPDATE vantages SET state = 'blind' WHERE name = 'paris'`)
	require.NoError(t, err)
	require.Equal(t, "oslo", elsewhere())
	_, err = owner.Exec(t.Context(), `DELETE FROM vantages WHERE name = 'oslo'`)
	require.NoError(t, err)
	require.Empty(t, elsewhere())
}
