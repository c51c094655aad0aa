package oracle

import (
	"context"
	"crypto/tls"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/oraclepeer"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
)

func versions(suites []checks.Suite, newest []checks.Suite) Known {
	return accepting(map[checks.Protocol][]checks.Suite{
		checks.TLSv10: suites, checks.TLSv11: suites, checks.TLSv12: append(newest, suites...),
	})
}

func tripleDES() checks.Suite { return suite(0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "RSA") }

// ecdhe are the suites of all of OpenSSL's pairs of cipher and MAC in CBC mode.
func ecdhe() []checks.Suite {
	return []checks.Suite{
		suite(0xC013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE_RSA"),
		suite(0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE_RSA"),
	}
}

func ecdhe12() []checks.Suite {
	return []checks.Suite{
		gcm(), suite(0x003C, "TLS_RSA_WITH_AES_128_CBC_SHA256", "RSA"), suite(0x003D, "TLS_RSA_WITH_AES_256_CBC_SHA256", "RSA"),
		suite(0xC028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "ECDHE_RSA"),
	}
}

// OpenSSL 1.0.1e has CVE-2016-2107 where the processor has AES-NI, as every
// one has that such a Node runs on today.
func TestNode010HasCVE20162107(t *testing.T) {
	t.Parallel()
	address := checktest.StartNode010(t, checktest.NodeConfig{})
	known := versions([]checks.Suite{aes128(), aes256(), tripleDES()}, []checks.Suite{gcm(), suite(0x003C, "TLS_RSA_WITH_AES_128_CBC_SHA256", "RSA")})
	got, used := look(t, address, known)
	requireAnswers(t, expected{checks.OpenSSLPaddingOracle: vulnerable(2)}, got)
	require.Greater(t, used, 100)
	again, _ := look(t, address, known)
	require.Equal(t, got, again, "two looks at one server say the same")
}

func TestHealthyServers(t *testing.T) {
	t.Parallel()
	old := append(ecdhe(), aes128(), aes256())
	for name, start := range map[string]func(t *testing.T) (netip.AddrPort, Known){
		"nginx": func(t *testing.T) (netip.AddrPort, Known) {
			server := checktest.StartNginx(t, checktest.NginxConfig{Protocols: []string{"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}, Ciphers: "ALL@SECLEVEL=0"})
			return server.Addr, versions(old, ecdhe12())
		},
		"Go": func(t *testing.T) (netip.AddrPort, Known) {
			newest := append(ecdhe12()[:2], tripleDES())
			return checktest.StartGoServer(t, checktest.GoServerConfig{MinVersion: tls.VersionTLS10}), versions(old, newest)
		},
		"Apache": func(t *testing.T) (netip.AddrPort, Known) {
			server := checktest.StartApache(t, checktest.ApacheConfig{Protocols: []string{"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}, Ciphers: "ALL@SECLEVEL=0"})
			return server.Addr, versions(old, ecdhe12())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, known := start(t)
			got, used := look(t, address, known)
			requireAnswers(t, expected{}, got)
			require.Greater(t, used, 100)
		})
	}
}

// A server whose suites all authenticate is asked nothing.
func TestNothingToAsk(t *testing.T) {
	t.Parallel()
	got, used := look(t, netip.MustParseAddrPort("127.0.0.1:1"), accepting(map[checks.Protocol][]checks.Suite{
		checks.TLSv12: {suite(0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE_RSA")},
		checks.TLSv13: {suite(0x1301, "TLS_AES_128_GCM_SHA256", "TLS13")},
	}))
	require.Zero(t, used)
	for vulnerability, finding := range got {
		require.Equal(t, checks.VulnerabilityInapplicable, finding.Result, vulnerability)
		require.Equal(t, 1, *finding.SSLLabsValue, vulnerability)
	}
}

func TestNoTLS(t *testing.T) {
	t.Parallel()
	got, _ := look(t, netip.MustParseAddrPort("127.0.0.1:1"), accepting(nil))
	require.Equal(t, -2, *got[checks.POODLETLS].SSLLabsValue)
	require.Equal(t, checks.VulnerabilityInapplicable, got[checks.POODLETLS].Result)
}

// Probe itself waits as long as the product does.
func TestProbeWaits(t *testing.T) {
	t.Parallel()
	server := oraclepeer.Start(t, oraclepeer.Config{})
	network := checktest.Loopback(t)
	peer := conversation.New(conversation.Config{
		Network: network, Address: server.Addr, ServerName: "localhost", Connections: 300, ReadTimeout: 5 * time.Second,
	})
	began := time.Now()
	requireAnswers(t, expected{}, Probe(t.Context(), peer, tls12(aes128(), aes256())))
	require.GreaterOrEqual(t, time.Since(began), leastSilence, "silence is confirmed by silence that counts")
	require.Zero(t, peer.Left()-300, "the budget is one of its own")
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	server := oraclepeer.Start(t, oraclepeer.Config{Mute: true})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	peer := conversation.New(conversation.Config{Network: checktest.Loopback(t), Address: server.Addr, Connections: 300})
	for vulnerability, finding := range Probe(ctx, peer, tls12(aes128())) {
		requireAnswer(t, unknown(checks.ReasonCanceled, -1), finding)
		require.NotEmpty(t, vulnerability)
	}
}
