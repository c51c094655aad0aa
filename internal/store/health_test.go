package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

func TestVantageHealth(t *testing.T) {
	t.Parallel()
	database, _ := twoTeams(t)
	asWorker := func(do func(context.Context, *store.Tx) error) {
		t.Helper()
		require.NoError(t, database.Store.AsWorker(t.Context(), do))
	}
	event := monitor.HealthEvent{References: checks.KnownFact(false), Hosts: 4, Turned: 1, Canaries: []monitor.CanaryLook{
		{Canary: monitor.Canary{URL: "https://expired.example", Fails: "C-01"}, Told: true, Failing: []string{"C-01"}},
	}}
	asWorker(func(ctx context.Context, tx *store.Tx) error {
		health, err := tx.LockVantageHealth(ctx, "oslo", instant)
		require.NoError(t, err)
		require.Empty(t, health.State, "never checked, and believed")
		require.True(t, health.CheckedAt.IsZero())
		health.State, health.Since, health.Reason, health.CheckedAt, health.Failures, health.Told = monitor.Blind, instant, "No reference answers.", instant, 2, true
		return tx.SaveVantageHealth(ctx, health, event)
	})
	asWorker(func(ctx context.Context, tx *store.Tx) error {
		health, err := tx.LockVantageHealth(ctx, "oslo", instant.Add(time.Minute))
		require.NoError(t, err)
		require.Equal(t, instant, health.Since.UTC())
		health.Since, health.CheckedAt = health.Since.UTC(), health.CheckedAt.UTC()
		require.Equal(t, monitor.VantageHealth{Vantage: "oslo", State: monitor.Blind, Since: instant, Reason: "No reference answers.", CheckedAt: instant, Failures: 2, Told: true}, health)
		return tx.SeeVantage(ctx, "bergen", instant.Add(-time.Hour))
	})
	asOurs(t, database, func(ctx context.Context, tx *store.Tx) error {
		all, err := tx.Vantages(ctx)
		require.NoError(t, err)
		require.Len(t, all, 2)
		require.Equal(t, &event, all[1].Event, "the page shows what the check saw")
		seen, err := tx.VantagesSeen(ctx, instant)
		require.Equal(t, []string{"oslo"}, seen)
		return err
	})
	asWorker(func(ctx context.Context, tx *store.Tx) error {
		require.NoError(t, tx.ForgetVantages(ctx, instant))
		all, err := tx.Vantages(ctx)
		require.Len(t, all, 1, "nobody looks from bergen any more")
		return err
	})
}

func TestTurnedSites(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	add := func(id int, host, vantage string, lookedAgo time.Duration, result string, since time.Duration) {
		_, err := owner.Exec(t.Context(), `INSERT INTO endpoints (id, team_id, application_id, environment, kind, value_kind, value, host, vantage, looked_at, next_run_at, created_at)
			OVERRIDING SYSTEM VALUE VALUES ($1::bigint, 1, 100, 'SOD', 'redirect', 'literal', 'https://' || $2::text || '/' || $1::bigint, $2::text, $3, $4, $5, $5)`, id, host, vantage, instant.Add(-lookedAgo), instant)
		require.NoError(t, err)
		conclusive := "pass"
		_, err = owner.Exec(t.Context(), `INSERT INTO requirement_status (endpoint_id, team_id, requirement, severity, result, conclusive, conclusive_since, failing_since, assessment_id, judged_at)
			VALUES ($1, 1, 'E-01', 'must', $2, $3, $4, CASE WHEN $2 = 'fail' THEN $4::timestamptz END, 100, $5)`, id, result, conclusive, instant.Add(-since), instant)
		require.NoError(t, err)
	}
	for i := range 5 { // names of one server are one site
		add(1000+i, fmt.Sprintf("customer%d.partner.example", i), "local", time.Minute, "fail", time.Minute)
	}
	add(2000, "fine.test", "local", time.Minute, "pass", time.Hour)
	add(2001, "long-down.test", "local", time.Minute, "fail", time.Hour)
	add(2002, "not-looked-at.test2", "local", time.Hour, "pass", time.Hour)
	add(2003, "elsewhere.test3", "oslo", time.Minute, "fail", time.Minute)
	add(2004, "nobody-knows.test4", "local", time.Minute, "inconclusive", time.Minute)
	add(2005, "localhost", "local", time.Minute, "fail", time.Minute)
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		sites, turned, err := tx.TurnedSites(ctx, "local", instant.Add(-monitor.SwampedWithin))
		require.Equal(t, []int{3, 2}, []int{sites, turned}, "partner.example, fine.test and localhost")
		return err
	}))
}

func TestOperatorTeams(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	_, err := owner.Exec(t.Context(), `UPDATE people SET role = 'operator' WHERE team_id = 2`)
	require.NoError(t, err)
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		teams, err := tx.OperatorTeams(ctx)
		require.Len(t, teams, 1)
		require.EqualValues(t, theirs, teams[0].ID)
		return err
	}))
}
