package worker

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

func TestConnectivityIsProvenAroundTheLook(t *testing.T) {
	t.Parallel()
	asked := 0
	works := checks.KnownFact(true)
	c := &connectivity{ask: func(context.Context) checks.Fact[bool] {
		asked++
		return works
	}}
	began := time.Now().Add(-time.Second)
	for range 5 {
		require.Equal(t, works, c.since(t.Context(), began))
	}
	require.Equal(t, 1, asked, "looks that need it at the same time share one proof")

	c.asked = c.asked.Add(-2 * time.Second)
	works = checks.KnownFact(false)
	require.Equal(t, works, c.since(t.Context(), began), "a proof from before the look says nothing about it")
	require.Equal(t, 2, asked)

	c.asked = c.asked.Add(-2 * connectivityLife)
	c.since(t.Context(), c.asked.Add(-time.Second))
	require.Equal(t, 3, asked, "an old proof is not shared")

	works = checks.InconclusiveFact[bool](checks.ReasonCanceled)
	c.since(t.Context(), time.Now().Add(time.Second))
	require.Equal(t, 4, asked)
	require.Equal(t, checks.KnownFact(false), c.since(t.Context(), began), "what could not be told takes no proof's place")
}

func TestRetriesTakeThreeDays(t *testing.T) {
	t.Parallel()
	for _, id := range []uuid.UUID{{}, uuid.Max} {
		total, attempts := time.Duration(0), 1
		for ; ; attempts++ {
			delay, again := retryAfter(id, attempts)
			if !again {
				break
			}
			require.Positive(t, delay)
			total += delay
		}
		require.Equal(t, 12, attempts)
		require.InDelta(t, 76, total.Hours(), 4)
	}
}

func TestBackoffIsBounded(t *testing.T) {
	t.Parallel()
	for attempt, want := range map[int]time.Duration{-1: time.Second, 1: time.Second, 3: 4 * time.Second, 7: time.Minute, 1000: time.Minute} {
		require.WithinDuration(t, time.Now().Add(want), backoff(attempt), time.Second)
	}
}

func TestConclusiveIsWhatCouldBeToldLast(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.November, 22, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		state monitor.RequirementState
		want  checks.Result
	}{
		"never judged": {monitor.RequirementState{Result: checks.ResultInconclusive}, ""},
		"passes":       {monitor.RequirementState{Result: checks.Pass, Conclusive: checks.Pass}, checks.Pass},
		"a fail that waits, and could not be told since": {
			monitor.RequirementState{Result: checks.ResultInconclusive, Conclusive: checks.Pass, FailingSince: at}, checks.Fail,
		},
		"failed over our own broken network": {monitor.RequirementState{Result: checks.Fail, Conclusive: checks.Pass}, checks.Pass},
	} {
		var got checks.Result
		for _, verdict := range conclusive(map[string]monitor.RequirementState{"T-01": test.state}) {
			got = verdict.Result
		}
		require.Equal(t, test.want, got, name)
	}
}

func TestBusyLooksWaitLongerTheLongerTheyWait(t *testing.T) {
	t.Parallel()
	for waited, want := range map[time.Duration]time.Duration{-time.Minute: time.Second, 0: time.Second, 20 * time.Second: 5 * time.Second, time.Hour: 15 * time.Second} {
		got := busyFor(waited)
		require.GreaterOrEqual(t, got, want)
		require.Less(t, got, 2*want)
	}
}

func TestTimeoutsFollowTheDepth(t *testing.T) {
	t.Parallel()
	config := Config{}.withDefaults()
	w := &lookWorker{config: config}
	for _, test := range []struct {
		depth     checks.Depth
		intrusive bool
		timeout   time.Duration
		lease     time.Duration
	}{
		{checks.Quick, false, 30 * time.Second, 45 * time.Second},
		{checks.Full, false, 90 * time.Second, 105 * time.Second},
		{checks.Full, true, 270 * time.Second, 285 * time.Second},
	} {
		require.Equal(t, test.timeout, config.timeout(test.depth, test.intrusive))
		require.Equal(t, test.lease, config.leaseFor(test.depth, test.intrusive))
	}
	for arguments, want := range map[jobs.Look]time.Duration{
		{}:                               30 * time.Second, // of the release before
		{Depth: "quick"}:                 30 * time.Second,
		{Depth: "full"}:                  90 * time.Second,
		{Depth: "full", Intrusive: true}: 270 * time.Second,
	} {
		require.Equal(t, want, w.Timeout(&river.Job[jobs.Look]{Args: arguments}))
	}
	require.Less(t, riverConfig(config, river.NewWorkers()).RescueStuckJobsAfter, time.Minute, "a quick look that died is taken up soon")
}

func TestProgressSaysTheFirstStageThatIsNotOver(t *testing.T) {
	t.Parallel()
	p := &progress{stages: map[string]step{}}
	require.Empty(t, p.text())
	p.report(checks.StageDNS, 0, 1)
	require.Equal(t, "resolving the name", p.text())
	p.report(checks.StageDNS, 1, 1)
	for _, stage := range checks.FullStages() { // they begin together
		p.report(stage, 0, 2)
	}
	require.Equal(t, "asking TLS, 0 of 2 addresses done", p.text())
	p.report(checks.StageTLS, 2, 2)
	p.report(checks.StageSuites, 2, 2)
	p.report(checks.StageFeatures, 1, 2)
	require.Equal(t, "asking for features and intolerances, 1 of 2 addresses done", p.text())
	p.report(checks.StageFeatures, 2, 2)
	p.report(checks.StageVulnerabilities, 2, 2)
	p.report(checks.StageClients, 2, 2)
	p.report(checks.StageHTTP, 0, 1)
	require.Equal(t, "requesting the URL", p.text())
	p.report(checks.StageHTTP, 1, 1)
	require.Equal(t, "requesting the URL", p.text(), "nothing else is left to say")
}
