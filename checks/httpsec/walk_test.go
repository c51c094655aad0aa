package httpsec_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/httpsec"
)

// rerouted sends ports of loopback elsewhere, so that a test can serve port 80
// without being allowed to, and can hold a budget of connections.
type rerouted struct {
	checks.Network
	ports  map[uint16]netip.AddrPort
	budget int // connections; 0 means no limit

	mu     sync.Mutex
	dialed []netip.AddrPort
}

type budgetError struct{}

func (budgetError) Error() string         { return "no connection left" }
func (budgetError) Reason() checks.Reason { return checks.ReasonBudget }

func (r *rerouted) Dial(ctx context.Context, address netip.AddrPort) (net.Conn, error) {
	r.mu.Lock()
	r.dialed = append(r.dialed, address)
	over := r.budget > 0 && len(r.dialed) > r.budget
	r.mu.Unlock()
	if over {
		return nil, budgetError{}
	}
	if other, ok := r.ports[address.Port()]; ok && address.Addr().IsLoopback() {
		address = other
	}
	return r.Network.Dial(ctx, address)
}

// network returns one on which port 80 is closed.
func network(t *testing.T) *rerouted {
	t.Helper()
	loopback := checktest.Loopback(t)
	loopback.Names["app.example.com"] = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	loopback.Names["login.example.com"] = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	loopback.Names["internal.example.com"] = []netip.Addr{netip.MustParseAddr("169.254.169.254")}
	loopback.Names["nobody.example.com"] = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	return &rerouted{Network: loopback, ports: map[uint16]netip.AddrPort{80: closedPort(t)}}
}

// closedPort returns one that nobody listens at, and nobody else gets until the
// end of the test: it is bound.
func closedPort(t *testing.T) netip.AddrPort {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Close(socket) })
	require.NoError(t, syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	name, err := syscall.Getsockname(socket)
	require.NoError(t, err)
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(name.(*syscall.SockaddrInet4).Port))
}

func (r *rerouted) names() map[string][]netip.Addr {
	return r.Network.(*checktest.LoopbackNetwork).Names
}

func serve(t *testing.T, handler http.HandlerFunc) netip.AddrPort {
	t.Helper()
	return checktest.StartGoServer(t, checktest.GoServerConfig{
		Handler:     handler,
		Certificate: checktest.Issue(t, checktest.NewCA(t, "Test root"), pki.Leaf{Names: []string{"app.example.com"}}), // ECDSA: hundreds of handshakes
	})
}

func plainServer(t *testing.T, handler http.HandlerFunc) netip.AddrPort {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return netip.MustParseAddrPort(server.Listener.Addr().String())
}

func walk(t *testing.T, n checks.Network, address netip.AddrPort, path string, limits checks.Limits) checks.HTTP {
	t.Helper()
	target, err := checks.ParseTarget(fmt.Sprintf("https://app.example.com:%d%s", address.Port(), path), checks.Quick, limits)
	require.NoError(t, err)
	result := httpsec.Walk(t.Context(), n, target, address).HTTP
	return result
}

func TestWalkFinalAnswer(t *testing.T) {
	t.Parallel()
	var agent, host string
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		agent, host = r.UserAgent(), r.Host
		w.Header().Add("Set-Cookie", "sid=1; HttpOnly")
		w.Header().Add("Strict-Transport-Security", "max-age=1")
		w.Header().Add("Strict-Transport-Security", "max-age=2")
		w.Header().Set("Server", "Teapot/1.2 (Kettle) lid/3")
		w.WriteHeader(http.StatusTeapot)
	})
	target, err := checks.ParseTarget(fmt.Sprintf("https://app.example.com:%d/callback?x=1#f", address.Port()), checks.Quick, checks.Limits{})
	require.NoError(t, err)
	look := httpsec.Walk(t.Context(), network(t), target, address)
	got, certificates := look.HTTP, look.Certificates
	require.Len(t, certificates, 1)
	require.Equal(t, httpsec.UserAgent, agent)
	require.Equal(t, fmt.Sprintf("app.example.com:%d", address.Port()), host)
	require.Equal(t, checks.HTTP{
		Hops: []checks.Hop{{
			URL: fmt.Sprintf("https://app.example.com:%d/callback?x=*", address.Port()), Scheme: "https", Host: "app.example.com", SameSite: true,
			Answer: checks.KnownFact(checks.Response{
				Status: 418, Version: "HTTP/1.1", TLS: checks.TLSv13, Cookies: []checks.Cookie{{Name: "sid", HttpOnly: true}},
				HSTS: checks.KnownFact([]string{"max-age=1", "max-age=2"}), PublicKeyPins: checks.AbsentFact[[]string](""), Server: "Teapot",
				Fields:  map[string][]string{"server": {"Teapot/* (Kettle) lid/*"}},
				Content: checks.KnownFact(checks.Content{Empty: true, Look: look.HTTP.Hops[0].Answer.Value.Content.Value.Look}),
			}),
		}},
		End:       checks.KnownFact(418),
		PlainHTTP: checks.AbsentFact[checks.PlainHTTP](checks.ReasonRefused),
		Preflight: checks.KnownFact(checks.Preflight{Status: 418}),
	}, got)
}

func TestWalkTLSVersions(t *testing.T) {
	t.Parallel()
	for version, want := range map[uint16]checks.Protocol{
		tls.VersionTLS10: checks.TLSv10, tls.VersionTLS11: checks.TLSv11, tls.VersionTLS12: checks.TLSv12, tls.VersionTLS13: checks.TLSv13,
	} {
		address := checktest.StartGoServer(t, checktest.GoServerConfig{MinVersion: version, MaxVersion: version})
		got := walk(t, network(t), address, "/", checks.Limits{})
		require.Equal(t, want, got.Hops[0].Answer.Value.TLS)
	}
}

func TestWalkFollowsRedirects(t *testing.T) {
	t.Parallel()
	var methods []string
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Set-Cookie", "theirs=1")
		w.WriteHeader(http.StatusUnauthorized)
	})
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		methods = append(methods, r.Method+" "+r.URL.Path)
		switch r.URL.Path {
		case "/308":
			http.Redirect(w, r, "307", http.StatusPermanentRedirect)
		case "/307":
			http.Redirect(w, r, "/303", http.StatusTemporaryRedirect)
		case "/303":
			http.Redirect(w, r, "/302", http.StatusSeeOther)
		case "/302":
			w.Header().Add("Set-Cookie", "state=secret; Secure")
			http.Redirect(w, r, fmt.Sprintf("https://login.example.com:%d/authorize?state=1", other.Port()), http.StatusFound)
		case "/300":
			http.Redirect(w, r, "/302", http.StatusMultipleChoices)
		case "/bare":
			w.WriteHeader(http.StatusFound)
		}
	})
	target, err := checks.ParseTarget(fmt.Sprintf("https://app.example.com:%d/308", address.Port()), checks.Quick, checks.Limits{})
	require.NoError(t, err)
	target.Method = http.MethodPost
	look := httpsec.Walk(t.Context(), network(t), target, address)
	got, certificates := look.HTTP, look.Certificates
	require.Equal(t, []string{"POST /308", "POST /307", "POST /303", "GET /302"}, methods)
	require.Len(t, got.Hops, 5)
	require.Equal(t, checks.KnownFact(401), got.End)
	require.Equal(t, "login.example.com", got.Hops[4].Host)
	require.True(t, got.Hops[4].SameSite)
	require.Equal(t, fmt.Sprintf("https://login.example.com:%d/authorize?state=*", other.Port()), got.Hops[3].Answer.Value.Location)
	require.Equal(t, []checks.Cookie{{Name: "theirs"}}, got.Hops[4].Answer.Value.Cookies)
	require.Len(t, certificates, 1, "of the target's own host only")

	require.Equal(t, checks.KnownFact(300), walk(t, network(t), address, "/300", checks.Limits{}).End)
	require.Equal(t, checks.KnownFact(302), walk(t, network(t), address, "/bare", checks.Limits{}).End)
}

func TestWalkEnds(t *testing.T) {
	t.Parallel()
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		location := map[string]string{
			"/loop":     "/loop2",
			"/loop2":    "/loop",
			"/self":     "/self",
			"/endless":  "/endless?" + r.URL.RawQuery + "x",
			"/scheme":   "myapp://callback?code=1",
			"/broken":   "https://[::1",
			"/internal": "https://internal.example.com/latest/meta-data",
			"/metadata": "http://169.254.169.254/latest/meta-data",
			"/mapped":   "http://[::ffff:10.0.0.1]/",
			"/missing":  "https://missing.example.com/",
			"/refused":  "http://nobody.example.com/",
		}[r.URL.Path]
		w.Header().Set("Location", location)
		w.WriteHeader(http.StatusFound)
	})
	for _, test := range []struct {
		path string
		hops int
		end  checks.Fact[int]
	}{
		{"/loop", 2, checks.AbsentFact[int](checks.ReasonRedirectLoop)},
		{"/self", 1, checks.AbsentFact[int](checks.ReasonRedirectLoop)},
		{"/endless", 11, checks.InconclusiveFact[int](checks.ReasonTooManyRedirects)},
		{"/scheme", 1, checks.AbsentFact[int](checks.ReasonUnsupportedScheme)},
		{"/broken", 1, checks.AbsentFact[int](checks.ReasonMalformed)},
		{"/internal", 2, checks.InconclusiveFact[int](checks.ReasonSpecialPurpose)},
		{"/metadata", 2, checks.InconclusiveFact[int](checks.ReasonSpecialPurpose)},
		{"/mapped", 2, checks.InconclusiveFact[int](checks.ReasonSpecialPurpose)},
		{"/missing", 2, checks.InconclusiveFact[int](checks.ReasonNameNotFound)},
		{"/refused", 2, checks.InconclusiveFact[int](checks.ReasonRefused)},
	} {
		got := walk(t, network(t), address, test.path, checks.Limits{})
		require.Equal(t, test.end, got.End, test.path)
		require.Len(t, got.Hops, test.hops, test.path)
	}
}

func TestWalkStaysAtItsAddress(t *testing.T) {
	t.Parallel()
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/next", http.StatusFound)
		}
	})
	n := network(t)
	n.names()["app.example.com"] = []netip.Addr{netip.MustParseAddr("127.0.0.99")}
	got := walk(t, n, address, "/", checks.Limits{})
	require.Equal(t, checks.KnownFact(200), got.End)
	for _, dialed := range n.dialed {
		require.Equal(t, address.Addr(), dialed.Addr(), "the name is never looked up again")
	}
}

func TestWalkBudget(t *testing.T) {
	t.Parallel()
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
	})
	n := network(t)
	n.budget = 3
	got := walk(t, n, address, "/", checks.Limits{})
	require.Equal(t, checks.InconclusiveFact[int](checks.ReasonBudget), got.End)
	require.Len(t, got.Hops, 3, "two answers, port 80, and the hop that was not asked")
	require.Equal(t, checks.InconclusiveFact[checks.Response](checks.ReasonBudget), got.Hops[2].Answer)
}

func TestWalkPlainHTTP(t *testing.T) {
	t.Parallel()
	address := checktest.StartGoServer(t, checktest.GoServerConfig{})
	for _, test := range []struct {
		name   string
		listen netip.AddrPort
		want   checks.Fact[checks.PlainHTTP]
	}{
		{"redirects", plainServer(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://"+r.Host+r.URL.Path, http.StatusMovedPermanently)
		}), checks.KnownFact(checks.PlainHTTP{Status: 301, RedirectsToHTTPS: true, Route: []string{"https://app.example.com/"}})},
		{"redirects elsewhere", plainServer(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.example.com/", http.StatusFound)
		}), checks.KnownFact(checks.PlainHTTP{Status: 302, RedirectsToHTTPS: true, Route: []string{"https://login.example.com/"}})},
		{"redirects by way of http", plainServer(t, func(w http.ResponseWriter, r *http.Request) {
			next := map[string]string{"/": "/moved", "/moved": "https://app.example.com/moved"}[r.URL.Path]
			http.Redirect(w, r, next, http.StatusFound)
		}), checks.KnownFact(checks.PlainHTTP{
			Status: 302, RedirectsToHTTPS: true, Route: []string{"http://app.example.com/moved", "https://app.example.com/moved"},
		})},
		{"redirects to another host", plainServer(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://login.example.com/", http.StatusFound)
		}), checks.KnownFact(checks.PlainHTTP{Status: 302, Route: []string{"http://login.example.com/"}})},
		{"redirects for ever", plainServer(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
		}), checks.KnownFact(checks.PlainHTTP{Status: 302, Route: []string{
			"http://app.example.com/x", "http://app.example.com/xx", "http://app.example.com/xxx", "http://app.example.com/xxxx",
		}})},
		{"serves", plainServer(t, func(http.ResponseWriter, *http.Request) {}), checks.KnownFact(checks.PlainHTTP{Status: 200})},
		{"keeps programs away", plainServer(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cf-Mitigated", "challenge")
			w.WriteHeader(http.StatusForbidden)
		}), checks.InconclusiveFact[checks.PlainHTTP](checks.ReasonBotWall)},
		{"is maintained", plainServer(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "<h1>Scheduled maintenance</h1><p>We will be back soon.")
		}), checks.InconclusiveFact[checks.PlainHTTP](checks.ReasonMaintenance)},
		{"resets", checktest.StartPeer(t, checktest.ResetOnHello), checks.AbsentFact[checks.PlainHTTP](checks.ReasonReset)},
		{"closes", checktest.StartPeer(t, func(conn net.Conn) { _, _ = conn.Read(make([]byte, 4096)) }), checks.AbsentFact[checks.PlainHTTP](checks.ReasonClosed)},
		{"silent", checktest.StartPeer(t, checktest.Tarpit), checks.InconclusiveFact[checks.PlainHTTP](checks.ReasonTimeout)},
		{"garbage", checktest.StartPeer(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, "SSH-2.0-x\r\n")
			_, _ = io.Copy(io.Discard, conn)
		}), checks.InconclusiveFact[checks.PlainHTTP](checks.ReasonMalformed)},
	} {
		n := network(t)
		n.ports[80] = test.listen
		got := walk(t, n, address, "/", checks.Limits{ReadTimeout: 2 * time.Second})
		require.Equal(t, test.want, got.PlainHTTP, test.name)
	}
}

func TestWalkPlainURL(t *testing.T) {
	t.Parallel()
	secure := serve(t, func(http.ResponseWriter, *http.Request) {})
	plain := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, fmt.Sprintf("https://app.example.com:%d/", secure.Port()), http.StatusFound)
	})
	target, err := checks.ParseTarget(fmt.Sprintf("http://app.example.com:%d/", plain.Port()), checks.Quick, checks.Limits{})
	require.NoError(t, err)
	look := httpsec.Walk(t.Context(), network(t), target, plain)
	got, certificates := look.HTTP, look.Certificates
	require.Len(t, got.Hops, 2)
	require.Empty(t, got.Hops[0].Answer.Value.TLS)
	require.Equal(t, checks.TLSv13, got.Hops[1].Answer.Value.TLS)
	require.Equal(t, checks.NotAsked, got.PlainHTTP.State)
	require.Len(t, certificates, 1)
}

func TestWalkMisbehavingPeers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handle func(net.Conn)
		want   checks.Reason
	}{
		"tarpit":        {checktest.Tarpit, checks.ReasonTimeout},
		"resets":        {checktest.ResetOnHello, checks.ReasonReset},
		"closes":        {checktest.CloseOnAccept, checks.ReasonClosed},
		"plain HTTP":    {checktest.PlainHTTP, checks.ReasonNotTLS},
		"garbage":       {checktest.Garbage, checks.ReasonNotTLS},
		"endless bytes": {checktest.EndlessBytes, checks.ReasonNotTLS},
		"alerts":        {checktest.AlertAlways(40), checks.ReasonHandshakeFailed},
		"bad handshake": {checktest.GarbageRecord, checks.ReasonHandshakeFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := checktest.StartPeer(t, test.handle)
			got := walk(t, network(t), peer, "/", checks.Limits{ReadTimeout: 2 * time.Second})
			require.Equal(t, checks.InconclusiveFact[int](test.want), got.End)
			require.Len(t, got.Hops, 1)
			require.Equal(t, checks.InconclusiveFact[checks.Response](test.want), got.Hops[0].Answer)
		})
	}
}

func TestWalkLargeHead(t *testing.T) {
	t.Parallel()
	peer := plainPeer(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for {
			if _, err := io.WriteString(conn, "X-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"); err != nil {
				return
			}
		}
	})
	require.Equal(t, checks.InconclusiveFact[int](checks.ReasonTooLarge), peer.End)
}

func plainPeer(t *testing.T, handle func(net.Conn)) checks.HTTP {
	t.Helper()
	address := checktest.StartPeer(t, handle)
	target, err := checks.ParseTarget("http://"+address.String()+"/", checks.Quick, checks.Limits{})
	require.NoError(t, err)
	got := httpsec.Walk(t.Context(), network(t), target, address).HTTP
	return got
}

func TestWalkEndsWithItsContext(t *testing.T) {
	t.Parallel()
	peer := checktest.StartPeer(t, checktest.Tarpit)
	target, err := checks.ParseTarget("https://"+peer.String()+"/", checks.Quick, checks.Limits{ReadTimeout: time.Minute})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	started := time.Now()
	got := httpsec.Walk(ctx, network(t), target, peer).HTTP
	require.Less(t, time.Since(started), 5*time.Second)
	require.Equal(t, checks.InconclusiveFact[int](checks.ReasonTimeout), got.End)

	canceled, stop := context.WithCancel(t.Context())
	stop()
	got = httpsec.Walk(canceled, network(t), target, peer).HTTP
	require.Equal(t, checks.InconclusiveFact[int](checks.ReasonCanceled), got.End)
	require.Empty(t, got.Hops, "nobody was asked")
}

// A server whose cookies, states, nonces and path tokens are new at every look
// is one component.
func TestWalkIsCanonical(t *testing.T) {
	t.Parallel()
	token := func(n int) []byte { raw := make([]byte, n); _, _ = rand.Read(raw); return raw }
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", fmt.Sprintf("script-src 'nonce-%s'; report-uri /csp?t=%x", base64.StdEncoding.EncodeToString(token(16)), token(4)))
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Digest realm="x", nonce="%x"`, token(4)))
		w.Header().Set("Retry-After", fmt.Sprint(time.Now().UnixNano()))
		w.Header().Set("Content-Type", fmt.Sprintf("text/html; boundary=%x", token(16)))
		if r.URL.Path != "/callback" {
			w.Header().Set("Refresh", fmt.Sprintf("600;url=/again?nonce=%x", token(4)))
			_, _ = fmt.Fprintf(w, `<p>Hello %x</p><script nonce="%x"></script><script src="/app.%x.js"></script>`, token(16), token(16), token(16))
			return
		}
		for _, cookie := range []string{
			".AspNetCore.Correlation." + base64.RawURLEncoding.EncodeToString(token(32)) + "=N; path=/signin-superoffice; secure; httponly",
			".AspNetCore.OpenIdConnect.Nonce." + base64.RawURLEncoding.EncodeToString(token(48)) + "=N; expires=" + time.Now().Format(http.TimeFormat),
			"session=" + hex.EncodeToString(token(16)) + "; Max-Age=3600",
			"state_" + hex.EncodeToString(token(16)) + "=1; Path=/" + hex.EncodeToString(token(16)),
		} {
			w.Header().Add("Set-Cookie", cookie)
		}
		location := fmt.Sprintf("/authorize/%x-%x-%x-%x-%x/%s?state=%x&nonce=%x#%x",
			token(4), token(2), token(2), token(2), token(6), base64.RawURLEncoding.EncodeToString(token(32)), token(8), token(8), token(8))
		http.Redirect(w, r, location, http.StatusFound)
	})
	n := network(t)
	first, firstCertificates, err := canonical(t, n, address)
	require.NoError(t, err)
	for range 100 {
		again, certificates, err := canonical(t, n, address)
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.Equal(t, firstCertificates, certificates)
	}
}

func canonical(t *testing.T, n checks.Network, address netip.AddrPort) (string, []checks.Certificate, error) {
	t.Helper()
	target, err := checks.ParseTarget(fmt.Sprintf("https://app.example.com:%d/callback", address.Port()), checks.Quick, checks.Limits{})
	require.NoError(t, err)
	look := httpsec.Walk(t.Context(), n, target, address)
	result, certificates := look.HTTP, look.Certificates
	require.Equal(t, checks.KnownFact(200), result.End)
	form, _, err := checks.Canonical(result)
	return string(form), certificates, err
}
