package probe

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"syscall"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana"
)

// azureWireServer is the one well-known metadata address that no registry
// holds: Azure's platform answers there from inside a virtual machine. Those of
// other clouds are link-local, unique-local, shared or reserved addresses.
var azureWireServer = netip.AddrFrom4([4]byte{168, 63, 129, 16})

// Vet says whether address may be reached: nil, or an error that names the
// address block and answers checks.ReasonSpecialPurpose. An address with a zone
// may never be reached, not even with AllowAny. An IPv4-mapped address is
// judged as the IPv4 address that a socket would connect to.
func (p *Prober) Vet(address netip.Addr) error {
	if !address.IsValid() || address.Zone() != "" {
		return reasonErrorf(checks.ReasonSpecialPurpose, "%q is not an address that can be vetted", address)
	}
	address = address.Unmap()
	if p.config.AllowAny {
		return nil
	}
	entry, special := iana.SpecialPurpose(address)
	if address == azureWireServer {
		entry, special = iana.Entry{Name: "cloud metadata"}, true
	}
	if !special {
		return nil
	}
	for _, prefix := range p.config.AllowNetworks {
		if prefix.Contains(address) {
			return nil
		}
	}
	return reasonErrorf(checks.ReasonSpecialPurpose, "%s is a special-purpose address (%s)", address,
		strings.TrimSpace(entry.Name+" "+entry.RFC))
}

// control vets the address that a socket is about to connect to.
func (p *Prober) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	destination, err := netip.ParseAddrPort(address)
	if err != nil {
		return &reasonError{reason: checks.ReasonInternal, err: fmt.Errorf("read the address of a socket: %w", err)}
	}
	return p.vetDestination(destination)
}

// vetDestination vets the address, and refuses port 0, which no service has
// (RFC 6335 section 6).
func (p *Prober) vetDestination(destination netip.AddrPort) error {
	if destination.Port() == 0 {
		return reasonErrorf(checks.ReasonSpecialPurpose, "port 0 of %s is reserved", destination.Addr())
	}
	return p.Vet(destination.Addr())
}

// ParseNetworks reads networks separated by commas, each a prefix
// ("10.0.0.0/8") or an address ("127.0.0.1"), as in GRADEWATCH_ALLOW_NETWORKS.
// Empty elements are skipped; the error names the first bad one.
func ParseNetworks(text string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for element := range strings.SplitSeq(text, ",") {
		element = strings.TrimSpace(element)
		if element == "" {
			continue
		}
		prefix, err := parseNetwork(element)
		if err != nil {
			return nil, err
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}

// parseNetwork reads one prefix or address. IPv4-mapped ones become IPv4, since
// that is what Vet compares.
func parseNetwork(element string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(element); err == nil {
		if address.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("network %q has a zone, which no network can have", element)
		}
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(element)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("network %q is neither an address nor a prefix such as 10.0.0.0/8", element)
	}
	if prefix != prefix.Masked() {
		return netip.Prefix{}, fmt.Errorf("network %q has bits beyond its prefix; %s may be meant", element, prefix.Masked())
	}
	if address := prefix.Addr(); address.Is4In6() {
		if prefix.Bits() < 96 {
			return netip.Prefix{}, fmt.Errorf("network %q holds more than the IPv4-mapped addresses", element)
		}
		prefix = netip.PrefixFrom(address.Unmap(), prefix.Bits()-96)
	}
	return prefix, nil
}
