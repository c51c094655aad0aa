package tlsprobe_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// Peers that misbehave are inconclusive in every protocol, in time.
func TestMisbehavingPeers(t *testing.T) {
	t.Parallel()
	limits := checks.Limits{ReadTimeout: 1500 * time.Millisecond, Deadline: 12 * time.Second}
	for name, test := range map[string]struct {
		peer   func(net.Conn)
		reason checks.Reason
	}{
		"tarpit":           {checktest.Tarpit, checks.ReasonTimeout},
		"RST on accept":    {checktest.ResetOnAccept, checks.ReasonControlFailed},
		"RST on hello":     {checktest.ResetOnHello, checks.ReasonControlFailed},
		"FIN on accept":    {checktest.CloseOnAccept, checks.ReasonControlFailed},
		"garbage":          {checktest.Garbage, checks.ReasonNotTLS},
		"garbage record":   {checktest.GarbageRecord, checks.ReasonMalformed},
		"endless bytes":    {checktest.EndlessBytes, checks.ReasonNotTLS},
		"endless records":  {checktest.EndlessRecords, checks.ReasonTooLarge},
		"drip":             {checktest.Drip(50 * time.Millisecond), checks.ReasonTimeout},
		"plain HTTP":       {checktest.PlainHTTP, checks.ReasonNotTLS},
		"protocol_version": {checktest.AlertAlways(70), checks.ReasonHandshakeFailed},
		"internal_error":   {checktest.AlertAlways(80), checks.ReasonHandshakeFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := checktest.StartPeer(t, test.peer)
			started := time.Now()
			component, certificates, _ := quick(t, address, limits)
			require.Less(t, time.Since(started), limits.Deadline)
			require.Empty(t, certificates)
			require.Equal(t, checks.Inconclusive, component.Chain.State)
			for protocol, fact := range component.Protocols {
				require.Equal(t, checks.Inconclusive, fact.State, protocol)
				if protocol != checks.SSLv2 { // its framing makes garbage garbage of another kind
					require.Equal(t, test.reason, fact.Reason, protocol)
				}
			}
			require.Equal(t, test.reason, component.Chain.Reason)
		})
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := netip.MustParseAddrPort(listener.Addr().String())
	require.NoError(t, listener.Close())
	component, _, network := quick(t, address, checks.Limits{})
	for protocol, fact := range component.Protocols {
		require.Equal(t, checks.InconclusiveFact[checks.Accepted](checks.ReasonRefused), fact, protocol)
	}
	require.Equal(t, checks.ReasonRefused, component.Chain.Reason)
	require.Len(t, network.Measurements().Connections, 1)
}

// What a server does with hellos it dislikes never changes the answer, as long
// as it goes on to serve others.
func TestWaysToRefuse(t *testing.T) {
	t.Parallel()
	limits := checks.Limits{ReadTimeout: 3 * time.Second}
	for name, reaction := range map[string]func(net.Conn){
		"silence": checktest.Tarpit,
		"RST":     checktest.ResetOnAccept,
		"FIN":     checktest.CloseOnAccept,
		"alert":   checktest.AlertAlways(70),
	} {
		for versions, minimum := range map[string]uint16{"TLSv1.2 TLSv1.3": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13} {
			t.Run(name+" "+versions, func(t *testing.T) {
				t.Parallel()
				issued := checktest.Issue(t, checktest.NewCA(t, "Root"), pki.Leaf{Names: []string{host}})
				address := checktest.StartPeer(t, checktest.Choosy(t, checktest.GoServerConfig{MinVersion: minimum, Certificate: issued},
					func(hello checktest.Hello) bool {
						return checktest.OldHello(hello) || (minimum == tls.VersionTLS13 && !asksForTLS13(hello))
					}, reaction))
				component, certificates, network := quick(t, address, limits)
				require.Equal(t, versions, on(t, component), network.Measurements().Log)
				requireChain(t, issued, component, certificates)
			})
		}
	}
}

// asksForTLS13 recognizes the supported_versions of hellos that ask for TLS 1.3 only.
func asksForTLS13(hello checktest.Hello) bool {
	return strings.Contains(string(hello.Raw), "\x00\x2b\x00\x03\x02\x03\x04")
}

// Silence proves nothing when the server is gone afterwards.
func TestSilenceWithoutControlIsInconclusive(t *testing.T) {
	t.Parallel()
	served := make(chan struct{}, 1)
	served <- struct{}{}
	serve := checktest.Choosy(t, checktest.GoServerConfig{}, func(checktest.Hello) bool { return false }, nil)
	address := checktest.StartPeer(t, func(conn net.Conn) {
		select {
		case <-served: // the first hello only
			serve(conn)
		default:
			checktest.Tarpit(conn)
		}
	})
	component, certificates, _ := quick(t, address, checks.Limits{ReadTimeout: 2 * time.Second})
	require.Equal(t, checks.Known, component.Protocols[checks.TLSv12].State)
	require.NotEmpty(t, certificates)
	for _, protocol := range []checks.Protocol{checks.SSLv2, checks.SSLv3, checks.TLSv10, checks.TLSv11, checks.TLSv13} {
		require.Equal(t, checks.InconclusiveFact[checks.Accepted](checks.ReasonDegraded), component.Protocols[protocol], protocol)
	}
}

// A server that takes one connection at a time gets the same answer.
func TestAnswerDoesNotHangOnConcurrency(t *testing.T) {
	t.Parallel()
	serve := checktest.Choosy(t, checktest.GoServerConfig{MinVersion: tls.VersionTLS10}, checktest.OldHello, checktest.AlertAlways(40))
	busy := make(chan struct{}, 1)
	address := checktest.StartPeer(t, func(conn net.Conn) {
		select {
		case busy <- struct{}{}:
			defer func() { <-busy }()
			serve(conn)
		default:
			checktest.ResetOnAccept(conn)
		}
	})
	component, _, _ := quick(t, address, checks.Limits{})
	require.Equal(t, "TLSv1.0 TLSv1.1 TLSv1.2 TLSv1.3", on(t, component))
}

func TestCanceled(t *testing.T) {
	t.Parallel()
	address := checktest.StartPeer(t, checktest.Tarpit)
	ctx, cancel := context.WithCancel(t.Context())
	network := &canceling{LoopbackNetwork: checktest.Loopback(t), cancel: cancel}
	started := time.Now()
	component, _ := tlsprobe.Quick(ctx, network, checks.Target{Host: host}, address)
	require.Less(t, time.Since(started), 4*time.Second)
	for protocol, fact := range component.Protocols {
		require.Equal(t, checks.InconclusiveFact[checks.Accepted](checks.ReasonCanceled), fact, protocol)
	}
}

// canceling cancels the look as soon as a connection stands.
type canceling struct {
	*checktest.LoopbackNetwork
	cancel context.CancelFunc
}

func (c *canceling) Dial(ctx context.Context, address netip.AddrPort) (net.Conn, error) {
	conn, err := c.LoopbackNetwork.Dial(ctx, address)
	c.cancel()
	return conn, err
}
