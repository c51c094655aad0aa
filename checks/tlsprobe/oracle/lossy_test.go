package oracle

import (
	"context"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/lossynet"
	"github.com/gradewatch/gradewatch/checks/checktest/oraclepeer"
	"github.com/gradewatch/gradewatch/checks/probe"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
)

// far is a server at the other end of a bad path, and what is true of it.
type far struct {
	Kind    string
	Address netip.AddrPort
	True    []checks.Vulnerability
}

// Across a long path that loses packets a healthy server is never called
// vulnerable, and one that is vulnerable never healthy. A short path and few
// looks in CI; GRADEWATCH_TEST_FALSE_ALARMS sets the looks at each server and
// lengthens the path to 180 ms.
func TestLossyPath(t *testing.T) {
	t.Parallel()
	looks := 1
	link := lossynet.Link{RoundTrip: 40 * time.Millisecond, Jitter: 10 * time.Millisecond, Loss: 0.02, Seed: 7}
	if asked := os.Getenv("GRADEWATCH_TEST_FALSE_ALARMS"); asked != "" {
		var err error
		looks, err = strconv.Atoi(asked)
		require.NoError(t, err, "GRADEWATCH_TEST_FALSE_ALARMS is a number of looks")
		link.RoundTrip, link.Jitter = 180*time.Millisecond, 20*time.Millisecond
	}
	lossynet.Across(t, link, startFar, func(t *testing.T, servers []far) {
		told := map[string]int{}
		var mu sync.Mutex
		var running sync.WaitGroup
		for _, server := range servers {
			running.Go(func() {
				for range looks {
					for vulnerability, finding := range lookFar(t, server.Address) {
						mu.Lock()
						told[server.judge(vulnerability, finding)]++
						mu.Unlock()
					}
				}
			})
		}
		running.Wait()
		for _, words := range slices.Sorted(maps.Keys(told)) {
			t.Logf("%4d %s", told[words], words)
			require.NotContains(t, words, "WRONG")
		}
		require.NotEmpty(t, told)
	})
}

func (f far) judge(vulnerability checks.Vulnerability, finding checks.Finding) string {
	words := f.Kind + ": " + string(vulnerability) + " " + string(finding.Result) + " " + string(finding.Reason)
	has := slices.Contains(f.True, vulnerability)
	if has && finding.Result == checks.NotVulnerable || !has && finding.Result == checks.Vulnerable {
		return "WRONG " + words
	}
	if has || finding.Result != checks.NotVulnerable {
		return words
	}
	return f.Kind + ": not vulnerable"
}

func startFar(t *testing.T, address netip.Addr) []far {
	t.Helper()
	suites := "AES128-SHA:AES256-SHA:AES128-GCM-SHA256@SECLEVEL=0"
	return []far{
		{"nginx", checktest.StartNginx(t, checktest.NginxConfig{Address: address, Protocols: []string{"TLSv1.2"}, Ciphers: suites}).Addr, nil},
		{"Apache", checktest.StartApache(t, checktest.ApacheConfig{Address: address, Protocols: []string{"TLSv1.2"}, Ciphers: suites}).Addr, nil},
		{"Go", checktest.StartGoServer(t, checktest.GoServerConfig{Address: address}), nil},
		{"racing", oraclepeer.Start(t, oraclepeer.Config{Address: address, Finished: oraclepeer.Racing, Record: oraclepeer.RacingRecord}).Addr, nil},
		{"weak ROBOT", oraclepeer.Start(t, oraclepeer.Config{Address: address, Premaster: oraclepeer.WeakROBOT}).Addr, []checks.Vulnerability{checks.ROBOT}},
		{"silent ROBOT", oraclepeer.Start(t, oraclepeer.Config{Address: address, Premaster: oraclepeer.SilentROBOT}).Addr, []checks.Vulnerability{checks.ROBOT}},
		{"zombie", oraclepeer.Start(t, oraclepeer.Config{Address: address, Record: oraclepeer.ZombiePOODLE}).Addr, []checks.Vulnerability{checks.ZombiePOODLE}},
		{"POODLE", oraclepeer.Start(t, oraclepeer.Config{Address: address, Record: oraclepeer.POODLE}).Addr, []checks.Vulnerability{checks.POODLETLS}},
	}
}

func lookFar(t *testing.T, address netip.AddrPort) checks.Vulnerabilities {
	t.Helper()
	limits := checks.LimitsFor(checks.Full, true)
	ctx, cancel := context.WithTimeout(t.Context(), limits.Deadline)
	defer cancel()
	peer := conversation.New(conversation.Config{
		Network: probe.New(probe.Config{AllowAny: true}).Network(limits), Address: address,
		ServerName: "localhost", ReadTimeout: limits.ReadTimeout, Connections: limits.ConnectionsPerAddress,
	})
	return Probe(ctx, peer, tls12(gcm(), aes128(), aes256()))
}
