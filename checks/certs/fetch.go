package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/probe"
)

// Bounds of one request.
const (
	redirectsAtMost = 2
	headerBytes     = 32 << 10
	urlBytes        = 2 << 10
	overheadBytes   = 256 << 10 // on a connection, besides the answer: TLS, headers, redirects
	tlsReadTimeout  = 5 * time.Second
)

// failure is an error with a reason.
type failure struct {
	reason checks.Reason
	err    error
}

func (f *failure) Error() string         { return f.err.Error() }
func (f *failure) Unwrap() error         { return f.err }
func (f *failure) Reason() checks.Reason { return f.reason }

func failed(reason checks.Reason, format string, arguments ...any) error {
	return &failure{reason: reason, err: fmt.Errorf(format, arguments...)}
}

// request is one question to somebody's HTTP server.
type request struct {
	url         string
	body        []byte // POST where it is not nil
	contentType string // of the body
	accept      string
	etag, since string // of what is at hand
	bytes       int64  // of the answer, at most
	secure      bool   // only https will do
}

// reply is an answer with status 200, or 304 where the request allows it.
type reply struct {
	status      int
	body        []byte
	etag, since string // to ask for changes only
	retryAfter  string
	givenBack   func() // returns the bytes of the body to their budget
}

// allowed reads a URL that a certificate or a directory names.
func allowed(text string, secure bool) (*url.URL, error) {
	if len(text) > urlBytes {
		return nil, failed(checks.ReasonTooLarge, "a URL of %d bytes", len(text))
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, failed(checks.ReasonMalformed, "read the URL %q: %w", text, err)
	}
	if u.Scheme != "https" && (secure || u.Scheme != "http") {
		return nil, failed(checks.ReasonUnsupportedScheme, "%q is not asked", text)
	}
	if u.Hostname() == "" || u.User != nil {
		return nil, failed(checks.ReasonMalformed, "%q names no host, or a user", text)
	}
	return u, nil
}

// fetch asks once. Its error always has a reason (see probe.ReasonOf).
func (l *look) fetch(ctx context.Context, r request) (reply, error) {
	u, err := allowed(r.url, r.secure)
	if err != nil {
		return reply{}, err
	}
	release, err := l.slot(ctx)
	if err != nil {
		return reply{}, err
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, l.fetchTime)
	defer cancel()
	answer, err := l.exchange(ctx, u, r)
	if err != nil {
		l.network.Logf("pki %s: %s: %v", u, probe.ReasonOf(err), err)
		return reply{}, err
	}
	l.network.Logf("pki %s: status %d, %d bytes", u, answer.status, len(answer.body))
	return answer, nil
}

// slot waits until one more request may run, and counts it.
func (l *look) slot(ctx context.Context) (release func(), err error) {
	if l.fetches.Add(1) > fetchesOfALook {
		return nil, failed(checks.ReasonBudget, "more than %d requests to others in one look", fetchesOfALook)
	}
	select {
	case l.slots <- struct{}{}:
		return func() { <-l.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *look) exchange(ctx context.Context, u *url.URL, r request) (reply, error) {
	method := http.MethodGet
	var body io.Reader
	if r.body != nil {
		method, body = http.MethodPost, bytes.NewReader(r.body)
	}
	message, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return reply{}, failed(checks.ReasonMalformed, "write the request: %w", err)
	}
	message.Header.Set("User-Agent", probe.UserAgent)
	for name, value := range map[string]string{
		"Accept": r.accept, "Content-Type": r.contentType, "If-None-Match": r.etag, "If-Modified-Since": r.since,
	} {
		if value != "" {
			message.Header.Set(name, value)
		}
	}
	response, err := l.client(ctx, r).Do(message)
	if err != nil {
		return reply{}, reasoned(err)
	}
	defer response.Body.Close()
	conditional := r.etag != "" || r.since != ""
	if response.StatusCode != http.StatusOK && (response.StatusCode != http.StatusNotModified || !conditional) {
		return reply{}, &statusError{status: response.StatusCode}
	}
	answer, err := l.readReply(response, r.bytes)
	if err == nil && ctx.Err() != nil {
		// A server that sees us leave may still end what it sends, in good form: what
		// came is not all that there was.
		answer.givenBack()
		return reply{}, reasoned(ctx.Err())
	}
	return answer, err
}

// statusError is an answer other than 200.
type statusError struct{ status int }

func (e *statusError) Error() string         { return "the answer has status " + strconv.Itoa(e.status) }
func (e *statusError) Reason() checks.Reason { return checks.ReasonHTTPStatus }

func (l *look) readReply(response *http.Response, limit int64) (reply, error) {
	answer := reply{
		status: response.StatusCode, etag: bounded(response.Header.Get("ETag")), since: bounded(response.Header.Get("Last-Modified")),
		retryAfter: bounded(response.Header.Get("Retry-After")),
	}
	taken := &budgeted{reader: response.Body, budget: &l.collector.reading}
	body, err := io.ReadAll(io.LimitReader(taken, limit+1))
	switch {
	case err != nil:
		taken.release()
		return reply{}, reasoned(err)
	case int64(len(body)) > limit:
		taken.release()
		return reply{}, failed(checks.ReasonTooLarge, "more than %d bytes", limit)
	}
	answer.body, answer.givenBack = body, taken.release
	return answer, nil
}

// budgeted counts what is read against the budget of the process.
type budgeted struct {
	reader io.Reader
	budget *byteBudget
	taken  int64
}

func (b *budgeted) Read(p []byte) (int, error) {
	n, err := b.reader.Read(p)
	if !b.budget.take(int64(n), bytesBeingRead) {
		return 0, failed(checks.ReasonBudget, "too much is being read at a time")
	}
	b.taken += int64(n)
	return n, err
}

func (b *budgeted) release() {
	b.budget.release(b.taken)
	b.taken = 0
}

// bounded keeps a header's value where it is of a sensible length.
func bounded(value string) string {
	const limit = 256
	if len(value) > limit {
		return ""
	}
	return value
}

func reasoned(err error) error {
	if refused, ok := errors.AsType[*failure](err); ok {
		return refused
	}
	return failed(probe.ReasonOf(err), "%w", err)
}

// client returns an HTTP client for one request and its redirects. Each of them
// resolves and is vetted anew, by the network.
func (l *look) client(ctx context.Context, r request) *http.Client {
	limit := r.bytes + overheadBytes
	return &http.Client{
		Transport: &http.Transport{
			Proxy: nil, // the filter would see the proxy's address
			DialContext: func(_ context.Context, _, address string) (net.Conn, error) {
				return l.dial(ctx, address, limit) // the request's own context: http.Transport cuts it off
			},
			TLSClientConfig:        &tls.Config{RootCAs: l.collector.Config.RootCAs, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    tlsReadTimeout,
			MaxResponseHeaderBytes: headerBytes,
			DisableKeepAlives:      true,
			DisableCompression:     true,
		},
		CheckRedirect: func(next *http.Request, way []*http.Request) error {
			if len(way) > redirectsAtMost {
				return failed(checks.ReasonTooManyRedirects, "more than %d redirects", redirectsAtMost)
			}
			_, err := allowed(next.URL.String(), way[len(way)-1].URL.Scheme == "https")
			return err
		},
	}
}

// limitedDialer is a network whose connections may read more than its limits
// say: revocation lists are larger than what a server says.
type limitedDialer interface {
	DialLimited(ctx context.Context, address netip.AddrPort, bytes int64) (net.Conn, error)
}

var _ limitedDialer = (*probe.Network)(nil)

// dial connects to the first address of a host:port that answers.
func (l *look) dial(ctx context.Context, hostPort string, limit int64) (net.Conn, error) {
	host, service, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, failed(checks.ReasonMalformed, "read %q: %w", hostPort, err)
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, failed(checks.ReasonMalformed, "read the port of %q: %w", hostPort, err)
	}
	addresses := l.network.Resolve(ctx, host)
	if addresses.State != checks.Known {
		return nil, failed(addresses.Reason, "resolve %s", host)
	}
	const addressesAtMost = 3
	var failures error
	for _, address := range addresses.Value[:min(len(addresses.Value), addressesAtMost)] {
		connection, err := l.open(ctx, netip.AddrPortFrom(address, uint16(port)), limit)
		if err == nil {
			return connection, nil
		}
		failures = err
	}
	return nil, failures
}

func (l *look) open(ctx context.Context, address netip.AddrPort, limit int64) (net.Conn, error) {
	if dialer, ok := l.network.(limitedDialer); ok {
		return dialer.DialLimited(ctx, address, limit)
	}
	return l.network.Dial(ctx, address)
}
