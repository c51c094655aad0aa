package conversation

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// overall is how much longer than one answer a whole exchange may take: a peer
// that sends a byte a second holds no probe for ever.
const overall = 6 * time.Second

// Conn is one connection of a probe. Every Read waits no longer than the
// patience that it was opened with, and all of them together a few seconds more.
type Conn struct {
	net.Conn
	// Reader reads records and messages from the connection.
	Reader *wire.Reader

	peer     *Peer
	patience time.Duration
	deadline time.Time
	leave    func()
	stop     func() bool

	began     time.Time
	connected time.Duration
	sent      time.Time
	firstByte time.Time
	unread    bool // nothing came since the last Write
}

// Unconnected is the error of Open: there is no connection, or none is allowed.
type Unconnected struct{ Reaction Reaction }

func (u *Unconnected) Error() string { return "no connection: " + u.Reaction.String() }

// Reason implements checks.ReasonError.
func (u *Unconnected) Reason() checks.Reason { return u.Reaction.reason() }

// Open waits for its turn and opens a connection out of the budget. Its error
// is always an *Unconnected. Close must be called.
func (p *Peer) Open(ctx context.Context) (*Conn, error) { return p.open(ctx, false, p.Patience()) }

// OpenPatiently is Open for connections whose reactions are waited for longer:
// oracle probes trust a silence only after 8 s.
func (p *Peer) OpenPatiently(ctx context.Context, patience time.Duration) (*Conn, error) {
	return p.open(ctx, false, patience)
}

func (p *Peer) open(ctx context.Context, alone bool, patience time.Duration) (*Conn, error) {
	if p.health.isStopped() {
		return nil, &Unconnected{Reaction{Kind: Failed, Reason: checks.ReasonDegraded, Unconnected: true}}
	}
	if !p.spend() {
		return nil, &Unconnected{Reaction{Kind: Failed, Reason: checks.ReasonBudget, Unconnected: true}}
	}
	return p.connect(ctx, alone, patience)
}

// connect is open without asking the budget.
func (p *Peer) connect(ctx context.Context, alone bool, patience time.Duration) (*Conn, error) {
	leave, err := p.enter(ctx, alone)
	if err != nil {
		return nil, &Unconnected{interruptedOr(ctx)}
	}
	stays := false
	defer func() {
		if !stays { // also where a network of ours panics
			leave()
		}
	}()
	began := time.Now()
	conn, err := p.config.Network.Dial(ctx, p.config.Address)
	if err != nil {
		return nil, &Unconnected{unconnected(ctx, err)}
	}
	stays = true
	now := time.Now()
	c := &Conn{
		Conn: conn, peer: p, patience: patience, deadline: now.Add(patience + p.overall()), leave: leave,
		began: began, connected: now.Sub(began),
	}
	c.Reader = &wire.Reader{Source: c}
	c.stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
	return c, nil
}

// overall is how much longer than one wait an exchange may take.
func (p *Peer) overall() time.Duration {
	if p.config.Economical {
		return 0
	}
	return overall
}

func interruptedOr(ctx context.Context) Reaction {
	reaction := interrupted(ctx)
	reaction.Unconnected = true
	return reaction
}

// unconnected is the reaction to a SYN. An RST so early that connect sees it
// may come from a server that resets what it just accepted.
func unconnected(ctx context.Context, err error) Reaction {
	if ctx.Err() != nil {
		return interruptedOr(ctx)
	}
	reason := ReasonOf(err, checks.ReasonInternal)
	if reason == checks.ReasonReset {
		return Reaction{Kind: RST, Unconnected: true}
	}
	return Reaction{Kind: Failed, Reason: reason, Unconnected: true}
}

// Read implements io.Reader.
func (c *Conn) Read(piece []byte) (int, error) {
	until := time.Now().Add(c.patience)
	if until.After(c.deadline) {
		until = c.deadline
	}
	if err := c.SetReadDeadline(until); err != nil {
		return 0, fmt.Errorf("set the deadline of a read: %w", err)
	}
	count, err := c.Conn.Read(piece)
	if count > 0 {
		if c.firstByte.IsZero() {
			c.firstByte = time.Now()
		}
		c.unread = false
	}
	return count, err //nolint:wrapcheck // io.EOF is compared by who reads
}

// Write implements io.Writer.
func (c *Conn) Write(piece []byte) (int, error) {
	if c.sent.IsZero() {
		c.sent = time.Now()
	}
	c.unread = true
	return c.Conn.Write(piece) //nolint:wrapcheck // Normalize reads it
}

// Extend gives the whole exchange that much longer: for handshakes within
// handshakes.
func (c *Conn) Extend(longer time.Duration) { c.deadline = c.deadline.Add(longer) }

// Reaction normalizes an error of this connection. What came before the last
// Write does not count as part of an answer.
func (c *Conn) Reaction(ctx context.Context, err error) Reaction {
	received := c.Reader.Received
	if c.unread {
		received = 0
	}
	return Normalize(ctx, err, received)
}

// Close ends the connection and lets the next one in.
func (c *Conn) Close() error {
	c.stop()
	err := c.Conn.Close()
	c.leave()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err //nolint:wrapcheck // nobody looks at it: nothing was promised to the peer
}

// Worked notes that the server answered with a ServerHello on this connection,
// which proves that it still answers.
func (c *Conn) Worked() { c.peer.health.note(c.roundTrip(), true, c.began, time.Now()) }

// roundTrip is the longer of connecting and waiting for the first byte.
func (c *Conn) roundTrip() time.Duration {
	if c.firstByte.IsZero() || c.sent.IsZero() {
		return c.connected
	}
	return max(c.connected, c.firstByte.Sub(c.sent))
}
