package simulation

import (
	"crypto/tls"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
)

const host = "server.example"

func issue(t *testing.T, kind pki.Leaf) *pki.Issued {
	t.Helper()
	kind.Names = []string{host}
	return checktest.Issue(t, checktest.NewCA(t, "Root"), kind)
}

func ask(t *testing.T, address netip.AddrPort, connections int) *conversation.Peer {
	t.Helper()
	return conversation.New(conversation.Config{
		Network: checktest.Loopback(t), Address: address, ServerName: host,
		Connections: connections, AtOnce: 1, ReadTimeout: 5 * time.Second,
	})
}

// realServers are servers that choose in different ways.
func realServers() map[string]func(t *testing.T) netip.AddrPort {
	openssl := func(arguments ...string) func(t *testing.T) netip.AddrPort {
		return func(t *testing.T) netip.AddrPort {
			t.Helper()
			return checktest.StartOpenSSL(t, issue(t, pki.Leaf{Key: pki.RSA}), arguments...)
		}
	}
	goServer := func(config checktest.GoServerConfig, leaf pki.Leaf) func(t *testing.T) netip.AddrPort {
		return func(t *testing.T) netip.AddrPort {
			t.Helper()
			config.Certificate = issue(t, leaf)
			return checktest.StartGoServer(t, config)
		}
	}
	return map[string]func(t *testing.T) netip.AddrPort{
		"Go":                                           goServer(checktest.GoServerConfig{}, pki.Leaf{Key: pki.RSA}),
		"Go with ECDSA":                                goServer(checktest.GoServerConfig{}, pki.Leaf{Key: pki.ECDSA}),
		"Go from TLS 1.0 to 1.2":                       goServer(checktest.GoServerConfig{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS12}, pki.Leaf{Key: pki.RSA}),
		"Go with TLS 1.3 alone":                        goServer(checktest.GoServerConfig{MinVersion: tls.VersionTLS13}, pki.Leaf{Key: pki.RSA}),
		"OpenSSL, client's order":                      openssl(),
		"OpenSSL, its own order":                       openssl("-serverpref"),
		"OpenSSL, ChaCha20 first":                      openssl("-serverpref", "-prioritize_chacha"),
		"OpenSSL, old versions too":                    openssl("-serverpref", "-cipher", "ALL:@SECLEVEL=0"),
		"OpenSSL, TLS 1.0 alone":                       openssl("-tls1", "-cipher", "DEFAULT:@SECLEVEL=0"),
		"OpenSSL, RSA key transport":                   openssl("-tls1_2", "-cipher", "AES128-SHA:AES256-SHA256", "-serverpref"),
		"OpenSSL, finite fields":                       openssl("-tls1_2", "-cipher", "DHE", "-serverpref"),
		"OpenSSL, P-384 and P-256":                     openssl("-groups", "P-384:P-256", "-serverpref"),
		"OpenSSL, P-521 alone":                         openssl("-groups", "P-521"),
		"OpenSSL, client's groups":                     openssl("-groups", "P-521:P-384:X25519:P-256"),
		"OpenSSL, TLS 1.2 and 1.3 with ChaCha20 alone": openssl("-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256", "-cipher", "ECDHE+CHACHA20"),
	}
}

// TestComputedIsWhatRealServersGive holds the one property that matters: what
// is computed is what the client's own hello gets. Whatever is not computed has
// to be few.
func TestComputedIsWhatRealServersGive(t *testing.T) {
	t.Parallel()
	for name, start := range realServers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := ask(t, start(t), 2000)
			known := observe(t, peer)
			server, decided := newServer(known), 0
			for _, profile := range Profiles() {
				computed := server.compute(profile)
				resent := Resend(t.Context(), peer, profile, known)
				require.True(t, resent.Handshake.Conclusive(), "%s: %+v", profile.Name, resent.Handshake)
				if computed.Handshake.Conclusive() {
					decided++
					require.Equal(t, resent.Handshake, computed.Handshake, profile.Name)
				}
				require.True(t, server.learn(profile, resent.Handshake), "%s: nothing explains %s", profile.Name, describe(resent.Handshake))
			}
			require.Greater(t, decided, len(Profiles())*2/3)
			for _, profile := range Profiles() { // with all that was learned, nothing is open
				require.True(t, server.compute(profile).Handshake.Conclusive(), "%s", profile.Name)
			}
		})
	}
}

// TestSimulateKnowsEverything holds that few hellos are enough.
func TestSimulateKnowsEverything(t *testing.T) {
	t.Parallel()
	for name, start := range realServers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := ask(t, start(t), 2000)
			known := observe(t, peer)
			before := peer.Left()
			simulations := Simulate(t.Context(), peer, known)
			spent := before - peer.Left()
			require.Len(t, simulations.Clients, len(Profiles()))
			for i, profile := range Profiles() {
				got := simulations.Clients[i]
				require.Equal(t, profile.Name, got.Client)
				require.Equal(t, Resend(t.Context(), peer, profile, known).Handshake, got.Handshake, profile.Name)
			}
			require.LessOrEqual(t, spent, 5+mostUndecided/2)
			require.GreaterOrEqual(t, countResent(simulations), 1)
		})
	}
}

func countResent(simulations checks.Simulations) int {
	count := 0
	for _, one := range simulations.Clients {
		if one.Resent {
			count++
		}
	}
	return count
}
