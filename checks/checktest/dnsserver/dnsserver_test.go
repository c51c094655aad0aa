package dnsserver_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func ask(t *testing.T, server *dnsserver.Server, network, name string, qtype uint16) (*dns.Msg, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	client := &dns.Client{Net: network, Timeout: 200 * time.Millisecond}
	answer, _, err := client.ExchangeContext(ctx, new(dns.Msg).SetQuestion(dns.Fqdn(name), qtype), server.Address())
	return answer, err
}

func TestMapAnswersByFamilyOverBothTransports(t *testing.T) {
	t.Parallel()
	server := dnsserver.Start(t, dnsserver.Map(map[string][]string{
		"Both.example.": {"192.0.2.1", "2001:db8::1", "::ffff:127.0.0.1"},
		"empty.example": {},
	}))
	for _, network := range []string{"udp", "tcp"} {
		a, err := ask(t, server, network, "both.EXAMPLE", dns.TypeA)
		require.NoError(t, err)
		require.Len(t, a.Answer, 1)
		require.Equal(t, "192.0.2.1", a.Answer[0].(*dns.A).A.String())

		aaaa, err := ask(t, server, network, "both.example", dns.TypeAAAA)
		require.NoError(t, err)
		require.Len(t, aaaa.Answer, 2)

		empty, err := ask(t, server, network, "empty.example", dns.TypeA)
		require.NoError(t, err)
		require.Equal(t, dns.RcodeSuccess, empty.Rcode)
		require.Empty(t, empty.Answer)

		missing, err := ask(t, server, network, "missing.example", dns.TypeA)
		require.NoError(t, err)
		require.Equal(t, dns.RcodeNameError, missing.Rcode)
	}
	require.Equal(t, 4, server.Queries("BOTH.example."))
}

func TestSequenceChangesAnswers(t *testing.T) {
	t.Parallel()
	server := dnsserver.Start(t, dnsserver.Sequence(
		dnsserver.Addresses("192.0.2.1"), dnsserver.SERVFAIL(), dnsserver.Addresses("127.0.0.1")))
	first, err := ask(t, server, "udp", "a.example", dns.TypeA)
	require.NoError(t, err)
	require.Equal(t, "192.0.2.1", first.Answer[0].(*dns.A).A.String())
	second, err := ask(t, server, "udp", "a.example", dns.TypeA)
	require.NoError(t, err)
	require.Equal(t, dns.RcodeServerFailure, second.Rcode)
	for range 2 {
		last, err := ask(t, server, "udp", "a.example", dns.TypeA)
		require.NoError(t, err)
		require.Equal(t, "127.0.0.1", last.Answer[0].(*dns.A).A.String())
	}
}

func TestCNAMETruncateAndDrop(t *testing.T) {
	t.Parallel()
	server := dnsserver.Start(t, func(name string, _ uint16) dnsserver.Answer {
		if name == "drop.example" {
			return dnsserver.Drop()
		}
		return dnsserver.Answer{
			CNAME: "target.example", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.7")},
			Truncate: name == "big.example",
		}
	})
	alias, err := ask(t, server, "udp", "alias.example", dns.TypeA)
	require.NoError(t, err)
	require.Len(t, alias.Answer, 2)
	require.Equal(t, "target.example.", alias.Answer[1].Header().Name)

	truncated, err := ask(t, server, "udp", "big.example", dns.TypeA)
	require.NoError(t, err)
	require.True(t, truncated.Truncated)
	whole, err := ask(t, server, "tcp", "big.example", dns.TypeA)
	require.NoError(t, err)
	require.False(t, whole.Truncated)
	require.Len(t, whole.Answer, 2)

	_, err = ask(t, server, "udp", "drop.example", dns.TypeA)
	require.Error(t, err)
}
