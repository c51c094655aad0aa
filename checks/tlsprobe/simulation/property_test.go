package simulation

import (
	"context"
	"crypto/tls"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
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
	twoKeys := func(arguments ...string) func(t *testing.T) netip.AddrPort {
		return func(t *testing.T) netip.AddrPort {
			t.Helper()
			ecdsa, folder := issue(t, pki.Leaf{Key: pki.ECDSA}), t.TempDir()
			cert, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
			require.NoError(t, os.WriteFile(cert, ecdsa.CertPEM, 0o600))
			require.NoError(t, os.WriteFile(key, ecdsa.KeyPEM, 0o600))
			return checktest.StartOpenSSL(t, issue(t, pki.Leaf{Key: pki.RSA}), append([]string{"-dcert", cert, "-dkey", key}, arguments...)...)
		}
	}
	return map[string]func(t *testing.T) netip.AddrPort{
		"OpenSSL with two keys":              twoKeys("-cipher", "ALL:@SECLEVEL=0"),
		"OpenSSL with two keys and an order": twoKeys("-serverpref", "-cipher", "ALL:@SECLEVEL=0"),
		"OpenSSL 1.0.1e in Node 0.10": func(t *testing.T) netip.AddrPort {
			t.Helper()
			return checktest.StartNode010(t, checktest.NodeConfig{})
		},
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

// TestRealServers holds what matters: what is computed of a server is what the
// client's own hello gets, what is not computed is little, and Simulate finds
// all of it out with few hellos.
func TestRealServers(t *testing.T) {
	t.Parallel()
	for name, start := range realServers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := start(t)
			peer := ask(t, address, 2000)
			known := observe(t, peer)
			truth := map[string]handshake{}
			for _, profile := range Profiles() {
				truth[profile.Name] = Resend(t.Context(), peer, profile, known).Handshake
				require.True(t, truth[profile.Name].Conclusive(), "%s: %+v", profile.Name, truth[profile.Name])
			}
			requireComputed(t, known, truth)
			before := peer.Left()
			simulations := Simulate(t.Context(), peer, known)
			t.Logf("%d connections", before-peer.Left())
			require.LessOrEqual(t, before-peer.Left(), 20, "connections")
			require.Len(t, simulations.Clients, len(Profiles()))
			for _, got := range simulations.Clients {
				require.Equal(t, truth[got.Client], got.Handshake, got.Client)
			}
			require.GreaterOrEqual(t, countResent(simulations), 1)
			require.Equal(t, goClient(t, address), find(t, simulations, "Go 1.26").Handshake, "what a real client gets")
		})
	}
}

// goClient is what a whole handshake of crypto/tls ends in.
func goClient(t *testing.T, address netip.AddrPort) handshake {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{ServerName: host, InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}}} //nolint:gosec // no trust is at stake
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, err := dialer.DialContext(ctx, "tcp", address.String())
	if err != nil {
		return refused()
	}
	defer func() { _ = conn.Close() }()
	state := conn.(*tls.Conn).ConnectionState()
	suite, _ := tlsparameters.SuiteByValue(state.CipherSuite)
	result := checks.SimulatedHandshake{
		Protocol: protocolOf(state.Version), Suite: tlsparameters.SuiteID(state.CipherSuite), SuiteName: suite.Name,
		ForwardSecrecy: suite.TLS13() || suite.ECDHE(),
	}
	if group, found := tlsparameters.GroupByValue(uint16(state.CurveID)); found {
		result.Group, result.GroupBits = group.Name, group.Bits
	}
	return checks.KnownFact(result)
}

func requireComputed(t *testing.T, known Known, truth map[string]handshake) {
	t.Helper()
	server, decided := newServer(known), 0
	for _, profile := range Profiles() {
		if computed := Compute(profile, known); computed.Handshake.Conclusive() {
			decided++
			require.Equal(t, truth[profile.Name], computed.Handshake, profile.Name)
		}
		require.True(t, server.learn(profile, truth[profile.Name]), "%s: nothing explains %s", profile.Name, describe(truth[profile.Name]))
	}
	require.Greater(t, decided, len(Profiles())/4, "clients that need no hello")
	for _, profile := range Profiles() { // with all that was learned, nothing is open
		require.Equal(t, truth[profile.Name], server.compute(profile).Handshake, profile.Name)
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
