package worker_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// counted is a server on loopback that counts its connections.
type counted struct {
	*httptest.Server
	connections atomic.Int32
}

func serveCounted(t *testing.T, handler http.Handler) *counted {
	t.Helper()
	server := &counted{Server: httptest.NewUnstartedServer(handler)}
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			server.connections.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func (c *counted) at() netip.AddrPort { return netip.MustParseAddrPort(c.Listener.Addr().String()) }

func (c *counted) url(host, path string) string {
	return fmt.Sprintf("https://%s:%d%s", host, c.at().Port(), path)
}

func ok(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }

// say puts a TXT record into the zone, or takes the name out of it.
func (n *names) say(name, text string) {
	n.set(name, func() dnsserver.Answer {
		if text == "" {
			return dnsserver.NXDOMAIN()
		}
		return dnsserver.Answer{Records: []string{`TXT "` + text + `"`}}
	})
}

func (w *world) record(host string, below bool) (recorded monitor.OptOut) {
	w.t.Helper()
	require.NoError(w.t, w.database.Store.AsOperator(w.t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		recorded, err = tx.RecordOptOut(ctx, store.Actor{Source: "web", Email: "op@example.com"}, w.team.ID, monitor.OptOut{
			Host: host, IncludesSubdomains: below, Reason: "asked by mail", Contact: "hostmaster@example.com",
			RecordedBy: "op@example.com", RecordedAt: w.clock.now(),
		})
		return err
	}))
	return recorded
}

func TestOptOutIsHonoredFromTheNextLookOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	server := serveCounted(t, http.HandlerFunc(ok))
	w.names.point("app.shop.test", "127.0.0.1")
	w.start()
	endpoint := w.register(server.url("app.shop.test", "/cb"))
	connections := func(depth checks.Depth) int32 {
		server.connections.Store(0)
		assessment := w.askDepth(endpoint, monitor.Requested, depth)
		w.waitFor("the look is judged", `SELECT coalesce(bool_and(outcome = 'judged'), false) FROM assessments WHERE id = $1`, assessment.ID)
		return server.connections.Load()
	}
	require.Positive(t, connections(checks.Quick))
	w.settle()
	before := len(w.sender.messages())

	w.names.say("_gradewatch.shop.test", "opt-out")
	require.Zero(t, connections(checks.Quick), "by the registrable domain's DNS")
	require.Zero(t, connections(checks.Full))
	w.names.say("_gradewatch.shop.test", "")
	require.Positive(t, connections(checks.Quick), "who takes it back is looked at again")

	recorded := w.record("shop.test", true)
	require.Zero(t, connections(checks.Quick), "by what is on record")
	for range 8 {
		w.clock.advance(time.Hour)
		require.Zero(t, connections(checks.Quick))
	}
	w.settle()
	messages := w.sender.messages()[before:]
	require.Len(t, messages, 1, "one notice, and no more")
	require.Equal(t, monitor.EndpointUndetermined, messages[0].Kind)
	require.Contains(t, messages[0].Reason, checks.ReasonOptedOut.Text())
	require.NotContains(t, w.incidents(), "open E-01")
	require.Equal(t, "inconclusive", one[string](w, `SELECT result FROM requirement_status WHERE requirement = 'E-01'`))

	require.NoError(t, w.database.Store.AsOperator(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.EndOptOut(ctx, store.Actor{Email: "op@example.com"}, w.team.ID, recorded.ID, w.clock.now())
		return err
	}))
	require.Positive(t, connections(checks.Quick))
}

// A redirect does not lead a look to a host that opted out.
func TestHopToWhoOptedOutIsNotAsked(t *testing.T) {
	t.Parallel()
	for name, optOut := range map[string]func(*world){
		"on record": func(w *world) { w.record("next.test", false) },
		"in DNS":    func(w *world) { w.names.say("_gradewatch.next.test", "opt-out") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			next := serveCounted(t, http.HandlerFunc(ok))
			first := serveCounted(t, http.RedirectHandler(next.url("next.test", "/"), http.StatusFound))
			w.names.point("first.test", "127.0.0.1")
			w.names.point("next.test", "127.0.0.1")
			w.start()
			endpoint := w.register(first.url("first.test", "/cb"))
			w.look(endpoint)
			require.Positive(t, next.connections.Load())
			next.connections.Store(0)
			first.connections.Store(0)
			optOut(w)
			w.look(endpoint)
			require.Positive(t, first.connections.Load())
			require.Zero(t, next.connections.Load())
		})
	}
}

// at443 is a network on which a server has port 443.
type at443 struct {
	checks.Network
	server netip.AddrPort
}

func (n at443) Dial(ctx context.Context, address netip.AddrPort) (net.Conn, error) {
	if address.Port() == 443 {
		address = n.server
	}
	return n.Network.Dial(ctx, address)
}

// claimHost says that a host is the team's own.
func (w *world) claimHost(host string) (claimed monitor.Ownership) {
	w.t.Helper()
	w.asTeam(func(ctx context.Context, tx *store.Tx) (err error) {
		claimed, err = tx.ClaimHost(ctx, store.Actor{Source: "web", Email: "ada@example.com"}, w.team.ID, host, w.clock.now())
		return err
	})
	return claimed
}

// verify asks for a check of an ownership and returns where it stands then.
func (w *world) verify(claimed monitor.Ownership) (settled monitor.Ownership) {
	w.t.Helper()
	checked := one[time.Time](w, `SELECT coalesce(checked_at, '0001-01-01T00:00:00Z') FROM host_ownerships WHERE id = $1`, claimed.ID)
	w.clock.advance(time.Millisecond)
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		return jobs.InsertVerifies(ctx, w.worker.Client(), tx, claimed.ID)
	})
	w.waitFor("it is checked", `SELECT checked_at IS NOT NULL AND checked_at <> $2 FROM host_ownerships WHERE id = $1`, claimed.ID, checked)
	return w.ownership(claimed)
}

func (w *world) ownership(claimed monitor.Ownership) (now monitor.Ownership) {
	w.t.Helper()
	w.asTeam(func(ctx context.Context, tx *store.Tx) (err error) {
		now, err = tx.Ownership(ctx, claimed.Host)
		return err
	})
	return now
}

func TestOwnershipIsVerifiedByEveryMethod(t *testing.T) {
	t.Parallel()
	var file, meta, page atomic.Value
	for _, text := range []*atomic.Value{&file, &meta, &page} {
		text.Store("")
	}
	mux := http.NewServeMux()
	serve := func(pattern string, text *atomic.Value) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, text.Load())
		})
	}
	serve("/.well-known/gradewatch-verification.txt", &file)
	serve("/{$}", &meta)
	serve("/cb", &page)
	server := serveCounted(t, mux)
	w := newWorld(t, func(c *worker.Config) {
		network := c.Network
		c.Network = func(limits checks.Limits) checks.Network { return at443{network(limits), server.at()} }
	})
	w.names.point("app.shop.test", "127.0.0.1")
	w.start()
	claimed := w.claimHost("app.shop.test")
	tag := fmt.Sprintf(`<meta name="gradewatch-verification" content="%s">`, claimed.Token)

	require.Equal(t, monitor.OwnershipPending, w.verify(claimed).State)
	require.Zero(t, server.connections.Load(), "nothing is registered there, so nobody connects")
	w.register("https://app.shop.test/cb")
	require.Equal(t, monitor.OwnershipPending, w.verify(claimed).State)
	require.Positive(t, server.connections.Load())

	page.Store(tag)
	require.Equal(t, monitor.ByPage, w.verify(claimed).Method)
	meta.Store(tag)
	require.Equal(t, monitor.ByMeta, w.verify(claimed).Method)
	file.Store(claimed.Token)
	require.Equal(t, monitor.ByFile, w.verify(claimed).Method)
	w.names.say("_gradewatch.shop.test", "gradewatch-verification="+claimed.Token)
	server.connections.Store(0)
	found := w.verify(claimed)
	require.Equal(t, monitor.ByDNS, found.Method)
	require.Equal(t, "shop.test", found.Domain)
	require.Zero(t, server.connections.Load(), "what DNS says is enough")

	// An opt-out wins: ownership is asked in DNS only, and nothing is looked at.
	w.record("app.shop.test", false)
	require.Equal(t, monitor.ByDNS, w.verify(claimed).Method)
	w.names.say("_gradewatch.shop.test", "")
	after := w.verify(claimed)
	require.Equal(t, checks.ReasonOptedOut, after.Answer.File.Reason)
	require.Equal(t, monitor.OwnershipFailing, after.State)
	require.Zero(t, server.connections.Load())
}

// Nobody presses anything: the claim checks daily, what fails for three days
// lapses, and the team's leave for intrusive probes ends with it.
func TestOwnershipIsCheckedDailyAndLapses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *worker.Config) { c.ClaimEvery = time.Second })
	w.start()
	endpoint := w.register("https://app.shop.test/cb")
	claimed := w.claimHost("shop.test")
	w.names.say("_gradewatch.shop.test", "gradewatch-verification="+claimed.Token)
	require.Equal(t, monitor.OwnershipVerified, w.verify(claimed).State)
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		return tx.AllowOwnIntrusive(ctx, monitor.IntrusiveLeave{EndpointID: endpoint.ID, Reason: "ours", AllowedBy: "ada@example.com", AllowedAt: w.clock.now()})
	})
	day := func() monitor.Ownership {
		before := w.ownership(claimed)
		w.clock.advance(25 * time.Hour)
		w.waitFor("it is checked by itself", `SELECT checked_at > $2 FROM host_ownerships WHERE id = $1`, claimed.ID, before.CheckedAt.Add(time.Hour))
		return w.ownership(claimed)
	}
	require.Equal(t, monitor.OwnershipVerified, day().State)
	w.names.set("_gradewatch.shop.test", dnsserver.SERVFAIL)
	require.Equal(t, monitor.OwnershipVerified, day().State, "what cannot be read is no failure")
	w.names.say("_gradewatch.shop.test", "gradewatch-verification=anothertoken")
	for range 3 {
		require.Equal(t, monitor.OwnershipFailing, day().State)
		require.Equal(t, 1, one[int](w, `SELECT count(*)::int FROM intrusive_leaves`))
	}
	require.Equal(t, monitor.OwnershipLapsed, day().State)
	require.Zero(t, one[int](w, `SELECT count(*)::int FROM intrusive_leaves`))
	require.Equal(t, []string{"host.claim", "host.verified", "host.failing", "host.lapsed", "endpoint.intrusive.lapse"},
		all[string](w, `SELECT action FROM audit ORDER BY id`))
	require.True(t, w.ownership(claimed).NextCheckAt.IsZero())
}
