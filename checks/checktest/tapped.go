package checktest

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"

	"github.com/gradewatch/gradewatch/checks"
)

// Tapped is a network that keeps what is received, for one connection at a time.
type Tapped struct {
	checks.Network

	received bytes.Buffer
}

// Received is everything that came so far.
func (n *Tapped) Received() []byte { return n.received.Bytes() }

// Dial implements checks.Network.
func (n *Tapped) Dial(ctx context.Context, address netip.AddrPort) (net.Conn, error) {
	conn, err := n.Network.Dial(ctx, address)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what was attempted
	}
	return &tap{conn, io.TeeReader(conn, &n.received)}, nil
}

type tap struct {
	net.Conn

	reader io.Reader
}

// Read implements net.Conn.
func (t *tap) Read(piece []byte) (int, error) { return t.reader.Read(piece) } //nolint:wrapcheck // io.EOF is compared by who reads
