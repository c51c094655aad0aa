package worker_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/httpsec"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker"
)

// What a worker process of the test is told: its database and its resolver.
const (
	childVariable    = "GRADEWATCH_TEST_WORKER"
	resolverVariable = "GRADEWATCH_TEST_RESOLVER"
)

const (
	dueEndpoints = 5000
	dueAddresses = 500
	childLooks   = 24
)

// runChild is a worker process. It ends when its standard input does.
func runChild() int {
	ctx := context.Background()
	if err := childWork(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "worker process:", err)
		return 1
	}
	return 0
}

func childWork(ctx context.Context) error {
	opened, err := store.Open(ctx, os.Getenv(childVariable), childLooks+6)
	if err != nil {
		return err
	}
	defer opened.Close()
	trust, err := appraisal.NewTrust(appraisal.Config{})
	if err != nil {
		return err
	}
	prober := loopbackProber(os.Getenv(resolverVariable))
	child, err := worker.New(worker.Config{
		Store:        opened,
		Network:      func(limits checks.Limits) checks.Network { return prober.Network(limits) },
		Connectivity: func(context.Context) checks.Fact[bool] { return checks.Fact[bool]{} },
		Runner:       checks.Runner{HTTP: httpsec.Walk}, Judge: judgeBy(trust, onlyReachable()), Sender: &recorder{}, Lead: true,
		Limits: checks.Limits{Deadline: 9 * time.Second}, LookTimeout: 10 * time.Second, RescueAfter: 10500 * time.Millisecond,
		LookWorkers: childLooks, HostLimit: store.HostLimit{AtOnce: 4, Spacing: time.Nanosecond},
		FetchCooldown: 20 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return err
	}
	if err := child.Start(ctx); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return child.Stop(ctx)
}

// onlyReachable judges E-01 alone: here it counts who is looked at, not what is found.
func onlyReachable() *policy.Profile {
	profile := *policy.SuperOffice()
	requirement, _ := profile.Requirement("E-01")
	profile.Requirements = []policy.Requirement{requirement}
	return &profile
}

// child is a worker process that runs.
type child struct {
	command *exec.Cmd
	stdin   io.Closer
	done    chan error
}

func (w *world) startChild(resolver string) *child {
	w.t.Helper()
	self, err := os.Executable()
	require.NoError(w.t, err)
	c := &child{command: exec.Command(self), done: make(chan error, 1)}
	c.command.Env = append(os.Environ(), childVariable+"="+w.database.AppURL, resolverVariable+"="+resolver)
	c.command.Stderr = os.Stderr
	stdin, err := c.command.StdinPipe()
	require.NoError(w.t, err)
	c.stdin = stdin
	require.NoError(w.t, c.command.Start())
	go func() { c.done <- c.command.Wait() }()
	w.t.Cleanup(func() {
		_ = c.stdin.Close()
		select {
		case <-c.done:
		case <-time.After(patience):
			_ = c.command.Process.Kill()
			<-c.done
		}
	})
	return c
}

// counter is the server that every endpoint points at. It counts walks by URL:
// what a look asks besides has another method, or an error in its query.
type counter struct {
	mu       sync.Mutex
	requests map[string]int
}

func (c *counter) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if request.Method == http.MethodGet && request.URL.RawQuery == "" {
		c.mu.Lock()
		c.requests[request.Host+request.URL.Path]++
		c.mu.Unlock()
	}
	_, _ = io.WriteString(w, "ok\n")
}

func startCounter(t *testing.T) (*counter, int) {
	t.Helper()
	listener, err := net.Listen("tcp4", "0.0.0.0:0")
	require.NoError(t, err)
	c := &counter{requests: map[string]int{}}
	server := &http.Server{Handler: c, ReadHeaderTimeout: time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return c, listener.Addr().(*net.TCPAddr).Port
}

// TestTwoProcesses is the promise that several workers share the work and one
// that is killed loses nothing: each endpoint that was due is assessed once.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	server, port := startCounter(t)
	for i := range dueAddresses {
		w.names.point(fmt.Sprintf("h%d.test", i), fmt.Sprintf("127.1.%d.%d", i/250, 1+i%250))
	}
	due := time.Now().UTC().Truncate(time.Second)
	w.exec(`INSERT INTO endpoints (team_id, application_id, environment, kind, value_kind, value, next_run_at, created_at)
		SELECT $1, $2, 'Production', 'redirect', 'literal', 'http://h' || i % $3::int || '.test:' || $4::int || '/cb/' || i, $5, $5
		FROM generate_series(0, $6::int - 1) AS i`, w.team.ID, w.application.ID, dueAddresses, port, due, dueEndpoints)

	resolver := w.resolver
	children := []*child{w.startChild(resolver), w.startChild(resolver)}
	began := time.Now()
	w.waitEvery(250*time.Millisecond, "both processes work", `SELECT count(DISTINCT attempted_by[1]) = 2 FROM river_job WHERE kind = 'look' AND state = 'completed'`)
	w.waitEvery(250*time.Millisecond, "a third is done", `SELECT count(*) > $1 FROM assessments WHERE finished_at IS NOT NULL`, dueEndpoints/3)
	t.Logf("a third was done after %s", time.Since(began))
	killed := children[0]
	if leads(w, children[1]) {
		killed = children[1] // the one that schedules and rescues: the harder loss
	}
	require.NoError(t, killed.command.Process.Kill())
	finished := one[int](w, `SELECT count(*) FROM assessments WHERE finished_at IS NOT NULL`)
	require.Less(t, finished, dueEndpoints, "the kill fell in the middle of the work")

	require.Eventually(t, func() bool {
		return one[int](w, `SELECT count(*) FROM assessments WHERE finished_at IS NOT NULL`) == dueEndpoints
	}, 3*patience, 250*time.Millisecond, "every look is finished")

	t.Logf("all was done after %s", time.Since(began))
	require.Equal(t, dueEndpoints, one[int](w, `SELECT count(*) FROM assessments`), "none twice")
	require.Equal(t, dueEndpoints, one[int](w, `SELECT count(DISTINCT endpoint_id) FROM assessments WHERE slot = $1 AND outcome = 'judged'`, due), "none lost")
	require.Equal(t, dueEndpoints, one[int](w, `SELECT count(*) FROM host_looks`), "what a killed look saw is not kept twice")
	require.Zero(t, one[int](w, `SELECT count(*) FROM endpoints WHERE next_run_at <= $1`, due.Add(30*time.Minute)), "all moved on")
	require.Zero(t, one[int](w, `SELECT count(*) FROM incidents`))
	w.waitFor("every lease is given back or over", `SELECT NOT EXISTS (SELECT FROM endpoints WHERE looking_until > $1)`, time.Now().Add(15*time.Second))
	require.GreaterOrEqual(t, one[int](w, `SELECT count(*) FROM river_job WHERE kind = 'look' AND attempt > 1`), 1, "the killed process left looks behind")

	server.mu.Lock()
	defer server.mu.Unlock()
	require.Len(t, server.requests, dueEndpoints)
	total := 0
	for _, requests := range server.requests {
		total += requests
	}
	require.LessOrEqual(t, total, dueEndpoints+childLooks, "only what the killed process had begun was looked at again")
}

// leads says whether a process is River's leader.
func leads(w *world, c *child) bool {
	w.t.Helper()
	var leader string
	require.NoError(w.t, w.database.Pool.QueryRow(w.t.Context(), `SELECT leader_id FROM river_leader`).Scan(&leader))
	return strings.Contains(leader, fmt.Sprintf("_p%d_", c.command.Process.Pid))
}
