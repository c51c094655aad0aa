package probe

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/gradewatch/gradewatch/checks"
)

// Bounds of one look that its Limits do not name.
const (
	nameLimit     = 64   // names looked up: more than any walk of redirects needs
	logLimit      = 1000 // lines of the transcript
	logLineLimit  = 500  // bytes of one line
	logLimitReach = "further lines are left out"
)

// Network is the network of one look. It implements checks.Network, and is
// safe for concurrent use. Make one with Prober.Network.
type Network struct {
	prober    *Prober
	limits    checks.Limits
	startedAt time.Time

	addresses *memory[string, []netip.Addr]
	recordSet *memory[recordQuestion, checks.RecordSet]

	mu      sync.Mutex // guards what follows
	reroute map[host][]string
	dialed  map[netip.Addr]int
	records []*record
	log     []checks.LogLine
}

var _ checks.Network = (*Network)(nil)

// record is a checks.ConnectionRecord while its connection is open.
type record struct {
	checks.ConnectionRecord
	sent, received atomic.Int64
}

// Resolve implements checks.Network. It returns special-purpose addresses too:
// Dial refuses them. No more than Limits.Addresses addresses come back, the
// lowest first; the log says what was dropped.
//
// Where Reroute named other places for host, those are resolved.
func (n *Network) Resolve(ctx context.Context, spelling string) checks.Fact[[]netip.Addr] {
	if places := n.reroutes(spelling); len(places) > 0 {
		return n.resolvePlaces(ctx, spelling, places)
	}
	return n.resolve(ctx, spelling)
}

func (n *Network) resolve(ctx context.Context, spelling string) checks.Fact[[]netip.Addr] {
	host := parseHost(spelling)
	switch {
	case host.reason == checks.ReasonNameNotFound:
		n.Logf("resolve %q: no host can be spelled like this", spelling)
		return checks.AbsentFact[[]netip.Addr](host.reason)
	case host.reason != "":
		n.Logf("resolve %q: %s", spelling, host.reason)
		return checks.InconclusiveFact[[]netip.Addr](host.reason)
	case host.literal.IsValid():
		return checks.KnownFact([]netip.Addr{host.literal})
	}
	fact := n.addresses.ask(ctx, host.name, func() checks.Fact[[]netip.Addr] { return n.lookup(ctx, host.name) })
	if fact.Reason == checks.ReasonBudget {
		n.Logf("resolve %s: more than %d names in one look", host.name, nameLimit)
	}
	fact.Value = slices.Clone(fact.Value)
	return fact
}

// lookup asks the resolver once, and puts its answer into canonical form.
func (n *Network) lookup(ctx context.Context, name string) checks.Fact[[]netip.Addr] {
	found, err := n.prober.resolver.lookup(ctx, name, min(attemptTimeout, n.limits.ReadTimeout))
	addresses := canonicalAddresses(found)
	if len(addresses) == 0 && isLocalhost(name) && ctx.Err() == nil {
		addresses = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()} // RFC 6761 section 6.3
	}
	if err != nil {
		n.Logf("resolve %s: %v", name, err)
	}
	switch reason := ReasonOf(err); {
	case len(addresses) > 0:
		return checks.KnownFact(n.limitAddresses(name, addresses))
	case err == nil:
		n.Logf("resolve %s: no address", name)
		return checks.AbsentFact[[]netip.Addr](checks.ReasonNoAddress)
	case reason == checks.ReasonNameNotFound:
		return checks.AbsentFact[[]netip.Addr](reason)
	case reason == checks.ReasonCanceled:
		return checks.InconclusiveFact[[]netip.Addr](reason)
	}
	return checks.InconclusiveFact[[]netip.Addr](checks.ReasonResolverFailed)
}

// canonicalAddresses sorts, and removes duplicates, zones and IPv4-mapping.
func canonicalAddresses(found []netip.Addr) []netip.Addr {
	addresses := make([]netip.Addr, 0, len(found))
	for _, address := range found {
		if address.IsValid() {
			addresses = append(addresses, address.WithZone("").Unmap())
		}
	}
	slices.SortFunc(addresses, netip.Addr.Compare)
	return slices.Compact(addresses)
}

func (n *Network) limitAddresses(name string, addresses []netip.Addr) []netip.Addr {
	if len(addresses) > n.limits.Addresses {
		n.Logf("resolve %s: %d addresses, left out %v", name, len(addresses), addresses[n.limits.Addresses:])
		addresses = addresses[:n.limits.Addresses:n.limits.Addresses]
	}
	n.Logf("resolve %s: %v", name, addresses)
	return addresses
}

// Dial implements checks.Network. The address is vetted and counted before the
// first packet. The connection lives no longer than ctx, reads no more than
// Limits.BytesPerConnection bytes (then its error has ReasonTooLarge), and every
// Read and Write ends within Limits.ReadTimeout, or earlier by a deadline of the
// caller's.
func (n *Network) Dial(ctx context.Context, address netip.AddrPort) (net.Conn, error) {
	return n.DialLimited(ctx, address, n.limits.BytesPerConnection)
}

// DialLimited is Dial for an answer of another size: the connection reads at
// most that many bytes, whatever Limits.BytesPerConnection says. Revocation
// lists are large.
func (n *Network) DialLimited(ctx context.Context, address netip.AddrPort, bytes int64) (net.Conn, error) {
	if err := n.admit(ctx, address); err != nil {
		n.Logf("dial %s: not contacted: %v", address, err)
		return nil, fmt.Errorf("dial %s: %w", address, err)
	}
	destination := netip.AddrPortFrom(address.Addr().Unmap(), address.Port())
	entry := n.newRecord(destination)
	connectCtx, cancel := context.WithTimeout(ctx, n.limits.ConnectTimeout)
	defer cancel()
	connection, err := n.prober.open(connectCtx, destination)
	n.mu.Lock()
	entry.Connect = time.Since(entry.At)
	entry.Reason = ReasonOf(err)
	if err == nil {
		entry.Source = addrPort(connection.LocalAddr())
	}
	n.mu.Unlock()
	if err != nil {
		n.Logf("dial %s: %s", destination, entry.Reason)
		return nil, withReason(err)
	}
	limits := n.limits
	limits.BytesPerConnection = bytes
	return newConn(ctx, connection, limits, entry), nil
}

// admit vets address and takes one connection out of its budget.
func (n *Network) admit(ctx context.Context, address netip.AddrPort) error {
	if err := ctx.Err(); err != nil {
		return withReason(err)
	}
	if err := n.prober.vetDestination(address); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	host := address.Addr().Unmap()
	if n.dialed[host] >= n.limits.ConnectionsPerAddress {
		return reasonErrorf(checks.ReasonBudget, "%d connections to this address are used up", n.dialed[host])
	}
	n.dialed[host]++
	return nil
}

func (n *Network) newRecord(destination netip.AddrPort) *record {
	entry := &record{ConnectionRecord: checks.ConnectionRecord{At: time.Now(), Destination: destination}}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.records = append(n.records, entry)
	return entry
}

func addrPort(address net.Addr) netip.AddrPort {
	known, ok := address.(interface{ AddrPort() netip.AddrPort }) // of TCP or UDP
	if !ok {
		return netip.AddrPort{}
	}
	source := known.AddrPort()
	return netip.AddrPortFrom(source.Addr().Unmap(), source.Port())
}

// Logf implements checks.Network. Lines are bounded, control characters in them
// are replaced, and after 1000 lines nothing more is kept.
func (n *Network) Logf(format string, arguments ...any) {
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, fmt.Sprintf(format, arguments...))
	if len(text) > logLineLimit {
		text = strings.ToValidUTF8(text[:logLineLimit], "") + " ..."
	}
	at := time.Since(n.startedAt)
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case len(n.log) >= logLimit:
		return
	case len(n.log) == logLimit-1:
		text = logLimitReach
	}
	n.log = append(n.log, checks.LogLine{At: at, Text: text})
}

// Measurements implements checks.Network. Addresses that were refused have no
// connection record: nothing was sent to them.
func (n *Network) Measurements() checks.Measurements {
	n.mu.Lock()
	defer n.mu.Unlock()
	measurements := checks.Measurements{
		StartedAt: n.startedAt,
		Duration:  time.Since(n.startedAt),
		Log:       slices.Clone(n.log),
	}
	for _, entry := range n.records {
		connection := entry.ConnectionRecord
		connection.Sent, connection.Received = entry.sent.Load(), entry.received.Load()
		measurements.Connections = append(measurements.Connections, connection)
	}
	return measurements
}
