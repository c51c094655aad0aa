package probe

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
)

func TestReroute(t *testing.T) {
	t.Parallel()
	server := dnsserver.Start(t, func(name string, _ uint16) dnsserver.Answer {
		switch name {
		case "app.example":
			return dnsserver.Addresses("192.0.2.1")
		case "other.example":
			return dnsserver.Addresses("192.0.2.2", "192.0.2.3")
		}
		return dnsserver.NXDOMAIN()
	})
	missing := checks.AbsentFact[[]netip.Addr](checks.ReasonNameNotFound)
	for name, test := range map[string]struct {
		places []string
		want   addressFact
		asked  int // for app.example
	}{
		"nothing":                 {nil, known("192.0.2.1"), 2},
		"addresses":               {[]string{"2001:db8::1", "192.0.2.9", "192.0.2.9"}, known("192.0.2.9", "2001:db8::1"), 0},
		"a name":                  {[]string{"other.example"}, known("192.0.2.2", "192.0.2.3"), 0},
		"itself":                  {[]string{"app.example"}, known("192.0.2.1"), 2},
		"a name that is not":      {[]string{"nobody.example"}, missing, 0},
		"one of two":              {[]string{"nobody.example", "192.0.2.9"}, known("192.0.2.9"), 0},
		"an address with a zone":  {[]string{"fe80::1%eth0"}, checks.InconclusiveFact[[]netip.Addr](checks.ReasonSpecialPurpose), 0},
		"more than Limits allow":  {[]string{"192.0.2.9", "192.0.2.8", "192.0.2.7", "192.0.2.6"}, known("192.0.2.6", "192.0.2.7", "192.0.2.8"), 0},
		"a name and itself twice": {[]string{"other.example", "other.example"}, known("192.0.2.2", "192.0.2.3"), 0},
	} {
		network := New(Config{Resolver: server.Address()}).Network(checks.Limits{Addresses: 3})
		before := server.Queries("app.example")
		network.Reroute("App.example.", test.places...)
		require.Equal(t, test.want, network.Resolve(t.Context(), "app.example"), name)
		require.Equal(t, test.asked, server.Queries("app.example")-before, name)
		require.Equal(t, known("192.0.2.2", "192.0.2.3"), network.Resolve(t.Context(), "other.example"), "other hosts are where they are")
	}
}

func TestRerouteOfALiteral(t *testing.T) {
	t.Parallel()
	network := lookAnywhere(checks.Limits{})
	network.Reroute("192.0.2.1", "192.0.2.9")
	require.Equal(t, known("192.0.2.9"), network.Resolve(t.Context(), "192.0.2.1"))
	network.Reroute("192.0.2.1")
	require.Equal(t, known("192.0.2.1"), network.Resolve(t.Context(), "192.0.2.1"))
}

// Whoever says where to connect gets no further than whoever owns the name.
func TestRerouteIsVetted(t *testing.T) {
	t.Parallel()
	set := setTrap(t)
	network := New(Config{}).Network(checks.Limits{})
	network.Reroute("app.example", "127.0.0.1")
	found := network.Resolve(t.Context(), "app.example")
	require.Equal(t, known("127.0.0.1"), found)
	_, err := network.Dial(t.Context(), netip.AddrPortFrom(found.Value[0], set.number))
	require.Equal(t, checks.ReasonSpecialPurpose, ReasonOf(err))
	require.Zero(t, set.accepted.Load())
}
