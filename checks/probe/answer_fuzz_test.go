package probe

import (
	"net/netip"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

// FuzzAnswer reads whatever a DNS server may send as its answer.
func FuzzAnswer(f *testing.F) {
	query := new(dns.Msg).SetQuestion("app.test.", dns.TypeA)
	for _, lines := range [][]string{
		{"app.test. 60 IN A 192.0.2.1", "app.test. 60 IN AAAA 2001:db8::1"},
		{"app.test. 60 IN CNAME b.test.", "b.test. 60 IN CNAME app.test.", "b.test. 60 IN A 192.0.2.1"},
		{"App.Test. 60 IN CNAME x\\000y.test.", "x\\000y.test. 60 IN A 127.0.0.1"},
	} {
		answer := new(dns.Msg).SetReply(query)
		for _, line := range lines {
			record, err := dns.NewRR(line)
			require.NoError(f, err)
			answer.Answer = append(answer.Answer, record)
		}
		answer.Compress = true
		packed, err := answer.Pack()
		require.NoError(f, err)
		f.Add(packed)
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		answer := new(dns.Msg)
		if answer.Unpack(packed) != nil {
			return
		}
		asked := query.Copy()
		asked.Id = answer.Id
		if !answers(answer, asked) {
			return
		}
		addresses, err := addressesIn(answer)
		if err != nil && len(addresses) > 0 {
			t.Errorf("addresses %v with %v", addresses, err)
		}
		if len(addresses) > len(answer.Answer) {
			t.Errorf("%d addresses of %d records", len(addresses), len(answer.Answer))
		}
		for _, address := range addresses {
			if !address.IsValid() || address.Zone() != "" {
				t.Errorf("%v is no address", address)
			}
		}
	})
}

// FuzzParseResolver: what it takes can be dialed, and reads the same again.
func FuzzParseResolver(f *testing.F) {
	for _, text := range []string{"", "192.0.2.53", "[2001:db8::53]:5353", "dns.example:53", "::1", "a:b:c", "[::1", "x:0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		address, err := ParseResolver(text)
		if err != nil || address == "" {
			return
		}
		if again, err := ParseResolver(address); err != nil || again != address {
			t.Errorf("%q gives %q, and that %q, %v", text, address, again, err)
		}
		if port, err := netip.ParseAddrPort(address); err == nil && port.Port() == 0 {
			t.Errorf("%q gives port 0", text)
		}
	})
}
