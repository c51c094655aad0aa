package monitor_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// each changes the addresses with these places, the way TLS 1.0 is turned on.
func accepts(places ...int) func(*looked) {
	return func(l *looked) {
		for _, place := range places {
			tls := &l.o.Addresses[place].TLS
			tls.Protocols = map[checks.Protocol]checks.Fact[checks.Accepted]{
				checks.TLSv10: checks.KnownFact(checks.Accepted{}), checks.TLSv12: tls.Protocols[checks.TLSv12],
			}
		}
	}
}

// Addresses that changed in the same way give one sentence, which names them
// where they do not agree.
func TestCompareAddresses(t *testing.T) {
	t.Parallel()
	noHSTS := func(address *checks.AddressObservation) {
		hops := slices.Clone(address.HTTP.Hops)
		hops[0].Answer.Value.HSTS = checks.AbsentFact[[]string]("")
		address.HTTP.Hops = hops
	}
	renewed := func(l *looked, places ...int) {
		of := shop()
		of.from, of.until = "2026-11-01", "2027-01-30"
		leaf := of.make(l)
		l.o.Certificates = append(l.o.Certificates, leaf)
		for _, place := range places {
			l.o.Addresses[place].TLS.Chain.Value = []checks.Fingerprint{leaf.SHA256, l.o.Certificates[1].SHA256}
		}
	}
	for name, test := range map[string]struct {
		count  int
		change func(*looked)
		want   []string
	}{
		"nothing":        {6, func(*looked) {}, nil},
		"another order":  {6, func(l *looked) { slices.Reverse(l.o.Addresses); slices.Reverse(l.o.DNS.Addresses.Value) }, nil},
		"one of one":     {1, accepts(0), []string{"regression medium configuration: The server now accepts TLS 1.0."}},
		"both":           {2, accepts(0, 1), []string{"regression medium configuration: Both addresses now accept TLS 1.0."}},
		"all":            {6, accepts(0, 1, 2, 3, 4, 5), []string{"regression medium configuration: All 6 addresses now accept TLS 1.0."}},
		"one of several": {6, accepts(3), []string{"regression medium configuration: 1 of 6 addresses (192.0.2.4) now accepts TLS 1.0."}},
		"two of several": {6, accepts(0, 4), []string{"regression medium configuration: 2 of 6 addresses (192.0.2.1 and 192.0.2.5) now accept TLS 1.0."}},
		"most": {6, accepts(0, 1, 2, 3, 4), []string{
			"regression medium configuration: 5 of 6 addresses (192.0.2.1, 192.0.2.2, 192.0.2.3 and 2 more) now accept TLS 1.0.",
		}},
		"some that could not be told": {3, func(l *looked) {
			accepts(0, 1)(l)
			l.o.Addresses[2].TLS = checks.TLS{Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{checks.TLSv10: checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout)}}
		}, []string{"regression medium configuration: 2 of 3 addresses (192.0.2.1 and 192.0.2.2) now accept TLS 1.0."}},
		"a renewal everywhere": {6, func(l *looked) { renewed(l, 0, 1, 2, 3, 4, 5) }, []string{
			"drift low certificate: All 6 addresses send a renewed certificate, valid until 2027-01-30, with the same key.",
		}},
		"a renewal on its way": {6, func(l *looked) { renewed(l, 1, 2) }, []string{
			"drift low certificate: 2 of 6 addresses (192.0.2.2 and 192.0.2.3) send a renewed certificate, valid until 2027-01-30, with the same key.",
		}},
		"a header of some": {4, func(l *looked) { noHSTS(&l.o.Addresses[0]); noHSTS(&l.o.Addresses[3]) }, []string{
			"regression medium configuration: 2 of 4 addresses (192.0.2.1 and 192.0.2.4) no longer send Strict-Transport-Security.",
		}},
		"a suite of some": {2, func(l *looked) {
			suites := l.o.Addresses[1].Full.Suites
			suites.Accepted = map[checks.Protocol]checks.Fact[[]checks.Suite]{checks.TLSv12: checks.KnownFact(suites.Accepted[checks.TLSv12].Value[:4])}
			l.o.Addresses[1].Full.Suites = suites
		}, []string{"recovery high configuration: In TLS 1.2, 1 of 2 addresses (192.0.2.2) no longer accepts TLS_RSA_WITH_RC4_128_SHA."}},
		"a status of all": {2, func(l *looked) { l.o.Addresses[0].HTTP.End.Value, l.o.Addresses[1].HTTP.End.Value = 404, 404 }, []string{
			"drift low configuration: The status of the final answer changed from 200 to 404 on both addresses.",
		}},
		"two ways": {4, func(l *looked) { l.o.Addresses[0].HTTP.End.Value, l.o.Addresses[1].HTTP.End.Value = 404, 500 }, []string{
			"drift low configuration: The status of the final answer changed from 200 to 404 on 1 of 4 addresses (192.0.2.1).",
			"regression high configuration: The status of the final answer changed from 200 to 500 on 1 of 4 addresses (192.0.2.2).",
		}},
		"an address more that shows the same": {2, func(l *looked) { l.o.Addresses[1].Address = netip.MustParseAddr("192.0.2.9") }, nil},
		"other addresses that show the same": {2, func(l *looked) {
			l.o.Addresses[0].Address, l.o.Addresses[1].Address = netip.MustParseAddr("192.0.2.8"), netip.MustParseAddr("192.0.2.9")
		}, nil},
		"other addresses that accept more": {2, func(l *looked) {
			accepts(0, 1)(l)
			l.o.Addresses[0].Address, l.o.Addresses[1].Address = netip.MustParseAddr("192.0.2.8"), netip.MustParseAddr("192.0.2.9")
		}, []string{"regression medium configuration: The new addresses now accept TLS 1.0."}},
		"another address with another certificate": {1, func(l *looked) {
			renewed(l, 0)
			l.o.Certificates = l.o.Certificates[1:]
			l.o.Addresses[0].Address = netip.MustParseAddr("192.0.2.8")
		}, []string{"drift low certificate: The new address sends a renewed certificate, valid until 2027-01-30, with the same key."}},
		"other addresses with other certificates among themselves": {2, func(l *looked) {
			renewed(l, 1)
			l.o.Addresses[0].Address, l.o.Addresses[1].Address = netip.MustParseAddr("192.0.2.8"), netip.MustParseAddr("192.0.2.9")
		}, []string{"drift low certificate: The new addresses send other certificates."}},
		"another port": {1, func(l *looked) { l.o.Addresses[0].Port = 8443; accepts(0)(l) }, []string{"regression medium configuration: The new address now accepts TLS 1.0."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := lookAt(t, whole().leaf, whole().intermediate), lookAt(t, whole().leaf, whole().intermediate)
			before.spread(test.count)
			after.spread(test.count)
			test.change(after)
			require.Equal(t, test.want, told(monitor.Compare(*before.s, *after.s)))
		})
	}
}

func TestSubjectsNameAddressesThatDiffer(t *testing.T) {
	t.Parallel()
	for subject, places := range map[string][]int{
		"addresses[*].protocols.TLSv1.0":                   {0, 1, 2},
		"addresses[192.0.2.2].protocols.TLSv1.0":           {1},
		"addresses[192.0.2.1,192.0.2.3].protocols.TLSv1.0": {0, 2},
	} {
		before, after := lookAt(t, whole().leaf, whole().intermediate), lookAt(t, whole().leaf, whole().intermediate)
		before.spread(3)
		after.spread(3)
		accepts(places...)(after)
		changes := monitor.Compare(*before.s, *after.s)
		require.Len(t, changes, 1)
		require.Equal(t, subject, changes[0].Subject)
		require.Equal(t, "refused accepted", changes[0].Before+" "+changes[0].After)
	}
}

// Hops are compared by their URL, and say it where there are several.
func TestCompareHops(t *testing.T) {
	t.Parallel()
	walk := func(l *looked) {
		login := l.h.Hops[0]
		login.URL, login.SameSite = "https://app.example/login", true
		elsewhere := l.h.Hops[0]
		elsewhere.URL = "https://other.example/"
		l.h.Hops = append(slices.Clone(l.h.Hops), login, elsewhere)
	}
	before, after := lookAt(t, whole().leaf, whole().intermediate), lookAt(t, whole().leaf, whole().intermediate)
	walk(before)
	walk(after)
	after.h.Hops[1].Answer.Value.HSTS = checks.AbsentFact[[]string]("")
	after.h.Hops[1].Answer.Value.Server = ""
	after.h.Hops[2].Answer.Value.HSTS = checks.AbsentFact[[]string]("") // of somebody else
	require.Equal(t, []string{
		"regression medium configuration: At https://app.example/login, the server no longer sends Strict-Transport-Security.",
		"drift low configuration: The server product (app.example/login) changed from nginx to not there.",
	}, told(monitor.Compare(*before.s, *after.s)))
}
