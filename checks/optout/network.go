package optout

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"github.com/gradewatch/gradewatch/checks"
)

// Recorded says whether an opt-out of a host is on record. host is in
// lower-case ASCII, or an address literal.
type Recorded func(ctx context.Context, host string) (bool, error)

// Respect returns network such that it resolves no host that is opted out, the
// target and the hops of redirects alike: Resolve is inconclusive with
// ReasonOptedOut, so that nobody learns an address to connect to. What is on
// record is asked first, then DNS. recorded may be nil; where it fails, Resolve
// is inconclusive too: what cannot be read could be an opt-out.
func Respect(network checks.Network, recorded Recorded) checks.Network {
	return &respectful{Network: network, recorded: recorded, reasons: map[string]checks.Reason{}}
}

// respectful asks before it resolves, once a host.
type respectful struct {
	checks.Network
	recorded Recorded

	mu      sync.Mutex
	reasons map[string]checks.Reason // why a host is not resolved, empty: it is; guarded by mu
}

// Resolve implements checks.Network.
func (n *respectful) Resolve(ctx context.Context, host string) checks.Fact[[]netip.Addr] {
	if reason := n.reason(ctx, host); reason != "" {
		return checks.InconclusiveFact[[]netip.Addr](reason)
	}
	return n.Network.Resolve(ctx, host)
}

// DialLimited implements what probe.Network offers for large answers.
func (n *respectful) DialLimited(ctx context.Context, address netip.AddrPort, bytes int64) (net.Conn, error) {
	dialer, ok := n.Network.(interface {
		DialLimited(ctx context.Context, address netip.AddrPort, bytes int64) (net.Conn, error)
	})
	if !ok {
		return n.Dial(ctx, address)
	}
	return dialer.DialLimited(ctx, address, bytes)
}

// DialPacket implements checks.PacketNetwork, where the network that it wraps does.
func (n *respectful) DialPacket(ctx context.Context, address netip.AddrPort) (net.PacketConn, error) {
	packets, ok := n.Network.(checks.PacketNetwork)
	if !ok {
		return nil, fmt.Errorf("dial udp %s: %w", address, errors.ErrUnsupported)
	}
	return packets.DialPacket(ctx, address)
}

func (n *respectful) reason(ctx context.Context, spelling string) checks.Reason {
	host, err := checks.ASCIIHost(spelling)
	if err != nil {
		return "" // nobody is called like this, and resolving says so
	}
	n.mu.Lock()
	reason, known := n.reasons[host]
	n.mu.Unlock()
	if known {
		return reason
	}
	reason = n.ask(ctx, host)
	if ctx.Err() == nil {
		n.mu.Lock()
		n.reasons[host] = reason
		n.mu.Unlock()
	}
	return reason
}

func (n *respectful) ask(ctx context.Context, host string) checks.Reason {
	if n.recorded != nil {
		out, err := n.recorded(ctx, host)
		switch {
		case err != nil:
			n.Logf("opt-out: what is on record about %s cannot be read: %v", host, err)
			return checks.ReasonInternal
		case out:
			n.Logf("opt-out: %s is on record", host)
			return checks.ReasonOptedOut
		}
	}
	if asked := Asked(ctx, n.Network, host); asked.State == checks.Known && asked.Value {
		return checks.ReasonOptedOut
	}
	return ""
}
