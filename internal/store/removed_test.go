package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// What waited to be told of an endpoint that somebody removed must not go out
// afterwards: it would say that something fails that nobody watches any more.
func TestRemovedEndpointIsToldNoMore(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	_, err := owner.Exec(t.Context(), `UPDATE incidents SET tell_kind = 'incident.opened', tell_at = $1, tell_since = $1, escalate_at = $1, flapping = true`, instant)
	require.NoError(t, err)
	asOurs(t, database, func(ctx context.Context, tx *store.Tx) error { return tx.RemoveEndpoint(ctx, ours*100, instant) })
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		incident, err := tx.LockIncident(ctx, ours*100)
		require.NoError(t, err)
		require.Equal(t, monitor.IncidentClosed, incident.State)
		require.False(t, incident.Flapping, "what is registered anew and fails would reopen it in silence")
		_, _, effects := monitor.StepIncident(incident, monitor.Tick{}, instant.Add(time.Hour), monitor.Settings{})
		require.Empty(t, effects, "a tick that was on its way tells nothing")
		late, err := tx.DueIncidents(ctx, instant.Add(time.Hour), 10)
		require.Equal(t, []int64{theirs * 100}, late)
		entries, _ := tx.IncidentEntries(ctx, ours*100)
		require.Equal(t, monitor.EntryResolved, entries[len(entries)-1].Kind, "the timeline says why it is over")
		return err
	}))
}

// Two endpoints leave one incident at once, one since it passes and one since it
// is removed: whichever comes last resolves it.
func TestRemovalWaitsForAJudgementOfTheSameIncident(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	run := func(statement string) {
		_, err := owner.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	run(`INSERT INTO endpoints (id, team_id, application_id, environment, kind, value_kind, value, next_run_at, created_at)
		OVERRIDING SYSTEM VALUE SELECT 1001, 1, 100, 'SOD', 'redirect', 'literal', 'https://other.example/', next_run_at, created_at FROM endpoints WHERE id = 100`)
	run(`INSERT INTO incident_requirements (incident_id, team_id, endpoint_id, requirement, assessment_id) VALUES (100, 1, 1001, 'E-01', 100)`)
	removed := make(chan error, 1)
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		known, err := tx.KnownIncidents(ctx, ours, 1001, nil, instant)
		require.NoError(t, err)
		require.Equal(t, 2, known[0].Requirements)
		go func() {
			removed <- database.Store.AsTeam(context.WithoutCancel(ctx), ours, func(ctx context.Context, tx *store.Tx) error {
				return tx.RemoveEndpoint(ctx, 100, instant)
			})
		}()
		require.Eventually(t, func() bool {
			var waits bool
			err := owner.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
				WHERE NOT l.granted AND a.datname = current_database())`).Scan(&waits)
			return err == nil && (waits || len(removed) > 0)
		}, time.Minute, 10*time.Millisecond)
		plan := monitor.IncidentPlan{Incident: known[0].Incident, Removed: []string{"E-01"}}
		_, err = tx.SaveIncidentPlans(ctx, monitor.Assessment{ID: 100, TeamID: ours, EndpointID: 1001}, []monitor.IncidentPlan{plan}, nil, nil, instant)
		return err
	}))
	require.NoError(t, <-removed)
	var state string
	require.NoError(t, owner.QueryRow(t.Context(), `SELECT state FROM incidents WHERE id = 100`).Scan(&state))
	require.Equal(t, "resolved", state)
}
