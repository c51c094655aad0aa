package dnsrec_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
	"github.com/gradewatch/gradewatch/checks/dnsrec"
	"github.com/gradewatch/gradewatch/checks/probe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// zone answers from names; names that are not there do not exist.
func zone(names map[string]dnsserver.Answer) dnsserver.Records {
	return func(name string, _ uint16) dnsserver.Answer {
		if answer, found := names[name]; found {
			return answer
		}
		return dnsserver.NXDOMAIN()
	}
}

func host(answer dnsserver.Answer, addresses ...string) dnsserver.Answer {
	answer.Addresses = dnsserver.Addresses(addresses...).Addresses
	return answer
}

func ask(t *testing.T, records dnsserver.Records, name string) (checks.Records, *dnsserver.Server) {
	t.Helper()
	server := dnsserver.Start(t, records)
	network := probe.New(probe.Config{Resolver: server.Address()}).Network(checks.Limits{})
	return dnsrec.Records(t.Context(), network, checks.Target{Host: name, Port: 8443}), server
}

const digest = "aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899"

func TestRecordsOfASignedHost(t *testing.T) {
	t.Parallel()
	got, server := ask(t, zone(map[string]dnsserver.Answer{
		"app.example.com": host(dnsserver.Answer{CNAME: "edge.cdn.example", Authenticated: true}, "192.0.2.1"),
		"example.com": {Records: []string{
			`CAA 0 issue "letsencrypt.org; validationmethods=dns-01"`, `CAA 128 ISSUEWILD ";"`, `CAA 0 iodef "mailto:a@example.com"`,
		}},
		"_8443._tcp.edge.cdn.example": {Records: []string{"TLSA 3 1 1 " + digest, "TLSA 2 0 1 " + digest}, Authenticated: true},
	}), "app.example.com")
	require.Equal(t, checks.Records{
		Aliases: checks.KnownFact([]string{"edge.cdn.example"}),
		CAA: checks.KnownFact(checks.CAA{Domain: "example.com", Records: []checks.CAARecord{
			{Tag: "iodef", Value: "mailto:a@example.com"},
			{Tag: "issue", Value: "letsencrypt.org; validationmethods=dns-01"},
			{Critical: true, Tag: "issuewild", Value: ";"},
		}}),
		TLSA: checks.KnownFact([]checks.TLSA{
			{Usage: 2, Selector: 0, MatchingType: 1, Data: digest}, {Usage: 3, Selector: 1, MatchingType: 1, Data: digest},
		}),
		DNSSEC: checks.KnownFact(true),
	}, got)
	require.Zero(t, server.Queries("com"), "nobody climbs past the records that count")
}

func TestDNSSECAndTLSA(t *testing.T) {
	t.Parallel()
	signed := dnsserver.Answer{Records: []string{"TLSA 3 1 1 " + digest}, Authenticated: true}
	unsigned := dnsserver.Answer{Records: []string{"TLSA 3 1 1 " + digest}}
	validating := dnsserver.Answer{Records: []string{"NS a.root.example."}, Authenticated: true}
	none := checks.AbsentFact[[]checks.TLSA](checks.ReasonNoRecord)
	for name, test := range map[string]struct {
		host, root, tlsa dnsserver.Answer
		dnssec           checks.Fact[bool]
		want             checks.Fact[[]checks.TLSA]
	}{
		"a resolver that does not validate": {dnsserver.Answer{}, dnsserver.Answer{}, signed, checks.Fact[bool]{}, checks.Fact[[]checks.TLSA]{}},
		"not signed":                        {dnsserver.Answer{}, validating, unsigned, checks.KnownFact(false), none},
		"signed, none":                      {dnsserver.Answer{Authenticated: true}, validating, dnsserver.NXDOMAIN(), checks.KnownFact(true), none},
		"signed, records are not":           {dnsserver.Answer{Authenticated: true}, validating, unsigned, checks.KnownFact(true), none},
		"the root cannot be asked":          {dnsserver.Answer{}, dnsserver.SERVFAIL(), signed, checks.InconclusiveFact[bool](checks.ReasonResolverFailed), checks.Fact[[]checks.TLSA]{}},
		"records cannot be asked for":       {dnsserver.Answer{Authenticated: true}, validating, dnsserver.SERVFAIL(), checks.KnownFact(true), checks.InconclusiveFact[[]checks.TLSA](checks.ReasonResolverFailed)},
		"empty record": {
			dnsserver.Answer{Authenticated: true},
			validating,
			dnsserver.Answer{Records: []string{`TLSA \# 3 030101`}, Authenticated: true},
			checks.KnownFact(true), checks.InconclusiveFact[[]checks.TLSA](checks.ReasonMalformed),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := ask(t, zone(map[string]dnsserver.Answer{
				"a.example": host(test.host, "192.0.2.1"), "": test.root, "_8443._tcp.a.example": test.tlsa,
			}), "a.example")
			require.Equal(t, test.dnssec, got.DNSSEC)
			require.Equal(t, test.want, got.TLSA)
			require.Equal(t, checks.AbsentFact[[]string](checks.ReasonNoRecord), got.Aliases)
		})
	}
}

func TestClimbing(t *testing.T) {
	t.Parallel()
	issue := func(ca string) dnsserver.Answer {
		return dnsserver.Answer{Records: []string{fmt.Sprintf("CAA 0 issue %q", ca)}}
	}
	var many dnsserver.Answer
	for i := range 65 {
		many.Records = append(many.Records, fmt.Sprintf(`CAA 0 issue "ca%d.example"`, i))
	}
	found := func(domain, value string) checks.Fact[checks.CAA] {
		return checks.KnownFact(checks.CAA{Domain: domain, Records: []checks.CAARecord{{Tag: "issue", Value: value}}})
	}
	for name, test := range map[string]struct {
		names map[string]dnsserver.Answer
		want  checks.Fact[checks.CAA]
	}{
		"at the host":           {map[string]dnsserver.Answer{"a.b.example": issue("x"), "b.example": issue("y")}, found("a.b.example", "x")},
		"at the parent":         {map[string]dnsserver.Answer{"a.b.example": {}, "b.example": issue("y")}, found("b.example", "y")},
		"at the top":            {map[string]dnsserver.Answer{"example": issue("z")}, found("example", "z")},
		"nowhere":               {nil, checks.AbsentFact[checks.CAA](checks.ReasonNoRecord)},
		"not at the root":       {map[string]dnsserver.Answer{"": issue("r")}, checks.AbsentFact[checks.CAA](checks.ReasonNoRecord)},
		"through an alias":      {map[string]dnsserver.Answer{"a.b.example": {CNAME: "c.example", Records: issue("c").Records}}, found("a.b.example", "c")},
		"not the alias' parent": {map[string]dnsserver.Answer{"a.b.example": {CNAME: "c.d.example"}, "d.example": issue("d"), "b.example": issue("y")}, found("b.example", "y")},
		"a parent fails":        {map[string]dnsserver.Answer{"b.example": dnsserver.SERVFAIL(), "example": issue("z")}, checks.InconclusiveFact[checks.CAA](checks.ReasonResolverFailed)},
		"too many":              {map[string]dnsserver.Answer{"a.b.example": many}, checks.InconclusiveFact[checks.CAA](checks.ReasonTooLarge)},
		"a long value":          {map[string]dnsserver.Answer{"a.b.example": {Records: []string{`CAA \# 520 000569737375 65` + strings.Repeat("61", 513)}}}, checks.InconclusiveFact[checks.CAA](checks.ReasonTooLarge)},
		"no tag":                {map[string]dnsserver.Answer{"a.b.example": {Records: []string{`CAA \# 3 000061`}}}, checks.InconclusiveFact[checks.CAA](checks.ReasonMalformed)},
		"a tag of other bytes":  {map[string]dnsserver.Answer{"a.b.example": {Records: []string{`CAA \# 4 00012061`}}}, checks.InconclusiveFact[checks.CAA](checks.ReasonMalformed)},
		"bytes in the value":    {map[string]dnsserver.Answer{"a.b.example": {Records: []string{`CAA \# 10 00056973737565 0aff41`}}}, found("a.b.example", `\010\255A`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := ask(t, zone(test.names), "a.b.example")
			require.Equal(t, test.want, got.CAA)
		})
	}
}

func TestHostsThatAreNotAsked(t *testing.T) {
	t.Parallel()
	for _, literal := range []string{"192.0.2.1", "2001:db8::1"} {
		got, server := ask(t, zone(nil), literal)
		require.Equal(t, checks.Absent, got.CAA.State)
		require.Equal(t, checks.Absent, got.TLSA.State)
		require.Equal(t, checks.NotAsked, got.DNSSEC.State)
		require.Zero(t, server.Queries(literal))
	}
	deep := strings.Repeat("a.", 60) + "example"
	got, _ := ask(t, zone(nil), deep)
	require.Equal(t, checks.InconclusiveFact[checks.CAA](checks.ReasonBudget), got.CAA)
}

func TestOnlyIPv6(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	asked := map[uint16]int{}
	got, _ := ask(t, func(name string, rrtype uint16) dnsserver.Answer {
		mu.Lock()
		defer mu.Unlock()
		asked[rrtype]++
		if name == "six.example" {
			return host(dnsserver.Answer{CNAME: "t.example"}, "2001:db8::1")
		}
		return dnsserver.NXDOMAIN()
	}, "six.example")
	require.Equal(t, checks.KnownFact([]string{"t.example"}), got.Aliases)
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, 1, asked[dns.TypeAAAA])
}
