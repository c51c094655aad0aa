package session

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// dial returns a connection that ends with the test, at latest after the
// deadline of ctx.
func dial(t testing.TB, address netip.AddrPort) (context.Context, net.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address.String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return ctx, conn
}

func connect(t testing.TB, address netip.AddrPort, config Config) *Session {
	t.Helper()
	ctx, conn := dial(t, address)
	session, err := Handshake(ctx, conn, config)
	require.NoError(t, err)
	require.True(t, session.Complete)
	return session
}

// exchange asks for a page and ends the session. It fails unless HTTP comes back.
func exchange(t testing.TB, session *Session) {
	t.Helper()
	_, err := session.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
	require.NoError(t, err)
	answer, err := io.ReadAll(io.LimitReader(session, 1<<20))
	if err != nil { // many servers end without close_notify
		require.ErrorIs(t, err, io.EOF)
	}
	require.True(t, bytes.HasPrefix(answer, []byte("HTTP/1.")), "%q", answer)
	if conn, ok := session.conn.(net.Conn); ok { // s_server serves one at a time
		_ = session.Close()
		_ = conn.Close()
	}
}

func renegotiateOnce(t *testing.T, address netip.AddrPort) (*Session, error) {
	t.Helper()
	ctx, conn := dial(t, address)
	session, err := Handshake(ctx, conn, Config{})
	require.NoError(t, err)
	return session.Renegotiate(ctx, Config{})
}
