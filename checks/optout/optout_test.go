package optout_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
	"github.com/gradewatch/gradewatch/checks/optout"
	"github.com/gradewatch/gradewatch/checks/probe"
)

// records answers TXT records by name; every other name has an address.
func records(texts map[string]dnsserver.Answer) dnsserver.Records {
	return func(name string, _ uint16) dnsserver.Answer {
		if answer, known := texts[name]; known {
			return answer
		}
		if len(name) > 12 && name[:12] == "_gradewatch." {
			return dnsserver.NXDOMAIN()
		}
		return dnsserver.Addresses("192.0.2.1")
	}
}

func txt(values ...string) dnsserver.Answer {
	var answer dnsserver.Answer
	for _, value := range values {
		answer.Records = append(answer.Records, "TXT "+value)
	}
	return answer
}

func TestAsked(t *testing.T) {
	t.Parallel()
	no := checks.KnownFact(false)
	yes := checks.KnownFact(true)
	aliased := txt(`"opt-out"`)
	aliased.CNAME = "policy.example.net"
	tests := map[string]struct {
		host    string
		answers map[string]dnsserver.Answer
		want    checks.Fact[bool]
		queries int // of the registrable domain's record
	}{
		"nothing":                       {"app.example.com", nil, no, 1},
		"the host":                      {"app.example.com", map[string]dnsserver.Answer{"_gradewatch.app.example.com": txt(`"opt-out"`)}, yes, 1},
		"the registrable domain":        {"a.b.app.example.com", map[string]dnsserver.Answer{"_gradewatch.example.com": txt(`"opt-out"`)}, yes, 1},
		"in between does not count":     {"a.b.example.com", map[string]dnsserver.Answer{"_gradewatch.b.example.com": txt(`"opt-out"`)}, no, 1},
		"capitals and white space":      {"app.example.com", map[string]dnsserver.Answer{"_gradewatch.app.example.com": txt(`" Opt-Out "`)}, yes, 1},
		"in pieces":                     {"app.example.com", map[string]dnsserver.Answer{"_gradewatch.app.example.com": txt(`"opt-" "out"`)}, yes, 1},
		"among others":                  {"app.example.com", map[string]dnsserver.Answer{"_gradewatch.app.example.com": txt(`"gradewatch-verification=x"`, `"opt-out"`)}, yes, 1},
		"other words":                   {"app.example.com", map[string]dnsserver.Answer{"_gradewatch.app.example.com": txt(`"opt-out please"`)}, no, 1},
		"through an alias":              {"app.example.com", map[string]dnsserver.Answer{"_gradewatch.app.example.com": aliased}, yes, 1},
		"the domain itself":             {"example.com", map[string]dnsserver.Answer{"_gradewatch.example.com": txt(`"opt-out"`)}, yes, 1},
		"a domain under a public one":   {"shop.github.io", map[string]dnsserver.Answer{"_gradewatch.github.io": txt(`"opt-out"`)}, no, 0},
		"a name server that fails":      {"app.example.com", map[string]dnsserver.Answer{"_gradewatch.app.example.com": dnsserver.SERVFAIL()}, checks.InconclusiveFact[bool](checks.ReasonResolverFailed), 1},
		"one fails and the other says":  {"app.example.com", map[string]dnsserver.Answer{"_gradewatch.app.example.com": dnsserver.SERVFAIL(), "_gradewatch.example.com": txt(`"opt-out"`)}, yes, 1},
		"an address is asked for by no": {"192.0.2.1", nil, no, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := dnsserver.Start(t, records(test.answers))
			network := probe.New(probe.Config{Resolver: server.Address()}).Network(checks.Limits{})
			require.Equal(t, test.want, optout.Asked(t.Context(), network, test.host))
			require.Empty(t, network.Measurements().Connections)
			if test.queries > 0 {
				require.NotZero(t, server.Queries("_gradewatch.example.com"))
			} else {
				require.Zero(t, server.Queries("_gradewatch.example.com"))
			}
			require.Zero(t, server.Queries(test.host), "the host itself is not resolved")
		})
	}
}

// A name server that never answers costs three seconds at the most, and hides
// no server.
func TestSilentNameServerIsNoOptOut(t *testing.T) {
	t.Parallel()
	server := dnsserver.Start(t, records(map[string]dnsserver.Answer{"_gradewatch.app.example.com": dnsserver.Drop()}))
	network := optout.Respect(probe.New(probe.Config{Resolver: server.Address()}).Network(checks.Limits{}), nil)
	require.Equal(t, checks.KnownFact([]netip.Addr{netip.MustParseAddr("192.0.2.1")}), network.Resolve(t.Context(), "app.example.com"))
}

func TestRespect(t *testing.T) {
	t.Parallel()
	out := checks.InconclusiveFact[[]netip.Addr](checks.ReasonOptedOut)
	known := checks.KnownFact([]netip.Addr{netip.MustParseAddr("192.0.2.1")})
	tests := map[string]struct {
		host     string
		recorded optout.Recorded
		want     checks.Fact[[]netip.Addr]
		resolved bool
	}{
		"nobody asked":             {"other.example", nil, known, true},
		"asked in DNS":             {"Out.Example.", nil, out, false},
		"on record":                {"recorded.example", isRecorded("recorded.example"), out, false},
		"an address on record":     {"192.0.2.1", isRecorded("192.0.2.1"), out, false},
		"another one is on record": {"other.example", isRecorded("recorded.example"), known, true},
		"the record cannot be read": {
			"other.example", func(context.Context, string) (bool, error) { return false, errors.New("no database") },
			checks.InconclusiveFact[[]netip.Addr](checks.ReasonInternal), false,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := dnsserver.Start(t, records(map[string]dnsserver.Answer{"_gradewatch.out.example": txt(`"opt-out"`)}))
			network := optout.Respect(probe.New(probe.Config{Resolver: server.Address()}).Network(checks.Limits{}), test.recorded)
			for range 2 {
				require.Equal(t, test.want, network.Resolve(t.Context(), test.host))
			}
			name, err := checks.ASCIIHost(test.host)
			require.NoError(t, err)
			require.Equal(t, test.resolved, server.Queries(name) > 0)
		})
	}
}

func isRecorded(host string) optout.Recorded {
	return func(_ context.Context, asked string) (bool, error) { return asked == host, nil }
}

// The record is asked once a host and look, however often the host is resolved.
func TestRecordIsAskedOnce(t *testing.T) {
	t.Parallel()
	server := dnsserver.Start(t, records(nil))
	var asked atomic.Int32
	network := optout.Respect(probe.New(probe.Config{Resolver: server.Address()}).Network(checks.Limits{}), func(context.Context, string) (bool, error) {
		asked.Add(1)
		return false, nil
	})
	for range 3 {
		network.Resolve(t.Context(), "app.example")
	}
	require.EqualValues(t, 1, asked.Load())
}

// A look at a host that opted out knows why it knows nothing, and connects to nobody.
func TestLookAtWhoOptedOut(t *testing.T) {
	t.Parallel()
	server := dnsserver.Start(t, records(map[string]dnsserver.Answer{"_gradewatch.out.example": txt(`"opt-out"`)}))
	target, err := checks.ParseTarget("https://www.out.example/callback", checks.Full, checks.Limits{})
	require.NoError(t, err)
	network := optout.Respect(probe.New(probe.Config{Resolver: server.Address()}).Network(checks.Limits{}), nil)
	observation, measurements := checks.Runner{}.Look(t.Context(), network, target, nil)
	require.Equal(t, checks.InconclusiveFact[[]netip.Addr](checks.ReasonOptedOut), observation.DNS.Addresses)
	require.Empty(t, observation.Addresses)
	require.Empty(t, measurements.Connections)
	require.Zero(t, server.Queries("www.out.example"))
}

// Large answers may still be read through the network, vetted like all.
func TestLargeAnswersPass(t *testing.T) {
	t.Parallel()
	network, ok := optout.Respect(probe.New(probe.Config{}).Network(checks.Limits{}), nil).(interface {
		DialLimited(ctx context.Context, address netip.AddrPort, bytes int64) (net.Conn, error)
	})
	require.True(t, ok)
	_, err := network.DialLimited(t.Context(), netip.MustParseAddrPort("127.0.0.1:1"), 1)
	require.Equal(t, checks.ReasonSpecialPurpose, probe.ReasonOf(err))
}

// So may datagrams.
func TestDatagramsPass(t *testing.T) {
	t.Parallel()
	address := netip.MustParseAddrPort("127.0.0.1:1")
	network, ok := optout.Respect(probe.New(probe.Config{}).Network(checks.Limits{}), nil).(checks.PacketNetwork)
	require.True(t, ok)
	_, err := network.DialPacket(t.Context(), address)
	require.Equal(t, checks.ReasonSpecialPurpose, probe.ReasonOf(err))
	network, ok = optout.Respect(checktest.Loopback(t), nil).(checks.PacketNetwork)
	require.True(t, ok)
	_, err = network.DialPacket(t.Context(), address)
	require.ErrorIs(t, err, errors.ErrUnsupported)
}
