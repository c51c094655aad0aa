package httpsec

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// place is where a request goes. Requests to the same place may share a
// connection.
type place struct {
	address   netip.AddrPort
	scheme    string
	authority string // of the URL
	name      string // for TLS
}

// connection is a TCP connection, with TLS for https, that takes requests one
// after another.
type connection struct {
	net.Conn // with TLS where there is

	reader       *bufio.Reader
	tap          *tap
	version      uint16 // TLS version; 0 over plain TCP
	certificates []checks.Certificate
	connect, tls time.Duration
	requests     int
}

// tap sees when bytes come, and how many.
type tap struct {
	from  io.Reader
	total int64
	since int64     // total when the request was sent
	first time.Time // of the bytes since then
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	if n > 0 && t.total == t.since {
		t.first = time.Now()
	}
	t.total += int64(n)
	return n, err
}

func (t *tap) mark() { t.since, t.first = t.total, time.Time{} }

// connections keeps the connections of one walk that can take another request.
// It is not safe for concurrent use.
type connections struct {
	network  checks.Network
	readTime time.Duration // for the handshake, for the head of an answer, and again for its content
	bytes    int64         // that one connection may bring
	idle     map[place]*connection
}

// close closes what was kept.
func (c *connections) close() {
	for _, conn := range c.idle {
		_ = conn.Close()
	}
	c.idle = nil
}

// take returns a kept connection to at, or nil.
func (c *connections) take(at place) *connection {
	conn := c.idle[at]
	delete(c.idle, at)
	return conn
}

// keep holds conn for the next request if what it may still bring is enough
// for one more answer of the largest size.
func (c *connections) keep(at place, conn *connection) {
	if c.idle == nil || conn.tap.total+maxHeadBytes+maxTransferBytes > c.bytes {
		_ = conn.Close()
		return
	}
	c.idle[at] = conn
}

// open connects. The connection comes back also with the error of a failed
// handshake, closed, for what is known of it; it is nil when TCP did not stand.
func (c *connections) open(ctx context.Context, at place) (*connection, error) {
	started := time.Now()
	raw, err := c.network.Dial(ctx, at.address)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", at.address, err)
	}
	conn := &connection{Conn: raw, connect: time.Since(started)}
	if at.scheme == "https" {
		started = time.Now()
		secured, err := c.handshake(ctx, raw, at.name)
		if conn.tls = time.Since(started); err != nil {
			_ = raw.Close()
			return conn, err
		}
		state := secured.ConnectionState()
		conn.version = state.Version
		for _, certificate := range state.PeerCertificates {
			conn.certificates = append(conn.certificates, checks.NewCertificate(certificate.Raw))
		}
		conn.Conn = secured
	}
	conn.tap = &tap{from: conn.Conn}
	conn.reader = bufio.NewReaderSize(conn.tap, 4<<10)
	return conn, nil
}

func (c *connections) handshake(ctx context.Context, conn net.Conn, name string) (*tls.Conn, error) {
	defer interrupt(ctx, conn)()
	extendDeadline(ctx, conn, c.readTime)
	secured := tls.Client(conn, tlsConfig(name))
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, &handshakeError{err}
	}
	return secured, nil
}

// tlsConfig is that of a client which offers protocols by ALPN.
func tlsConfig(name string, protocols ...string) *tls.Config {
	return &tls.Config{
		ServerName: name,
		NextProtos: protocols,
		// Whether the certificate is valid is judged apart from this, from the
		// chain as sent: a page behind a bad certificate is still looked at.
		// Nothing secret is sent.
		InsecureSkipVerify: true,             //nolint:gosec // see above
		MinVersion:         tls.VersionTLS10, // old servers are looked at too
		CipherSuites:       everySuite(),
	}
}

// everySuite lists what crypto/tls can speak at all, weak ones last.
func everySuite() []uint16 {
	var ids []uint16
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, suite.ID)
	}
	return ids
}

// past is a deadline that is over.
var past = time.Unix(1, 0)

// interrupt unblocks reads and writes of conn when ctx ends, until the function
// it returns is called.
func interrupt(ctx context.Context, conn net.Conn) func() {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(past) })
	return func() { stop() }
}

// extendDeadline gives the next step its time. It does not outlive the look:
// interrupt sets a deadline in the past when ctx ends.
func extendDeadline(ctx context.Context, conn net.Conn, span time.Duration) {
	deadline := time.Now().Add(span)
	if end, ok := ctx.Deadline(); ok && end.Before(deadline) {
		deadline = end
	}
	_ = conn.SetDeadline(deadline) // a connection that cannot take one fails at the next read
	if ctx.Err() != nil {
		_ = conn.SetDeadline(past)
	}
}
