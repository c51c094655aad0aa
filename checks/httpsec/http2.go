package httpsec

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

const http2Protocol = "h2" // by ALPN (RFC 9113 section 3.2)

// http2 offers HTTP/2 on a connection of its own and requests the URL over it,
// following nothing. It also returns the Alt-Svc fields of the answer.
func (w *walker) http2(ctx context.Context) (checks.Fact[int], []string) {
	port, ok := portOf(w.start)
	if !ok {
		return checks.InconclusiveFact[int](checks.ReasonMalformed), nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*w.connections.readTime)
	defer cancel()
	status, services, offered, err := w.overHTTP2(ctx, port)
	switch {
	case err != nil:
		reason := reasonOf(ctx, err)
		if offered && reason == checks.ReasonInternal { // net/http has no type for its faults of HTTP/2
			reason = checks.ReasonMalformed
		}
		w.network.Logf("http/2 %s: %s: %v", w.address, reason, err)
		return checks.InconclusiveFact[int](reason), nil
	case !offered:
		w.network.Logf("http/2 %s: not chosen by ALPN", w.address)
		return checks.AbsentFact[int](""), nil
	}
	w.network.Logf("http/2 %s: status %d", w.address, status)
	return checks.KnownFact(status), services
}

// overHTTP2 returns the status and Alt-Svc fields of an answer whose content is
// not read; offered says whether the server chose HTTP/2.
func (w *walker) overHTTP2(ctx context.Context, port uint16) (status int, services []string, offered bool, err error) {
	record := checks.RequestRecord{Address: w.address.Addr(), URL: CanonicalURL(w.start), Hop: besides}
	started := time.Now()
	raw, err := w.network.Dial(ctx, w.ownAddress(port))
	if err != nil {
		return 0, nil, false, fmt.Errorf("connect: %w", err)
	}
	defer raw.Close()
	defer interrupt(ctx, raw)()
	record.Connect, started = time.Since(started), time.Now()
	extendDeadline(ctx, raw, w.connections.readTime)
	secured := tls.Client(raw, tlsConfig(w.serverName(), http2Protocol, "http/1.1"))
	if err := secured.HandshakeContext(ctx); err != nil {
		return 0, nil, false, &handshakeError{err}
	}
	record.TLS = time.Since(started)
	if secured.ConnectionState().NegotiatedProtocol != http2Protocol {
		return 0, nil, false, nil
	}
	extendDeadline(ctx, raw, w.connections.readTime)
	transport := http2Over(secured)
	defer transport.CloseIdleConnections()
	ask, err := get(ctx, w.start)
	if err != nil {
		return 0, nil, true, err
	}
	started = time.Now()
	got, err := transport.RoundTrip(ask)
	if err != nil {
		return 0, nil, true, fmt.Errorf("request: %w", err)
	}
	record.FirstByte = time.Since(started)
	w.requests = append(w.requests, record)
	return got.StatusCode, got.Header.Values("Alt-Svc"), true, got.Body.Close()
}

// http2Over speaks HTTP/2 over conn, which has chosen it.
func http2Over(conn *tls.Conn) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	return &http.Transport{
		DialTLSContext:         func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		Protocols:              &protocols,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeadBytes,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerConnection: maxBodyBytes, MaxReceiveBufferPerStream: maxBodyBytes, MaxReadFrameSize: 16 << 10,
		},
	}
}
