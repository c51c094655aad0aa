package worker_test

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker"
)

// fuller is a full look that asks what a quick one does over the network, and
// answers the rest from what a test says.
type fuller struct {
	mu      sync.Mutex
	targets []checks.Target
	change  func(*checks.FullTLS)
	hold    chan struct{} // nil: looks are not held up; else until it is closed
}

func (f *fuller) look(ctx context.Context, network checks.Network, target checks.Target, address netip.AddrPort, done func(string)) checks.FullLook {
	f.mu.Lock()
	f.targets = append(f.targets, target)
	change, hold := f.change, f.hold
	f.mu.Unlock()
	tls, certificates := tlsprobe.Quick(ctx, network, target, address)
	done(checks.StageTLS)
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
		}
	}
	full := checktest.FullFacts(tls.Chain.Value, target.Intrusive)
	if change != nil {
		change(&full)
	}
	for _, stage := range checks.FullStages()[1:] {
		done(stage)
	}
	return checks.FullLook{TLS: tls, Full: full, Certificates: certificates}
}

func (f *fuller) asked() []checks.Target {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]checks.Target{}, f.targets...)
}

func (f *fuller) answer(change func(*checks.FullTLS)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.change = change
}

// newFullWorld is a world whose worker can look fully.
func newFullWorld(t *testing.T) (*world, *fuller) {
	t.Helper()
	full := &fuller{}
	w := newWorld(t, func(config *worker.Config) {
		config.Runner.Full = full.look
		config.ClaimEvery = time.Second
		config.FullLimits = func(intrusive bool) checks.Limits {
			limits := checks.Limits{Deadline: 20 * time.Second, ConnectionsPerAddress: 50}
			if intrusive {
				limits.Deadline = 40 * time.Second
			}
			return limits
		}
	})
	return w, full
}

func (w *world) lookFully(endpoint monitor.Endpoint) monitor.Assessment {
	w.t.Helper()
	assessment := w.askDepth(endpoint, monitor.Requested, checks.Full)
	w.waitFor("the full look is judged", `SELECT coalesce(bool_and(outcome = 'judged'), false) FROM assessments WHERE id = $1`, assessment.ID)
	return assessment
}

func TestFirstLookIsQuickAndAFullOneFollowsAtOnce(t *testing.T) {
	t.Parallel()
	w, full := newFullWorld(t)
	server, _ := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	w.ask(endpoint, monitor.First)
	w.waitFor("both are judged", `SELECT count(*) = 2 FROM assessments WHERE outcome = 'judged'`)
	require.Equal(t, []string{"first quick", "scheduled full"}, all[string](w, `SELECT purpose || ' ' || depth FROM assessments WHERE purpose <> 'confirm' ORDER BY slot`))
	require.Len(t, full.asked(), 1)
	require.False(t, full.asked()[0].Intrusive)
	require.Equal(t, 20*time.Second, full.asked()[0].Limits.Deadline)
	require.ElementsMatch(t, []string{
		"dns quick", "tls quick", "http quick", "certificates quick", "pki quick", "dns full", "tls full", "http full", "certificates full", "pki full",
		"suites full", "chains full", "features full", "vulnerabilities full", "simulations full", "stapled full", "versions full",
	}, all[string](w, `SELECT family || ' ' || depth FROM endpoint_status WHERE current`))
	require.Zero(t, one[int](w, `SELECT count(*) FROM changes`), "to know more is no change")
	next := one[time.Time](w, `SELECT next_full_at FROM endpoints`)
	require.True(t, next.Equal(endpoint.Schedule().NextFull(w.clock.now())), "the next one is in the daily schedule: %s", next)
	w.settle()
	require.Equal(t, 2, one[int](w, `SELECT count(*) FROM assessments WHERE purpose <> 'confirm'`), "a full look asks for no other but to confirm what fails")
	require.Equal(t, []string{"full"}, all[string](w, `SELECT DISTINCT depth FROM assessments WHERE purpose = 'confirm'`), "what only a full look sees")
}

func TestClaimDecidesTheDepth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	endpoint := w.register("https://app.test/cb")
	plain := w.register("http://app.test/cb")
	claim := func(now time.Time) map[int64]string {
		w.exec(`UPDATE endpoints SET next_run_at = $1`, now)
		asked, _ := w.claim(now, 10)
		depths := map[int64]string{}
		for _, assessment := range asked {
			depths[assessment.EndpointID] = assessment.Depth
		}
		w.exec(`UPDATE assessments SET finished_at = $1, outcome = 'judged'`, now)
		return depths
	}
	at := endpoint.CreatedAt.Add(time.Hour)
	require.Equal(t, map[int64]string{endpoint.ID: "full", plain.ID: "quick"}, claim(at), "it never had a full look, and http has no TLS")
	due := endpoint.Schedule().NextFull(at)
	require.True(t, one[time.Time](w, `SELECT next_full_at FROM endpoints WHERE id = $1`, endpoint.ID).Equal(due))
	require.True(t, one[bool](w, `SELECT next_full_at IS NULL FROM endpoints WHERE id = $1`, plain.ID))
	require.Equal(t, "quick", claim(at.Add(time.Hour))[endpoint.ID])
	require.Equal(t, "quick", claim(due.Add(-time.Microsecond))[endpoint.ID])
	require.Equal(t, "full", claim(due)[endpoint.ID])
	require.Equal(t, "quick", claim(due.Add(time.Hour))[endpoint.ID])

	// A full look that was not asked for, since the last one is unfinished, stays due.
	later := due.Add(48 * time.Hour)
	w.exec(`UPDATE assessments SET finished_at = NULL, outcome = NULL WHERE slot = $1`, due)
	require.Empty(t, claim(later)[endpoint.ID])
	require.Equal(t, "full", claim(later.Add(time.Hour))[endpoint.ID])
}

func TestIntrusiveProbesNeedLeave(t *testing.T) {
	t.Parallel()
	w, full := newFullWorld(t)
	server, _ := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	operator := func(do func(context.Context, *store.Tx) error) {
		require.NoError(t, w.database.Store.AsOperator(t.Context(), do))
	}
	w.lookFully(endpoint)
	operator(func(ctx context.Context, tx *store.Tx) error {
		return tx.AllowIntrusive(ctx, monitor.IntrusiveLeave{EndpointID: endpoint.ID, Reason: "agreed", AllowedBy: "o@example.com", AllowedAt: w.clock.now()})
	})
	w.look(endpoint)
	w.lookFully(endpoint)
	operator(func(ctx context.Context, tx *store.Tx) error { return tx.ForbidIntrusive(ctx, endpoint.ID) })
	w.lookFully(endpoint)
	var intrusive []bool
	for _, target := range full.asked() {
		intrusive = append(intrusive, target.Intrusive)
		want := 20 * time.Second
		if target.Intrusive {
			want = 40 * time.Second
		}
		require.Equal(t, want, target.Limits.Deadline)
	}
	require.Equal(t, []bool{false, true, false}, intrusive)
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM river_job WHERE (args->>'intrusive')::boolean`), "it got the time that they take")
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM endpoint_status WHERE family = 'intrusive'`), "what it found stays")
	require.Zero(t, one[int](w, `SELECT count(*) FROM changes`))
}

func TestChangesAskForAFullLook(t *testing.T) {
	t.Parallel()
	w, full := newFullWorld(t)
	server, config := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	w.lookFully(endpoint)
	w.settle() // with the look that confirms what fails
	w.exec(`UPDATE endpoints SET full_looked_at = $1`, w.clock.now().Add(-2*time.Hour))
	config.Protocols = []string{"TLSv1.2"}
	server.Reconfigure(config)
	w.look(endpoint)
	w.waitFor("a full look follows", `SELECT count(*) = 1 FROM assessments WHERE purpose = 'scheduled' AND depth = 'full' AND outcome = 'judged'`)
	w.settle()
	require.Len(t, full.asked(), 3)

	config.Protocols = nil
	server.Reconfigure(config)
	w.look(endpoint)
	next := one[time.Time](w, `SELECT next_full_at FROM endpoints`)
	require.WithinDuration(t, w.clock.now().Add(monitor.FullApart), next, time.Minute, "not again within the hour")
	require.True(t, one[bool](w, `SELECT next_run_at = next_full_at FROM endpoints`))
}

func TestVulnerabilityThatAppearsIsARegression(t *testing.T) {
	t.Parallel()
	w, full := newFullWorld(t)
	server, _ := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	w.lookFully(endpoint)
	full.answer(func(f *checks.FullTLS) {
		f.Vulnerabilities[checks.FREAK] = checks.Finding{Result: checks.Vulnerable, Proof: []string{"it signed"}}
	})
	w.look(endpoint)
	w.lookFully(endpoint)
	full.answer(func(f *checks.FullTLS) { *f = checktest.FullUnknown() })
	w.lookFully(endpoint)
	full.answer(nil)
	w.lookFully(endpoint)
	require.Equal(t, []string{
		"regression: The server is now vulnerable to FREAK.", "recovery: The server is no longer vulnerable to FREAK.",
	}, all[string](w, `SELECT class || ': ' || sentence FROM changes ORDER BY id`))
}

func TestFullLookOutlivesRiversRescue(t *testing.T) {
	t.Parallel()
	w, full := newFullWorld(t)
	hold := make(chan struct{})
	full.hold = hold
	release := sync.OnceFunc(func() { close(hold) })
	t.Cleanup(release)
	server, _ := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	asked := w.askDepth(endpoint, monitor.Requested, checks.Full)
	w.waitFor("its stage is told", `SELECT stage LIKE 'asking which suites%' FROM assessments WHERE id = $1`, asked.ID)
	lease := one[time.Time](w, `SELECT looking_until FROM endpoints`).Sub(one[time.Time](w, `SELECT started_at FROM assessments WHERE id = $1`, asked.ID))
	require.Equal(t, 45*time.Second, lease, "its deadline, the time to store it, and the margin")
	require.Equal(t, "full", one[string](w, `SELECT args->>'depth' FROM river_job WHERE kind = 'look'`), "River asks how long it may run")
	release()
	w.waitFor("it is judged", `SELECT coalesce(outcome = 'judged', false) FROM assessments WHERE id = $1`, asked.ID)
	require.Equal(t, 1, one[int](w, `SELECT attempt FROM river_job WHERE kind = 'look' AND (args->>'assessment_id')::bigint = $1`, asked.ID))
}
