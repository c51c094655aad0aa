package httpsec_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/httpsec"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// peerLook walks over a peer that answers http by itself.
func peerLook(t *testing.T, handle func(net.Conn), limits checks.Limits) (checks.HTTPLook, *rerouted) {
	t.Helper()
	peer := checktest.StartPeer(t, handle)
	target, err := checks.ParseTarget("http://"+peer.String()+"/", checks.Quick, limits)
	require.NoError(t, err)
	n := network(t)
	return httpsec.Walk(t.Context(), n, target, peer), n
}

// answering answers each request on a connection with the answer of its path,
// up to a number of requests.
func answering(requests int, answers map[string]string) func(net.Conn) {
	return func(conn net.Conn) {
		reader := bufio.NewReader(conn)
		for range requests {
			request, err := http.ReadRequest(reader)
			if err != nil {
				return
			}
			if _, err := io.WriteString(conn, answers[request.URL.Path]); err != nil {
				return
			}
		}
	}
}

func TestWalkReusesConnections(t *testing.T) {
	t.Parallel()
	const next = "HTTP/1.1 302 Found\r\nLocation: /end\r\n"
	const end = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	for name, test := range map[string]struct {
		first       string
		requests    int // that the server takes on a connection
		connections int
	}{
		"length":              {next + "Content-Length: 0\r\n\r\n", 9, 1},
		"chunks":              {next + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 9, 1},
		"closes unannounced":  {next + "Content-Length: 0\r\n\r\n", 1, 3},
		"announces a close":   {next + "Content-Length: 0\r\nConnection: close\r\n\r\n", 1, 3},
		"HTTP/1.0":            {strings.Replace(next, "1.1", "1.0", 1) + "Content-Length: 0\r\n\r\n", 1, 3},
		"up to the end":       {next + "\r\n", 1, 3},
		"more than it read":   {next + "Content-Length: 300000\r\n\r\n" + strings.Repeat("x", 300000), 1, 3},
		"less than announced": {next + "Content-Length: 10\r\n\r\nok", 1, 3},
		"more than announced": {next + "Content-Length: 0\r\n\r\nHTTP/1.1 500 Not asked for\r\n\r\n", 9, 2},
		"more after chunks":   {next + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 500 Not asked for\r\n\r\n", 9, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			look, n := peerLook(t, answering(test.requests, map[string]string{"/": test.first, "/end": end}), checks.Limits{})
			require.Equal(t, checks.KnownFact(200), look.HTTP.End)
			require.Len(t, look.HTTP.Hops, 2)
			require.Equal(t, checks.KnownFact(checks.Preflight{Status: 200}), look.HTTP.Preflight)
			require.Len(t, n.dialed, test.connections)
		})
	}
}

// A connection that brought much takes no further request: what comes next
// could pass the limit of its bytes.
func TestWalkReusesNoConnectionThatBroughtMuch(t *testing.T) {
	t.Parallel()
	large := fmt.Sprintf("Content-Length: 250000\r\n\r\n%s", strings.Repeat("x", 250000))
	answers := map[string]string{"/end": "HTTP/1.1 200 OK\r\n" + large}
	for i, path := range []string{"/", "/1", "/2", "/3"} {
		answers[path] = fmt.Sprintf("HTTP/1.1 302 Found\r\nLocation: /%d\r\n%s", i+1, large)
	}
	answers["/3"] = "HTTP/1.1 302 Found\r\nLocation: /end\r\n" + large
	look, n := peerLook(t, answering(99, answers), checks.Limits{})
	require.Equal(t, checks.KnownFact(200), look.HTTP.End)
	require.Len(t, look.HTTP.Hops, 5)
	require.Len(t, n.dialed, 3, "two answers of 250 KB each, and the preflight")
	for _, hop := range look.HTTP.Hops {
		require.False(t, hop.Answer.Value.Content.Value.Truncated)
	}
}

func TestWalkMeasuresRequests(t *testing.T) {
	t.Parallel()
	theirs := serve(t, func(http.ResponseWriter, *http.Request) {})
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/":
			http.Redirect(w, r, "/page?state=1", http.StatusFound)
		case "/page":
			w.Header().Set("Refresh", fmt.Sprintf("0;url=https://login.example.com:%d/", theirs.Port()))
			_, _ = io.WriteString(w, "<p>You are on your way.")
		}
	})
	target, err := checks.ParseTarget(fmt.Sprintf("https://app.example.com:%d/", address.Port()), checks.Quick, checks.Limits{})
	require.NoError(t, err)
	target.Provoke = true
	got := httpsec.Walk(t.Context(), network(t), target, address).Requests
	type request struct {
		hop           int
		reused, dns   bool
		connect, tls  bool
		first         bool
		path, excerpt string
	}
	var told []request
	for _, r := range got {
		_, path, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(r.URL, "https://"), "http://"), "/")
		require.Equal(t, netip.MustParseAddr("127.0.0.1"), r.Address)
		told = append(told, request{r.Hop, r.Reused, r.DNS > 0, r.Connect > 0, r.TLS > 0, r.FirstByte > 0, "/" + path, r.Excerpt})
	}
	require.Equal(t, []request{
		{0, false, false, true, true, true, "/", ""},
		{-1, false, false, false, false, false, "/", ""}, // port 80 is closed
		{1, true, false, false, false, true, "/page?state=*", "You are on your way."},
		{2, false, true, true, true, true, "/", ""},
		{-1, true, false, false, false, true, "/?error=*&state=*", ""},
		{-1, true, true, false, false, true, "/", ""},
	}, told)
}

// A quick look has 12 connections an address, TLS and HTTP together, also with
// what a redirect URL and a sign-in start are asked besides.
func TestQuickLookStaysWithinItsConnections(t *testing.T) {
	t.Parallel()
	nginx := checktest.StartNginx(t, checktest.NginxConfig{
		Certificate: checktest.Issue(t, checktest.NewCA(t, "Test root"), pki.Leaf{Names: []string{"app.example.com"}}),
		Server: `
			location = /callback { if ($arg_error) { return 403; } return 302 /start; }
			location = /start { return 302 /signed-in; }
			location = /login { return 302 /away; }
			location = /away { return 302 "https://sod.superoffice.com/login/common/oauth/authorize?response_type=code&client_id=1&state=$request_id"; }`,
		Plain: "return 301 https://$host$request_uri;",
	})
	for path, ask := range map[string]func(*checks.Target){
		"/callback": func(target *checks.Target) { target.Provoke = true },
		"/login":    func(target *checks.Target) { target.SignInStart = true },
	} {
		target, err := checks.ParseTarget(fmt.Sprintf("https://app.example.com:%d%s", nginx.Addr.Port(), path), checks.Quick, checks.Limits{})
		require.NoError(t, err)
		ask(&target)
		n := network(t)
		n.ports[80] = nginx.PlainAddr
		n.budget = target.Limits.WithDefaults().ConnectionsPerAddress
		tls, _ := tlsprobe.Quick(t.Context(), n, target, nginx.Addr)
		require.True(t, tls.Protocols[checks.TLSv13].State == checks.Known)
		before := len(n.dialed)
		got := httpsec.Walk(t.Context(), n, target, nginx.Addr).HTTP
		require.Equal(t, checks.KnownFact(checks.PlainHTTP{Status: 301, RedirectsToHTTPS: true, Route: []string{"https://app.example.com" + path}}), got.PlainHTTP)
		if path == "/callback" {
			require.Equal(t, checks.KnownFact(200), got.End)
			require.Len(t, got.Hops, 3)
			require.Equal(t, 403, got.Provoked.Value.Status)
		} else {
			require.Equal(t, checks.AbsentFact[int](checks.ReasonSignInService), got.End)
			require.Equal(t, checks.KnownFact(true), got.SignIn.Value.FreshState)
		}
		require.Len(t, n.dialed[before:], 2, "one for the walk and all besides, one for port 80")
		require.LessOrEqual(t, len(n.dialed), 12)
	}
}

// What was announced by a server that never keeps a connection open still fits.
func TestQuickLookOfAServerThatClosesFits(t *testing.T) {
	t.Parallel()
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		if r.URL.Path == "/" && !r.URL.Query().Has("error") {
			http.Redirect(w, r, "/end", http.StatusFound)
		}
	})
	target, err := checks.ParseTarget(fmt.Sprintf("https://app.example.com:%d/", address.Port()), checks.Quick, checks.Limits{})
	require.NoError(t, err)
	target.Provoke = true
	n := network(t)
	n.budget = 4
	got := httpsec.Walk(t.Context(), n, target, address).HTTP
	require.Equal(t, checks.KnownFact(200), got.End)
	require.Equal(t, 200, got.Provoked.Value.Status)
	require.Equal(t, checks.InconclusiveFact[checks.Preflight](checks.ReasonBudget), got.Preflight)
}

// A request that a server dropped with its connection is sent once more, and
// not for ever.
func TestWalkAsksTwiceAtMost(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	handle := func(conn net.Conn) {
		reader := bufio.NewReader(conn)
		for {
			request, err := http.ReadRequest(reader)
			if err != nil {
				return
			}
			requests.Add(1)
			if request.URL.Path != "/" {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 302 Found\r\nLocation: /end\r\nContent-Length: 0\r\n\r\n")
		}
	}
	look, _ := peerLook(t, handle, checks.Limits{ReadTimeout: 2 * time.Second})
	require.Equal(t, checks.InconclusiveFact[int](checks.ReasonClosed), look.HTTP.End)
	require.Equal(t, int32(3), requests.Load())
}
