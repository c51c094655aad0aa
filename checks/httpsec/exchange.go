package httpsec

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/probe"
)

// UserAgent says who asks, and where to read why and how to opt out.
const UserAgent = probe.UserAgent

// exchange is one request on a connection of its own, and its answer.
type exchange struct {
	network  checks.Network
	readTime time.Duration // for the handshake, and again for the answer
	sni      string        // instead of the URL's host; empty: that
}

// answer is what came back, before anything is made canonical.
type answer struct {
	head
	version      uint16 // TLS version; 0 over plain TCP
	certificates []checks.Certificate
}

// do sends one request to address and reads the head of the answer. The
// certificates are there also when the HTTP answer is not. connected says
// whether TCP stood, however it ended.
func (e exchange) do(ctx context.Context, method string, u *url.URL, address netip.AddrPort) (result answer, connected bool, err error) {
	conn, err := e.network.Dial(ctx, address)
	if err != nil {
		return answer{}, false, fmt.Errorf("connect to %s: %w", address, err)
	}
	defer conn.Close()                                                    // nothing is written after the answer is read
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(past) }) // unblocks a read when the look ends
	defer stop()
	if u.Scheme == "https" {
		secured, err := e.handshake(ctx, conn, cmp.Or(e.sni, u.Hostname()))
		if err != nil {
			return answer{}, true, err
		}
		state := secured.ConnectionState()
		result.version = state.Version
		for _, certificate := range state.PeerCertificates {
			result.certificates = append(result.certificates, checks.NewCertificate(certificate.Raw))
		}
		conn = secured
	}
	e.extendDeadline(ctx, conn)
	if _, err := io.WriteString(conn, request(method, u)); err != nil {
		return result, true, fmt.Errorf("send request to %s: %w", address, err)
	}
	if result.head, err = readHead(conn); err != nil {
		return result, true, fmt.Errorf("read answer of %s: %w", address, err)
	}
	return result, true, nil
}

// past is a deadline that is over.
var past = time.Unix(1, 0)

func (e exchange) handshake(ctx context.Context, conn net.Conn, host string) (*tls.Conn, error) {
	e.extendDeadline(ctx, conn)
	secured := tls.Client(conn, &tls.Config{
		ServerName: host,
		// Whether the certificate is valid is judged apart from this, from the
		// chain as sent: a page behind a bad certificate is still looked at.
		// Nothing secret is sent.
		InsecureSkipVerify: true,             //nolint:gosec // see above
		MinVersion:         tls.VersionTLS10, // old servers are looked at too
		CipherSuites:       everySuite(),
	})
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, &handshakeError{err}
	}
	return secured, nil
}

// everySuite lists what crypto/tls can speak at all, weak ones last.
func everySuite() []uint16 {
	var ids []uint16
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, suite.ID)
	}
	return ids
}

// extendDeadline gives the next step its read time. It does not outlive the
// look: the callback of do sets a deadline in the past when ctx ends.
func (e exchange) extendDeadline(ctx context.Context, conn net.Conn) {
	deadline := time.Now().Add(e.readTime)
	if end, ok := ctx.Deadline(); ok && end.Before(deadline) {
		deadline = end
	}
	_ = conn.SetDeadline(deadline) // a connection that cannot take one fails at the next read
	if ctx.Err() != nil {
		_ = conn.SetDeadline(past)
	}
}

// request is the text of the request. The method is one of ours, and the URL's
// parts are escaped, so no line end of a Location gets in here.
func request(method string, u *url.URL) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, u.RequestURI(), canonicalAuthority(u))
	b.WriteString("User-Agent: " + UserAgent + "\r\nAccept: text/html,application/xhtml+xml,*/*;q=0.8\r\n")
	if method == "POST" {
		b.WriteString("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n")
	}
	b.WriteString("Connection: close\r\n\r\n")
	return b.String()
}

// handshakeError marks an error as one of the TLS handshake.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return "TLS handshake: " + e.err.Error() }
func (e *handshakeError) Unwrap() error { return e.err }

// reasonOf returns the stable reason for an error of exchange.do.
func reasonOf(ctx context.Context, err error) checks.Reason {
	if cause := ctx.Err(); cause != nil {
		if errors.Is(cause, context.DeadlineExceeded) {
			return checks.ReasonTimeout
		}
		return checks.ReasonCanceled
	}
	switch {
	case errors.Is(err, errHeadTooLarge):
		return checks.ReasonTooLarge
	case errors.Is(err, errHeadMalformed):
		return checks.ReasonMalformed
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return checks.ReasonClosed
	}
	reason := probe.ReasonOf(err)
	var handshake *handshakeError
	if !errors.As(err, &handshake) {
		return reason
	}
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &record):
		return checks.ReasonNotTLS
	case strings.Contains(err.Error(), "parse certificate"):
		// The server is up; crypto/tls, not the server, gave up. Nobody may
		// call that 'down'.
		return checks.ReasonInternal
	case reason == checks.ReasonInternal || reason == "":
		return checks.ReasonHandshakeFailed
	}
	return reason
}
