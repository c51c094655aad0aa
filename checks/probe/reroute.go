package probe

import (
	"context"
	"net/netip"

	"github.com/gradewatch/gradewatch/checks"
)

// Reroute makes Resolve answer for a host with the addresses of places: names or
// address literals that stand in its stead for this look, as 'curl --resolve'
// and 'curl --connect-to' do. Dial vets them like any other address. Call it
// before the look begins; a later call for the same host replaces an earlier
// one, and no places undo it.
func (n *Network) Reroute(spelling string, places ...string) {
	place := parseHost(spelling)
	if place.reason != "" {
		return // nobody resolves what no host can be called
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.reroute == nil {
		n.reroute = make(map[host][]string)
	}
	n.reroute[place] = places
}

func (n *Network) reroutes(spelling string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.reroute) == 0 {
		return nil
	}
	return n.reroute[parseHost(spelling)]
}

// resolvePlaces gathers the addresses of places. When some have one and others
// do not, those that have count.
func (n *Network) resolvePlaces(ctx context.Context, spelling string, places []string) checks.Fact[[]netip.Addr] {
	n.Logf("resolve %q: looked for at %q instead, as asked", spelling, places)
	var addresses []netip.Addr
	var failed checks.Fact[[]netip.Addr]
	for _, place := range places {
		found := n.resolve(ctx, place)
		if found.State != checks.Known {
			failed = found
			continue
		}
		addresses = append(addresses, found.Value...)
	}
	addresses = canonicalAddresses(addresses)
	if len(addresses) == 0 {
		return failed
	}
	return checks.KnownFact(n.limitAddresses(spelling, addresses))
}
