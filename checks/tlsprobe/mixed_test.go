package tlsprobe_test

import (
	"crypto/tls"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// inTurns gives each connection to the next of servers, as a balancer does.
func inTurns(t *testing.T, servers ...netip.AddrPort) netip.AddrPort {
	t.Helper()
	var count atomic.Int64
	return checktest.StartPeer(t, func(conn net.Conn) {
		checktest.Relay(t.Context(), conn, servers[int(count.Add(1))%len(servers)])
	})
}

// looksAtMixed is how often an address is looked at that a wrong answer might
// come from by luck.
const looksAtMixed = 6

func suiteNames(names ...string) []string {
	slices.Sort(names)
	return names
}

// TestServersBehindOneAddress looks at addresses where two servers take turns:
// what one of them accepts is accepted, and nothing that either does is called
// refused.
func TestServersBehindOneAddress(t *testing.T) {
	t.Parallel()
	ca := checktest.NewCA(t, "Root")
	first := checktest.Issue(t, ca, pki.Leaf{Names: []string{host}, Key: pki.RSA})
	second := checktest.Issue(t, ca, pki.Leaf{Names: []string{host}, Key: pki.RSA})
	gcm, cbc, chacha := "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
	for name, row := range map[string]struct {
		one, other checktest.GoServerConfig
		want       map[checks.Protocol][]string // of TLS 1.0 to 1.2; what is not there is refused by both
		mixed      []checks.Protocol
		tls13      checks.State
		chains     int // with SNI
	}{
		"different versions": {
			one:   checktest.GoServerConfig{Certificate: first, MinVersion: tls.VersionTLS12, Suites: []uint16{0xC02F}},
			other: checktest.GoServerConfig{Certificate: first, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS12, Suites: []uint16{0x002F, 0xC02F}},
			want:  map[checks.Protocol][]string{checks.TLSv12: suiteNames(gcm, cbc), checks.TLSv11: {cbc}, checks.TLSv10: {cbc}},
			mixed: []checks.Protocol{checks.TLSv10, checks.TLSv11, checks.TLSv13}, tls13: checks.Known, chains: 1,
		},
		"one of TLS 1.3, one of TLS 1.2": {
			one:   checktest.GoServerConfig{Certificate: first, MinVersion: tls.VersionTLS13},
			other: checktest.GoServerConfig{Certificate: first, MaxVersion: tls.VersionTLS12, Suites: []uint16{0xC02F}},
			want:  map[checks.Protocol][]string{checks.TLSv12: {gcm}},
			mixed: []checks.Protocol{checks.TLSv12, checks.TLSv13}, tls13: checks.Known, chains: 1,
		},
		"different suites": {
			one:   checktest.GoServerConfig{Certificate: first, MaxVersion: tls.VersionTLS12, Suites: []uint16{0xC02F, 0x002F}},
			other: checktest.GoServerConfig{Certificate: first, MaxVersion: tls.VersionTLS12, Suites: []uint16{0xCCA8}},
			want:  map[checks.Protocol][]string{checks.TLSv12: suiteNames(gcm, cbc, chacha)}, tls13: checks.Absent, chains: 1,
		},
		"different certificates": {
			one:   checktest.GoServerConfig{Certificate: first, Suites: []uint16{0xC02F}},
			other: checktest.GoServerConfig{Certificate: second, Suites: []uint16{0xC02F}},
			want:  map[checks.Protocol][]string{checks.TLSv12: {gcm}}, tls13: checks.Known, chains: 2,
		},
		"an older version on one": {
			one:   checktest.GoServerConfig{Certificate: first, Suites: []uint16{0xC02F, 0x002F}},
			other: checktest.GoServerConfig{Certificate: first, Suites: []uint16{0xC02F, 0x002F}, MinVersion: tls.VersionTLS10},
			want:  map[checks.Protocol][]string{checks.TLSv12: suiteNames(gcm, cbc), checks.TLSv11: {cbc}, checks.TLSv10: {cbc}},
			mixed: []checks.Protocol{checks.TLSv10, checks.TLSv11}, tls13: checks.Known, chains: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servers := []netip.AddrPort{checktest.StartGoServer(t, row.one), checktest.StartGoServer(t, row.other)}
			for range looksAtMixed {
				look, network := full(t, inTurns(t, servers...))
				for _, protocol := range []checks.Protocol{checks.TLSv10, checks.TLSv11, checks.TLSv12} {
					accepted := look.Full.Suites.Accepted[protocol]
					if row.want[protocol] == nil {
						require.Equal(t, checks.Absent, accepted.State, protocol)
						continue
					}
					require.Equal(t, checks.Known, accepted.State, protocol)
					require.Equal(t, row.want[protocol], slices.Sorted(slices.Values(names(accepted))), protocol)
					if preference := look.Full.Suites.Preference[protocol]; preference.State != checks.Absent {
						require.Equal(t, checks.InconclusiveFact[checks.Preference](checks.ReasonDisagreement), preference, protocol)
					}
				}
				require.Equal(t, row.tls13, look.TLS.Protocols[checks.TLSv13].State)
				var mixed []checks.Protocol
				for protocol, fact := range look.TLS.Protocols {
					if fact.Value.Mixed {
						mixed = append(mixed, protocol)
					}
				}
				slices.Sort(mixed)
				require.Equal(t, row.mixed, mixed)
				requireShares(t, row.mixed, look.Shares)
				requireBothChains(t, row.chains, look.Full.Chains)
				require.LessOrEqual(t, len(network.Measurements().Connections), 216, "the budget, and controls")
			}
		})
	}
}

// requireShares wants half of the samples on each of the versions.
func requireShares(t *testing.T, versions []checks.Protocol, shares []checks.Share) {
	t.Helper()
	require.Len(t, shares, len(versions))
	for index, share := range shares {
		require.Equal(t, string(versions[index]), share.What)
		require.InDelta(t, float64(share.Of)/2, float64(share.Seen), 1)
	}
}

func requireBothChains(t *testing.T, count int, chains checks.Chains) {
	t.Helper()
	require.Equal(t, checks.KnownFact(false), chains.SNIRequired)
	require.Equal(t, checks.Known, chains.Served.State)
	var named []checks.ServedChain
	for _, chain := range chains.Served.Value {
		if chain.SNI {
			named = append(named, chain)
		}
	}
	require.Len(t, named, count)
}
