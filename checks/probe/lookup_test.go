package probe

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
)

type recordFact = checks.Fact[checks.RecordSet]

func TestLookup(t *testing.T) {
	t.Parallel()
	caa := dnsserver.Answer{Records: []string{`CAA 128 issue "ca.example"`}}
	var many []string
	for i := range 60 {
		many = append(many, fmt.Sprintf(`CAA 0 issue "ca%d.example"`, i))
	}
	var crowd []string
	for i := range 201 {
		crowd = append(crowd, fmt.Sprintf(`TYPE65399 \# 2 %04x`, i))
	}
	data, err := hex.DecodeString("800569737375" + "65" + hex.EncodeToString([]byte("ca.example")))
	require.NoError(t, err)
	tlsa := dnsserver.Answer{Records: []string{"TLSA 3 1 1 " + strings.Repeat("ab", 32)}, Authenticated: true}
	for name, test := range map[string]struct {
		answer  dnsserver.Answer
		rrtype  uint16
		want    recordFact
		records int
		queries int
	}{
		"one":      {answer: caa, rrtype: dns.TypeCAA, want: checks.KnownFact(checks.RecordSet{Data: [][]byte{data}}), queries: 1},
		"none":     {answer: dnsserver.Addresses("192.0.2.1"), rrtype: dns.TypeCAA, want: checks.AbsentFact[checks.RecordSet](checks.ReasonNoRecord), queries: 1},
		"NXDOMAIN": {answer: dnsserver.NXDOMAIN(), rrtype: dns.TypeCAA, want: checks.AbsentFact[checks.RecordSet](checks.ReasonNameNotFound), queries: 1},
		"SERVFAIL": {answer: dnsserver.SERVFAIL(), rrtype: dns.TypeCAA, want: checks.InconclusiveFact[checks.RecordSet](checks.ReasonResolverFailed), queries: 2},
		"alias": {
			answer: dnsserver.Answer{CNAME: "Target.Example", Records: caa.Records}, rrtype: dns.TypeCAA, queries: 1,
			want: checks.KnownFact(checks.RecordSet{Aliases: []string{"target.example"}, Data: [][]byte{data}}),
		},
		"alias of nothing": {answer: dnsserver.Answer{CNAME: "t.example"}, rrtype: dns.TypeCAA, want: checks.AbsentFact[checks.RecordSet](checks.ReasonNoRecord), queries: 1},
		"authenticated": {answer: tlsa, rrtype: dns.TypeTLSA, queries: 1, want: checks.KnownFact(checks.RecordSet{
			Data: [][]byte{append([]byte{3, 1, 1}, []byte(strings.Repeat("\xab", 32))...)}, Authenticated: true,
		})},
		"truncated": {answer: dnsserver.Answer{Records: many}, rrtype: dns.TypeCAA, records: 60, queries: 2},
		"too many":  {answer: dnsserver.Answer{Records: crowd}, rrtype: 65399, want: checks.InconclusiveFact[checks.RecordSet](checks.ReasonTooLarge), queries: 2},
		"unknown type": {
			answer: dnsserver.Answer{Records: []string{`TYPE65399 \# 3 010203`}}, rrtype: 65399,
			want: checks.KnownFact(checks.RecordSet{Data: [][]byte{{1, 2, 3}}}), queries: 1,
		},
		"CNAME asked for": {
			answer: dnsserver.Answer{Records: []string{"CNAME t.example."}}, rrtype: dns.TypeCNAME,
			want: checks.KnownFact(checks.RecordSet{Data: [][]byte{[]byte("\x01t\x07example\x00")}}), queries: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := dnsserver.Start(t, always(test.answer))
			network := New(Config{Resolver: server.Address()}).Network(checks.Limits{})
			for range 2 {
				got := network.Lookup(t.Context(), "Name.example.", test.rrtype)
				if test.records > 0 {
					require.Equal(t, checks.Known, got.State)
					require.Len(t, got.Value.Data, test.records)
				} else {
					require.Equal(t, test.want, got)
				}
			}
			require.Equal(t, test.queries, server.Queries("name.example"), "the second answer is remembered")
		})
	}
}

func TestLookupBounds(t *testing.T) {
	t.Parallel()
	server := dnsserver.Start(t, always(dnsserver.NXDOMAIN()))
	network := New(Config{Resolver: server.Address()}).Network(checks.Limits{})
	for i := range lookupLimit {
		got := network.Lookup(t.Context(), fmt.Sprintf("n%d.example", i), dns.TypeCAA)
		require.Equal(t, checks.ReasonNameNotFound, got.Reason)
	}
	require.Equal(t, checks.ReasonBudget, network.Lookup(t.Context(), "one-more.example", dns.TypeCAA).Reason)
	require.Equal(t, checks.ReasonNameNotFound, network.Lookup(t.Context(), "n1.example", dns.TypeCAA).Reason, "what is known still is")
	for _, name := range []string{"127.0.0.1", "::1", "", "a..example", strings.Repeat("a.", 200) + "example", "a b.example", "0x7f.1"} {
		require.Equal(t, checks.AbsentFact[checks.RecordSet](checks.ReasonNameNotFound), network.Lookup(t.Context(), name, dns.TypeCAA), name)
	}
	require.Zero(t, server.Queries("one-more.example"))
}

func TestLookupEndsWithItsContext(t *testing.T) {
	t.Parallel()
	server := dnsserver.Start(t, always(dnsserver.Drop()))
	network := New(Config{Resolver: server.Address()}).Network(checks.Limits{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, checks.ReasonCanceled, network.Lookup(ctx, "a.example", dns.TypeCAA).Reason)
	require.Equal(t, checks.ReasonResolverFailed, New(Config{Resolver: "127.0.0.1:x"}).Network(checks.Limits{}).Lookup(t.Context(), "a.example", dns.TypeCAA).Reason)
}

func TestSystemResolvers(t *testing.T) {
	t.Parallel()
	answer := dnsserver.Answer{Records: []string{`CAA 0 issue ";"`}, Authenticated: true}
	server := dnsserver.Start(t, always(answer))
	host, port := splitHostPort(t, server.Address())
	for name, test := range map[string]struct {
		text          string
		state         checks.State
		authenticated bool
	}{
		"loopback":                 {"nameserver " + host + "\n", checks.Known, true},
		"the first does not serve": {"nameserver 127.99.0.1\nnameserver " + host, checks.Known, true},
		"no resolver":              {"search example.com\n", checks.Inconclusive, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := New(Config{})
			p.resolvConf = filepath.Join(t.TempDir(), "resolv.conf")
			require.NoError(t, os.WriteFile(p.resolvConf, []byte(test.text), 0o600))
			p.resolverPort = port
			got := p.Network(checks.Limits{}).Lookup(t.Context(), "a.example", dns.TypeCAA)
			require.Equal(t, test.state, got.State)
			require.Equal(t, test.authenticated, got.Value.Authenticated)
		})
	}
	p := New(Config{})
	p.resolvConf = filepath.Join(t.TempDir(), "none")
	require.Equal(t, checks.ReasonResolverFailed, p.Network(checks.Limits{}).Lookup(t.Context(), "a.example", dns.TypeCAA).Reason)
}

func TestWhoIsBelievedAboutDNSSEC(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		server, text string
		want         bool
	}{
		{"127.0.0.53", "", true},
		{"::1", "", true},
		{"127.0.0.11", "", false},
		{"192.0.2.53", "", false},
		{"192.0.2.53", "options edns0 trust-ad\n", true},
		{"192.0.2.53", "# options trust-ad\n", false},
		{"127.0.0.11", "options trust-ad", true},
		{"fe80::1%eth0", "", false},
	} {
		require.Equal(t, test.want, believable(test.server, test.text), "%s %q", test.server, test.text)
	}
}

func splitHostPort(t *testing.T, address string) (host, port string) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	return host, port
}

// FuzzRecordsIn reads answers that a resolver may pass on from anybody.
func FuzzRecordsIn(f *testing.F) {
	for _, text := range []string{`CAA 0 issue "ca.example"`, "TLSA 3 1 1 abcd", "CNAME b.example.", "A 192.0.2.1", `TYPE65399 \# 3 010203`} {
		record, err := dns.NewRR("a.example. 1 IN " + text)
		require.NoError(f, err)
		message := new(dns.Msg).SetQuestion("a.example.", record.Header().Rrtype)
		message.Answer = []dns.RR{record}
		wire, err := message.Pack()
		require.NoError(f, err)
		f.Add(wire)
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		message := new(dns.Msg)
		if message.Unpack(wire) != nil || len(message.Question) != 1 {
			return
		}
		set, err := recordServer{believable: true}.recordsIn(message)
		if err != nil {
			return
		}
		require.NotEmpty(t, set.Data)
		require.LessOrEqual(t, len(set.Aliases), aliasLimit)
		for _, data := range set.Data {
			header := dns.RR_Header{Name: ".", Rrtype: message.Question[0].Qtype, Class: dns.ClassINET, Rdlength: uint16(len(data))}
			_, _, _ = dns.UnpackRRWithHeader(header, data, 0)
		}
	})
}

func TestRDATAIsAsOnTheWire(t *testing.T) {
	t.Parallel()
	wire := []byte("\x00\x05issue\\065;\x00\xff")
	record, _, err := dns.UnpackRRWithHeader(dns.RR_Header{Name: "a.", Rrtype: dns.TypeCAA, Class: dns.ClassINET, Rdlength: uint16(len(wire))}, wire, 0)
	require.NoError(t, err)
	data, err := rdata(record)
	require.NoError(t, err)
	require.Equal(t, wire, data)
}
