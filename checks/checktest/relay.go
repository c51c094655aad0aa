package checktest

import (
	"context"
	"io"
	"net"
	"net/netip"
)

// Relay passes everything between a client and a server until one of them
// ends. An RST becomes a FIN on the other side, as a proxy makes of it.
func Relay(ctx context.Context, client net.Conn, server netip.AddrPort) {
	RelayThrough(ctx, client, server, func(answer io.Reader) { _, _ = io.Copy(client, answer) })
}

// RelayThrough is Relay, except that pass writes the server's answer to the
// client as it likes.
func RelayThrough(ctx context.Context, client net.Conn, server netip.AddrPort, pass func(answer io.Reader)) {
	var dialer net.Dialer
	upstream, err := dialer.DialContext(ctx, "tcp", server.String())
	if err != nil {
		return
	}
	defer func() { _ = upstream.Close() }()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(upstream, client)
		_ = upstream.Close()
	}()
	pass(upstream)
	_ = client.Close()
	<-done
}
