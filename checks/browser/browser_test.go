package browser_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/browser"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/probe"
)

// site is a server that answers for app.example.com, over https and over http,
// and a network on which that name leads to it.
type site struct {
	network *watched
	target  checks.Target
	address netip.AddrPort
}

// watched sees what is asked for, and sends port 80 of loopback elsewhere.
type watched struct {
	*checktest.LoopbackNetwork
	plain netip.AddrPort

	mu    sync.Mutex
	hosts []string
}

func (w *watched) Resolve(ctx context.Context, host string) checks.Fact[[]netip.Addr] {
	w.mu.Lock()
	w.hosts = append(w.hosts, host)
	w.mu.Unlock()
	return w.LoopbackNetwork.Resolve(ctx, host)
}

func (w *watched) Dial(ctx context.Context, address netip.AddrPort) (net.Conn, error) {
	if address.Port() == 80 && address.Addr().IsLoopback() {
		address = w.plain
	}
	return w.LoopbackNetwork.Dial(ctx, address)
}

func (w *watched) log() string {
	var all []string
	for _, line := range w.Measurements().Log {
		all = append(all, line.Text)
	}
	return strings.Join(all, "\n")
}

func serve(t *testing.T, handler http.HandlerFunc) site {
	t.Helper()
	secure, plain := httptest.NewTLSServer(handler), httptest.NewServer(handler)
	t.Cleanup(secure.Close)
	t.Cleanup(plain.Close)
	network := &watched{LoopbackNetwork: checktest.Loopback(t), plain: netip.MustParseAddrPort(plain.Listener.Addr().String())}
	network.Names["app.example.com"] = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	network.Names["other.example.com"] = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	network.Names["internal.example.com"] = []netip.Addr{netip.MustParseAddr("169.254.169.254")}
	return site{
		network: network, address: netip.MustParseAddrPort(secure.Listener.Addr().String()),
		target: checks.Target{URL: "https://app.example.com/page", Host: "app.example.com", Port: 443},
	}
}

func (s site) cookies(t *testing.T) checks.Fact[[]checks.Cookie] {
	t.Helper()
	return browser.Cookies(t.Context(), s.network, s.target, s.address, browser.Config{Path: chromium(t)})
}

func chromium(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("chromium")
	require.NoError(t, err, "this test needs a browser: run `make deps`, which installs the package chromium")
	return program
}

// page answers /page with script and everything else with nothing.
func page(script string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/page" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, "<!doctype html><title>page</title><script>%s</script>", script)
	}
}

func TestCookiesOfScript(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/page" {
			w.Header().Add("Set-Cookie", "session=1; Secure; HttpOnly; Path=/")
			w.Header().Add("Set-Cookie", "server=1; Secure; Path=/")
			w.Header().Add("Set-Cookie", "both=1; Path=/")
			w.Header().Add("Set-Cookie", "changed=1; Path=/")
		}
		page(`
			document.cookie = "plain=1";
			document.cookie = "wide=secret; Domain=example.com; Path=/; Max-Age=60; Secure; SameSite=Lax";
			document.cookie = "both=1; Path=/";
			document.cookie = "changed=2; Path=/; SameSite=Strict";
			document.cookie = "hidden=1; HttpOnly";
			document.cookie = "session=2; Path=/";
			document.cookie = "gone=1"; document.cookie = "gone=; Max-Age=0";
			document.cookie = "foreign=1; Domain=example.net";
			document.cookie = ".AspNetCore.Correlation.f0Yq8vJ3kQm2xT7bLw=1; Path=/";
			const { cookie } = document;
			addEventListener("load", () => cookieStore.set({ name: "store", value: "1", path: "/" }));
			alert(cookie);
			addEventListener("DOMContentLoaded", () => document.body.append(Object.assign(document.createElement("iframe"), { srcdoc: "<script>document.cookie = 'frame=1'</"+"script>" })));
		`)(w, r)
	})
	got := s.cookies(t)
	require.Equal(t, checks.Known, got.State, got.Reason)
	require.Equal(t, []checks.Cookie{
		{Name: ".AspNetCore.Correlation.*", Path: "/"},
		{Name: "changed", Path: "/", SameSite: "Strict"},
		{Name: "frame", Path: "/"},
		{Name: "plain", Path: "/"},
		{Name: "store", Path: "/", Secure: true, SameSite: "Strict"},
		{Name: "wide", Domain: "example.com", Path: "/", Secure: true, SameSite: "Lax", Lifetime: checks.LifetimeDays, Width: checks.WidthRegistrable},
	}, got.Value)
	require.NotContains(t, s.network.log(), "secret")
	s.network.mu.Lock()
	defer s.network.mu.Unlock()
	require.Empty(t, s.network.hosts, "the browser asks nothing for itself")
}

func TestNoCookiesOfScript(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Set-Cookie", "server=1; Path=/")
		page(`document.title = document.cookie`)(w, r)
	})
	require.Equal(t, checks.KnownFact([]checks.Cookie(nil)), s.cookies(t))
}

func TestAnswersWithoutAPage(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusNoContent, http.StatusBadRequest, http.StatusInternalServerError} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		require.Equal(t, checks.KnownFact([]checks.Cookie(nil)), s.cookies(t), "%d", status)
	}
}

func TestPlainPage(t *testing.T) {
	t.Parallel()
	s := serve(t, page(`document.cookie = "plain=1; Path=/"`))
	s.target.URL, s.target.Port, s.address = "http://app.example.com/page", 80, s.network.plain
	require.Equal(t, checks.KnownFact([]checks.Cookie{{Name: "plain", Path: "/"}}), s.cookies(t))
}

func TestNobodyIsAsked(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("somebody asked") })
	require.Zero(t, browser.Cookies(t.Context(), s.network, s.target, s.address, browser.Config{}))
	s.target.Method = http.MethodPost
	require.Zero(t, s.cookies(t))
	s.target.Method, s.target.URL = "", "ftp://app.example.com/"
	require.Equal(t, checks.ReasonMalformed, s.cookies(t).Reason)
}

// TestRedirectsThatAreRefused: an answer leads where no look may go.
func TestRedirectsThatAreRefused(t *testing.T) {
	t.Parallel()
	for to, reason := range map[string]checks.Reason{
		"https://169.254.169.254/latest/meta-data/":   checks.ReasonSpecialPurpose,
		"http://169.254.169.254/latest/meta-data/":    checks.ReasonSpecialPurpose,
		"https://nowhere.example.com/":                checks.ReasonNameNotFound,
		"https://online.superoffice.com/login/common": checks.ReasonSignInService,
		"https://id.superoffice.com./":                checks.ReasonSignInService,
	} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
		require.Equal(t, checks.InconclusiveFact[[]checks.Cookie](reason), s.cookies(t), to)
	}
}

// TestPrivateAddressesFromScript: a page asks for places that only we reach. The
// network is the real one, to which 127.0.0.2 alone is allowed.
func TestPrivateAddressesFromScript(t *testing.T) {
	t.Parallel()
	at := privatePlace(t)
	_, port, err := net.SplitHostPort(at)
	require.NoError(t, err)
	address := serveAt(t, "127.0.0.2:0", page(strings.NewReplacer("AT", at, "PORT", port).Replace(`
		for (const url of ["http://AT/", "http://localhost:PORT/", "http://[::1]:PORT/", "http://169.254.169.254/", "https://10.0.0.1/"]) {
			fetch(url, { mode: "no-cors" }).catch(() => {});
			new Image().src = url;
			navigator.sendBeacon(url, "x");
		}
		for (const url of ["ws://AT/", "wss://AT/", "ws://localhost:PORT/", "wss://192.168.0.1/"]) new WebSocket(url);
		const peer = new RTCPeerConnection({ iceServers: [{ urls: "stun:AT" }, { urls: "turn:AT", username: "a", credential: "b" }, { urls: "turn:AT?transport=tcp", username: "a", credential: "b" }] });
		peer.createDataChannel("x"); peer.createOffer().then((o) => peer.setLocalDescription(o));
		try { new WebTransport("https://AT/").ready.catch(() => {}); } catch {}
		document.head.insertAdjacentHTML("beforeend", "<link rel=preconnect href='http://AT'><link rel=prefetch href='http://AT/next'><link rel=dns-prefetch href='//localhost'>");
		open("http://AT/");
		document.cookie = "asked=1; Path=/";
	`)))
	prober := probe.New(probe.Config{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}})
	network := prober.Network(checks.LimitsFor(checks.Full, false))
	target := checks.Target{URL: "https://app.example.com/page", Host: "app.example.com", Port: 443}
	got := browser.Cookies(t.Context(), network, target, address, browser.Config{Path: chromium(t)})
	require.Equal(t, checks.KnownFact([]checks.Cookie{{Name: "asked", Path: "/"}}), got)
	require.NotEmpty(t, network.Measurements().Connections)
	for _, connection := range network.Measurements().Connections {
		require.Equal(t, address, connection.Destination)
	}
}

// privatePlace is a port of this machine, TCP and UDP, that nobody may come to.
func privatePlace(t *testing.T) string {
	t.Helper()
	private := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the page reached a port of this machine") }))
	t.Cleanup(private.Close)
	at := private.Listener.Addr().String()
	packets, err := net.ListenPacket("udp", at)
	require.NoError(t, err)
	var reading sync.WaitGroup
	reading.Go(func() {
		if _, _, err := packets.ReadFrom(make([]byte, 1500)); err == nil {
			t.Error("the page sent a packet to this machine")
		}
	})
	t.Cleanup(func() {
		require.NoError(t, packets.Close())
		reading.Wait()
	})
	return at
}

// serveAt serves https at an address of this machine.
func serveAt(t *testing.T, at string, handler http.HandlerFunc) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp", at)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(handler)
	require.NoError(t, server.Listener.Close())
	server.Listener = listener
	server.StartTLS()
	t.Cleanup(server.Close)
	return netip.MustParseAddrPort(listener.Addr().String())
}

// TestOddPorts: a page has us try the ports of others.
func TestOddPorts(t *testing.T) {
	t.Parallel()
	s := serve(t, page(`
		for (let port = 20000; port < 20050; port++) fetch("https://other.example.com:" + port, { mode: "no-cors" }).catch(() => {});
	`))
	require.Equal(t, checks.Known, s.cookies(t).State)
	ports := map[uint16]bool{}
	for _, connection := range s.network.Measurements().Connections {
		ports[connection.Destination.Port()] = true
	}
	require.LessOrEqual(t, len(ports), 1+4)
}

func TestPagesThatNeverLoad(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		page(`document.cookie = "early=1"`)(w, r)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	got := browser.Cookies(ctx, s.network, s.target, s.address, browser.Config{Path: chromium(t)})
	require.Equal(t, checks.InconclusiveFact[[]checks.Cookie](checks.ReasonTimeout), got)
}

func TestPagesThatHold(t *testing.T) {
	t.Parallel()
	s := serve(t, page(`for (;;) document.cookie = "busy=" + Math.random()`))
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	got := browser.Cookies(ctx, s.network, s.target, s.address, browser.Config{Path: chromium(t)})
	require.Equal(t, checks.InconclusiveFact[[]checks.Cookie](checks.ReasonTimeout), got)
}

func TestPagesThatAreTooLarge(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		chunk := []byte(strings.Repeat("<p>x</p>", 8<<10))
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	got := s.cookies(t)
	require.Equal(t, checks.Inconclusive, got.State)
	total := int64(0)
	for _, connection := range s.network.Measurements().Connections {
		total += connection.Received
	}
	require.Less(t, total, int64(64<<20))
}

func TestTheLookEnds(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 8)
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	got := browser.Cookies(ctx, s.network, s.target, s.address, browser.Config{Path: chromium(t)})
	require.Equal(t, checks.InconclusiveFact[[]checks.Cookie](checks.ReasonCanceled), got)
}

func TestSlots(t *testing.T) {
	t.Parallel()
	s := serve(t, page(""))
	full := make(chan struct{}, 1)
	full <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := browser.Cookies(ctx, s.network, s.target, s.address, browser.Config{Path: chromium(t), Slots: full})
	require.Equal(t, checks.ReasonCanceled, got.Reason)
	require.Empty(t, s.network.Measurements().Connections)
}

// TestNothingIsLeft: wherever the browser ends, its processes and folder go.
func TestNothingIsLeft(t *testing.T) {
	folder, err := os.MkdirTemp("/tmp", "gw") // short: sockets are in it
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	t.Setenv("TMPDIR", folder)
	pidFile := filepath.Join(folder, "pid")
	program := filepath.Join(folder, "browser")
	text := fmt.Sprintf("#!/bin/sh\necho $$ > %s\nexec %s \"$@\"\n", pidFile, chromium(t))
	require.NoError(t, os.WriteFile(program, []byte(text), 0o700)) //nolint:gosec // it is run
	group := func() int {
		written, err := os.ReadFile(pidFile) //nolint:gosec // its own
		require.NoError(t, err)
		pid, err := strconv.Atoi(strings.TrimSpace(string(written)))
		require.NoError(t, err)
		return pid
	}
	left := func() []string {
		entries, err := os.ReadDir(folder)
		require.NoError(t, err)
		var names []string
		for _, entry := range entries {
			names = append(names, entry.Name())
		}
		return slices.DeleteFunc(names, func(name string) bool { return name == "pid" || name == "browser" })
	}
	fine := serve(t, page(`document.cookie = "a=1; Path=/"`))
	crash := serve(t, func(http.ResponseWriter, *http.Request) { _ = syscall.Kill(group(), syscall.SIGKILL) })
	for _, test := range []struct {
		site  site
		path  string
		state checks.State
	}{
		{fine, program, checks.Known},
		{crash, program, checks.Inconclusive},
		{fine, "/bin/false", checks.Inconclusive},
		{fine, filepath.Join(folder, "missing"), checks.Inconclusive},
	} {
		got := browser.Cookies(t.Context(), test.site.network, test.site.target, test.site.address, browser.Config{Path: test.path})
		require.Equal(t, test.state, got.State, "%s: %s", test.path, got.Reason)
		require.Empty(t, left(), test.path)
	}
	require.Eventually(t, func() bool { return len(running(t, group())) == 0 }, 10*time.Second, 20*time.Millisecond, "the whole group ends")
}

// running returns the processes of a group that have not ended.
func running(t *testing.T, group int) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(t, err)
	var alive []string
	for _, stat := range stats {
		text, err := os.ReadFile(stat) //nolint:gosec // the kernel's
		if err != nil {
			continue // it ended meanwhile
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if fields[0] != "Z" && fields[2] == strconv.Itoa(group) {
			alive = append(alive, stat)
		}
	}
	return alive
}

// TestWhoAsks: the browser says who it is, and how to opt out.
func TestWhoAsks(t *testing.T) {
	t.Parallel()
	var agent string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/page" {
			agent = r.UserAgent()
		}
		page("")(w, r)
	})
	require.Equal(t, checks.Known, s.cookies(t).State)
	require.Contains(t, agent, "Gradewatch/1 (+")
	require.NotContains(t, agent, "Headless")
	_, err := url.Parse(agent)
	require.NoError(t, err)
}
