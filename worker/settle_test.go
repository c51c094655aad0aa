package worker_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
	"github.com/gradewatch/gradewatch/internal/alert"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/worker"
)

// versions lists the version of every row of a table: another one after every write.
func (w *world) versions(table string) []string {
	w.t.Helper()
	return all[string](w, `SELECT t.ctid::text || '/' || t.xmin::text FROM `+table+` t ORDER BY 1`)
}

func TestUnchangedLookWritesSlimRowsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	server, _ := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	w.look(endpoint)
	tables := []string{"requirement_status", "endpoint_status", "components", "manifests", "manifest_entries", "changes"}
	before := map[string][]string{}
	for _, table := range tables {
		before[table] = w.versions(table)
	}
	lookedAt := one[time.Time](w, `SELECT looked_at FROM endpoints`)
	for range 3 {
		w.look(endpoint)
	}
	for _, table := range tables {
		require.Equal(t, before[table], w.versions(table), "%s is not written by a look that saw nothing new", table)
	}
	require.True(t, one[time.Time](w, `SELECT looked_at FROM endpoints`).After(lookedAt))
	require.Equal(t, 4, one[int](w, `SELECT count(*) FROM assessments`))

	w.names.set("app.test", dnsserver.SERVFAIL)
	lookedAt = one[time.Time](w, `SELECT looked_at FROM endpoints`)
	w.look(endpoint)
	require.Equal(t, 5, one[int](w, `SELECT count(*) FROM endpoint_status WHERE NOT current AND observed_at = $1`, lookedAt),
		"answers that were not given again keep the time of the last look that gave them")
	w.names.point("app.test", "127.0.0.1")
	w.look(endpoint)
	require.Equal(t, 5, one[int](w, `SELECT count(*) FROM endpoint_status WHERE current`))
	require.Zero(t, one[int](w, `SELECT count(*) FROM changes WHERE subject NOT LIKE 'verdicts.%'`))
}

func TestLookOverABrokenNetworkLeavesNoTraceInTheNext(t *testing.T) {
	t.Parallel()
	var cut atomic.Bool
	w := newWorld(t, func(config *worker.Config) {
		config.Connectivity = func(context.Context) checks.Fact[bool] { return checks.KnownFact(!cut.Load()) }
	})
	server, _ := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	w.look(endpoint)
	known := w.versions("requirement_status")
	manifests := all[string](w, `SELECT DISTINCT encode(manifest_sha256, 'hex') FROM endpoint_status`)

	cut.Store(true) // a resolver of the network that we are cut off by answers for everybody
	w.names.set("app.test", dnsserver.NXDOMAIN)
	w.look(endpoint)
	require.Equal(t, manifests, all[string](w, `SELECT DISTINCT encode(manifest_sha256, 'hex') FROM endpoint_status`),
		"what is seen while we are cut off is nobody's newest answer")
	require.Len(t, w.versions("requirement_status"), len(known))

	cut.Store(false)
	w.names.point("app.test", "127.0.0.1")
	w.look(endpoint)
	w.settle()
	require.Empty(t, all[string](w, `SELECT subject || ': ' || sentence FROM changes`), "nothing was different from before")
	require.Empty(t, w.incidents())
}

func TestConfirmationStandsWhereClocksDiffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(config *worker.Config) { config.Settings.ConfirmAfter = 2 * time.Second })
	server, _ := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	server.Stop()
	w.look(endpoint)
	w.clock.advance(-20 * time.Second) // the next look is another process's
	w.settle()
	require.Equal(t, []string{"open E-01"}, w.incidents())
	require.True(t, one[bool](w, `SELECT bool_and(finished_at >= slot) FROM assessments`))
}

func TestRunThatIsVeryLateIsClaimed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.start() // makes the partitions
	endpoint := w.register("https://app.test/cb")
	w.exec(`UPDATE endpoints SET vantage = 'nobody', next_run_at = $1`, endpoint.CreatedAt.AddDate(-2, 0, 0))
	now := w.clock.now().UTC().Truncate(time.Microsecond)
	w.waitFor("it is claimed", `SELECT count(*) = 1 FROM assessments WHERE slot >= $1`, now)
}

// slowSender accepts a message, and is told to stop before it can say so.
type slowSender struct{ accepted chan struct{} }

func (s slowSender) Send(ctx context.Context, _ alert.Channel, _ uuid.UUID, _ monitor.Message) (alert.Outcome, error) {
	close(s.accepted) // twice would panic
	<-ctx.Done()
	return alert.Outcome{Accepted: true, Answer: "250 ok"}, nil
}

func TestAcceptedMessageIsNotedWhileStopping(t *testing.T) {
	t.Parallel()
	sender := slowSender{accepted: make(chan struct{})}
	w := newWorld(t, func(config *worker.Config) {
		config.Sender, config.StopWithin = sender, 50*time.Millisecond
	})
	started, err := worker.New(w.config)
	require.NoError(t, err)
	require.NoError(t, started.Start(t.Context()))
	w.worker = started
	w.notify()
	select {
	case <-sender.accepted:
	case <-time.After(patience):
		require.Fail(t, "nothing was sent")
	}
	require.NoError(t, started.Stop(t.Context()))
	require.Equal(t, "delivered 1", one[string](w, `SELECT state || ' ' || attempts FROM deliveries`))
	require.Equal(t, "completed", one[string](w, `SELECT state::text FROM river_job WHERE kind = 'deliver'`))
}

func TestLookThatWaitsForTheNetworkHoldsNoConnection(t *testing.T) {
	t.Parallel()
	const waiting = 16 // more than the test's pool has connections
	w := newWorld(t, func(config *worker.Config) { config.LookWorkers, config.HostLimit.AtOnce = waiting, waiting })
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	held := make(chan net.Conn, waiting)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			held <- connection
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	w.config.Limits.ReadTimeout = 8 * time.Second
	w.names.point("app.test", "127.0.0.1")
	w.start()
	for range waiting {
		w.ask(w.registerAt("http://app.test:"+port(listener)), monitor.Requested)
	}
	var connections []net.Conn
	for range waiting {
		select {
		case connection := <-held:
			connections = append(connections, connection)
		case <-time.After(patience):
			require.Failf(t, "looks wait for each other", "only %d of %d are on the network", len(connections), waiting)
		}
	}
	require.Less(t, int(w.database.Pool.Stat().AcquiredConns()), 5, "what holds a connection is River alone")
	require.NoError(t, listener.Close())
	for _, connection := range connections {
		_ = connection.Close()
	}
	w.waitFor("every look ends", `SELECT bool_and(finished_at IS NOT NULL) FROM assessments WHERE purpose = 'requested'`)
}

func port(listener net.Listener) string {
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

// registerAt adds one more endpoint of the server at base.
func (w *world) registerAt(base string) monitor.Endpoint {
	w.t.Helper()
	return w.register(base + "/" + uuid.NewString())
}
