package ownership

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec/content"
	"github.com/gradewatch/gradewatch/checks/probe"
)

// Bounds of one request.
const (
	fileBytes     = 4 << 10   // of the file
	pageBytes     = 256 << 10 // of a page: a meta tag stands in its head
	headerBytes   = 64 << 10
	redirectsMost = 1 // on the host itself
	requestTime   = 10 * time.Second
)

// asker requests pages of one host.
type asker struct {
	network checks.Network
	host    string
}

// file says whether the well-known file holds the token on a line of its own.
func (a *asker) file(ctx context.Context, token string) checks.Fact[string] {
	address := (&url.URL{Scheme: "https", Host: bracketed(a.host), Path: FilePath}).String()
	got, fact := a.get(ctx, address, fileBytes)
	if fact.State != checks.Known {
		return fact
	}
	for line := range strings.Lines(string(got.body)) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "\ufeff")
		if token != "" && strings.TrimPrefix(line, RecordPrefix) == token {
			return fact
		}
	}
	return checks.AbsentFact[string](checks.ReasonNoToken)
}

// meta says whether a page has the meta tag in its head. What stands in the body
// counts for nothing, and neither does what is no HTML: there others may write.
func (a *asker) meta(ctx context.Context, page, token string) checks.Fact[string] {
	got, fact := a.get(ctx, page, pageBytes)
	if fact.State == checks.Known && !(isHTML(got.contentType) && got.hasMeta(token)) {
		return checks.AbsentFact[string](checks.ReasonNoToken)
	}
	return fact
}

// answer is the beginning of what was answered.
type answer struct {
	url         *url.URL
	contentType string
	body        []byte
}

func (a answer) hasMeta(token string) bool {
	read := content.Read(content.Input{
		URL: a.url, Status: http.StatusOK, Fields: map[string][]string{"content-type": {a.contentType}}, Body: a.body,
	})
	return token != "" && slices.Contains(read.Tokens, token)
}

// get requests a page. Known is its URL, with the beginning of its body; Absent
// that the host says it has none, or leads elsewhere.
func (a *asker) get(ctx context.Context, address string, limit int64) (answer, checks.Fact[string]) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{}, checks.InconclusiveFact[string](checks.ReasonMalformed)
	}
	request.Header.Set("User-Agent", probe.UserAgent)
	request.Header.Set("Accept-Encoding", "identity")
	response, err := a.client(ctx).Do(request)
	if err != nil {
		a.network.Logf("ownership: %s: %v", address, err)
		return answer{}, faultOf(err)
	}
	defer response.Body.Close()
	a.network.Logf("ownership: %s: status %d", address, response.StatusCode)
	switch status := response.StatusCode; {
	case status == http.StatusNotFound || status == http.StatusGone:
		return answer{}, checks.AbsentFact[string](checks.ReasonHTTPStatus)
	case status != http.StatusOK: // a wall, or a fault that may pass
		return answer{}, checks.InconclusiveFact[string](checks.ReasonHTTPStatus)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit))
	if err != nil {
		return answer{}, faultOf(err)
	}
	return answer{response.Request.URL, response.Header.Get("Content-Type"), body}, checks.KnownFact(address)
}

func isHTML(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "text/html" || kind == "application/xhtml+xml")
}

// elsewhereError is a redirect to another host, or away from https.
type elsewhereError struct{ location string }

func (e *elsewhereError) Error() string { return "leads to " + e.location }

// faultOf says what an error means: a name that does not exist and a way that
// leads elsewhere hold no token, and everything else may pass.
func faultOf(err error) checks.Fact[string] {
	var elsewhere *elsewhereError
	if errors.As(err, &elsewhere) {
		return checks.AbsentFact[string](checks.ReasonLeadsElsewhere)
	}
	reason := probe.ReasonOf(err)
	if reason == checks.ReasonNameNotFound || reason == checks.ReasonNoAddress {
		return checks.AbsentFact[string](reason)
	}
	return checks.InconclusiveFact[string](reason)
}

// client returns an HTTP client that stays on the host, on https and port 443.
func (a *asker) client(ctx context.Context) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:       nil, // the filter would see the proxy's address
			DialContext: func(_ context.Context, _, address string) (net.Conn, error) { return a.dial(ctx, address) },
			TLSClientConfig: &tls.Config{
				InsecureSkipVerify: true, //nolint:gosec // whoever answers there is who is asked; see Look
				MinVersion:         tls.VersionTLS10,
			},
			MaxResponseHeaderBytes: headerBytes,
			DisableKeepAlives:      true,
			DisableCompression:     true,
		},
		CheckRedirect: func(next *http.Request, way []*http.Request) error {
			if len(way) > redirectsMost {
				return &reasonError{checks.ReasonTooManyRedirects}
			}
			if next.URL.Scheme != "https" || next.URL.Port() != "" && next.URL.Port() != "443" || !sameHost(next.URL, a.host) {
				return &elsewhereError{next.URL.Redacted()}
			}
			return nil
		},
	}
}

// reasonError is a checks.ReasonError.
type reasonError struct{ reason checks.Reason }

func (e *reasonError) Error() string         { return string(e.reason) }
func (e *reasonError) Reason() checks.Reason { return e.reason }

// dial connects to the first address of a host:port that answers.
func (a *asker) dial(ctx context.Context, hostPort string) (net.Conn, error) {
	host, service, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", hostPort, err)
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("read the port of %q: %w", hostPort, err)
	}
	addresses := a.network.Resolve(ctx, host)
	if addresses.State != checks.Known {
		return nil, &reasonError{addresses.Reason}
	}
	const addressesMost = 2
	var failure error
	for _, address := range addresses.Value[:min(len(addresses.Value), addressesMost)] {
		connection, err := a.network.Dial(ctx, netip.AddrPortFrom(address, uint16(port)))
		if err == nil {
			return connection, nil
		}
		failure = err
	}
	return nil, failure
}
