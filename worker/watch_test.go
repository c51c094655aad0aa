package worker_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// watched is a world whose connectivity works until down is set, with a person
// who operates it.
func watched(t *testing.T, change func(*worker.Config)) (w *world, down *atomic.Bool) {
	t.Helper()
	down = new(atomic.Bool)
	w = newWorld(t, func(config *worker.Config) {
		works := config.Connectivity
		config.Connectivity = func(ctx context.Context) checks.Fact[bool] {
			if down.Load() {
				return checks.KnownFact(false)
			}
			return works(ctx)
		}
		config.WatchEvery = time.Hour // only when asked
		if change != nil {
			change(config)
		}
	})
	w.exec(`INSERT INTO people (team_id, email, role, created_at) VALUES ($1, 'operator@partner.example', 'operator', $2)`, w.team.ID, w.clock.now())
	return w, down
}

// watch checks the vantage once, and returns its state.
func (w *world) watch() string {
	w.t.Helper()
	const counted = `SELECT count(*) FROM river_job WHERE kind = 'watch' AND state = 'completed'`
	w.waitFor("no check waits", `SELECT NOT EXISTS (SELECT FROM river_job WHERE kind IN ('watch', 'watch_all') AND finalized_at IS NULL)`)
	done := one[int](w, counted)
	w.asWorker(func(ctx context.Context, tx *store.Tx) error {
		return jobs.InsertWatches(ctx, w.worker.Client(), pgx.Tx(tx.Tx), "local")
	})
	w.waitFor("the vantage is checked", `SELECT (`+counted+`) > $1`, done)
	w.settle()
	w.clock.advance(time.Minute)
	return one[string](w, `SELECT state FROM vantages WHERE name = 'local'`)
}

func TestBlindVantageIsToldOnce(t *testing.T) {
	t.Parallel()
	w, down := watched(t, nil)
	w.start()
	w.waitFor("the first check", `SELECT count(*) > 0 FROM river_job WHERE kind = 'watch' AND state = 'completed'`)
	require.Equal(t, "sound", w.watch())
	down.Store(true)
	require.Equal(t, "sound", w.watch(), "one check changes nothing")
	for range 3 {
		require.Equal(t, "blind", w.watch())
	}
	require.Equal(t, []monitor.NotificationKind{monitor.ServicePaused}, w.sender.kinds())
	down.Store(false)
	require.Equal(t, "blind", w.watch())
	for range 12 {
		require.Equal(t, "sound", w.watch())
	}
	require.Equal(t, []monitor.NotificationKind{monitor.ServicePaused, monitor.ServiceResumed}, w.sender.kinds())
	paused := w.sender.messages()[0]
	require.Equal(t, "Partner", paused.Team)
	require.Contains(t, paused.Title, "local")
	require.Contains(t, paused.Reason, "reference targets")
	require.Equal(t, 0, one[int](w, `SELECT count(*) FROM incidents`))
}

func TestNobodyIsToldOfAPauseWhereNobodyOperates(t *testing.T) {
	t.Parallel()
	w, down := watched(t, nil)
	w.exec(`UPDATE people SET role = 'administrator'`)
	down.Store(true)
	w.start()
	w.waitFor("the first check", `SELECT count(*) > 0 FROM river_job WHERE kind = 'watch' AND state = 'completed'`)
	w.watch()
	require.Equal(t, "blind", w.watch())
	require.Empty(t, w.sender.kinds())
}

func TestCanaries(t *testing.T) {
	t.Parallel()
	w, _ := watched(t, nil)
	server, _ := w.healthy()
	w.names.point("mismatch.test", "127.0.0.1")
	good, faulty := server.URL("app.test", "/cb"), server.URL("mismatch.test", "/cb")
	w.config.Canaries = []monitor.Canary{{URL: good}, {URL: faulty, Fails: "T-09"}, {URL: server.URL("gone.test", "/cb")}}
	w.start()
	w.waitFor("the first check", `SELECT count(*) > 0 FROM river_job WHERE kind = 'watch' AND state = 'completed'`)
	require.Equal(t, "sound", w.watch())
	var seen *monitor.HealthEvent
	w.asWorker(func(ctx context.Context, tx *store.Tx) error {
		vantages, err := tx.Vantages(ctx)
		seen = vantages[0].Event
		return err
	})
	require.Equal(t, []bool{true, true, false}, []bool{seen.Canaries[0].Told, seen.Canaries[1].Told, seen.Canaries[2].Told})
	require.Empty(t, seen.Canaries[0].Failing)
	require.Contains(t, seen.Canaries[1].Failing, "T-09")
}

func TestCanaryThatLooksOtherwisePausesAlerting(t *testing.T) {
	t.Parallel()
	w, _ := watched(t, nil)
	server, _ := w.healthy()
	w.config.Canaries = []monitor.Canary{{URL: server.URL("app.test", "/cb"), Fails: "T-09"}} // nothing is wrong with it
	w.start()
	w.waitFor("the first check", `SELECT count(*) > 0 FROM river_job WHERE kind = 'watch' AND state = 'completed'`)
	require.Equal(t, "wrong", w.watch())
	require.Equal(t, []monitor.NotificationKind{monitor.ServicePaused}, w.sender.kinds())
	require.Contains(t, w.sender.messages()[0].Reason, "app.test")
}

func TestEveryVantageChecksItself(t *testing.T) {
	t.Parallel()
	w, _ := watched(t, func(config *worker.Config) { config.WatchEvery = time.Second })
	w.start()
	other := w.config
	other.Vantage, other.Lead = "elsewhere", false
	startWorker(t, other)
	w.waitFor("both are checked", `SELECT count(*) = 2 FROM vantages WHERE checked_at IS NOT NULL`)
	require.Equal(t, 2, one[int](w, `SELECT count(DISTINCT queue) FROM river_job WHERE kind = 'watch'`))
}
