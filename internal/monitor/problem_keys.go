package monitor

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/gradewatch/gradewatch/checks"
)

// mostProblemKeys bounds the keys of one problem.
const mostProblemKeys = 16

// ProblemKeys say what a failing verdict of an endpoint has in common with other
// problems of its team: one that shares a key has the same cause. They are
// sorted, and at most 16.
//
//   - criteria:<profile@version> and engine:<version>: what we changed ourselves,
//     team-wide, and nothing else.
//   - trust:<version>: whom browsers trust changed, team-wide.
//   - certificate:<sha256>: of each leaf that the verdict rests on.
//   - <requirement>@host:<host>:<port>: what the network shows of a host.
//   - <requirement>@address:<ip>:<port>: what is a server's and no page's.
//   - unreachable@address:<ip>:<port>: nothing answers there.
//   - unresolved@domain:<domain>: the name leads nowhere, as others of the domain.
//   - <requirement>@application:<id>: what is registered.
//
// observation is what was judged; nil where nothing on the network was looked at.
func ProblemKeys(endpoint Endpoint, verdict checks.Verdict, observation *checks.Observation, cause checks.Cause, versions Versions) []string {
	switch blameOf(cause) {
	case blameCriteria:
		return []string{"criteria:" + verdict.Profile}
	case blameEngine:
		return []string{"engine:" + versions.Engine}
	}
	host := endpoint.Host()
	if observation == nil || host == "" || !showsOnNetwork(verdict) {
		return []string{fmt.Sprintf("%s@application:%d", verdict.Requirement, endpoint.ApplicationID)}
	}
	var keys []string
	if cause == checks.CauseTrustData {
		keys = append(keys, "trust:"+versions.TrustData)
	}
	port := portOf(endpoint)
	keys = append(keys, fmt.Sprintf("%s@host:%s:%d", verdict.Requirement, host, port))
	keys = append(keys, addressKeys(verdict, observation, port)...)
	if unresolved(verdict) {
		keys = append(keys, "unresolved@domain:"+domainOf(host))
	}
	return mergeKeys(nil, keys, mostProblemKeys)
}

// mergeKeys adds keys to those that there are, up to a bound, and sorts them.
// What is more widely shared comes before single addresses.
func mergeKeys(had, more []string, most int) []string {
	keys := slices.Clone(had)
	more = slices.Clone(more)
	slices.SortStableFunc(more, func(a, b string) int { return width(a) - width(b) })
	for _, key := range more {
		if len(keys) < most && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// width orders keys by how widely they are shared, the widest first.
func width(key string) int {
	switch {
	case !strings.Contains(key, "@"):
		return 0
	case strings.Contains(key, "@address:"):
		return 2
	default:
		return 1
	}
}

// showsOnNetwork says whether a proof names anything that the network showed. A
// verdict without proof does not say, and counts as one that does.
func showsOnNetwork(verdict checks.Verdict) bool {
	shown := func(proof checks.Proof) bool {
		registered := []string{"url", "value", "value_kind", "inventory", "kind", "application_type", "environment", "client_id", "records.registered"}
		return !slices.Contains(registered, proof.Fact)
	}
	return len(verdict.Proof) == 0 || slices.ContainsFunc(verdict.Proof, shown)
}

// addressKeys are those of the addresses that a verdict names: their leaf where
// it is about certificates, the server where it is about that.
func addressKeys(verdict checks.Verdict, observation *checks.Observation, port uint16) []string {
	var keys []string
	down := down([]checks.Verdict{verdict})
	for _, proof := range verdict.Proof {
		address, rest, named := addressOf(proof.Fact)
		if !named {
			continue
		}
		at := slices.IndexFunc(observation.Addresses, func(a checks.AddressObservation) bool { return a.Address == address })
		server := netip.AddrPortFrom(address.Unmap(), port)
		if at >= 0 && observation.Addresses[at].Port != 0 {
			server = netip.AddrPortFrom(address.Unmap(), observation.Addresses[at].Port)
		}
		switch {
		case down:
			keys = append(keys, fmt.Sprintf("unreachable@address:%s", server))
		case strings.Contains(rest, "certificates"):
			if at >= 0 && len(observation.Addresses[at].TLS.Chain.Value) > 0 {
				keys = append(keys, fmt.Sprintf("certificate:%s", observation.Addresses[at].TLS.Chain.Value[0]))
			}
		case !ofPage(proof.Fact):
			keys = append(keys, fmt.Sprintf("%s@address:%s", verdict.Requirement, server))
		}
	}
	if down && len(keys) == 0 { // it names the walk and no address: none of them answers
		for _, one := range observation.Addresses {
			server := netip.AddrPortFrom(one.Address.Unmap(), one.Port)
			keys = append(keys, fmt.Sprintf("unreachable@address:%s", server))
		}
	}
	return keys
}

// unresolved says whether a verdict fails since the name leads nowhere. Names of
// one domain have their name servers in common.
func unresolved(verdict checks.Verdict) bool {
	return slices.ContainsFunc(verdict.Proof, func(proof checks.Proof) bool {
		return proof.Fact == "dns.addresses"
	})
}

// domainOf returns the registrable domain of a host: what one party runs the
// name servers of. A host that has none is its own.
func domainOf(host string) string {
	if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return domain
	}
	return host
}

// ofPage says whether a fact is about one page, so that another host at the same
// address says nothing about it. Headers that protect a host are its server's.
func ofPage(fact string) bool {
	return strings.HasPrefix(fact, "http[") && !containsAny(fact, ".plain_http", ".hsts", ".headers")
}

// addressOf reads the address off the path of a fact: addresses[192.0.2.1].protocols.
func addressOf(fact string) (address netip.Addr, rest string, named bool) {
	for _, family := range []string{"addresses[", "http["} {
		inside, found := strings.CutPrefix(fact, family)
		if !found {
			continue
		}
		text, rest, closed := strings.Cut(inside, "]")
		address, err := netip.ParseAddr(text)
		return address, rest, closed && err == nil
	}
	return netip.Addr{}, "", false
}

// FailingAddresses lists the addresses that failing verdicts name, sorted: '2 of
// 6 backends'. Empty where they name none.
func FailingAddresses(verdicts []checks.Verdict) []netip.Addr {
	var addresses []netip.Addr
	for _, verdict := range verdicts {
		for _, proof := range verdict.Proof {
			if address, _, named := addressOf(proof.Fact); named && verdict.Result == checks.Fail {
				addresses = append(addresses, address.Unmap())
			}
		}
	}
	slices.SortFunc(addresses, netip.Addr.Compare)
	return slices.Compact(addresses)
}

// portOf returns the port that is looked at.
func portOf(endpoint Endpoint) uint16 {
	u, err := url.Parse(endpoint.Subject().URL())
	if err != nil {
		return 443
	}
	if port, err := netip.ParseAddrPort("192.0.2.1:" + u.Port()); err == nil && port.Port() != 0 {
		return port.Port()
	}
	if strings.EqualFold(u.Scheme, "http") {
		return 80
	}
	return 443
}

// shared says whether a key may be other endpoints' too, of a team whose hosts,
// addresses and certificates serve more than one.
func shared(key string) bool {
	return strings.HasPrefix(key, "certificate:") || strings.Contains(key, "@host:") || strings.Contains(key, "@address:")
}
