package tlsprobe_test

import (
	"cmp"
	"context"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/lossynet"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/probe"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
)

// healthy is a server without a fault.
type healthy struct {
	Kind    string
	Address netip.AddrPort
	Truth   any // what a look says of it without a network in between
}

// assessment is one full intrusive look at a healthy server.
type assessment struct {
	kind        string
	vulnerable  []string
	comparison  comparison
	connections int
	took        time.Duration
}

// TestNoFalseAlarms assesses healthy servers across a network that delays and
// loses packets: nothing is said of them that is not so. A few assessments
// across a short path in CI; GRADEWATCH_TEST_FALSE_ALARMS sets their number
// and lengthens the path to 180 ms (docs/checks.md records that run).
func TestNoFalseAlarms(t *testing.T) {
	t.Parallel()
	assessments, atOnce := 3, 3
	link := lossynet.Link{RoundTrip: 40 * time.Millisecond, Jitter: 5 * time.Millisecond, Loss: 0.02, Seed: 1}
	if asked := os.Getenv("GRADEWATCH_TEST_FALSE_ALARMS"); asked != "" {
		var err error
		assessments, err = strconv.Atoi(asked)
		require.NoError(t, err, "GRADEWATCH_TEST_FALSE_ALARMS is a number of assessments")
		atOnce = min(assessments, 90)
		link.RoundTrip, link.Jitter = 180*time.Millisecond, 20*time.Millisecond
	}
	lossynet.Across(t, link,
		func(t *testing.T, address netip.Addr) []healthy { return startHealthy(t, address, atOnce) },
		func(t *testing.T, servers []healthy) { judgeAlarms(t, assess(t, servers, assessments)) })
}

// startHealthy starts servers of three kinds in turn, one for each assessment
// under way so that none is asked by two at a time, and takes the truth from
// the first of each kind.
func startHealthy(t *testing.T, address netip.Addr, total int) []healthy {
	t.Helper()
	issued := checktest.Issue(t, checktest.NewCA(t, "Root"), pki.Leaf{Names: []string{host}})
	kinds := []struct {
		name  string
		start func() netip.AddrPort
	}{
		{"nginx", func() netip.AddrPort {
			return checktest.StartNginx(t, checktest.NginxConfig{Address: address, Certificate: issued}).Addr
		}},
		{"Apache", func() netip.AddrPort {
			return checktest.StartApache(t, checktest.ApacheConfig{Address: address, Certificate: issued}).Addr
		}},
		{"Go", func() netip.AddrPort {
			return checktest.StartGoServer(t, checktest.GoServerConfig{Address: address, Certificate: issued})
		}},
	}
	var servers []healthy
	for index := range total {
		kind := kinds[index%len(kinds)]
		server := healthy{Kind: kind.name, Address: kind.start()}
		if index < len(kinds) {
			look, _ := intrusive(t, server.Address)
			require.Empty(t, vulnerable(look), server.Kind)
			require.Equal(t, "TLSv1.2 TLSv1.3", on(t, look.TLS), server.Kind)
			server.Truth = plain(t, look)
		} else {
			server.Truth = servers[index%len(kinds)].Truth
		}
		servers = append(servers, server)
	}
	return servers
}

// intrusive is one full look with everything in it, over the real dialer.
func intrusive(t *testing.T, address netip.AddrPort) (checks.FullLook, checks.Measurements) {
	t.Helper()
	limits := checks.LimitsFor(checks.Full, true)
	ctx, cancel := context.WithTimeout(t.Context(), limits.Deadline)
	defer cancel()
	network := probe.New(probe.Config{AllowAny: true}).Network(limits)
	target := checks.Target{Host: host, Port: address.Port(), Depth: checks.Full, Limits: limits, Intrusive: true}
	return tlsprobe.Full(ctx, network, target, address, func(string) {}), network.Measurements()
}

// assess looks total times, at each server once at a time.
func assess(t *testing.T, servers []healthy, total int) []assessment {
	t.Helper()
	turns := make(chan int, total)
	for turn := range total {
		turns <- turn
	}
	close(turns)
	var mu sync.Mutex
	var made []assessment
	var running sync.WaitGroup
	for _, server := range servers {
		running.Go(func() {
			for range turns {
				began := time.Now()
				look, measured := intrusive(t, server.Address)
				one := assessment{
					kind: server.Kind, vulnerable: vulnerable(look), comparison: compare(server.Truth, plain(t, look)),
					connections: len(measured.Connections), took: time.Since(began),
				}
				mu.Lock()
				made = append(made, one)
				if len(made)%100 == 0 {
					t.Logf("%d of %d assessments", len(made), total)
				}
				mu.Unlock()
				if len(one.comparison.wrong) > 0 {
					logTranscript(t, server, one, measured)
				}
			}
		})
	}
	running.Wait()
	return made
}

func logTranscript(t *testing.T, server healthy, one assessment, measured checks.Measurements) {
	t.Helper()
	var text strings.Builder
	for _, line := range measured.Log {
		text.WriteString(line.At.Round(time.Millisecond).String() + " " + line.Text + "\n")
	}
	t.Logf("%s %s: %q\n%s", server.Kind, server.Address, one.comparison.wrong, text.String())
}

// judgeAlarms prints what was said, and fails where something was not so.
func judgeAlarms(t *testing.T, made []assessment) {
	t.Helper()
	slices.SortFunc(made, func(a, b assessment) int { return cmp.Compare(a.took, b.took) })
	wrong, inconclusive := map[string]int{}, map[string]int{}
	var answers, unanswered, connections int
	for _, one := range made {
		answers, connections = answers+one.comparison.answers, connections+one.connections
		unanswered += len(one.comparison.inconclusive)
		for _, alarm := range one.vulnerable {
			wrong[one.kind+" vulnerable: "+alarm]++
		}
		for _, difference := range one.comparison.wrong {
			wrong[one.kind+" "+difference]++
		}
		for _, path := range one.comparison.inconclusive {
			inconclusive[one.kind+" "+path]++
		}
	}
	t.Logf("%d assessments, %d answers: %d wrong, %d inconclusive; %d connections each; median %s, slowest %s",
		len(made), answers, len(wrong), unanswered, connections/len(made),
		made[len(made)/2].took.Round(10*time.Millisecond), made[len(made)-1].took.Round(10*time.Millisecond))
	for _, path := range slices.Sorted(maps.Keys(inconclusive)) {
		t.Logf("inconclusive %d times: %s", inconclusive[path], path)
	}
	require.Empty(t, wrong)
	require.LessOrEqual(t, unanswered, answers/50, "at most 2 % of the answers may be inconclusive")
}
