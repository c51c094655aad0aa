package probe

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
)

// TestHTTPTransport talks to a real TLS server by a name that only the test's
// DNS server knows.
func TestHTTPTransport(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/large":
			_, _ = w.Write(make([]byte, 200<<10))
		case "/header":
			w.Header().Set("X-Large", strings.Repeat("a", headerLimit+4096))
		default:
			_, _ = io.WriteString(w, r.TLS.ServerName+" "+r.Header.Get("Accept-Encoding"))
		}
	}))
	defer server.Close()
	names := dnsserver.Start(t, dnsserver.Map(map[string][]string{"example.com": {"10.9.9.9", "127.0.0.1"}}))
	p := New(Config{
		Resolver: names.Address(), AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Roots: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs,
	})
	client := &http.Client{Transport: p.HTTPTransport(checks.Limits{BytesPerConnection: 100 << 10})}
	parsed, err := url.Parse(server.URL)
	require.NoError(t, err)
	get := func(path string) (string, error) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com:"+parsed.Port()+path, nil)
		require.NoError(t, err)
		response, err := client.Do(request)
		if err != nil {
			return "", err
		}
		defer func() { require.NoError(t, response.Body.Close()) }()
		body, err := io.ReadAll(response.Body)
		return string(body), err
	}
	body, err := get("/")
	require.NoError(t, err)
	require.Equal(t, "example.com ", body, "the name stays in SNI, nothing is decompressed")
	_, err = get("/large")
	require.Equal(t, checks.ReasonTooLarge, ReasonOf(err), "%v", err)
	_, err = get("/header")
	require.Equal(t, checks.ReasonTooLarge, ReasonOf(err), "%v", err)

	strict := &http.Client{Transport: New(Config{Resolver: names.Address(), AllowNetworks: p.config.AllowNetworks}).
		HTTPTransport(checks.Limits{})}
	_, err = strict.Get("https://example.com:" + parsed.Port()) //nolint:noctx,bodyclose // it fails
	require.Equal(t, checks.ReasonHandshakeFailed, ReasonOf(err), "%v", err)
	require.Nil(t, p.HTTPTransport(checks.Limits{}).(*transport).base.Proxy)
}

// TestHTTPTransportEndsWithItsRequest has a server that accepts and says nothing.
func TestHTTPTransportEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	p := New(Config{AllowAny: true})
	for name, test := range map[string]struct {
		limits checks.Limits
		cancel time.Duration
		reason checks.Reason
	}{
		"request deadline": {checks.Limits{}, 50 * time.Millisecond, checks.ReasonTimeout},
		"read timeout":     {checks.Limits{ReadTimeout: 50 * time.Millisecond}, time.Minute, checks.ReasonTimeout},
		"deadline":         {checks.Limits{Deadline: 50 * time.Millisecond}, time.Minute, checks.ReasonTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), test.cancel)
			defer cancel()
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+listener.Addr().String(), nil)
			require.NoError(t, err)
			_, err = p.HTTPTransport(test.limits).RoundTrip(request) //nolint:bodyclose // it fails
			require.Equal(t, test.reason, ReasonOf(err), "%v", err)
		})
	}
}

// TestHTTPTransportStopsDialingWithItsRequest keeps no dial of a request that
// was given up, though http.Transport would.
func TestHTTPTransportStopsDialingWithItsRequest(t *testing.T) {
	t.Parallel()
	p := New(Config{AllowAny: true})
	dialing, stopped := make(chan struct{}), make(chan struct{})
	p.connect = func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
		close(dialing)
		<-ctx.Done()
		close(stopped)
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-dialing
		cancel()
	}()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://192.0.2.1/", nil)
	require.NoError(t, err)
	_, err = p.HTTPTransport(checks.Limits{ConnectTimeout: time.Minute}).RoundTrip(request) //nolint:bodyclose // it fails
	require.Equal(t, checks.ReasonCanceled, ReasonOf(err), "%v", err)
	select {
	case <-stopped:
	case <-time.After(10 * time.Second):
		t.Fatal("the dial goes on without its request")
	}
}
