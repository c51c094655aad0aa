package httpsec

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/probe"
)

// UserAgent says who asks, and where to read why and how to opt out.
const UserAgent = probe.UserAgent

// request is what is asked of a place.
type request struct {
	method  string // GET, POST or OPTIONS
	url     *url.URL
	fields  []string // header lines besides the usual ones
	content string   // of a POST
	read    bool     // the content of the answer too
}

// answer is what came back, before anything is made canonical.
type answer struct {
	head
	body

	tls          uint16 // TLS version; 0 over plain TCP
	certificates []checks.Certificate
	connected    bool // TCP stood, however it ended
	timings
}

// timings is how long the steps of one request took.
type timings struct {
	reused                  bool
	connect, tls, firstByte time.Duration
}

// do sends one request and reads its answer, on a kept connection where there
// is one: if that one proves closed before a byte of the answer came, once more
// on a new one. What is known stands in the answer also where there is an error.
func (c *connections) do(ctx context.Context, ask request, at place) (answer, error) {
	if conn := c.take(at); conn != nil {
		got, err := c.ask(ctx, conn, ask, at)
		if err == nil || ctx.Err() != nil || conn.tap.total > conn.tap.since || !gone(err) {
			return got, err
		}
	}
	conn, err := c.open(ctx, at)
	if conn == nil {
		return answer{}, err
	}
	if err != nil {
		return answer{connected: true, timings: timings{connect: conn.connect, tls: conn.tls}}, err
	}
	return c.ask(ctx, conn, ask, at)
}

// gone says whether err is that of a connection which the peer has closed.
func gone(err error) bool {
	reason := probe.ReasonOf(err)
	return reason == checks.ReasonClosed || reason == checks.ReasonReset
}

// ask asks over conn, and keeps or closes it.
func (c *connections) ask(ctx context.Context, conn *connection, ask request, at place) (answer, error) {
	defer interrupt(ctx, conn)()
	got := answer{tls: conn.version, certificates: conn.certificates, connected: true}
	if got.reused = conn.requests > 0; !got.reused {
		got.connect, got.timings.tls = conn.connect, conn.tls
	}
	conn.requests++
	extendDeadline(ctx, conn, c.readTime)
	conn.tap.mark()
	sent := time.Now()
	if _, err := io.WriteString(conn, ask.text()); err != nil {
		_ = conn.Close()
		return got, fmt.Errorf("send request to %s: %w", at.address, err)
	}
	var err error
	got.head, err = readHead(conn.reader)
	if !conn.tap.first.IsZero() {
		got.firstByte = conn.tap.first.Sub(sent)
	}
	if err != nil {
		_ = conn.Close()
		return got, fmt.Errorf("read answer of %s: %w", at.address, err)
	}
	if ask.read {
		extendDeadline(ctx, conn, c.readTime)
		if got.body, err = readBody(conn.reader, got.head); err != nil {
			got.body.reason = reasonOf(ctx, err)
			c.network.Logf("http %s: content: %s: %v", at.address, got.body.reason, err)
		}
	}
	if got.ended && persists(got.head) && conn.reader.Buffered() == 0 { // what nobody asked for is no answer to the next request
		c.keep(at, conn)
	} else {
		_ = conn.Close()
	}
	return got, nil
}

// persists says whether the server leaves the connection open (RFC 9112
// section 9.3).
func persists(h head) bool {
	options := strings.ToLower(strings.Join(h.fields["connection"], ","))
	return h.version == "HTTP/1.1" && h.status >= 200 && !strings.Contains(options, "close")
}

// text is the text of the request. The method is one of ours, and the URL's
// parts are escaped, so no line end of a Location gets in here.
func (r request) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.method, r.url.RequestURI(), canonicalAuthority(r.url))
	for _, field := range r.usual() {
		b.WriteString(field + "\r\n")
	}
	b.WriteString("\r\n" + r.content)
	return b.String()
}

// usual lists the header lines that every request has, and its own.
func (r request) usual() []string {
	lines := []string{"User-Agent: " + UserAgent, "Accept: " + acceptedTypes, "Accept-Encoding: identity"}
	if r.method == "POST" {
		lines = append(lines, "Content-Length: "+strconv.Itoa(len(r.content)))
	}
	return append(lines, r.fields...)
}

const acceptedTypes = "text/html,application/xhtml+xml,*/*;q=0.8"

// formContent is the header line of a form's content.
const formContent = "Content-Type: application/x-www-form-urlencoded"

// handshakeError marks an error as one of the TLS handshake.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return "TLS handshake: " + e.err.Error() }
func (e *handshakeError) Unwrap() error { return e.err }

// reasonOf returns the stable reason for an error of this package.
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
	case errors.Is(err, errHeadMalformed), errors.Is(err, errChunks):
		return checks.ReasonMalformed
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return checks.ReasonClosed
	}
	reason := probe.ReasonOf(err)
	if handshake, ok := errors.AsType[*handshakeError](err); ok {
		return handshakeReason(handshake, reason)
	}
	return reason
}

func handshakeReason(err error, reason checks.Reason) checks.Reason {
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
