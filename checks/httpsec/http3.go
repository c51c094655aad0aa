package httpsec

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"github.com/gradewatch/gradewatch/checks"
)

// http3 requests the URL over HTTP/3 (RFC 9114) where Alt-Svc or the HTTPS
// record of DNS offers it on the target's own host. first is what HTTP/1.1
// showed: where that is inconclusive, no offer proves nothing.
func (w *walker) http3(ctx context.Context, first checks.Fact[int], services []string) checks.Fact[int] {
	port, offered := alternativePort(services, w.start.Hostname())
	if !offered {
		record := w.recordedPort(ctx)
		switch {
		case record.State == checks.Inconclusive:
			return checks.InconclusiveFact[int](record.Reason)
		case record.State != checks.Known && first.State == checks.Inconclusive:
			return first
		case record.State != checks.Known:
			return checks.AbsentFact[int]("")
		}
		port = record.Value
	}
	packets, ok := w.network.(checks.PacketNetwork)
	if !ok {
		w.network.Logf("http/3 %s: offered, and this network has no UDP", w.address)
		return checks.Fact[int]{}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*w.connections.readTime)
	defer cancel()
	address := w.ownAddress(port)
	status, err := w.overHTTP3(ctx, packets, address)
	if err == nil {
		w.network.Logf("http/3 %s: status %d", address, status)
		return checks.KnownFact(status)
	}
	reason := quicReason(ctx, err)
	w.network.Logf("http/3 %s: %s: %v", address, reason, err)
	if reason == checks.ReasonRefused { // the port is closed, whatever is offered
		return checks.AbsentFact[int](reason)
	}
	return checks.InconclusiveFact[int](reason)
}

// overHTTP3 returns the status of an answer whose content is not read.
func (w *walker) overHTTP3(ctx context.Context, packets checks.PacketNetwork, address netip.AddrPort) (int, error) {
	record := checks.RequestRecord{Address: address.Addr(), URL: CanonicalURL(w.start), Hop: besides}
	socket, err := packets.DialPacket(ctx, address)
	if err != nil {
		return 0, fmt.Errorf("open a socket: %w", err)
	}
	defer func() { _ = socket.Close() }()
	transport := &quic.Transport{Conn: socket}
	defer func() { _ = transport.Close() }()
	settings := tlsConfig(w.serverName(), http3.NextProtoH3)
	settings.MinVersion = tls.VersionTLS13
	started := time.Now()
	conn, err := transport.Dial(ctx, net.UDPAddrFromAddrPort(address), settings, w.quicConfig())
	if err != nil {
		return 0, fmt.Errorf("QUIC handshake: %w", err)
	}
	defer conn.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "") //nolint:errcheck // the socket is closed next
	record.TLS, started = time.Since(started), time.Now()
	ask, err := get(ctx, w.start)
	if err != nil {
		return 0, err
	}
	client := (&http3.Transport{DisableCompression: true, MaxResponseHeaderBytes: maxHeadBytes}).NewClientConn(conn)
	got, err := client.RoundTrip(ask)
	if err != nil {
		return 0, fmt.Errorf("request: %w", err)
	}
	record.FirstByte = time.Since(started)
	w.requests = append(w.requests, record)
	return got.StatusCode, got.Body.Close()
}

func (w *walker) quicConfig() *quic.Config {
	return &quic.Config{
		HandshakeIdleTimeout: w.connections.readTime, MaxIdleTimeout: w.connections.readTime,
		InitialStreamReceiveWindow: maxBodyBytes, MaxStreamReceiveWindow: maxBodyBytes,
		InitialConnectionReceiveWindow: maxBodyBytes, MaxConnectionReceiveWindow: maxBodyBytes,
		MaxIncomingStreams: -1, DisablePathMTUDiscovery: true,
	}
}

// quicReason is reasonOf for errors of QUIC and HTTP/3.
func quicReason(ctx context.Context, err error) checks.Reason {
	reason := reasonOf(ctx, err)
	if reason != checks.ReasonInternal {
		return reason
	}
	if failure, ok := errors.AsType[*quic.TransportError](err); ok {
		switch {
		case failure.ErrorCode.IsCryptoError():
			return checks.ReasonHandshakeFailed
		case failure.ErrorCode == quic.ConnectionRefused:
			return checks.ReasonRefused
		}
	}
	if _, ok := errors.AsType[*quic.VersionNegotiationError](err); ok {
		return checks.ReasonHandshakeFailed
	}
	return checks.ReasonMalformed
}
