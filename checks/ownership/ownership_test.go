package ownership_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
	"github.com/gradewatch/gradewatch/checks/ownership"
	"github.com/gradewatch/gradewatch/checks/probe"
)

const token = "abcdefghijklmnopqrstuvwxyz"

const tag = `<meta name="gradewatch-verification" content="` + token + `">`

// rerouted is a network whose port 443 is a test's server.
type rerouted struct {
	*checktest.LoopbackNetwork
	server netip.AddrPort
}

func (n *rerouted) Dial(ctx context.Context, address netip.AddrPort) (net.Conn, error) {
	if address.Port() != 443 {
		return nil, fmt.Errorf("only port 443 is asked, not %s", address)
	}
	return n.LoopbackNetwork.Dial(ctx, n.server)
}

// pages serves pages on loopback, and counts the connections.
func pages(t *testing.T, handler http.Handler) (network *rerouted, connections *atomic.Int32) {
	t.Helper()
	connections = &atomic.Int32{}
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	network = &rerouted{LoopbackNetwork: checktest.Loopback(t), server: netip.MustParseAddrPort(server.Listener.Addr().String())}
	network.Names["app.example.com"] = []netip.Addr{network.server.Addr()}
	return network, connections
}

func question(urls ...string) ownership.Question {
	return ownership.Question{Host: "app.example.com", Domains: []string{"app.example.com", "example.com"}, Token: token, Pages: append([]string{"https://app.example.com/callback"}, urls...)}
}

func html(head string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, head)
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func to(location string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, location, http.StatusFound) }
}

func TestTokenInDNS(t *testing.T) {
	t.Parallel()
	value := func(value string) dnsserver.Answer { return dnsserver.Answer{Records: []string{`TXT "` + value + `"`}} }
	right := value("gradewatch-verification=" + token)
	aliased := right
	aliased.CNAME = "pages.hosting.example"
	tests := map[string]struct {
		host string // and the domains that may hold the token
		name string
		say  dnsserver.Answer
		want checks.Fact[string]
	}{
		"of the host":                   {"app.example.com example.com", "_gradewatch.app.example.com", right, checks.KnownFact("app.example.com")},
		"of a parent":                   {"a.b.example.com b.example.com example.com", "_gradewatch.b.example.com", right, checks.KnownFact("b.example.com")},
		"of the registrable domain":     {"a.b.example.co.uk b.example.co.uk example.co.uk", "_gradewatch.example.co.uk", right, checks.KnownFact("example.co.uk")},
		"of a public suffix":            {"shop.github.io", "_gradewatch.github.io", right, checks.AbsentFact[string](checks.ReasonNoRecord)},
		"of another name":               {"app.example.com example.com", "app.example.com", right, checks.AbsentFact[string](checks.ReasonNoRecord)},
		"another token":                 {"app.example.com example.com", "_gradewatch.example.com", value("gradewatch-verification=zzzz"), checks.AbsentFact[string](checks.ReasonNoToken)},
		"the token with more behind it": {"app.example.com example.com", "_gradewatch.example.com", value("gradewatch-verification=" + token + "x"), checks.AbsentFact[string](checks.ReasonNoToken)},
		"the token without its name":    {"app.example.com example.com", "_gradewatch.example.com", value(token), checks.AbsentFact[string](checks.ReasonNoRecord)},
		"through an alias (a wildcard)": {"app.example.com example.com", "_gradewatch.app.example.com", aliased, checks.AbsentFact[string](checks.ReasonNoRecord)},
		"a name server that fails":      {"app.example.com example.com", "_gradewatch.app.example.com", dnsserver.SERVFAIL(), checks.InconclusiveFact[string](checks.ReasonResolverFailed)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := dnsserver.Start(t, func(name string, _ uint16) dnsserver.Answer {
				if name == test.name {
					return test.say
				}
				return dnsserver.NXDOMAIN()
			})
			network := probe.New(probe.Config{Resolver: server.Address()}).Network(checks.Limits{})
			domains := strings.Fields(test.host)
			look := ownership.Look(t.Context(), network, ownership.Question{Host: domains[0], Domains: domains, Token: token})
			require.Equal(t, checks.OwnershipLook{DNS: test.want}, look, "without a registered page nobody connects")
			require.Empty(t, network.Measurements().Connections)
		})
	}
}

func TestTokenOnPages(t *testing.T) {
	t.Parallel()
	const file, callback = "/.well-known/gradewatch-verification.txt", "/callback"
	text := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, body)
		}
	}
	no := checks.AbsentFact[string](checks.ReasonNoToken)
	missing := checks.AbsentFact[string](checks.ReasonHTTPStatus)
	unread := checks.InconclusiveFact[string](checks.ReasonHTTPStatus)
	elsewhere := checks.AbsentFact[string](checks.ReasonLeadsElsewhere)
	atFile := checks.KnownFact("https://app.example.com" + file)
	atFirst := checks.KnownFact("https://app.example.com/")
	atPage := checks.KnownFact("https://app.example.com/callback")
	type handlers = map[string]http.HandlerFunc
	tests := map[string]struct {
		serve            handlers // every other page is 404
		file, meta, page checks.Fact[string]
	}{
		"nothing":                           {nil, missing, missing, missing},
		"file":                              {handlers{file: text(token)}, atFile, checks.Fact[string]{}, checks.Fact[string]{}},
		"file with a line end, named":       {handlers{file: text("\ufeffgradewatch-verification=" + token + "\r\n")}, atFile, checks.Fact[string]{}, checks.Fact[string]{}},
		"file with another team's too":      {handlers{file: text("zzzz\n" + token + "\n")}, atFile, checks.Fact[string]{}, checks.Fact[string]{}},
		"file of another token":             {handlers{file: text("zzzz" + token)}, no, missing, missing},
		"file behind a redirect here":       {handlers{file: to("/moved.txt"), "/moved.txt": text(token)}, atFile, checks.Fact[string]{}, checks.Fact[string]{}},
		"file behind a redirect away":       {handlers{file: to("https://pages.example.net/")}, elsewhere, missing, missing},
		"file on a sister host":             {handlers{file: to("https://www.example.com/token.txt")}, elsewhere, missing, missing},
		"file on another port":              {handlers{file: to("https://app.example.com:8443/token.txt")}, elsewhere, missing, missing},
		"file without TLS":                  {handlers{file: to("http://app.example.com/token.txt")}, elsewhere, missing, missing},
		"two redirects":                     {handlers{file: to("/a"), "/a": to("/b"), "/b": text(token)}, checks.InconclusiveFact[string](checks.ReasonTooManyRedirects), missing, missing},
		"a wall":                            {handlers{file: status(http.StatusForbidden), "/": status(http.StatusServiceUnavailable), callback: status(http.StatusTooManyRequests)}, unread, unread, unread},
		"meta":                              {handlers{"/{$}": html("<!doctype html><html><head><title>A & b</title>" + tag + "</head>")}, missing, atFirst, checks.Fact[string]{}},
		"meta without html and head":        {handlers{"/{$}": html(tag)}, missing, atFirst, checks.Fact[string]{}},
		"meta in capitals":                  {handlers{"/{$}": html("<META CONTENT='" + token + "' NAME=Gradewatch-Verification>")}, missing, atFirst, checks.Fact[string]{}},
		"meta in the body":                  {handlers{"/{$}": html("<html><head></head><body>" + tag)}, missing, no, missing},
		"meta behind a paragraph":           {handlers{"/{$}": html("<p>Hello</p>" + tag)}, missing, no, missing},
		"meta behind text":                  {handlers{"/{$}": html("Hello " + tag)}, missing, no, missing},
		"meta in the title":                 {handlers{"/{$}": html("<title>" + tag + "</title>")}, missing, no, missing},
		"meta in a comment":                 {handlers{"/{$}": html("<!-- " + tag + " -->")}, missing, no, missing},
		"meta in a script":                  {handlers{"/{$}": html("<script>'" + tag + "'</script>")}, missing, no, missing},
		"meta of another token":             {handlers{"/{$}": html(strings.Replace(tag, "abc", "xyz", 1))}, missing, no, missing},
		"meta in text that somebody pasted": {handlers{"/{$}": text(tag)}, missing, no, missing},
		"meta of the registered page":       {handlers{callback: html(tag)}, missing, missing, atPage},
		"meta far down":                     {handlers{"/{$}": html("<script>" + strings.Repeat("x", 300<<10) + "</script>" + tag)}, missing, no, missing},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mux := http.NewServeMux()
			for pattern, handler := range test.serve {
				mux.HandleFunc(strings.ReplaceAll(pattern, "/{$}{$}", "/{$}"), handler)
			}
			network, connections := pages(t, mux)
			look := ownership.Look(t.Context(), network, question())
			require.Equal(t, checks.OwnershipLook{
				DNS: checks.AbsentFact[string](checks.ReasonNoRecord), File: test.file, Meta: test.meta, Page: test.page,
			}, look)
			require.LessOrEqual(t, connections.Load(), int32(10))
		})
	}
}

// The pages of other hosts, ports and schemes are not asked, and few are.
func TestFewPagesAreAsked(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	network, connections := pages(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, "/again", http.StatusFound)
	}))
	var urls []string
	for i := range 9 {
		urls = append(urls, fmt.Sprintf("https://app.example.com/%d", i), fmt.Sprintf("https://other.example.com/%d", i), fmt.Sprintf("http://app.example.com/%d", i))
	}
	look := ownership.Look(t.Context(), network, question(urls...))
	require.Equal(t, checks.Inconclusive, look.Page.State)
	require.EqualValues(t, 10, connections.Load(), "the file, the first page and three others, each with one redirect")
	require.EqualValues(t, 10, asked.Load())
}

func TestWhoCannotBeReachedIsInconclusive(t *testing.T) {
	t.Parallel()
	network, _ := pages(t, http.NotFoundHandler())
	for host, want := range map[string]checks.Fact[string]{
		"gone.example.com": checks.AbsentFact[string](checks.ReasonNameNotFound),
		"192.0.2.1":        checks.InconclusiveFact[string](checks.ReasonRefused),
	} {
		network.server = netip.MustParseAddrPort("127.0.0.1:1")
		look := ownership.Look(t.Context(), network, ownership.Question{Host: host, Token: token, Pages: []string{"https://" + host + "/"}})
		require.Equal(t, want, look.File, host)
		require.Equal(t, want, look.Meta, host)
	}
}

// A peer that answers without end, or not at all, takes its time and no more.
func TestHostilePeers(t *testing.T) {
	t.Parallel()
	t.Run("no end", func(t *testing.T) {
		t.Parallel()
		network, _ := pages(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			line := []byte("<script>" + strings.Repeat("x", 1<<16))
			for r.Context().Err() == nil {
				if _, err := w.Write(line); err != nil {
					return
				}
			}
		}))
		look := ownership.Look(t.Context(), network, question())
		require.Equal(t, checks.AbsentFact[string](checks.ReasonNoToken), look.File)
		require.Equal(t, checks.AbsentFact[string](checks.ReasonNoToken), look.Meta)
	})
	t.Run("no answer", func(t *testing.T) {
		t.Parallel()
		ended := make(chan struct{})
		network, _ := pages(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			close(ended)
		}))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			for len(network.Measurements().Connections) == 0 {
				select {
				case <-ctx.Done():
					return
				default:
				}
			}
			cancel()
		}()
		look := ownership.Look(ctx, network, question())
		require.Equal(t, checks.InconclusiveFact[string](checks.ReasonCanceled), look.File)
	})
}
