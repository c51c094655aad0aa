package monitor

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// place says on which addresses something is so.
type place struct {
	subject string // what the Subject of a change begins with: addresses[192.0.2.1]
	who     string // "All 6 addresses"
	inside  string // the same inside a sentence: "all 6 addresses"
	on      string // " on all 6 addresses", empty where there is but one
	many    bool
}

// mostAddresses is how many addresses a sentence names.
const mostAddresses = 3

// placeOf names the addresses of those that were looked at. Where all agree
// their number says it.
func placeOf(some []netip.Addr, all int) place {
	const every = "addresses[*]"
	switch {
	case all == 1:
		return place{subject: fmt.Sprintf("addresses[%s]", some[0]), who: "The server", inside: "the server"}
	case len(some) == all && all == 2:
		return place{subject: every, who: "Both addresses", inside: "both addresses", on: " on both addresses", many: true}
	case len(some) == all:
		who := fmt.Sprintf("%d addresses", all)
		return place{subject: every, who: "All " + who, inside: "all " + who, on: " on all " + who, many: true}
	}
	words := make([]string, 0, len(some))
	for _, address := range some {
		words = append(words, address.String())
	}
	shown := words
	if len(words) > mostAddresses {
		shown = append(slices.Clone(words[:mostAddresses]), fmt.Sprintf("%d more", len(words)-mostAddresses))
	}
	who := fmt.Sprintf("%d of %d addresses (%s)", len(some), all, listed(shown))
	return place{subject: "addresses[" + strings.Join(words, ",") + "]", who: who, inside: who, on: " on " + who, many: len(some) > 1}
}

// newPlace names addresses that nobody knew before, all of them.
func newPlace(count int) place {
	who := "new address"
	if count > 1 {
		who = "new addresses"
	}
	return place{subject: "addresses[*]", who: "The " + who, inside: "the " + who, on: " on the " + who, many: count > 1}
}
