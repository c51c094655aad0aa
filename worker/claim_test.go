package worker_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

func (w *world) claim(now time.Time, limit int) (asked []monitor.Assessment, claimed int) {
	w.t.Helper()
	w.asWorker(func(ctx context.Context, tx *store.Tx) (err error) {
		asked, claimed, err = tx.ClaimDue(ctx, now, limit)
		return err
	})
	return asked, claimed
}

func TestClaimMovesAlongTheGridAndSkipsWhatWasMissed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	endpoint := w.register("https://app.test/cb")
	due := endpoint.CreatedAt.Add(time.Hour)
	w.exec(`UPDATE endpoints SET next_run_at = $1`, due)
	_, claimed := w.claim(due.Add(-time.Second), 10)
	require.Zero(t, claimed, "not due yet")

	late := due.Add(5*time.Hour + 30*time.Minute)
	asked, claimed := w.claim(late, 10)
	require.Equal(t, 1, claimed)
	require.Len(t, asked, 1, "one look for all the runs that were missed")
	require.True(t, asked[0].Slot.Equal(due))
	require.Equal(t, monitor.Scheduled, asked[0].Purpose)
	next := one[time.Time](w, `SELECT next_run_at FROM endpoints`)
	require.True(t, next.After(late))
	require.WithinDuration(t, endpoint.CreatedAt.Add(7*time.Hour), next, 5*time.Minute)
	_, claimed = w.claim(late, 10)
	require.Zero(t, claimed)

	again := next.Add(time.Second)
	asked, claimed = w.claim(again, 10)
	require.Equal(t, 1, claimed)
	require.Empty(t, asked, "the last look is unfinished: a backlog does not grow")
	w.exec(`UPDATE assessments SET finished_at = $1, outcome = 'judged'`, again)
	asked, _ = w.claim(one[time.Time](w, `SELECT next_run_at FROM endpoints`), 10)
	require.Len(t, asked, 1)
}

func TestClaimLeavesRemovedEndpointsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	endpoint := w.register("https://app.test/cb")
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		return tx.RemoveEndpoint(ctx, endpoint.ID, w.clock.now())
	})
	_, claimed := w.claim(w.clock.now().AddDate(2, 0, 0), 10)
	require.Zero(t, claimed)
}

func TestClaimsAtOnceTakeEachEndpointOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	due := w.clock.now()
	w.exec(`INSERT INTO endpoints (team_id, application_id, environment, kind, value_kind, value, next_run_at, created_at)
		SELECT $1, $2, 'SOD', 'redirect', 'literal', 'https://app.test/' || i, $3, $3 FROM generate_series(1, 400) AS i`,
		w.team.ID, w.application.ID, due)
	var wait sync.WaitGroup
	var mu sync.Mutex
	seen := map[int64]int{}
	faults := make(chan error, 4)
	for range 4 {
		wait.Go(func() {
			for {
				var asked []monitor.Assessment
				var claimed int
				err := w.database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
					asked, claimed, err = tx.ClaimDue(ctx, due, 30)
					return err
				})
				if err != nil || claimed == 0 {
					faults <- err
					return
				}
				mu.Lock()
				for _, assessment := range asked {
					seen[assessment.EndpointID]++
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	for range 4 {
		require.NoError(t, <-faults)
	}
	require.Equal(t, 400, one[int](w, `SELECT count(*) FROM assessments`))
	require.Len(t, seen, 400)
}
