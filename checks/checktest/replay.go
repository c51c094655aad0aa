package checktest

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// End is how a Replay ends a connection once its answer is read.
type End uint8

// The ends of a connection.
const (
	EndFIN End = iota
	EndRST
	EndSilence // nothing comes until whoever reads gives up
)

// Replay is a checks.Network in memory: each connection is answered with bytes
// that are known beforehand. Nothing waits but for silence, which
// testing/synctest makes short.
type Replay struct {
	// Answer returns what comes back on the connection of that number, from 0
	// on, whose first piece was hello.
	Answer func(number int64, hello []byte) (answer []byte, end End)

	count atomic.Int64
}

var _ checks.Network = (*Replay)(nil)

// Resolve implements checks.Network: no name is known.
func (r *Replay) Resolve(context.Context, string) checks.Fact[[]netip.Addr] {
	return checks.AbsentFact[[]netip.Addr](checks.ReasonNameNotFound)
}

// Lookup implements checks.Network: no name is known.
func (r *Replay) Lookup(context.Context, string, uint16) checks.Fact[checks.RecordSet] {
	return checks.AbsentFact[checks.RecordSet](checks.ReasonNameNotFound)
}

// Dial implements checks.Network.
func (r *Replay) Dial(context.Context, netip.AddrPort) (net.Conn, error) {
	return &replayed{network: r, number: r.count.Add(1) - 1, changed: make(chan struct{})}, nil
}

// Logf implements checks.Network.
func (r *Replay) Logf(string, ...any) {}

// Measurements implements checks.Network.
func (r *Replay) Measurements() checks.Measurements { return checks.Measurements{} }

// Connections is how many there were.
func (r *Replay) Connections() int { return int(r.count.Load()) }

// replayed is one connection of a Replay.
type replayed struct {
	network *Replay
	number  int64

	mu       sync.Mutex
	changed  chan struct{} // closed when anything below changes
	asked    bool
	answer   []byte
	end      End
	closed   bool
	deadline time.Time
}

// change does something to the connection and wakes who reads it.
func (c *replayed) change(what func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	what()
	close(c.changed)
	c.changed = make(chan struct{})
}

// Write implements net.Conn.
func (c *replayed) Write(piece []byte) (n int, err error) {
	c.change(func() {
		switch {
		case c.closed:
			err = net.ErrClosed
		case c.asked && c.end == EndRST && len(c.answer) == 0:
			err = &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}
		case !c.asked:
			c.asked = true
			c.answer, c.end = c.network.Answer(c.number, piece)
		}
	})
	if err != nil {
		return 0, err
	}
	return len(piece), nil
}

// Read implements net.Conn.
func (c *replayed) Read(piece []byte) (int, error) {
	for {
		count, err, changed, until := c.read(piece)
		if changed == nil {
			return count, err
		}
		if until.IsZero() {
			<-changed
			continue
		}
		timer := time.NewTimer(time.Until(until))
		select {
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// read returns what there is, or what to wait for.
func (c *replayed) read(piece []byte) (count int, err error, changed <-chan struct{}, until time.Time) { //nolint:revive,staticcheck // what to wait for comes last
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return 0, net.ErrClosed, nil, until
	case !c.deadline.IsZero() && !time.Now().Before(c.deadline):
		return 0, os.ErrDeadlineExceeded, nil, until
	case len(c.answer) > 0:
		count = copy(piece, c.answer)
		c.answer = c.answer[count:]
		return count, nil, nil, until
	case c.asked && c.end == EndFIN:
		return 0, io.EOF, nil, until
	case c.asked && c.end == EndRST:
		return 0, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}, nil, until
	default:
		return 0, nil, c.changed, c.deadline
	}
}

// Close implements net.Conn.
func (c *replayed) Close() error {
	c.change(func() { c.closed = true })
	return nil
}

// SetReadDeadline implements net.Conn.
func (c *replayed) SetReadDeadline(at time.Time) error {
	c.change(func() { c.deadline = at })
	return nil
}

// SetDeadline implements net.Conn: writing never waits.
func (c *replayed) SetDeadline(at time.Time) error { return c.SetReadDeadline(at) }

// SetWriteDeadline implements net.Conn.
func (*replayed) SetWriteDeadline(time.Time) error { return nil }

// LocalAddr implements net.Conn.
func (*replayed) LocalAddr() net.Addr { return &net.TCPAddr{IP: loopback.AsSlice()} }

// RemoteAddr implements net.Conn.
func (*replayed) RemoteAddr() net.Addr { return &net.TCPAddr{IP: loopback.AsSlice()} }
