// Package iana knows which addresses are special-purpose: the IANA IPv4 and
// IPv6 Special-Purpose Address Registries (RFC 6890), embedded. It must not
// resolve, dial or decide who may reach what; checks/probe does.
//
// The two registry files are in the registries' own format, so that they can be
// replaced by newer ones as they are. supplement.csv, in the same format, adds
// what IANA keeps in other registries: multicast, deprecated forms, and that
// nothing outside of 2000::/3 is global unicast.
package iana

import (
	"bytes"
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// Entry is one address block of a registry.
type Entry struct {
	Prefix netip.Prefix
	Name   string // "Private-Use"
	RFC    string // as the registry writes it: "[RFC1918]"
	// GloballyReachable is true only where the registry says True (RFC 8190
	// section 2): blocks with N/A (6to4, Teredo) or nothing (deprecated) are not.
	GloballyReachable bool
}

//go:embed data/*.csv
var files embed.FS

// registryFiles are read in this order.
var registryFiles = [...]string{
	"data/iana-ipv4-special-registry-1.csv",
	"data/iana-ipv6-special-registry-1.csv",
	"data/supplement.csv",
}

// translation is 64:ff9b::/96 (RFC 6052 section 2.1): globally reachable, and
// a NAT64 sends it to the IPv4 address in its last 32 bits.
var translation = netip.MustParsePrefix("64:ff9b::/96")

// registry holds every entry, the longest prefix first. The files are embedded
// and tested, so that a fault in them is a fault of the build.
var registry = sync.OnceValue(func() []Entry {
	var entries []Entry
	for _, name := range registryFiles {
		content, err := files.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("read the embedded registry %s: %v", name, err))
		}
		parsed, err := parse(bytes.NewReader(content))
		if err != nil {
			panic(fmt.Sprintf("parse the embedded registry %s: %v", name, err))
		}
		entries = append(entries, parsed...)
	}
	slices.SortStableFunc(entries, func(a, b Entry) int { return b.Prefix.Bits() - a.Prefix.Bits() })
	return entries
})

// SpecialPurpose says whether address is special-purpose: not a globally
// reachable unicast address. entry is the most specific block that holds it,
// and the zero Entry where no registry names it.
//
// More specific blocks win, so 192.0.0.9 is not special though 192.0.0.0/24 is.
// An address in 64:ff9b::/96 is what its IPv4 address is; IPv4-mapped,
// IPv4-compatible, 6to4, Teredo and 64:ff9b:1::/48 addresses are special
// whatever they hold. So is an address with a zone (RFC 4007), and the zero
// netip.Addr.
func SpecialPurpose(address netip.Addr) (entry Entry, special bool) {
	if !address.IsValid() {
		return Entry{Name: "Invalid address"}, true
	}
	if address.Zone() != "" {
		entry, special = SpecialPurpose(address.WithZone(""))
		if !special {
			entry = Entry{Name: "Zoned address", RFC: "[RFC4007]"}
		}
		return entry, true
	}
	entry, found := lookup(address)
	switch {
	case !found:
		return Entry{}, false
	case entry.Prefix == translation:
		if embedded, special := SpecialPurpose(embeddedIPv4(address)); special {
			return embedded, true
		}
	}
	return entry, !entry.GloballyReachable
}

// lookup returns the longest block that holds address.
func lookup(address netip.Addr) (Entry, bool) {
	for _, entry := range registry() {
		if entry.Prefix.Contains(address) {
			return entry, true
		}
	}
	return Entry{}, false
}

// embeddedIPv4 returns the IPv4 address in the last 32 bits.
func embeddedIPv4(address netip.Addr) netip.Addr {
	raw := address.As16()
	return netip.AddrFrom4([4]byte(raw[12:]))
}

// The columns that are read.
const (
	columnBlock     = "Address Block"
	columnName      = "Name"
	columnRFC       = "RFC"
	columnReachable = "Globally Reachable"
)

// parse reads a registry in IANA's CSV format.
func parse(r io.Reader) ([]Entry, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read CSV: %w", err)
	}
	if len(rows) < 2 {
		return nil, errors.New("the registry has no rows")
	}
	column := make(map[string]int)
	for i, name := range rows[0] {
		column[name] = i
	}
	for _, name := range []string{columnBlock, columnName, columnRFC, columnReachable} {
		if _, ok := column[name]; !ok {
			return nil, fmt.Errorf("the registry has no column %q", name)
		}
	}
	var entries []Entry
	for _, row := range rows[1:] {
		prefixes, err := parseBlocks(row[column[columnBlock]])
		if err != nil {
			return nil, err
		}
		reachable, _, _ := strings.Cut(row[column[columnReachable]], " [")
		for _, prefix := range prefixes {
			entries = append(entries, Entry{
				Prefix:            prefix,
				Name:              strings.Trim(row[column[columnName]], `"`),
				RFC:               strings.Join(strings.Fields(row[column[columnRFC]]), " "),
				GloballyReachable: reachable == "True",
			})
		}
	}
	return entries, nil
}

// parseBlocks reads the odd forms of the first column too: two blocks in a row
// ("192.0.0.170/32, 192.0.0.171/32") and footnotes ("2002::/16 [3]").
func parseBlocks(cell string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for block := range strings.SplitSeq(cell, ",") {
		block, _, _ = strings.Cut(strings.TrimSpace(block), " [")
		prefix, err := netip.ParsePrefix(block)
		if err != nil {
			return nil, fmt.Errorf("address block %q: %w", cell, err)
		}
		if prefix != prefix.Masked() {
			return nil, fmt.Errorf("address block %q has bits beyond its prefix", cell)
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}
