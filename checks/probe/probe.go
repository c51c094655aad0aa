package probe

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Config says how a Prober resolves and what it may reach. The zero Config is
// the safe service: the system's resolver, no special-purpose address.
type Config struct {
	// Resolver is the host:port of a DNS server (see ParseResolver), asked
	// instead of the system's. Empty means the system's resolver. It is operator
	// configuration, and exempt from the address filter.
	Resolver string
	// AllowNetworks are special-purpose networks that may be reached all the same.
	AllowNetworks []netip.Prefix
	// AllowAny turns the address filter off: for a terminal, never for a service.
	AllowAny bool
	// Roots verify servers in HTTPTransport. Nil means the system's roots.
	Roots *x509.CertPool
}

// Prober makes the Networks of looks. It holds no state of its own, and is
// safe for concurrent use.
type Prober struct {
	config   Config
	resolver resolver
	// resolvConf is where Lookup finds the system's resolvers, which answer at
	// resolverPort. Tests change both.
	resolvConf, resolverPort string
	// connect replaces connectTCP in tests.
	connect func(ctx context.Context, destination netip.AddrPort) (net.Conn, error)
}

// New returns a Prober for config.
func New(config Config) *Prober {
	config.AllowNetworks = slices.Clone(config.AllowNetworks)
	return &Prober{config: config, resolver: newResolver(config), resolvConf: "/etc/resolv.conf", resolverPort: resolverPort}
}

// Network returns the network of one look that begins now. Zero limits mean
// their defaults. The look's deadline is the caller's: it stands in the
// contexts of Resolve and Dial.
func (p *Prober) Network(limits checks.Limits) *Network {
	return &Network{
		prober:    p,
		limits:    limits.WithDefaults(),
		startedAt: time.Now(),
		addresses: newMemory[string, []netip.Addr](nameLimit),
		recordSet: newMemory[recordQuestion, checks.RecordSet](lookupLimit),
		dialed:    make(map[netip.Addr]int),
	}
}

// open opens the connection that Dial has vetted and counted.
func (p *Prober) open(ctx context.Context, destination netip.AddrPort) (net.Conn, error) {
	if p.connect != nil {
		return p.connect(ctx, destination)
	}
	return p.connectTCP(ctx, destination)
}

// connectTCP connects to a literal address, so that nothing resolves here. The
// address is vetted again where the socket connects: belt and braces.
func (p *Prober) connectTCP(ctx context.Context, destination netip.AddrPort) (net.Conn, error) {
	dialer := net.Dialer{KeepAlive: -1, ControlContext: p.control}
	dialer.SetMultipathTCP(false)
	return dialer.DialContext(ctx, "tcp", destination.String())
}
