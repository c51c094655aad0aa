package worker_test

import (
	"context"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker"
)

// during returns a change that makes the look's HTTP family call what, with
// how often it was called before, and then answer 200.
func during(what func(ctx context.Context, call int)) func(*worker.Config) {
	calls := &atomic.Int64{}
	return func(config *worker.Config) {
		config.Runner = checks.Runner{HTTP: func(ctx context.Context, _ checks.Network, target checks.Target, _ netip.AddrPort) checks.HTTPLook {
			what(ctx, int(calls.Add(1))-1)
			return checks.HTTPLook{HTTP: checks.HTTP{
				Hops: []checks.Hop{{URL: target.URL, Host: target.Host, SameSite: true, Answer: checks.KnownFact(checks.Response{Status: 200})}},
				End:  checks.KnownFact(200),
			}}
		}}
		config.Judge = func(observation *checks.Observation, endpoint monitor.Endpoint, at time.Time) checks.Judgement {
			evidence := policy.Evidence{Observation: observation, Subject: endpoint.Subject(), At: at}
			return checks.Judgement{Verdicts: policy.Judge(evidence, onlyReachable())}
		}
	}
}

func TestRescuedJobIsRolledBack(t *testing.T) {
	t.Parallel()
	var w *world
	w = newWorld(t, during(func(_ context.Context, call int) {
		if call == 0 { // River takes the job for dead and gives it to another worker
			w.exec(`UPDATE river_job SET state = 'retryable', scheduled_at = $1 WHERE kind = 'look'`, time.Now().Add(2*time.Second))
		}
	}))
	w.names.point("app.test", "127.0.0.1")
	w.start()
	assessment := w.look(w.register("http://app.test/cb"))
	w.settle()
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM host_looks`), "the first look's transaction left nothing")
	require.Equal(t, 2, one[int](w, `SELECT attempt::int FROM river_job WHERE kind = 'look' AND state = 'completed'`))
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM assessments WHERE id = $1 AND outcome = 'judged'`, assessment.ID))
}

func TestAssessmentFinishedMeanwhileIsNotFinishedAgain(t *testing.T) {
	t.Parallel()
	var w *world
	w = newWorld(t, during(func(_ context.Context, call int) {
		if call == 0 { // another worker was faster
			w.exec(`UPDATE assessments SET finished_at = $1, outcome = 'judged', profile = 'p', engine = '1', trust_data = 't'`, time.Now())
		}
	}))
	w.names.point("app.test", "127.0.0.1")
	w.start()
	w.ask(w.register("http://app.test/cb"), monitor.Requested)
	w.waitFor("the job is over", `SELECT count(*) = 1 FROM river_job WHERE kind = 'look' AND state = 'completed' AND attempt = 2`)
	require.Zero(t, one[int](w, `SELECT count(*) FROM host_looks`))
	require.Zero(t, one[int](w, `SELECT count(*) FROM components`))
	require.Zero(t, one[int](w, `SELECT count(*) FROM endpoints WHERE looking_id IS NOT NULL`))
}

func TestOneEndpointIsNeverLookedAtTwiceAtOnce(t *testing.T) {
	t.Parallel()
	var w *world
	var running, most atomic.Int64
	w = newWorld(t, during(func(context.Context, int) {
		most.Store(max(most.Load(), running.Add(1)))
		if one[int](w, `SELECT count(*) FROM assessments WHERE finished_at IS NOT NULL`) == 0 {
			w.waitFor("the others were sent away", `SELECT count(*) = 2 FROM river_job WHERE kind = 'look' AND (metadata->>'snoozes')::int > 0`)
		}
		running.Add(-1)
	}))
	w.names.point("app.test", "127.0.0.1")
	w.start()
	endpoint := w.register("http://app.test/cb")
	for range 3 {
		w.ask(endpoint, monitor.Requested)
	}
	w.settle()
	require.EqualValues(t, 1, most.Load())
	require.Equal(t, 3, one[int](w, `SELECT count(*) FROM assessments WHERE outcome = 'judged'`))
	require.Zero(t, one[int](w, `SELECT count(*) FROM endpoints WHERE looking_id IS NOT NULL`))
}

func TestOneHostIsLookedAtByFewAtOnceWhoeverAsks(t *testing.T) {
	t.Parallel()
	var w *world
	var running, most atomic.Int64
	w = newWorld(t, during(func(context.Context, int) {
		most.Store(max(most.Load(), running.Add(1)))
		if one[int](w, `SELECT count(*) FROM assessments WHERE finished_at IS NOT NULL`) == 0 {
			w.waitFor("the others were sent away", `SELECT count(*) >= 2 FROM river_job WHERE kind = 'look' AND (metadata->>'snoozes')::int > 0`)
		}
		running.Add(-1)
	}))
	w.config.HostLimit.AtOnce = 2
	w.names.point("app.test", "127.0.0.1")
	w.start()
	for _, path := range []string{"/a", "/b", "/c", "/d"} {
		w.ask(w.register("http://app.test"+path), monitor.Requested)
	}
	w.settle()
	require.EqualValues(t, 2, most.Load())
	require.Equal(t, 4, one[int](w, `SELECT count(*) FROM assessments WHERE outcome = 'judged'`))
}

func TestLeaseOfADeadWorkerEndsByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, during(func(context.Context, int) {}))
	w.names.point("app.test", "127.0.0.1")
	endpoint := w.register("http://app.test/cb")
	w.exec(`UPDATE endpoints SET looking_id = 4711, looking_until = $1`, time.Now().Add(2*time.Second))
	w.start()
	w.look(endpoint)
	require.Greater(t, one[int](w, `SELECT coalesce((metadata->>'snoozes')::int, 0) FROM river_job WHERE kind = 'look'`), 0)
}

func TestPanicIsOurFaultAndTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, during(func(context.Context, int) {}))
	network := w.config.Network
	var calls atomic.Int64
	w.config.Network = func(limits checks.Limits) checks.Network {
		if calls.Add(1) == 1 {
			panic("a fault of ours")
		}
		return network(limits)
	}
	w.names.point("app.test", "127.0.0.1")
	w.start()
	w.ask(w.register("http://app.test/cb"), monitor.Requested)
	w.waitFor("the fault was noted", `SELECT count(*) = 1 FROM river_job WHERE kind = 'look' AND errors[1]->>'error' LIKE '%a fault of ours%'`)
	w.settle()
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM assessments WHERE outcome = 'judged'`))
	require.Zero(t, one[int](w, `SELECT coalesce((metadata->>'snoozes')::int, 0) FROM river_job WHERE kind = 'look'`), "the failed attempt gave its lease back")
}

func TestLookThatFailsByOurFaultToTheLastIsDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.config.Network = func(checks.Limits) checks.Network { panic("a fault of ours") }
	var err error
	w.worker, err = worker.New(w.config)
	require.NoError(t, err)
	w.ask(w.register("http://app.test/cb"), monitor.Requested)
	w.exec(`UPDATE river_job SET max_attempts = 1`)
	w.start()
	w.settle()
	require.Equal(t, "dropped", one[string](w, `SELECT outcome FROM assessments`))
	require.Zero(t, one[int](w, `SELECT count(*) FROM endpoints WHERE looking_id IS NOT NULL`))
	require.Empty(t, w.sender.messages())
}

func TestNewNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := worker.New(worker.Config{LookTimeout: time.Second, RescueAfter: time.Second})
	for _, fault := range []string{"Store", "Judge", "Sender", "Network", "Connectivity", "a look may take 20s", "must not be rescued after 1s"} {
		require.ErrorContains(t, err, fault)
	}
}

func TestRemovedEndpointIsDropped(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]string{"before the look": "before", "during the look": "during"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w *world
			var endpoint monitor.Endpoint
			remove := func() {
				w.asTeam(func(ctx context.Context, tx *store.Tx) error {
					return tx.RemoveEndpoint(ctx, endpoint.ID, w.clock.now())
				})
			}
			w = newWorld(t, during(func(context.Context, int) { remove() }))
			w.names.point("app.test", "127.0.0.1")
			endpoint = w.register("http://app.test/cb")
			var err error
			w.worker, err = worker.New(w.config)
			require.NoError(t, err)
			w.ask(endpoint, monitor.Requested)
			if when == "before" {
				remove()
			}
			w.start()
			w.waitFor("it was dropped", `SELECT bool_and(coalesce(outcome, '') = 'dropped') FROM assessments`)
			require.Zero(t, one[int](w, `SELECT count(*) FROM host_looks`))
			w.waitFor("its job is over", `SELECT bool_and(state = 'completed') FROM river_job WHERE kind = 'look'`)
		})
	}
}

func TestWhatNoNetworkShowsIsJudgedWithoutNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.start()
	endpoint := w.register("https://app.test/cb")
	w.exec(`UPDATE endpoints SET value_kind = $1, value = 'http://127.0.0.1:{port}/cb' WHERE id = $2`, string(policy.NativeLoopback), endpoint.ID)
	w.look(endpoint)
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM requirement_status WHERE requirement = 'L-03' AND result = 'pass'`))
	require.Zero(t, one[int](w, `SELECT count(*) FROM host_looks`))
	require.Zero(t, one[int](w, `SELECT count(*) FROM assessments WHERE manifest_sha256 IS NOT NULL`))
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM assessments WHERE verdicts_sha256 IS NOT NULL`))
}

func TestProgressIsShownWhileALookRuns(t *testing.T) {
	t.Parallel()
	var w *world
	w = newWorld(t, during(func(context.Context, int) {
		w.waitFor("the stage is written", `SELECT bool_and(stage = 'requesting the URL') FROM assessments`)
	}))
	w.names.point("app.test", "127.0.0.1")
	w.start()
	w.look(w.register("http://app.test/cb"))
	require.Equal(t, "finished", one[string](w, `SELECT stage FROM assessments`))
}

func TestStopHandsRunningLooksBack(t *testing.T) {
	t.Parallel()
	started := make(chan struct{}, 1)
	w := newWorld(t, during(func(ctx context.Context, call int) {
		if call == 0 {
			started <- struct{}{}
			<-ctx.Done()
		}
	}))
	w.config.StopWithin = 100 * time.Millisecond
	w.names.point("app.test", "127.0.0.1")
	first, err := worker.New(w.config)
	require.NoError(t, err)
	require.NoError(t, first.Start(t.Context()))
	w.worker = first
	w.ask(w.register("http://app.test/cb"), monitor.Requested)
	<-started
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	require.NoError(t, first.Stop(ctx))
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM assessments WHERE finished_at IS NULL`), "a canceled look is not judged")
	require.Zero(t, one[int](w, `SELECT count(*) FROM endpoints WHERE looking_id IS NOT NULL`))
	w.start()
	w.settle()
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM assessments WHERE outcome = 'judged'`))
}
