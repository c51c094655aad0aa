package httpsec_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/httpsec"
)

// readRequest reads the head of a request.
func readRequest(conn net.Conn) *http.Request {
	request, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return nil
	}
	return request
}

// endless answers with head and then part after part until nobody listens.
func endless(head, part string) func(net.Conn) {
	return func(conn net.Conn) {
		if readRequest(conn) == nil {
			return
		}
		_, err := io.WriteString(conn, head)
		for err == nil {
			_, err = io.WriteString(conn, part)
		}
	}
}

// stall answers with text and then nothing.
func stall(text string) func(net.Conn) {
	return func(conn net.Conn) {
		if readRequest(conn) != nil {
			_, _ = io.WriteString(conn, text)
			_, _ = io.Copy(io.Discard, conn)
		}
	}
}

// slowly answers with head and then a byte now and then.
func slowly(head string) func(net.Conn) {
	return func(conn net.Conn) {
		if readRequest(conn) == nil {
			return
		}
		_, err := io.WriteString(conn, head)
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for err == nil {
			<-ticker.C
			_, err = io.WriteString(conn, "x")
		}
	}
}

// gzipBomb is 8 KB that become 8 MB, again and again.
func gzipBomb(t *testing.T) func(net.Conn) {
	t.Helper()
	var bomb strings.Builder
	writer := gzip.NewWriter(&bomb)
	_, err := writer.Write(make([]byte, 8<<20))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	return endless("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: text/html\r\n\r\n", bomb.String())
}

// A peer can keep a look from telling, never longer than it has time for and
// never in more memory than it has room for.
func TestWalkHostilePeers(t *testing.T) {
	t.Parallel()
	part := strings.Repeat("x", 32<<10)
	known, inconclusive := checks.KnownFact[int], checks.InconclusiveFact[int]
	for name, test := range map[string]struct {
		handle  func(net.Conn)
		end     checks.Fact[int]
		content checks.State
		reason  checks.Reason // of the content
		cut     bool
	}{
		"10 GB":                 {endless("HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n", part), known(200), checks.Known, "", true},
		"endless":               {endless("HTTP/1.1 200 OK\r\n\r\n", part), known(200), checks.Known, "", true},
		"endless chunks":        {endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "8000\r\n"+part+"\r\n"), known(200), checks.Known, "", true},
		"endless extension":     {endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", part), known(200), checks.Inconclusive, checks.ReasonMalformed, false},
		"endless extensions":    {endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1;"+part[:2000]+"\r\nx\r\n"), known(200), checks.Inconclusive, checks.ReasonMalformed, false},
		"gzip bomb":             {gzipBomb(t), known(200), checks.Known, "", true},
		"5 MB of header":        {endless("HTTP/1.1 200 OK\r\n", "X-A: "+part[:1000]+"\r\n"), inconclusive(checks.ReasonTooLarge), 0, "", false},
		"one line of 5 MB":      {endless("HTTP/1.1 200 OK\r\nX-A: ", part), inconclusive(checks.ReasonTooLarge), 0, "", false},
		"endless status line":   {endless("HTTP/1.1 200 ", part), inconclusive(checks.ReasonTooLarge), 0, "", false},
		"endless interim heads": {endless("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), inconclusive(checks.ReasonMalformed), 0, "", false},
		"slow drip":             {slowly("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"), known(200), checks.Inconclusive, checks.ReasonTimeout, false},
		"slow head":             {slowly("HTTP/1.1 200 OK\r\nX-A: "), inconclusive(checks.ReasonTimeout), 0, "", false},
		"stalls in its content": {stall("HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\n\r\nhello"), known(404), checks.Inconclusive, checks.ReasonTimeout, false},
		"stalls in its head":    {stall("HTTP/1.1 200 OK\r\n"), inconclusive(checks.ReasonTimeout), 0, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := checktest.StartPeer(t, test.handle)
			target, err := checks.ParseTarget("http://"+peer.String()+"/", checks.Quick, checks.Limits{ReadTimeout: 2 * time.Second})
			require.NoError(t, err)
			got := httpsec.Walk(t.Context(), network(t), target, peer).HTTP
			require.Equal(t, test.end, got.End)
			require.Len(t, got.Hops, 1)
			content := got.Hops[0].Answer.Value.Content
			require.Equal(t, test.content, content.State)
			require.Equal(t, test.reason, content.Reason)
			require.Equal(t, test.cut, content.Value.Truncated)
		})
	}
}

// The real prober cuts connections by itself; what it says is no more than
// what the walk says.
func TestWalkHostilePeersThroughTheProber(t *testing.T) {
	t.Parallel()
	peer := checktest.StartPeer(t, endless("HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n", strings.Repeat("x", 32<<10)))
	prober := loopbackProber(peer)
	for bytes, want := range map[int64]checks.Fact[checks.Content]{
		1 << 20:  checks.KnownFact(checks.Content{Truncated: true}),
		32 << 10: checks.InconclusiveFact[checks.Content](checks.ReasonTooLarge),
	} {
		target, err := checks.ParseTarget("http://"+peer.String()+"/", checks.Quick, checks.Limits{BytesPerConnection: bytes})
		require.NoError(t, err)
		n := prober.Network(target.Limits)
		got := httpsec.Walk(t.Context(), n, target, peer).HTTP
		require.Equal(t, checks.KnownFact(200), got.End)
		content := got.Hops[0].Answer.Value.Content
		require.Equal(t, want.State, content.State)
		require.Equal(t, want.Reason, content.Reason)
		require.Equal(t, want.Value.Truncated, content.Value.Truncated)
		for _, connection := range n.Measurements().Connections {
			require.LessOrEqual(t, connection.Received, int64(1<<20))
		}
	}
}

func TestWalkThousandRedirects(t *testing.T) {
	t.Parallel()
	for name, lead := range map[string]func(w http.ResponseWriter, next string){
		"Location": func(w http.ResponseWriter, next string) {
			w.Header().Set("Location", next)
			w.WriteHeader(http.StatusFound)
		},
		"Refresh": func(w http.ResponseWriter, next string) { w.Header().Set("Refresh", "0;url="+next) },
		"meta": func(w http.ResponseWriter, next string) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, meta("0;url="+next))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := serve(t, func(w http.ResponseWriter, r *http.Request) {
				var i int
				_, _ = fmt.Sscanf(r.URL.Path, "/%d", &i)
				if i < 1000 {
					lead(w, fmt.Sprintf("/%d", i+1))
				}
			})
			got := walk(t, network(t), address, "/1", checks.Limits{})
			require.Equal(t, checks.InconclusiveFact[int](checks.ReasonTooManyRedirects), got.End)
			require.Len(t, got.Hops, 11)
		})
	}
}

// With the filter on, nothing that an answer names leads into a private
// network: no address, no name of one, and no name that changes its mind.
func TestWalkNeverFollowsIntoPrivateNetworks(t *testing.T) {
	t.Parallel()
	locations := map[string]checks.Reason{
		"http://10.0.0.1/":              checks.ReasonSpecialPurpose,
		"http://[::ffff:192.168.0.1]/":  checks.ReasonSpecialPurpose,
		"http://metadata.example.net/":  checks.ReasonSpecialPurpose,
		"http://rebinding.example.net/": checks.ReasonSpecialPurpose,
	}
	for _, via := range []string{"Location", "Refresh", "meta"} {
		address := serve(t, func(w http.ResponseWriter, r *http.Request) {
			next := r.URL.Query().Get("to")
			switch via {
			case "Location":
				w.Header().Set("Location", next)
				w.WriteHeader(http.StatusFound)
			case "Refresh":
				w.Header().Set("Refresh", "0;url="+next)
			default:
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.WriteString(w, meta("0;url="+next))
			}
		})
		prober := rebindingProber(t, address)
		for location, want := range locations {
			target, err := checks.ParseTarget(fmt.Sprintf("https://%s/?to=%s", address, location), checks.Quick, checks.Limits{})
			require.NoError(t, err)
			n := prober.Network(target.Limits)
			got := httpsec.Walk(t.Context(), n, target, address).HTTP
			require.Equal(t, checks.InconclusiveFact[int](want), got.End, "%s %s", via, location)
			for _, connection := range n.Measurements().Connections {
				require.Equal(t, address.Addr(), connection.Destination.Addr())
			}
		}
	}
}

// A name that has another address at every question is asked once a look: the
// second hop goes where the first was vetted.
func TestWalkPinsNamesThatRebind(t *testing.T) {
	t.Parallel()
	plain := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/1" {
			http.Redirect(w, r, "/2", http.StatusFound)
		}
	})
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, fmt.Sprintf("http://turning.example.net:%d/1", plain.Port()), http.StatusFound)
	})
	prober := rebindingProber(t, address)
	target, err := checks.ParseTarget(fmt.Sprintf("https://%s/", address), checks.Quick, checks.Limits{})
	require.NoError(t, err)
	n := prober.Network(target.Limits)
	got := httpsec.Walk(t.Context(), n, target, address).HTTP
	require.Equal(t, checks.KnownFact(200), got.End)
	require.Len(t, got.Hops, 3)
	for _, connection := range n.Measurements().Connections {
		require.Equal(t, netip.MustParseAddr("127.0.0.1"), connection.Destination.Addr())
	}
}
