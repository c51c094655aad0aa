package checktest_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

func TestNginx(t *testing.T) {
	t.Parallel()
	ca := checktest.NewCA(t, "Root of nginx")
	config := checktest.NginxConfig{Certificate: checktest.Issue(t, ca, pki.Leaf{Names: []string{"app.test"}})}
	server := checktest.StartNginx(t, config)
	require.Equal(t, "200", get(t, ca, server.Addr, 0).Header.Get("Code"))

	config.Protocols = []string{"TLSv1.3"}
	config.Server = `add_header Set-Cookie "sid=1; Secure" always;`
	server.Reconfigure(config)
	answer := get(t, ca, server.Addr, tls.VersionTLS13)
	require.Equal(t, "sid=1; Secure", answer.Header.Get("Set-Cookie"))
	require.ErrorContains(t, handshake(ca, server.Addr, tls.VersionTLS12), "protocol version")

	config.Protocols = []string{"TLSv1", "TLSv1.1"}
	server.Reconfigure(config)
	require.NoError(t, handshake(ca, server.Addr, tls.VersionTLS10))

	server.Stop()
	require.Error(t, handshake(ca, server.Addr, tls.VersionTLS10))
}

func TestApache(t *testing.T) {
	t.Parallel()
	ca := checktest.NewCA(t, "Root of Apache")
	config := checktest.ApacheConfig{Certificate: checktest.Issue(t, ca, pki.Leaf{Names: []string{"app.test"}, Key: pki.RSA})}
	server := checktest.StartApache(t, config)
	require.Equal(t, "200", get(t, ca, server.Addr, 0).Header.Get("Code"))

	config.Protocols = []string{"TLSv1"}
	config.Server = `Header always set Set-Cookie "sid=1"`
	server.Reconfigure(config)
	require.NoError(t, handshake(ca, server.Addr, tls.VersionTLS10))
	require.Error(t, handshake(ca, server.Addr, tls.VersionTLS12))
}

func TestOpenSSLAndGo(t *testing.T) {
	t.Parallel()
	ca := checktest.NewCA(t, "Root")
	issued := checktest.Issue(t, ca, pki.Leaf{Names: []string{"app.test"}})
	for name, address := range map[string]netip.AddrPort{
		"openssl": checktest.StartOpenSSL(t, issued, "-tls1_3"),
		"go":      checktest.StartGoServer(t, checktest.GoServerConfig{Certificate: issued, MinVersion: tls.VersionTLS13}),
	} {
		require.NoError(t, handshake(ca, address, tls.VersionTLS13), name)
		require.Error(t, handshake(ca, address, tls.VersionTLS12), name)
	}
}

func TestNode010(t *testing.T) {
	t.Parallel()
	ca := checktest.NewCA(t, "Root of Node")
	middle, err := ca.NewIntermediate(pki.Authority{Name: "Middle", Key: pki.RSA})
	require.NoError(t, err)
	address := checktest.StartNode010(t, checktest.NodeConfig{
		Certificate: checktest.Issue(t, middle, pki.Leaf{Names: []string{"app.test"}, Key: pki.RSA}),
		Headers:     map[string]string{"Set-Cookie": "sid=1"},
	})
	answer := get(t, ca, address, tls.VersionTLS12)
	require.Equal(t, "sid=1", answer.Header.Get("Set-Cookie"))
	require.Len(t, answer.TLS.PeerCertificates, 2)
}

func TestLoopbackNetworkReachesLoopbackOnly(t *testing.T) {
	t.Parallel()
	network := checktest.Loopback(t)
	_, err := network.Dial(t.Context(), netip.MustParseAddrPort("192.0.2.1:443"))
	var failed checks.ReasonError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, checks.ReasonSpecialPurpose, failed.Reason())
	require.Equal(t, checks.Absent, network.Resolve(t.Context(), "nowhere.test").State)
	require.Equal(t, []netip.Addr{netip.MustParseAddr("::1")}, network.Resolve(t.Context(), "::1").Value)
}

func TestSelfSignedAndOpenSSLAgree(t *testing.T) {
	t.Parallel()
	issued, err := pki.SelfSigned(pki.Leaf{Names: []string{"app.test"}, Key: pki.RSA1024, Padding: 3000, NotAfter: time.Now().Add(-time.Minute)})
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), "openssl", "x509", "-noout", "-checkend", "0")
	stdin, err := command.StdinPipe()
	require.NoError(t, err)
	go func() { _, _ = stdin.Write(issued.CertPEM); _ = stdin.Close() }()
	text, err := command.Output()
	require.Error(t, err)
	require.Contains(t, string(text), "Certificate will expire")
}

func get(t *testing.T, ca *pki.CA, address netip.AddrPort, version uint16) *http.Response {
	t.Helper()
	transport := &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: ca.Pool(), ServerName: "app.test", MinVersion: version, MaxVersion: version, CipherSuites: everySuite()}, //nolint:gosec // asked for
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", address.String())
		},
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://app.test/", nil)
	require.NoError(t, err)
	response, err := transport.RoundTrip(request)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, "ok\n", string(body))
	response.Header.Set("Code", response.Status[:3])
	return response
}

func handshake(ca *pki.CA, address netip.AddrPort, version uint16) error {
	conn, err := tls.Dial("tcp", address.String(), &tls.Config{ //nolint:gosec // old versions are on purpose
		RootCAs: ca.Pool(), ServerName: "app.test", MinVersion: version, MaxVersion: version, CipherSuites: everySuite(),
	})
	if err != nil {
		return err
	}
	return conn.Close()
}

// everySuite includes RSA key exchange, the only one that Node 0.10 has.
func everySuite() []uint16 {
	var suites []uint16
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		suites = append(suites, suite.ID)
	}
	return suites
}
