package oracle

import (
	"context"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/oraclepeer"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// What a client certificate is wanted for, nobody without one can tell.
func TestClientCertificates(t *testing.T) {
	t.Parallel()
	requested := oraclepeer.Start(t, oraclepeer.Config{RequestsCertificate: true, Premaster: oraclepeer.WeakROBOT, Record: oraclepeer.ZombiePOODLE})
	got, _ := look(t, requested.Addr, tls12(aes128()))
	requireAnswers(t, expected{checks.ROBOT: vulnerable(2), checks.ZombiePOODLE: vulnerable(3)}, got)

	required := oraclepeer.Start(t, oraclepeer.Config{RequestsCertificate: true, RequiresCertificate: true, Premaster: oraclepeer.WeakROBOT})
	got, _ = look(t, required.Addr, tls12(aes128()))
	for _, finding := range got {
		requireAnswer(t, unknown(checks.ReasonClientCertificate, -1), finding)
	}
}

// A budget that ends leaves what was not asked inconclusive.
func TestBudgetEnds(t *testing.T) {
	t.Parallel()
	server := oraclepeer.Start(t, oraclepeer.Config{})
	for _, budget := range []int{0, 1, 5, 9, 14, 15, 17, 26} {
		network := checktest.Loopback(t)
		peer := conversation.New(conversation.Config{
			Network: network, Address: server.Addr, ServerName: "localhost", Connections: budget, ReadTimeout: 400 * time.Millisecond,
		})
		got := prober{peer: peer, shared: peer, silence: time.Second}.probe(t.Context(), tls12(aes128()))
		require.LessOrEqual(t, len(network.Measurements().Connections), budget)
		require.Equal(t, checks.VulnerabilityInconclusive, got[checks.ROBOT].Result, budget)
		require.Equal(t, checks.ReasonBudget, got[checks.ROBOT].Reason, budget)
		for vulnerability, finding := range got {
			require.NotEqual(t, checks.Vulnerable, finding.Result, "%s with %d connections", vulnerability, budget)
		}
	}
}

// stopping serves some connections, and then none.
func stopping(t *testing.T, connections int64, after func(net.Conn)) (address string, peer *conversation.Peer) {
	t.Helper()
	server := oraclepeer.Start(t, oraclepeer.Config{Premaster: oraclepeer.WeakROBOT, Record: oraclepeer.ZombiePOODLE})
	var served atomic.Int64
	front := checktest.StartPeer(t, func(conn net.Conn) {
		if served.Add(1) > connections {
			after(conn)
			return
		}
		checktest.Relay(t.Context(), conn, server.Addr)
	})
	return front.String(), conversation.New(conversation.Config{
		Network: checktest.Loopback(t), Address: front, ServerName: "localhost", Connections: 300, ReadTimeout: 200 * time.Millisecond,
	})
}

// A server that stops answering midway, as behind a firewall that begins to
// drop us, is not called anything, whatever it has.
func TestAServerThatStops(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]func(net.Conn){"silence": checktest.Tarpit, "RST": checktest.ResetOnHello, "FIN": checktest.CloseOnAccept} {
		for _, connections := range []int64{0, 3, 8, 13} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				_, peer := stopping(t, connections, after)
				got := prober{peer: peer.WithBudget(Connections), shared: peer, silence: 400 * time.Millisecond}.probe(t.Context(), tls12(aes128()))
				for vulnerability, finding := range got {
					require.Equal(t, checks.VulnerabilityInconclusive, finding.Result, "%s after %d connections: %q", vulnerability, connections, finding.Proof)
					require.NotEmpty(t, finding.Reason)
				}
			})
		}
	}
}

// The relay itself hides nothing: the same server is found out behind it.
func TestARelayedServer(t *testing.T) {
	t.Parallel()
	_, peer := stopping(t, 1000, checktest.Tarpit)
	got := prober{peer: peer.WithBudget(Connections), shared: peer, silence: time.Second}.probe(t.Context(), tls12(aes128()))
	require.Equal(t, checks.Vulnerable, got[checks.ROBOT].Result)
	require.Equal(t, checks.Vulnerable, got[checks.ZombiePOODLE].Result)
}

// Peers that send without end, or a byte at a time, end in time.
func TestHostilePeers(t *testing.T) {
	t.Parallel()
	for name, react := range map[string]func(net.Conn){
		"endless records": checktest.EndlessRecords, "endless bytes": checktest.EndlessBytes, "garbage": checktest.Garbage,
		"a byte at a time": checktest.Drip(20 * time.Millisecond), "a record of garbage": checktest.GarbageRecord,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := checktest.StartPeer(t, react)
			peer := conversation.New(conversation.Config{
				Network: checktest.Loopback(t), Address: address, Connections: 300, ReadTimeout: 100 * time.Millisecond,
			})
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
			defer cancel()
			began := time.Now()
			got := prober{peer: peer.WithBudget(Connections), shared: peer, silence: 200 * time.Millisecond}.probe(ctx, tls12(aes128(), gcm()))
			require.Less(t, time.Since(began), 8*time.Second)
			for vulnerability, finding := range got {
				require.Equal(t, checks.VulnerabilityInconclusive, finding.Result, vulnerability)
			}
		})
	}
}

// A balancer that hands connections in turn to servers that meet malformed
// messages in different ways is no oracle, however the turns fall.
func TestABalancer(t *testing.T) {
	t.Parallel()
	odd := func(int64) oraclepeer.Reaction {
		return oraclepeer.Then(oraclepeer.Alert(wire.AlertDecodeError), oraclepeer.FIN)
	}
	for _, turns := range []int64{2, 3, 5, 6} {
		t.Run(strconv.FormatInt(turns, 10), func(t *testing.T) {
			t.Parallel()
			usual := oraclepeer.Start(t, oraclepeer.Config{})
			other := oraclepeer.Start(t, oraclepeer.Config{Finished: odd, Record: func(r oraclepeer.Record) oraclepeer.Reaction {
				if r.Correct() {
					return oraclepeer.Answer
				}
				return odd(0)
			}})
			var served atomic.Int64
			front := checktest.StartPeer(t, func(conn net.Conn) {
				if served.Add(1)%turns == 0 {
					checktest.Relay(t.Context(), conn, other.Addr)
				} else {
					checktest.Relay(t.Context(), conn, usual.Addr)
				}
			})
			got, _ := look(t, front, tls12(aes128()))
			require.Equal(t, checks.ReasonDisagreement, got[checks.ROBOT].Reason)
			for vulnerability, finding := range got {
				require.NotEqual(t, checks.Vulnerable, finding.Result, "%s: %q", vulnerability, finding.Proof)
			}
		})
	}
}
