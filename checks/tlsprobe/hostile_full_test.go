package tlsprobe_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
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
	// overdue is how long past its deadline a look may return where a hundred
	// tests share two cores: to tell it from one that never does.
	overdue = 10 * time.Second
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

// looked is one full intrusive look at a hostile peer.
type looked struct {
	checks.FullLook
	took        time.Duration
	stages      []string
	connections int
	log         string
}

// lookAt looks with short limits, and never fails: requireBounded does.
func lookAt(t *testing.T, address netip.AddrPort, limits checks.Limits) looked {
	t.Helper()
	limits.ConnectionsPerAddress = checks.LimitsFor(checks.Full, true).ConnectionsPerAddress
	limits = limits.WithDefaults()
	ctx, cancel := context.WithTimeout(t.Context(), limits.Deadline)
	defer cancel()
	network := probe.New(probe.Config{AllowAny: true}).Network(limits)
	target := checks.Target{Host: host, Port: address.Port(), Depth: checks.Full, Limits: limits, Intrusive: true}
	var mu sync.Mutex
	var look looked
	began := time.Now()
	look.FullLook = tlsprobe.Full(ctx, network, target, address, func(stage string) {
		mu.Lock()
		defer mu.Unlock()
		look.stages = append(look.stages, stage)
	})
	look.took = time.Since(began)
	measured := network.Measurements()
	look.connections = len(measured.Connections)
	var text strings.Builder
	for _, line := range measured.Log {
		fmt.Fprintf(&text, "%8s %s\n", line.At.Round(time.Millisecond), line.Text)
	}
	look.log = text.String()
	return look
}

// lookAtAll looks at all peers at the same time: most of it is waiting, and
// parallel tests are only as many as there are processors.
func lookAtAll(t *testing.T, limits checks.Limits, peers map[string]func(net.Conn)) map[string]looked {
	t.Helper()
	var mu sync.Mutex
	var running sync.WaitGroup
	looks := map[string]looked{}
	for name, peer := range peers {
		address := checktest.StartPeer(t, peer)
		running.Go(func() {
			look := lookAt(t, address, limits)
			mu.Lock()
			defer mu.Unlock()
			looks[name] = look
		})
	}
	running.Wait()
	return looks
}

// requireBounded requires that a look ended in time, went through every stage,
// kept its budget, and called nothing vulnerable.
func requireBounded(t *testing.T, look looked, limits checks.Limits) {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			t.Log("\n" + look.log)
		}
	})
	require.LessOrEqual(t, look.took, limits.Deadline+overdue)
	require.ElementsMatch(t, checks.FullStages(), look.stages)
	require.LessOrEqual(t, look.connections, checks.LimitsFor(checks.Full, true).ConnectionsPerAddress)
	require.Empty(t, vulnerable(look.FullLook))
}

// Of peers that speak no TLS, nothing is claimed.
func TestFullOfPeersWithoutTLS(t *testing.T) {
	t.Parallel()
	watchHeap(t)
	limits := checks.Limits{ReadTimeout: 1500 * time.Millisecond, Deadline: 10 * time.Second}
	for name, look := range lookAtAll(t, limits, map[string]func(net.Conn){
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
	}) {
		t.Run(name, func(t *testing.T) {
			requireBounded(t, look, limits)
			require.Empty(t, conclusions(t, look.FullLook))
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
	limits := checks.Limits{ReadTimeout: 1500 * time.Millisecond, Deadline: 10 * time.Second}
	for name, look := range lookAtAll(t, limits, map[string]func(net.Conn){
		"ServerHello for ever":                      checktest.ServerHellos,
		"HelloRetryRequest for ever":                checktest.HelloRetries,
		"HelloRetryRequest after HelloRetryRequest": checktest.PoliteHelloRetries,
		"a certificate of 16 MiB":                   checktest.GiantCertificate,
		"250,000 certificates":                      checktest.ManyCertificates,
	}) {
		t.Run(name, func(t *testing.T) {
			requireBounded(t, look, limits)
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
	limits := checks.Limits{Deadline: time.Minute}
	look := lookAt(t, address, limits)
	requireBounded(t, look, limits)
	require.Equal(t, "TLSv1.2 TLSv1.3", on(t, look.TLS))
	return address, plain(t, look.FullLook)
}

// Servers that limit their clients: what is said of them is so, and a firewall
// that starts dropping makes the rest inconclusive.
func TestFullOfServersThatLimit(t *testing.T) {
	t.Parallel()
	watchHeap(t)
	server, truth := limitedTruth(t)
	serve := checktest.PassOn(server)
	limits := checks.Limits{ReadTimeout: 2 * time.Second, Deadline: 15 * time.Second}
	cases := map[string]struct {
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
	}
	patient := checks.Limits{ReadTimeout: 5 * time.Second, Deadline: 2 * time.Minute} // seconds, but on a busy machine
	peers, answering := map[string]func(net.Conn){}, map[string]func(net.Conn){}
	for name, test := range cases {
		if test.complete {
			answering[name] = test.peer
		} else {
			peers[name] = test.peer
		}
	}
	looks := lookAtAll(t, patient, answering)
	maps.Copy(looks, lookAtAll(t, limits, peers))
	for name, look := range looks {
		t.Run(name, func(t *testing.T) {
			allowed := limits
			if cases[name].complete {
				allowed = patient
			}
			requireBounded(t, look, allowed)
			found := compare(truth, plain(t, look.FullLook))
			t.Logf("%d of %d answers are inconclusive, %d connections, %s", len(found.inconclusive), found.answers, look.connections, look.took.Round(time.Millisecond))
			require.Empty(t, found.wrong)
			if cases[name].complete {
				require.Empty(t, found.inconclusive)
			}
			if cases[name].stops {
				require.Greater(t, len(found.inconclusive), found.answers/2)
			}
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
	var mu sync.Mutex
	var running sync.WaitGroup
	wrong := map[string][]string{}
	for name, end := range map[string]func(net.Conn){
		"FIN": checktest.EndByFIN, "RST": checktest.EndByRST, "garbage": checktest.EndByGarbage,
	} {
		for _, offset := range cuts {
			running.Go(func() {
				turns <- struct{}{}
				defer func() { <-turns }()
				if found := lookAtCut(t, server, truth, offset, end, name == "garbage"); len(found) > 0 {
					mu.Lock()
					defer mu.Unlock()
					wrong[fmt.Sprintf("%s after %d bytes", name, offset)] = found
				}
			})
		}
	}
	running.Wait()
	require.Empty(t, wrong)
	t.Logf("%d offsets up to %d", len(cuts), cuts[len(cuts)-1])
}

// lookAtCut returns what is wrong about a look at a server that is cut. A chain
// with garbage in it is what was sent.
func lookAtCut(t *testing.T, server netip.AddrPort, truth any, offset int, end func(net.Conn), garbage bool) []string {
	t.Helper()
	limits := checks.Limits{ReadTimeout: 2 * time.Second, Deadline: 15 * time.Second}
	look := lookAt(t, checktest.StartPeer(t, checktest.CutAfter(server, int64(offset), end)), limits)
	wrong := append(vulnerable(look.FullLook), compare(truth, plain(t, look.FullLook)).wrong...)
	if look.took > limits.Deadline+overdue {
		wrong = append(wrong, fmt.Sprintf("took %s", look.took))
	}
	wrong = slices.DeleteFunc(wrong, func(what string) bool {
		return garbage && (strings.HasPrefix(what, "/TLS/chain:") || strings.HasPrefix(what, "/Full/chains/served:"))
	})
	if len(wrong) > 0 {
		t.Logf("cut after %d bytes: %q\n%s", offset, wrong, look.log)
	}
	return wrong
}
