package simulation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/simulation"
)

// TestWhatAFullLookKnowsIsEnough holds that the facts of a full look, as it
// writes them, lead every client to what its own hello gets.
func TestWhatAFullLookKnowsIsEnough(t *testing.T) {
	t.Parallel()
	servers := simulation.RealServers()
	for _, name := range []string{
		"Go", "Go with ECDSA", "OpenSSL, its own order", "OpenSSL, client's groups", "OpenSSL, finite fields",
		"OpenSSL with two keys", "OpenSSL 1.0.1e in Node 0.10",
	} {
		start, found := servers[name]
		require.True(t, found, name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, network := start(t), checktest.Loopback(t)
			target := checks.Target{
				URL: "https://server.example/", Host: "server.example", Port: address.Port(), Depth: checks.Full,
				Limits: checks.Limits{ConnectionsPerAddress: 1000, Deadline: time.Minute}.WithDefaults(),
			}
			look := tlsprobe.Full(t.Context(), network, target, address, func(string) {})
			known := simulation.Known{TLS: look.TLS, Suites: look.Full.Suites, Chains: look.Full.Chains, Certificates: look.Certificates}
			peer := conversation.New(conversation.Config{
				Network: network, Address: address, ServerName: target.Host, Connections: 1000, AtOnce: 1, ReadTimeout: 5 * time.Second,
			})
			got := simulation.Simulate(t.Context(), peer, known)
			spent := 1000 - peer.Left()
			for i, profile := range simulation.Profiles() {
				truth := simulation.Resend(t.Context(), peer, profile, known)
				if truth.Handshake.Conclusive() {
					require.Equal(t, truth.Handshake, got.Clients[i].Handshake, profile.Name)
				}
			}
			for _, line := range network.Measurements().Log {
				require.NotContains(t, line.Text, "all clients are resent")
				require.False(t, strings.Contains(line.Text, "our own fault"), line.Text)
			}
			require.LessOrEqual(t, spent, 25)
			t.Logf("%d connections", spent)
		})
	}
}
