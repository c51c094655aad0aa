package probe

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// conn bounds a connection in bytes and time, and counts what passes.
type conn struct {
	net.Conn
	ctx     context.Context //nolint:containedctx // the connection lives no longer than it
	stop    func() bool     // releases ctx
	timeout time.Duration
	limit   int64
	entry   *record

	closeOnce sync.Once
	closeErr  error

	mu            sync.Mutex // guards the caller's deadlines
	readDeadline  time.Time
	writeDeadline time.Time
}

func newConn(ctx context.Context, connection net.Conn, limits checks.Limits, entry *record) *conn {
	c := &conn{
		Conn: connection, ctx: ctx, timeout: limits.ReadTimeout, limit: limits.BytesPerConnection, entry: entry,
	}
	c.stop = context.AfterFunc(ctx, func() { _ = c.closeNow() })
	return c
}

// Read reads up to the byte limit. Whether more would come is asked before the
// limit is called passed, so that an answer of exactly the limit still ends in EOF.
func (c *conn) Read(p []byte) (int, error) {
	remaining := c.limit - c.entry.received.Load()
	if remaining < 0 {
		return 0, c.tooLarge()
	}
	if int64(len(p)) > remaining {
		p = p[:max(remaining, 1)]
	}
	if err := c.extend(c.Conn.SetReadDeadline, &c.readDeadline); err != nil {
		return 0, c.explain("read from", err)
	}
	n, err := c.Conn.Read(p)
	if total := c.entry.received.Add(int64(n)); total > c.limit {
		return 0, c.tooLarge()
	}
	if err != nil {
		err = c.explain("read from", err)
	}
	return n, err
}

func (c *conn) tooLarge() error {
	return reasonErrorf(checks.ReasonTooLarge, "read from %s: more than %d bytes", c.entry.Destination, c.limit)
}

// Write writes all of p.
func (c *conn) Write(p []byte) (int, error) {
	if err := c.extend(c.Conn.SetWriteDeadline, &c.writeDeadline); err != nil {
		return 0, c.explain("write to", err)
	}
	n, err := c.Conn.Write(p)
	c.entry.sent.Add(int64(n))
	if err != nil {
		err = c.explain("write to", err)
	}
	return n, err
}

// explain says why a connection was closed under its user. Other errors pass
// as they are: io.EOF is compared, not unwrapped, by its readers.
func (c *conn) explain(what string, err error) error {
	if cause := c.ctx.Err(); cause != nil {
		return withReason(fmt.Errorf("%s %s: %w", what, c.entry.Destination, cause))
	}
	return err
}

// extend sets the deadline of one Read or Write.
func (c *conn) extend(set func(time.Time) error, callers *time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return set(c.earlier(*callers))
}

// earlier returns the caller's deadline, or that of the read timeout.
func (c *conn) earlier(callers time.Time) time.Time {
	own := time.Now().Add(c.timeout)
	if callers.IsZero() || own.Before(callers) {
		return own
	}
	return callers
}

// SetDeadline sets both deadlines of the caller.
func (c *conn) SetDeadline(deadline time.Time) error {
	if err := c.SetReadDeadline(deadline); err != nil {
		return err
	}
	return c.SetWriteDeadline(deadline)
}

// SetReadDeadline sets the caller's deadline; the read timeout stays.
func (c *conn) SetReadDeadline(deadline time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readDeadline = deadline
	return c.Conn.SetReadDeadline(c.earlier(deadline))
}

// SetWriteDeadline sets the caller's deadline; the read timeout stays.
func (c *conn) SetWriteDeadline(deadline time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeDeadline = deadline
	return c.Conn.SetWriteDeadline(c.earlier(deadline))
}

// CloseWrite sends a FIN and leaves the other direction open.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close closes the connection; a second Close gives the result of the first.
func (c *conn) Close() error {
	c.stop()
	return c.closeNow()
}

func (c *conn) closeNow() error {
	c.closeOnce.Do(func() { c.closeErr = c.Conn.Close() })
	return c.closeErr
}
