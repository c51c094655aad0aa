package httpsec_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/quic-go/quic-go/http3"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/httpsec"
	"github.com/gradewatch/gradewatch/checks/probe"
)

// withPackets is a network that opens UDP sockets of the real prober.
type withPackets struct {
	*rerouted
	packets *probe.Network
}

func (w withPackets) DialPacket(ctx context.Context, address netip.AddrPort) (net.PacketConn, error) {
	return w.packets.DialPacket(ctx, address)
}

func packetNetwork(t *testing.T) withPackets {
	t.Helper()
	prober := probe.New(probe.Config{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	return withPackets{network(t), prober.Network(checks.Limits{})}
}

// startHTTP3 serves HTTP/3 on loopback until the end of the test.
func startHTTP3(t *testing.T, handler http.HandlerFunc) uint16 {
	t.Helper()
	issued := checktest.Issue(t, checktest.NewCA(t, "Test root"), pki.Leaf{Names: []string{"app.example.com"}})
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http3.Server{
		Handler: handler, TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{issued.Certificate}}), //nolint:gosec // QUIC has TLS 1.3 only
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(socket)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		_ = socket.Close()
		<-ended
	})
	return uint16(socket.LocalAddr().(*net.UDPAddr).Port)
}

// full walks in a full look of a server that offers services by Alt-Svc.
func full(t *testing.T, n checks.Network, address netip.AddrPort) checks.HTTPVersions {
	t.Helper()
	target, err := checks.ParseTarget(fmt.Sprintf("https://app.example.com:%d/x", address.Port()), checks.Full, checks.Limits{ReadTimeout: 2 * time.Second})
	require.NoError(t, err)
	return httpsec.Walk(t.Context(), n, target, address).Versions
}

func offering(t *testing.T, service string) netip.AddrPort {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if service != "" {
			w.Header().Set("Alt-Svc", service)
		}
		w.WriteHeader(http.StatusForbidden)
	})
}

func TestVersionsHTTP3(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	port := startHTTP3(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- fmt.Sprintf("%s %s %s %s", r.Proto, r.Host, r.URL, r.UserAgent())
		w.WriteHeader(http.StatusTeapot)
	})
	address := offering(t, fmt.Sprintf(`h3=":%d"; ma=60`, port))
	n := packetNetwork(t)
	require.Equal(t, checks.HTTPVersions{
		checks.HTTP11: checks.KnownFact(403), checks.HTTP2: checks.AbsentFact[int](""), checks.HTTP3: checks.KnownFact(418),
	}, full(t, n, address))
	require.Equal(t, fmt.Sprintf("HTTP/3.0 app.example.com:%d /x %s", address.Port(), httpsec.UserAgent), <-asked)
	require.Len(t, n.packets.Measurements().Connections, 1)
}

func TestVersionsByTheHTTPSRecord(t *testing.T) {
	t.Parallel()
	port := startHTTP3(t, func(http.ResponseWriter, *http.Request) {})
	address := offering(t, "")
	n := packetNetwork(t)
	record := []byte("\x00\x01\x00\x00\x01\x00\x03\x02h3\x00\x03\x00\x02")
	record = append(record, byte(port>>8), byte(port))
	name := fmt.Sprintf("_%d._https.app.example.com", address.Port())
	n.Network.(*checktest.LoopbackNetwork).Records = map[string]map[uint16]checks.RecordSet{name: {65: {Data: [][]byte{record}}}}
	require.Equal(t, checks.KnownFact(200), full(t, n, address)[checks.HTTP3])
}

func TestVersionsThatAreNotThere(t *testing.T) {
	t.Parallel()
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	closed, err := net.ListenPacket("udp", "127.0.0.2:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = closed.Close() })
	for name, test := range map[string]struct {
		service string
		want    checks.Fact[int]
	}{
		"not offered":        {"", checks.AbsentFact[int]("")},
		"of another host":    {`h3="cdn.example.net:443"`, checks.AbsentFact[int]("")},
		"withdrawn":          {"clear", checks.AbsentFact[int]("")},
		"silence":            {fmt.Sprintf(`h3=":%d"`, silent.LocalAddr().(*net.UDPAddr).Port), checks.InconclusiveFact[int](checks.ReasonTimeout)},
		"a port that closed": {fmt.Sprintf(`h3=":%d"`, closed.LocalAddr().(*net.UDPAddr).Port), checks.AbsentFact[int](checks.ReasonRefused)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, full(t, packetNetwork(t), offering(t, test.service))[checks.HTTP3])
		})
	}
	versions := full(t, network(t), offering(t, `h3=":443"`))
	require.Equal(t, checks.NotAsked, versions[checks.HTTP3].State, "a network without UDP")
}

func TestVersionsHTTP2(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	require.Equal(t, checks.HTTPVersions{
		checks.HTTP11: checks.KnownFact(404), checks.HTTP2: checks.KnownFact(404), checks.HTTP3: checks.AbsentFact[int](""),
	}, full(t, network(t), netip.MustParseAddrPort(server.Listener.Addr().String())))
	// HTTP/2 is chosen, and then something else is spoken.
	liar := checktest.StartPeer(t, func(conn net.Conn) {
		issued := checktest.Issue(t, checktest.NewCA(t, "Test root"), pki.Leaf{Names: []string{"app.example.com"}})
		secured := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{issued.Certificate}, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12})
		_, _ = secured.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
		_, _ = secured.Read(make([]byte, 4096))
		_ = secured.Close()
	})
	versions := full(t, network(t), liar)
	require.Equal(t, checks.KnownFact(200), versions[checks.HTTP11])
	require.Equal(t, checks.InconclusiveFact[int](checks.ReasonMalformed), versions[checks.HTTP2])
}

func TestVersionsOfPlainURLs(t *testing.T) {
	t.Parallel()
	for name, version := range map[string]checks.HTTPVersions{
		"HTTP/1.1": {checks.HTTP11: checks.KnownFact(200)},
		"HTTP/1.0": {checks.HTTP11: checks.AbsentFact[int]("")},
		"SSH":      {checks.HTTP11: checks.InconclusiveFact[int](checks.ReasonMalformed)},
	} {
		peer := checktest.StartPeer(t, answering(1, map[string]string{"/": name + " 200 OK\r\nContent-Length: 0\r\n\r\n"}))
		target, err := checks.ParseTarget("http://"+peer.String()+"/", checks.Full, checks.Limits{})
		require.NoError(t, err)
		require.Equal(t, version, httpsec.Walk(t.Context(), network(t), target, peer).Versions, name)
	}
}

func TestVersionsAreForFullLooks(t *testing.T) {
	t.Parallel()
	address := offering(t, `h3=":443"`)
	target, err := checks.ParseTarget(fmt.Sprintf("https://app.example.com:%d/x", address.Port()), checks.Quick, checks.Limits{})
	require.NoError(t, err)
	require.Nil(t, httpsec.Walk(t.Context(), packetNetwork(t), target, address).Versions)
}
