package probe

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

var _ checks.PacketNetwork = (*Network)(nil)

// DialPacket implements checks.PacketNetwork. The address is vetted, and counted
// as one connection of it, before the socket is made. The socket exchanges
// datagrams with that address only, lives no longer than ctx, and fails once it
// has read Limits.BytesPerConnection bytes (its error then has ReasonTooLarge)
// or sent as many.
func (n *Network) DialPacket(ctx context.Context, address netip.AddrPort) (net.PacketConn, error) {
	if err := n.admit(ctx, address); err != nil {
		n.Logf("dial udp %s: not contacted: %v", address, err)
		return nil, fmt.Errorf("dial udp %s: %w", address, err)
	}
	destination := netip.AddrPortFrom(address.Addr().Unmap(), address.Port())
	entry := n.newRecord(destination)
	dialer := net.Dialer{ControlContext: n.prober.control}
	connection, err := dialer.DialContext(ctx, "udp", destination.String())
	n.mu.Lock()
	entry.Reason = ReasonOf(err)
	if err == nil {
		entry.Source = addrPort(connection.LocalAddr())
	}
	n.mu.Unlock()
	if err != nil {
		n.Logf("dial udp %s: %s", destination, entry.Reason)
		return nil, withReason(err)
	}
	socket := &packetConn{connection: connection, ctx: ctx, limit: n.limits.BytesPerConnection, entry: entry}
	socket.stop = context.AfterFunc(ctx, func() { _ = socket.closeNow() })
	return socket, nil
}

// packetConn is a connected UDP socket as a net.PacketConn: what others send is
// dropped by the system, and nobody can make it send elsewhere.
type packetConn struct {
	connection net.Conn
	ctx        context.Context //nolint:containedctx // the socket lives no longer than it
	stop       func() bool     // releases ctx
	limit      int64
	entry      *record

	closeOnce sync.Once
	closeErr  error
}

// ReadFrom reads one datagram.
func (c *packetConn) ReadFrom(p []byte) (int, net.Addr, error) {
	if c.entry.received.Load() > c.limit {
		return 0, nil, c.tooLarge("read from")
	}
	n, err := c.connection.Read(p)
	c.entry.received.Add(int64(n))
	if err != nil {
		return n, c.connection.RemoteAddr(), c.explain("read from", err)
	}
	return n, c.connection.RemoteAddr(), nil
}

// WriteTo sends one datagram. to must be the address that was dialed.
func (c *packetConn) WriteTo(p []byte, to net.Addr) (int, error) {
	if place, ok := to.(*net.UDPAddr); !ok || unmapped(place.AddrPort()) != c.entry.Destination {
		return 0, reasonErrorf(checks.ReasonSpecialPurpose, "write to %s: the socket is for %s", to, c.entry.Destination)
	}
	if c.entry.sent.Load() > c.limit {
		return 0, c.tooLarge("write to")
	}
	n, err := c.connection.Write(p)
	c.entry.sent.Add(int64(n))
	if err != nil {
		return n, c.explain("write to", err)
	}
	return n, nil
}

func unmapped(address netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(address.Addr().Unmap().WithZone(""), address.Port())
}

func (c *packetConn) tooLarge(what string) error {
	return reasonErrorf(checks.ReasonTooLarge, "%s %s: more than %d bytes", what, c.entry.Destination, c.limit)
}

func (c *packetConn) explain(what string, err error) error {
	if cause := c.ctx.Err(); cause != nil {
		return withReason(fmt.Errorf("%s %s: %w", what, c.entry.Destination, cause))
	}
	return err
}

// Close closes the socket; a second Close gives the result of the first.
func (c *packetConn) Close() error {
	c.stop()
	return c.closeNow()
}

func (c *packetConn) closeNow() error {
	c.closeOnce.Do(func() { c.closeErr = c.connection.Close() })
	return c.closeErr
}

// LocalAddr returns the socket's own address.
func (c *packetConn) LocalAddr() net.Addr { return c.connection.LocalAddr() }

// SetDeadline implements net.PacketConn.
func (c *packetConn) SetDeadline(deadline time.Time) error { return c.connection.SetDeadline(deadline) }

// SetReadDeadline implements net.PacketConn.
func (c *packetConn) SetReadDeadline(deadline time.Time) error {
	return c.connection.SetReadDeadline(deadline)
}

// SetWriteDeadline implements net.PacketConn.
func (c *packetConn) SetWriteDeadline(deadline time.Time) error {
	return c.connection.SetWriteDeadline(deadline)
}

// SetReadBuffer and SetWriteBuffer leave the system's buffers as they are: a
// look takes few datagrams. QUIC asks for more than most systems grant.
func (*packetConn) SetReadBuffer(int) error  { return nil }
func (*packetConn) SetWriteBuffer(int) error { return nil }
