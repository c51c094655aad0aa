package httpsec_test

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
	"github.com/gradewatch/gradewatch/checks/httpsec"
	"github.com/gradewatch/gradewatch/checks/probe"
)

// With the real prober, a redirect to an address that is not allowed ends the
// walk and is never connected to.
func TestWalkNeverFollowsToSpecialPurposeAddresses(t *testing.T) {
	t.Parallel()
	forbidden, err := net.Listen("tcp", "127.77.1.2:0")
	require.NoError(t, err)
	var connected atomic.Int32
	go func() {
		for {
			conn, err := forbidden.Accept()
			if err != nil {
				return
			}
			connected.Add(1)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = forbidden.Close() })
	_, port, err := net.SplitHostPort(forbidden.Addr().String())
	require.NoError(t, err)
	locations := []string{
		"http://127.77.1.2:" + port + "/", "https://127.77.1.2:" + port + "/", "//127.77.1.2:" + port + "/",
		`\\127.77.1.2:` + port + `\`, "http://[::ffff:127.77.1.2]:" + port + "/", "http://[::ffff:7f4d:102]:" + port + "/",
		"http://user@127.77.1.2:" + port + "/", "http://127.77.1.2:" + port + "#@127.0.0.1/",
		"http://169.254.169.254/", "http://10.0.0.1/", "http://[fe80::1]/", "http://[::1]:" + port + "/", "http://0.0.0.0:" + port + "/",
	}
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var i int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &i)
		w.Header().Set("Location", locations[i])
		w.WriteHeader(http.StatusFound)
	})
	prober := probe.New(probe.Config{AllowNetworks: []netip.Prefix{netip.PrefixFrom(address.Addr(), 32)}})
	for i, location := range locations {
		target, err := checks.ParseTarget(fmt.Sprintf("https://%s/%d", address, i), checks.Quick, checks.Limits{})
		require.NoError(t, err)
		got := httpsec.Walk(t.Context(), prober.Network(target.Limits), target, address).HTTP
		require.Equal(t, checks.InconclusiveFact[int](checks.ReasonSpecialPurpose), got.End, location)
		require.Len(t, got.Hops, 2)
	}
	require.Zero(t, connected.Load())
}

func loopbackProber(address netip.AddrPort) *probe.Prober {
	return probe.New(probe.Config{AllowNetworks: []netip.Prefix{netip.PrefixFrom(address.Addr(), 32)}})
}

// rebindingProber reaches address and nothing else that is private. Its names
// have another address at every question.
func rebindingProber(t *testing.T, address netip.AddrPort) *probe.Prober {
	t.Helper()
	var asked atomic.Int32
	server := dnsserver.Start(t, func(name string, qtype uint16) dnsserver.Answer {
		switch {
		case qtype != dnsTypeA:
			return dnsserver.Answer{}
		case name == "metadata.example.net":
			return dnsserver.Addresses("169.254.169.254")
		case name == "rebinding.example.net":
			return dnsserver.Addresses(fmt.Sprintf("10.0.0.%d", asked.Add(1)))
		case name == "turning.example.net" && asked.Add(1) == 1:
			return dnsserver.Addresses(address.Addr().String())
		}
		return dnsserver.Addresses("10.0.0.1")
	})
	return probe.New(probe.Config{
		Resolver: server.Address(), AllowNetworks: []netip.Prefix{netip.PrefixFrom(address.Addr(), 32)},
	})
}

const dnsTypeA = 1
