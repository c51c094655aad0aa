package dnsrec

import (
	"context"
	"net/netip"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"github.com/gradewatch/gradewatch/checks"
)

// Records asks DNS about the target's host. It sends at most one question for
// each label of the host and six more. An address literal has no records.
func Records(ctx context.Context, network checks.Network, target checks.Target) checks.Records {
	host := strings.TrimSuffix(target.Host, ".")
	if _, err := netip.ParseAddr(host); err == nil {
		return checks.Records{
			Aliases: checks.AbsentFact[[]string](checks.ReasonNoRecord),
			CAA:     checks.AbsentFact[checks.CAA](checks.ReasonNoRecord),
			TLSA:    checks.AbsentFact[[]checks.TLSA](checks.ReasonNoRecord),
		}
	}
	addresses := addressRecords(ctx, network, host)
	records := checks.Records{
		Aliases: aliases(addresses),
		CAA:     authorizations(ctx, network, host),
		DNSSEC:  authenticated(ctx, network, addresses),
	}
	if records.DNSSEC.State == checks.Known {
		records.TLSA = announced(ctx, network, target.Port, bases(host, records))
	}
	return records
}

// addressRecords asks for A, and for AAAA where there is none.
func addressRecords(ctx context.Context, network checks.Network, host string) checks.Fact[checks.RecordSet] {
	addresses := network.Lookup(ctx, host, dns.TypeA)
	if addresses.State == checks.Absent && addresses.Reason == checks.ReasonNoRecord {
		return network.Lookup(ctx, host, dns.TypeAAAA)
	}
	return addresses
}

func aliases(addresses checks.Fact[checks.RecordSet]) checks.Fact[[]string] {
	switch {
	case addresses.State != checks.Known:
		return checks.Fact[[]string]{State: addresses.State, Reason: addresses.Reason}
	case len(addresses.Value.Aliases) == 0:
		return checks.AbsentFact[[]string](checks.ReasonNoRecord)
	}
	return checks.KnownFact(addresses.Value.Aliases)
}

// authenticated says whether DNSSEC vouches for the host's addresses. A
// resolver that does not say so of the root, which has been signed since 2010,
// validates nothing or is not to be believed: then nobody was asked.
func authenticated(ctx context.Context, network checks.Network, addresses checks.Fact[checks.RecordSet]) checks.Fact[bool] {
	switch {
	case addresses.State != checks.Known:
		return checks.Fact[bool]{State: addresses.State, Reason: addresses.Reason}
	case addresses.Value.Authenticated:
		return checks.KnownFact(true)
	}
	root := network.Lookup(ctx, ".", dns.TypeNS)
	switch {
	case root.State == checks.Inconclusive:
		return checks.InconclusiveFact[bool](root.Reason)
	case root.Value.Authenticated:
		return checks.KnownFact(false)
	}
	network.Logf("records: the resolver does not say what DNSSEC vouches for; TLSA is not asked for")
	return checks.Fact[bool]{}
}

// bases are the names to look for TLSA records below, in order: where the host
// leads to if DNSSEC vouches for the way, then the host (RFC 7671 section 7).
func bases(host string, records checks.Records) []string {
	if way := records.Aliases.Value; len(way) > 0 && records.DNSSEC.Value {
		return []string{way[len(way)-1], host}
	}
	return []string{host}
}

// announced returns the TLSA records of the first base that has any that DNSSEC
// vouches for; others mean nothing (RFC 6698 section 4.1).
func announced(ctx context.Context, network checks.Network, port uint16, bases []string) checks.Fact[[]checks.TLSA] {
	var last checks.Fact[checks.RecordSet]
	for _, base := range bases {
		last = network.Lookup(ctx, "_"+strconv.Itoa(int(port))+"._tcp."+base, dns.TypeTLSA)
		switch {
		case last.State == checks.Inconclusive:
			return checks.InconclusiveFact[[]checks.TLSA](last.Reason)
		case last.State == checks.Known && last.Value.Authenticated:
			return readTLSA(last.Value.Data)
		case last.State == checks.Known:
			network.Logf("records: TLSA of %s: DNSSEC does not vouch for them", base)
		}
	}
	return checks.AbsentFact[[]checks.TLSA](checks.ReasonNoRecord)
}
