package monitor_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/gradewatch/gradewatch/checks"
)

func TestCompareDNS(t *testing.T) {
	t.Parallel()
	compared(t, map[string]comparison{
		"another address": {
			func(l *looked) {
				l.o.DNS.Addresses.Value = append(slices.Clone(l.o.DNS.Addresses.Value), netip.MustParseAddr("192.0.2.2"))
			},
			[]string{"drift low configuration: app.example now also resolves to 192.0.2.2."},
			[]string{"drift low configuration: app.example no longer resolves to 192.0.2.2."},
		},
		"one address for another": {
			func(l *looked) { l.o.DNS.Addresses.Value = []netip.Addr{netip.MustParseAddr("192.0.2.2")} },
			[]string{"drift low configuration: app.example now resolves to 192.0.2.2 and no longer resolves to 192.0.2.1."},
			[]string{"drift low configuration: app.example now resolves to 192.0.2.1 and no longer resolves to 192.0.2.2."},
		},
		"no address": {
			func(l *looked) {
				l.o.DNS.Addresses, l.o.Addresses = checks.AbsentFact[[]netip.Addr](checks.ReasonNameNotFound), nil
			},
			[]string{"drift low configuration: app.example no longer resolves to any address."},
			[]string{"drift low configuration: app.example now resolves to 192.0.2.1."},
		},
		"a resolver that does not answer": {
			func(l *looked) {
				l.o.DNS.Addresses = checks.InconclusiveFact[[]netip.Addr](checks.ReasonResolverFailed)
			},
			nil,
			nil,
		},
		"another alias": {
			func(l *looked) { l.o.Records.Aliases = checks.KnownFact([]string{"other.example"}) },
			[]string{"drift low configuration: The alias (CNAME) changed from edge.provider.example to other.example."},
			[]string{"drift low configuration: The alias (CNAME) changed from other.example to edge.provider.example."},
		},
		"another alias of the provider's": {
			func(l *looked) {
				l.o.Records.Aliases = checks.KnownFact([]string{"edge.provider.example", "pool-3.provider.example"})
			},
			nil,
			nil,
		},
		"no alias": {
			func(l *looked) { l.o.Records.Aliases = checks.AbsentFact[[]string]("") },
			[]string{"drift low configuration: The alias (CNAME) changed from edge.provider.example to none."},
			[]string{"drift low configuration: The alias (CNAME) changed from none to edge.provider.example."},
		},
		"another issuer by CAA": {
			func(l *looked) {
				l.o.Records.CAA = checks.KnownFact(checks.CAA{Domain: "app.example", Records: []checks.CAARecord{{Tag: "issue", Value: "digicert.com"}}})
			},
			[]string{"drift low configuration: The CAA record set of app.example now has issue \"digicert.com\" and no longer has issue \"letsencrypt.org\"."},
			[]string{"drift low configuration: The CAA record set of app.example now has issue \"letsencrypt.org\" and no longer has issue \"digicert.com\"."},
		},
		"no CAA": {
			func(l *looked) { l.o.Records.CAA = checks.AbsentFact[checks.CAA]("") },
			[]string{"drift low configuration: The CAA record set of app.example is gone: issue \"letsencrypt.org\"."},
			[]string{"drift low configuration: The CAA record set of app.example is new: issue \"letsencrypt.org\"."},
		},
		"another TLSA record": {
			func(l *looked) {
				l.o.Records.TLSA = checks.KnownFact([]checks.TLSA{{Usage: 3, Selector: 1, MatchingType: 1, Data: "cd34"}})
			},
			[]string{"drift low configuration: The TLSA record set of app.example now has 3 1 1 cd34 and no longer has 3 1 1 ab12."},
			[]string{"drift low configuration: The TLSA record set of app.example now has 3 1 1 ab12 and no longer has 3 1 1 cd34."},
		},
		"no DNSSEC": {
			func(l *looked) { l.o.Records.DNSSEC = checks.KnownFact(false) },
			[]string{"regression medium configuration: app.example is no longer signed with DNSSEC."},
			[]string{"recovery medium configuration: app.example is now signed with DNSSEC."},
		},
		"not registered": {
			func(l *looked) { l.o.Records.Registered = checks.KnownFact(false) },
			[]string{"regression high configuration: The URL is no longer registered as a redirect URL at SuperOffice's sign-in service."},
			[]string{"recovery high configuration: The URL is now registered as a redirect URL at SuperOffice's sign-in service."},
		},
	})
}
