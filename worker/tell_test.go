package worker_test

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/worker"
)

// healthy serves app.test from an nginx that meets every requirement.
func (w *world) healthy() (*checktest.Nginx, checktest.NginxConfig) {
	w.t.Helper()
	config := checktest.NginxConfig{Certificate: checktest.Issue(w.t, w.ca, pki.Leaf{Names: []string{"app.test"}})}
	w.names.point("app.test", "127.0.0.1")
	return checktest.StartNginx(w.t, config), config
}

func TestServerThatStopsAnsweringIsOneIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	server, _ := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	w.look(endpoint)
	require.Empty(t, all[string](w, `SELECT requirement FROM requirement_status WHERE result IN ('fail', 'inconclusive') AND requirement NOT IN ('T-05', 'T-06', 'T-10')`), "besides what only a full look tells")

	server.Stop()
	w.look(endpoint)
	w.settle()
	require.Equal(t, []string{"open E-01"}, w.incidents())
	require.Equal(t, []monitor.NotificationKind{monitor.IncidentOpened}, w.sender.kinds())

	for range 3 { // it stays down for days: nothing more is said
		w.clock.advance(7 * time.Hour)
		w.look(endpoint)
	}
	w.settle()
	require.Equal(t, []string{"open E-01"}, w.incidents())
	message := w.sender.messages()[0]
	require.Len(t, w.sender.messages(), 1)
	require.Equal(t, checks.CauseConfiguration, message.Cause)
	require.Equal(t, "Partner", message.Team)
	require.NotEmpty(t, message.Title)
	require.Len(t, message.Verdicts, 1)
	require.Contains(t, message.Link, "/incidents/")
}

func TestNameThatDisappearsIsOneIncidentAndComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	server, _ := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	w.look(endpoint)
	w.names.set("app.test", dnsserver.NXDOMAIN)
	w.look(endpoint)
	w.settle()
	require.Equal(t, []string{"open E-01,L-08"}, w.incidents())

	w.names.point("app.test", "127.0.0.1")
	w.look(endpoint)
	w.look(endpoint)
	w.settle()
	require.Equal(t, []string{"resolved E-01,L-08"}, w.incidents())
	require.Equal(t, []monitor.NotificationKind{monitor.IncidentOpened, monitor.IncidentResolved}, w.sender.kinds())
	require.Equal(t, []string{"regression configuration", "recovery configuration"},
		all[string](w, `SELECT class || ' ' || cause FROM changes WHERE subject = 'verdicts.E-01' ORDER BY id`))
}

func TestFailingWhenRegisteredIsOneIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	server, config := w.healthy()
	config.Protocols = []string{"TLSv1.3"}
	config.Server = `add_header Set-Cookie "session=1; Secure; Path=/";`
	server.Reconfigure(config)
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	w.ask(endpoint, monitor.First)
	w.waitFor("both looks are there", `SELECT count(*) = 2 FROM assessments`)
	w.settle()
	w.look(endpoint)
	w.settle()
	require.Equal(t, []string{"open C-01,T-03"}, w.incidents())
	require.Equal(t, []monitor.NotificationKind{monitor.IncidentOpened}, w.sender.kinds())
	require.Equal(t, []string{"first", "confirm", "requested"}, all[string](w, `SELECT purpose FROM assessments ORDER BY id`))
}

func TestTwoCausesAreTwoIncidents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	server, good := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	w.look(endpoint)
	bad := good
	bad.Protocols = []string{"TLSv1.3"}
	server.Reconfigure(bad)
	w.look(endpoint)
	w.settle()
	bad.Server = `add_header Set-Cookie "session=1; Secure; Path=/";`
	server.Reconfigure(bad)
	w.look(endpoint)
	w.settle()
	require.Equal(t, []string{"open T-03", "open C-01"}, w.incidents())
	server.Reconfigure(good)
	w.look(endpoint)
	w.settle()
	require.Equal(t, []string{"resolved T-03", "resolved C-01"}, w.incidents())
	require.ElementsMatch(t, []monitor.NotificationKind{
		monitor.IncidentOpened, monitor.IncidentOpened, monitor.IncidentResolved, monitor.IncidentResolved,
	}, w.sender.kinds())
	require.Contains(t, all[string](w, `SELECT sentence FROM changes ORDER BY id`), "The server no longer accepts TLS 1.2.")
}

func TestNothingConclusiveIsOneNotice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.names.point("app.test", "10.1.2.3") // a special-purpose address: never connected to, so nobody can tell
	w.start()
	endpoint := w.register("https://app.test/cb")
	for range 5 {
		w.look(endpoint)
		w.settle()
		require.Empty(t, w.sender.kinds())
		w.clock.advance(time.Hour + 10*time.Minute)
	}
	for range 3 {
		w.clock.advance(time.Hour)
		w.look(endpoint)
		w.settle()
	}
	require.Equal(t, []monitor.NotificationKind{monitor.EndpointUndetermined}, w.sender.kinds())
	require.Empty(t, w.incidents())
	message := w.sender.messages()[0]
	require.NotEmpty(t, message.Reason)
	require.Contains(t, message.Link, "/endpoints/")
	require.InDelta(t, 6*60, message.OccurredAt.Sub(message.Since).Minutes(), 60)
}

func TestOwnNetworkCutOffTellsNothing(t *testing.T) {
	t.Parallel()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, gone.Close())
	w := newWorld(t, nil)
	server, _ := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	silent := w.register("https://gone.test/cb")
	w.look(endpoint)

	offline := w.config
	offline.Connectivity = reach(loopbackProber(w.resolver), gone.Addr().String())
	offline.Vantage = "offline"
	w.config.Vantage = "offline"
	w.worker = startWorker(t, offline)
	w.exec(`UPDATE endpoints SET vantage = 'offline'`)
	server.Stop()
	for range 4 {
		w.look(endpoint)
		w.look(silent)
		w.clock.advance(5 * time.Hour)
	}
	w.settle()
	require.Empty(t, w.incidents())
	require.Empty(t, w.sender.kinds())
	require.Equal(t, 8, one[int](w, `SELECT count(*) FROM host_looks WHERE connectivity = false`))
	require.Empty(t, all[string](w, `SELECT requirement FROM requirement_status WHERE requirement NOT IN ('T-05', 'T-06', 'T-10')
		AND (failing_since IS NOT NULL OR inconclusive_since IS NOT NULL)`), "but what only a full look tells")
	require.Empty(t, all[string](w, `SELECT sentence FROM changes`))
}

func TestUnchangedEndpointTellsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *worker.Config) { c.Settings.UndeterminedAfter = time.Minute })
	server, _ := w.healthy()
	w.start()
	endpoint := w.register(server.URL("app.test", "/cb"))
	for range 5 {
		w.look(endpoint)
		w.clock.advance(time.Hour)
	}
	w.settle()
	require.Empty(t, w.sender.kinds())
	require.Empty(t, w.incidents())
	require.Zero(t, one[int](w, `SELECT count(*) FROM changes`))
}
