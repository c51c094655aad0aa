package simulation

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
)

// asked is a peer whose transcript a test reads.
func asked(t *testing.T, address netip.AddrPort, connections int) (*conversation.Peer, *checktest.LoopbackNetwork) {
	t.Helper()
	network := checktest.Loopback(t)
	return conversation.New(conversation.Config{
		Network: network, Address: address, ServerName: host, Connections: connections, ReadTimeout: 2 * time.Second,
	}), network
}

func logged(network *checktest.LoopbackNetwork, text string) bool {
	for _, line := range network.Measurements().Log {
		if strings.Contains(line.Text, text) {
			return true
		}
	}
	return false
}

func states(simulations checks.Simulations) map[checks.State]int {
	count := map[checks.State]int{}
	for _, one := range simulations.Clients {
		count[one.Handshake.State]++
	}
	return count
}

// misled is a Go server, and facts of it that are wrong in the suite it takes first.
func misled(t *testing.T) (netip.AddrPort, Known) {
	t.Helper()
	address := checktest.StartGoServer(t, checktest.GoServerConfig{Certificate: issue(t, pki.Leaf{Key: pki.RSA})})
	known := observe(t, ask(t, address, 2000))
	accepted := known.Suites.Accepted[checks.TLSv13]
	accepted.Value = accepted.Value[1:]
	known.Suites.Accepted[checks.TLSv13] = accepted
	return address, known
}

func TestSimulateResendsAllWhereAControlDisagrees(t *testing.T) {
	t.Parallel()
	address, known := misled(t)
	peer, network := asked(t, address, 200)
	got := Simulate(t.Context(), peer, known)
	require.True(t, logged(network, "all clients are resent"))
	require.True(t, logged(network, "computed TLS 1.3 TLS_AES_256_GCM_SHA384") || logged(network, "computed TLS 1.3 TLS_CHACHA20_POLY1305_SHA256"))
	require.Equal(t, len(Profiles()), countResent(got))
	require.Zero(t, states(got)[checks.Inconclusive])
	for i, profile := range Profiles() {
		require.Equal(t, Resend(t.Context(), peer, profile, known), got.Clients[i])
	}
}

func TestSimulateKeepsItsBudget(t *testing.T) {
	t.Parallel()
	address, known := misled(t)
	peer, network := asked(t, address, 12)
	got := Simulate(t.Context(), peer, known)
	require.LessOrEqual(t, len(network.Measurements().Connections), 12)
	require.Len(t, got.Clients, len(Profiles()))
	for _, one := range got.Clients {
		if !one.Resent { // what was computed is not to be trusted
			require.Equal(t, "inconclusive budget_exhausted", brief(one.Handshake), one.Client)
		}
	}
	require.Equal(t, len(Profiles())-countResent(got), states(got)[checks.Inconclusive])
}

// TestSimulateWithoutAServer holds that a server which went away leaves what
// was computed from better times.
func TestSimulateWithoutAServer(t *testing.T) {
	t.Parallel()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := gone.Addr().(*net.TCPAddr).AddrPort()
	require.NoError(t, gone.Close())
	for name, silent := range map[string]netip.AddrPort{
		"closed": address, "resets": checktest.StartPeer(t, checktest.ResetOnHello), "garbage": checktest.StartPeer(t, checktest.GarbageRecord),
	} {
		peer, _ := asked(t, silent, 100)
		got := Simulate(t.Context(), peer, modern.known())
		require.Zero(t, countResent(got), name)
		require.Equal(t, "TLSv1.3 0x1302 X25519MLKEM768/255 FS", brief(find(t, got, "Chrome 156 on Windows 11").Handshake), name)
	}
}

func find(t *testing.T, simulations checks.Simulations, client string) checks.Simulation {
	t.Helper()
	for _, one := range simulations.Clients {
		if one.Client == client {
			return one
		}
	}
	require.FailNow(t, "no such client", client)
	return checks.Simulation{}
}

func TestSimulateEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]func(net.Conn){
		"tarpit": checktest.Tarpit, "drip": checktest.Drip(20 * time.Millisecond), "endless": checktest.EndlessRecords,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer, _ := asked(t, checktest.StartPeer(t, handle), 100)
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			began := time.Now()
			got := Simulate(ctx, peer, modern.known())
			require.Less(t, time.Since(began), 5*time.Second)
			require.Zero(t, countResent(got))
			require.Len(t, got.Clients, len(Profiles()))
		})
	}
}

// TestSimulateAsksNothingOfNothing holds that without a version that is on no
// connection is opened.
func TestSimulateAsksNothingOfNothing(t *testing.T) {
	t.Parallel()
	for name, known := range map[string]Known{"nothing known": {}, "all refused": shape{}.known()} {
		peer, network := asked(t, checktest.StartPeer(t, checktest.Tarpit), 100)
		got := Simulate(t.Context(), peer, known)
		require.Empty(t, network.Measurements().Connections, name)
		require.Zero(t, states(got)[checks.Known], name)
	}
}

// TestSimulateWithoutSNI holds that clients that name no server are asked for
// where a server needs the name.
func TestSimulateWithoutSNI(t *testing.T) {
	t.Parallel()
	issued := issue(t, pki.Leaf{Key: pki.RSA})
	config := &tls.Config{ //nolint:gosec // old clients are what this is about
		MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS12,
		CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName != host {
				return nil, io.EOF // any error ends the handshake with an alert
			}
			return &issued.Certificate, nil
		},
	}
	address := checktest.StartPeer(t, func(conn net.Conn) {
		server := tls.Server(conn, config)
		_ = server.Handshake() // a refused hello is an answer too
		_, _ = io.Copy(io.Discard, conn)
	})
	peer, _ := asked(t, address, 2000)
	known := observe(t, peer)
	got := Simulate(t.Context(), peer, known)
	for _, client := range []string{"Java 6u45", "Android 2.3 (apps)"} {
		one := find(t, got, client)
		require.True(t, one.Resent, client)
		require.Equal(t, nothing, brief(one.Handshake), client)
	}
	require.Equal(t, "TLSv1.0 0xC013 secp256r1/256 FS", brief(find(t, got, "Safari 6.0.4 on OS X 10.8.4").Handshake))
	known.Chains.SNIRequired = checks.KnownFact(true)
	require.Equal(t, nothing, brief(Compute(byName(t, "Java 6u45"), known).Handshake))
}

// TestControlsAreSpread holds what is resent of a server whose choice is known.
func TestControlsAreSpread(t *testing.T) {
	t.Parallel()
	run := &simulating{known: modern.known(), server: newServer(modern.known()), profiles: Profiles()}
	run.computeAll()
	var names []string
	for _, i := range run.controls() {
		names = append(names, run.profiles[i].Name)
	}
	require.Len(t, names, 5)
	require.Contains(t, names, "Chrome 156 on Windows 11")
	require.Contains(t, names, "Java 21")
	require.Contains(t, names, ".NET 8 on Windows Server 2022")
	require.Contains(t, names, "Safari 7 on OS X 10.9")
}
