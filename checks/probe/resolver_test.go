package probe

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
)

type (
	addressFact = checks.Fact[[]netip.Addr]
	records     = dnsserver.Records
)

func known(addresses ...string) addressFact {
	return checks.KnownFact(dnsserver.Addresses(addresses...).Addresses)
}

// byType answers A and AAAA queries differently.
func byType(a, aaaa dnsserver.Answer) records {
	return func(_ string, qtype uint16) dnsserver.Answer {
		if qtype == dns.TypeAAAA {
			return aaaa
		}
		return a
	}
}

func always(answer dnsserver.Answer) records {
	return func(string, uint16) dnsserver.Answer { return answer }
}

func TestResolve(t *testing.T) {
	t.Parallel()
	var crowd []string
	for i := range 60 {
		crowd = append(crowd, fmt.Sprintf("192.0.2.%d", 100-i))
	}
	missing := checks.AbsentFact[[]netip.Addr](checks.ReasonNameNotFound)
	empty := checks.AbsentFact[[]netip.Addr](checks.ReasonNoAddress)
	failed := checks.InconclusiveFact[[]netip.Addr](checks.ReasonResolverFailed)
	aliased := dnsserver.Addresses("192.0.2.1")
	aliased.CNAME = "Target.Example"
	truncated := dnsserver.Addresses(crowd...)
	truncated.Truncate = true
	for name, test := range map[string]struct {
		records records
		want    addressFact
		queries int
	}{
		"both families, sorted": {
			always(dnsserver.Addresses("2001:db8::2", "192.0.2.9", "2001:db8::1", "192.0.2.10")),
			known("192.0.2.9", "192.0.2.10", "2001:db8::1", "2001:db8::2"), 2,
		},
		"duplicates and mapped":     {always(dnsserver.Addresses("192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1")), known("192.0.2.1"), 2},
		"alias":                     {always(aliased), known("192.0.2.1"), 2},
		"NXDOMAIN":                  {always(dnsserver.NXDOMAIN()), missing, 2},
		"no address":                {always(dnsserver.Addresses()), empty, 2},
		"alias of nothing":          {always(dnsserver.Answer{CNAME: "target.example"}), empty, 2},
		"NXDOMAIN for AAAA alone":   {byType(dnsserver.Addresses("192.0.2.1"), dnsserver.NXDOMAIN()), known("192.0.2.1"), 2},
		"NXDOMAIN and no address":   {byType(dnsserver.Addresses(), dnsserver.NXDOMAIN()), empty, 2},
		"NXDOMAIN and SERVFAIL":     {byType(dnsserver.NXDOMAIN(), dnsserver.SERVFAIL()), missing, 3},
		"SERVFAIL":                  {always(dnsserver.SERVFAIL()), failed, 4},
		"REFUSED":                   {always(dnsserver.Answer{RCode: dns.RcodeRefused}), failed, 4},
		"SERVFAIL for AAAA alone":   {byType(dnsserver.Addresses("192.0.2.1"), dnsserver.SERVFAIL()), known("192.0.2.1"), 3},
		"SERVFAIL and no address":   {byType(dnsserver.SERVFAIL(), dnsserver.Addresses()), failed, 3},
		"SERVFAIL once":             {dnsserver.Sequence(dnsserver.SERVFAIL(), dnsserver.Addresses("192.0.2.1")), known("192.0.2.1"), 4},
		"no answer":                 {always(dnsserver.Drop()), failed, 4},
		"no answer once":            {dnsserver.Sequence(dnsserver.Drop(), dnsserver.Addresses("192.0.2.1")), known("192.0.2.1"), 4},
		"truncated, again over TCP": {always(truncated), known(crowd59to45()...), 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := dnsserver.Start(t, test.records)
			network := New(Config{Resolver: server.Address()}).Network(checks.Limits{ReadTimeout: 300 * time.Millisecond})
			for range 2 {
				require.Equal(t, test.want, network.Resolve(t.Context(), "Some.Example."))
			}
			require.Equal(t, test.queries, server.Queries("some.example"), "the answer is remembered")
			require.NotEmpty(t, network.Measurements().Log)
		})
	}
}

// crowd59to45 is the first 16 of the 60 addresses above in order.
func crowd59to45() []string {
	var lowest []string
	for i := 41; i < 57; i++ {
		lowest = append(lowest, fmt.Sprintf("192.0.2.%d", i))
	}
	return lowest
}

func TestResolveKeepsToTheAddressLimitAndSaysSo(t *testing.T) {
	t.Parallel()
	server := dnsserver.Start(t, always(dnsserver.Addresses("192.0.2.3", "192.0.2.1", "192.0.2.2")))
	network := New(Config{Resolver: server.Address()}).Network(checks.Limits{Addresses: 2})
	require.Equal(t, known("192.0.2.1", "192.0.2.2"), network.Resolve(t.Context(), "some.example"))
	require.Contains(t, network.Measurements().Log[0].Text, "left out [192.0.2.3]")
}

func TestResolveLiteralsAndLocalhostNeedNoAnswer(t *testing.T) {
	t.Parallel()
	server := dnsserver.Start(t, always(dnsserver.NXDOMAIN()))
	network := New(Config{Resolver: server.Address()}).Network(checks.Limits{})
	require.Equal(t, known("192.0.2.1"), network.Resolve(t.Context(), "192.0.2.1"))
	require.Equal(t, known("192.0.2.1"), network.Resolve(t.Context(), "::ffff:192.0.2.1"))
	require.Equal(t, known("2001:db8::1"), network.Resolve(t.Context(), "2001:DB8:0::1"))
	require.Equal(t, known("127.0.0.1", "::1"), network.Resolve(t.Context(), "app.localhost"))
	require.Equal(t, 2, server.Queries("app.localhost"))
}

func TestResolveOnceForManyCallers(t *testing.T) {
	t.Parallel()
	server := dnsserver.Start(t, always(dnsserver.Addresses("192.0.2.1")))
	network := New(Config{Resolver: server.Address()}).Network(checks.Limits{})
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			fact := network.Resolve(t.Context(), "some.example")
			if fact.State == checks.Known {
				fact.Value[0] = netip.IPv6Loopback() // a caller may keep what it got
			}
		})
	}
	wait.Wait()
	require.Equal(t, known("192.0.2.1"), network.Resolve(t.Context(), "some.example"))
	require.Equal(t, 2, server.Queries("some.example"))
}

func TestResolveBoundsNames(t *testing.T) {
	t.Parallel()
	server := dnsserver.Start(t, always(dnsserver.Addresses("192.0.2.1")))
	network := New(Config{Resolver: server.Address()}).Network(checks.Limits{})
	for i := range nameLimit {
		require.Equal(t, checks.Known, network.Resolve(t.Context(), fmt.Sprintf("n%d.example", i)).State)
	}
	require.Equal(t, checks.ReasonBudget, network.Resolve(t.Context(), "one.more.example").Reason)
	require.Equal(t, checks.Known, network.Resolve(t.Context(), "n0.example").State)
}

// TestResolveCanceled gives up on a resolver that does not answer; whoever asks
// again asks anew.
func TestResolveCanceled(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 100)
	var mu sync.Mutex
	answer := dnsserver.Drop()
	server := dnsserver.Start(t, func(string, uint16) dnsserver.Answer {
		asked <- struct{}{}
		mu.Lock()
		defer mu.Unlock()
		return answer
	})
	network := New(Config{Resolver: server.Address()}).Network(checks.Limits{})
	ctx, cancel := context.WithCancel(t.Context())
	first, waiter := make(chan addressFact, 1), make(chan addressFact, 1)
	go func() { first <- network.Resolve(ctx, "some.example") }()
	<-asked
	<-asked
	go func() { waiter <- network.Resolve(t.Context(), "some.example") }()
	mu.Lock()
	answer = dnsserver.Addresses("192.0.2.1")
	mu.Unlock()
	cancel()
	require.Equal(t, checks.InconclusiveFact[[]netip.Addr](checks.ReasonCanceled), <-first)
	require.Equal(t, known("192.0.2.1"), <-waiter)
	require.Equal(t, checks.ReasonCanceled, network.Resolve(ctx, "other.example").Reason)
}

// TestResolverThatLies answers with another id, question or owner.
func TestResolverThatLies(t *testing.T) {
	t.Parallel()
	for name, lie := range map[string]func(*dns.Msg){
		"id":       func(m *dns.Msg) { m.Id++ },
		"question": func(m *dns.Msg) { m.Question[0].Name = "other.example." },
		"type":     func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeMX },
		"query":    func(m *dns.Msg) { m.Response = false },
		"none":     func(m *dns.Msg) { m.Question = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := serveUDP(t, func(query *dns.Msg) []byte {
				answer := new(dns.Msg).SetReply(query)
				answer.Answer = []dns.RR{&dns.A{
					Hdr: dns.RR_Header{Name: query.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET},
					A:   net.IPv4(192, 0, 2, 66),
				}}
				lie(answer)
				packed, err := answer.Pack()
				if err != nil {
					return nil
				}
				return packed
			})
			network := New(Config{Resolver: address}).Network(checks.Limits{ReadTimeout: 100 * time.Millisecond})
			require.Equal(t, checks.InconclusiveFact[[]netip.Addr](checks.ReasonResolverFailed),
				network.Resolve(t.Context(), "some.example"))
		})
	}
	t.Run("garbage", func(t *testing.T) {
		t.Parallel()
		address := serveUDP(t, func(*dns.Msg) []byte { return []byte("not DNS") })
		network := New(Config{Resolver: address}).Network(checks.Limits{ReadTimeout: 100 * time.Millisecond})
		require.Equal(t, checks.ReasonResolverFailed, network.Resolve(t.Context(), "some.example").Reason)
	})
	t.Run("owner", func(t *testing.T) {
		t.Parallel()
		answer := new(dns.Msg).SetQuestion("some.example.", dns.TypeA)
		for _, text := range []string{
			"other.example. A 192.0.2.1", "some.example. CNAME a.example.", "a.example. CNAME some.example.",
		} {
			record, err := dns.NewRR(text)
			require.NoError(t, err)
			answer.Answer = append(answer.Answer, record)
		}
		addresses, err := addressesIn(answer)
		require.NoError(t, err)
		require.Empty(t, addresses, "a loop of aliases ends, and leads to nothing")
	})
}

// serveUDP answers DNS queries with bytes of the test's choice.
func serveUDP(t *testing.T, answer func(*dns.Msg) []byte) string {
	t.Helper()
	packets, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	var wait sync.WaitGroup
	wait.Go(func() {
		buffer := make([]byte, 4096)
		for {
			n, from, err := packets.ReadFrom(buffer)
			if err != nil {
				return
			}
			query := new(dns.Msg)
			if query.Unpack(buffer[:n]) == nil {
				_, _ = packets.WriteTo(answer(query), from)
			}
		}
	})
	t.Cleanup(func() {
		_ = packets.Close()
		wait.Wait()
	})
	return packets.LocalAddr().String()
}

func TestResolverThatIsNotThere(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"127.0.0.1:1", "no port and no host"} {
		network := New(Config{Resolver: address}).Network(checks.Limits{ReadTimeout: 200 * time.Millisecond})
		require.Equal(t, checks.InconclusiveFact[[]netip.Addr](checks.ReasonResolverFailed),
			network.Resolve(t.Context(), "some.example"))
	}
}

// TestSystemResolver sends the queries of net.Resolver to the test's server.
func TestSystemResolver(t *testing.T) {
	t.Parallel()
	server := dnsserver.Start(t, func(name string, _ uint16) dnsserver.Answer {
		switch name {
		case "some.example":
			return dnsserver.Addresses("192.0.2.2", "192.0.2.1", "2001:db8::1")
		case "failed.example":
			return dnsserver.SERVFAIL()
		}
		return dnsserver.NXDOMAIN()
	})
	p := New(Config{})
	require.IsType(t, systemResolver{}, p.resolver)
	p.resolver = systemResolver{resolver: &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Address())
		},
	}}
	network := p.Network(checks.Limits{})
	require.Equal(t, known("192.0.2.1", "192.0.2.2", "2001:db8::1"), network.Resolve(t.Context(), "some.example"))
	require.Equal(t, checks.AbsentFact[[]netip.Addr](checks.ReasonNameNotFound), network.Resolve(t.Context(), "missing.example"))
	require.Equal(t, checks.InconclusiveFact[[]netip.Addr](checks.ReasonResolverFailed), network.Resolve(t.Context(), "failed.example"))
	local := network.Resolve(t.Context(), "localhost")
	require.Equal(t, checks.Known, local.State)
	for _, address := range local.Value {
		require.True(t, address.IsLoopback(), "%s", address)
	}
}

// TestOnlyATerminalFollowsSearchDomains reads the name that was asked for from
// the transcript: a name that ends in a dot is absolute.
func TestOnlyATerminalFollowsSearchDomains(t *testing.T) {
	t.Parallel()
	server := dnsserver.Start(t, always(dnsserver.NXDOMAIN()))
	for _, test := range []struct {
		config Config
		asked  string
	}{{Config{}, "look up intranet.: "}, {Config{AllowAny: true}, "look up intranet: "}} {
		p := New(test.config)
		system := p.resolver.(systemResolver)
		system.resolver.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Address())
		}
		network := p.Network(checks.Limits{})
		require.Equal(t, checks.ReasonNameNotFound, network.Resolve(t.Context(), "intranet").Reason)
		require.Contains(t, network.Measurements().Log[0].Text, test.asked)
	}
}
