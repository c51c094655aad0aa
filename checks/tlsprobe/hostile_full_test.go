package tlsprobe_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/probe"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

const (
	// heapMost bounds what the whole test process may hold at any time while
	// hostile peers are looked at, many at once: one of them that is not bounded
	// passes it within seconds.
	heapMost = 512 << 20
	// overdue is how long past its deadline a look may return on a busy machine.
	overdue = 2 * time.Second
)

// watchHeap fails t if the heap grows above heapMost before t ends.
func watchHeap(t *testing.T) {
	t.Helper()
	stop, peak := make(chan struct{}), uint64(0)
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		for {
			metrics.Read(sample)
			peak = max(peak, sample[0].Value.Uint64())
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	})
	t.Cleanup(func() {
		close(stop)
		watching.Wait()
		t.Logf("heap: at most %d MiB", peak>>20)
		require.Less(t, peak, uint64(heapMost), "bytes of heap")
	})
}

// lookAt is one full intrusive look with short limits. It requires that the
// look ends in time, goes through every stage, and calls nothing vulnerable.
func lookAt(t *testing.T, address netip.AddrPort, limits checks.Limits) checks.FullLook {
	t.Helper()
	if limits.ConnectionsPerAddress == 0 {
		limits.ConnectionsPerAddress = checks.LimitsFor(checks.Full, true).ConnectionsPerAddress
	}
	limits = limits.WithDefaults()
	ctx, cancel := context.WithTimeout(t.Context(), limits.Deadline)
	defer cancel()
	network := probe.New(probe.Config{AllowAny: true}).Network(limits)
	target := checks.Target{Host: host, Port: address.Port(), Depth: checks.Full, Limits: limits, Intrusive: true}
	var mu sync.Mutex
	var stages []string
	began := time.Now()
	look := tlsprobe.Full(ctx, network, target, address, func(stage string) {
		mu.Lock()
		defer mu.Unlock()
		stages = append(stages, stage)
	})
	took := time.Since(began)
	t.Cleanup(func() {
		if t.Failed() {
			for _, line := range network.Measurements().Log {
				t.Logf("%8s %s", line.At.Round(time.Millisecond), line.Text)
			}
		}
	})
	require.LessOrEqual(t, took, limits.Deadline+overdue)
	require.ElementsMatch(t, checks.FullStages(), stages)
	require.LessOrEqual(t, len(network.Measurements().Connections), limits.ConnectionsPerAddress)
	require.Empty(t, vulnerable(look))
	return look
}

// Of peers that speak no TLS, nothing is claimed.
func TestFullOfPeersWithoutTLS(t *testing.T) {
	t.Parallel()
	watchHeap(t)
	limits := checks.Limits{ReadTimeout: 1500 * time.Millisecond, Deadline: 12 * time.Second}
	for name, peer := range map[string]func(net.Conn){
		"tarpit":           checktest.Tarpit,
		"RST on accept":    checktest.ResetOnAccept,
		"RST on hello":     checktest.ResetOnHello,
		"FIN on accept":    checktest.CloseOnAccept,
		"garbage":          checktest.Garbage,
		"garbage record":   checktest.GarbageRecord,
		"endless bytes":    checktest.EndlessBytes,
		"endless records":  checktest.EndlessRecords,
		"a byte a second":  checktest.Drip(time.Second),
		"drip":             checktest.Drip(20 * time.Millisecond),
		"plain HTTP":       checktest.PlainHTTP,
		"echo":             checktest.Echo,
		"endless warnings": checktest.Warnings,
		"handshake_failed": checktest.AlertAlways(40),
		"protocol_version": checktest.AlertAlways(70),
		"internal_error":   checktest.AlertAlways(80),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			look := lookAt(t, checktest.StartPeer(t, peer), limits)
			require.Empty(t, conclusions(t, look))
			require.Empty(t, look.Certificates)
			for _, protocol := range checks.Protocols() {
				require.Equal(t, checks.Inconclusive, look.TLS.Protocols[protocol].State, protocol)
			}
		})
	}
}

// Peers that begin a handshake and never let it end cost bounded time and
// memory, and no chain, feature or weakness is made up for them.
func TestFullOfHandshakesWithoutEnd(t *testing.T) {
	t.Parallel()
	watchHeap(t)
	limits := checks.Limits{ReadTimeout: 1500 * time.Millisecond, Deadline: 12 * time.Second}
	for name, peer := range map[string]func(net.Conn){
		"ServerHello for ever":                      checktest.ServerHellos,
		"HelloRetryRequest for ever":                checktest.HelloRetries,
		"HelloRetryRequest after HelloRetryRequest": checktest.PoliteHelloRetries,
		"a certificate of 16 MiB":                   checktest.GiantCertificate,
		"250,000 certificates":                      checktest.ManyCertificates,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			look := lookAt(t, checktest.StartPeer(t, peer), limits)
			require.Empty(t, look.Certificates)
			require.NotEqual(t, checks.Known, look.TLS.Chain.State)
			require.NotEqual(t, checks.Known, look.Full.Chains.Served.State)
			for _, protocol := range []checks.Protocol{checks.SSLv2, checks.SSLv3, checks.TLSv10, checks.TLSv11} {
				require.NotEqual(t, checks.Known, look.TLS.Protocols[protocol].State, protocol)
			}
			for name, finding := range look.Full.Vulnerabilities {
				require.NotEqual(t, checks.Exposed, finding.Result, name)
			}
		})
	}
}

// limitedTruth is a healthy server and what is so of it.
func limitedTruth(t *testing.T) (netip.AddrPort, any) {
	t.Helper()
	issued := checktest.Issue(t, checktest.NewCA(t, "Root"), pki.Leaf{Names: []string{host}, Key: pki.ECDSA})
	address := checktest.StartGoServer(t, checktest.GoServerConfig{Certificate: issued})
	look := lookAt(t, address, checks.Limits{Deadline: time.Minute})
	require.Equal(t, "TLSv1.2 TLSv1.3", on(t, look.TLS))
	return address, plain(t, look)
}

// Servers that limit their clients: what is said of them is so, and a firewall
// that starts dropping makes the rest inconclusive.
func TestFullOfServersThatLimit(t *testing.T) {
	t.Parallel()
	watchHeap(t)
	server, truth := limitedTruth(t)
	serve := checktest.PassOn(server)
	for name, test := range map[string]struct {
		peer func(net.Conn)
		// complete: with patience everything can be told. stops: most cannot.
		complete, stops bool
	}{
		"passed on":                       {serve, true, false},
		"firewall after 3 hellos, silent": {checktest.FirewallAfter(3, serve, checktest.Tarpit), false, true},
		"firewall after 3 hellos, RST":    {checktest.FirewallAfter(3, serve, checktest.ResetOnAccept), false, true},
		"firewall after 3 hellos, FIN":    {checktest.FirewallAfter(3, serve, checktest.CloseOnAccept), false, true},
		"firewall after 12 hellos":        {checktest.FirewallAfter(12, serve, checktest.Tarpit), false, true},
		"firewall after 60 hellos":        {checktest.FirewallAfter(60, serve, checktest.ResetOnHello), false, false},
		"2 at a time, others wait":        {checktest.AtMost(2, serve, nil), true, false},
		"2 at a time, others reset":       {checktest.AtMost(2, serve, checktest.ResetOnAccept), false, false},
		"1 at a time, others closed":      {checktest.AtMost(1, serve, checktest.CloseOnAccept), false, false},
		"20 a second":                     {checktest.RateLimited(20, time.Second, serve, checktest.ResetOnAccept), false, false},
		"5 in 10 seconds":                 {checktest.RateLimited(5, 10*time.Second, serve, checktest.Tarpit), false, true},
		"a byte a second":                 {checktest.Slowly(server, time.Second), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			look := lookAt(t, checktest.StartPeer(t, test.peer), checks.Limits{ReadTimeout: 2 * time.Second, Deadline: 25 * time.Second})
			found := compare(truth, plain(t, look))
			require.Empty(t, found.wrong)
			if test.complete {
				require.Empty(t, found.inconclusive)
			}
			if test.stops {
				require.Greater(t, len(found.inconclusive), found.answers/2)
			}
			t.Logf("%d of %d answers are inconclusive", len(found.inconclusive), found.answers)
		})
	}
}

// firstFlight returns how many bytes a server sends before the client has to
// answer, at most, over the versions it speaks.
func firstFlight(t *testing.T, server netip.AddrPort) int {
	t.Helper()
	longest := 0
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		conn, err := net.Dial("tcp", server.String())
		require.NoError(t, err)
		counting := &flight{Conn: conn}
		client := tls.Client(counting, &tls.Config{MinVersion: version, MaxVersion: version, InsecureSkipVerify: true})
		require.NoError(t, client.Handshake())
		_ = conn.Close()
		longest = max(longest, counting.first)
	}
	return longest
}

// flight counts what is read before the second write.
type flight struct {
	net.Conn
	written, first int
}

func (f *flight) Write(piece []byte) (int, error) {
	f.written++
	return f.Conn.Write(piece)
}

func (f *flight) Read(piece []byte) (int, error) {
	n, err := f.Conn.Read(piece)
	if f.written == 1 {
		f.first += n
	}
	return n, err
}

// offsets are where a server's answers are cut: every byte of its first flight
// and a little further when GRADEWATCH_TEST_EVERY_OFFSET is set, else the
// headers, and every 61st.
func offsets(longest int) []int {
	every := os.Getenv("GRADEWATCH_TEST_EVERY_OFFSET") != ""
	var found []int
	for offset := range longest + 16 {
		if every || offset%61 == 0 || slices.Contains([]int{1, 4, 5, 6, 7, 8, 9, 10, 11, 43, 44, 76, 77, 79, 80}, offset) {
			found = append(found, offset)
		}
	}
	return found
}

// A server whose every answer ends after so many bytes, whatever the number
// and the way to end: nothing false is said.
func TestFullOfAnswersCutAtEveryOffset(t *testing.T) {
	t.Parallel()
	watchHeap(t)
	server, truth := limitedTruth(t)
	cuts := offsets(firstFlight(t, server))
	turns := make(chan struct{}, 24) // looks at a time
	for name, end := range map[string]func(net.Conn){
		"FIN": checktest.EndByFIN, "RST": checktest.EndByRST, "garbage": checktest.EndByGarbage,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var running sync.WaitGroup
			var mu sync.Mutex
			wrong := map[int][]string{}
			for _, offset := range cuts {
				running.Go(func() {
					turns <- struct{}{}
					defer func() { <-turns }()
					if found := lookAtCut(t, server, truth, offset, end); len(found) > 0 {
						mu.Lock()
						defer mu.Unlock()
						wrong[offset] = found
					}
				})
			}
			running.Wait()
			require.Empty(t, wrong)
			t.Logf("%d offsets up to %d", len(cuts), cuts[len(cuts)-1])
		})
	}
}

// lookAtCut returns what is wrong about a look at a server that is cut.
func lookAtCut(t *testing.T, server netip.AddrPort, truth any, offset int, end func(net.Conn)) []string {
	t.Helper()
	limits := checks.Limits{ReadTimeout: 2 * time.Second, Deadline: 20 * time.Second, ConnectionsPerAddress: 500}
	ctx, cancel := context.WithTimeout(t.Context(), limits.Deadline)
	defer cancel()
	listener := checktest.StartPeer(t, checktest.CutAfter(server, int64(offset), end))
	network := probe.New(probe.Config{AllowAny: true}).Network(limits)
	target := checks.Target{Host: host, Port: listener.Port(), Depth: checks.Full, Limits: limits, Intrusive: true}
	began := time.Now()
	look := tlsprobe.Full(ctx, network, target, listener, func(string) {})
	wrong := append(vulnerable(look), compare(truth, plain(t, look)).wrong...)
	if took := time.Since(began); took > limits.Deadline+overdue {
		wrong = append(wrong, fmt.Sprintf("took %s", took))
	}
	if len(wrong) > 0 {
		var text strings.Builder
		for _, line := range network.Measurements().Log {
			_, _ = io.WriteString(&text, line.Text+"\n")
		}
		t.Logf("cut after %d bytes: %q\n%s", offset, wrong, &text)
	}
	return wrong
}
