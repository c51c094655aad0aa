package ownership

import (
	"bytes"
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
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"

	"github.com/gradewatch/gradewatch/checks"
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
	body, fact := a.get(ctx, address, fileBytes)
	if fact.State != checks.Known {
		return fact
	}
	for line := range strings.Lines(string(body)) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "\ufeff")
		if token != "" && strings.TrimPrefix(line, RecordPrefix) == token {
			return fact
		}
	}
	return checks.AbsentFact[string](checks.ReasonNoToken)
}

// meta says whether a page has the meta tag.
func (a *asker) meta(ctx context.Context, page, token string) checks.Fact[string] {
	body, fact := a.get(ctx, page, pageBytes)
	if fact.State == checks.Known && !hasMeta(body, token) {
		return checks.AbsentFact[string](checks.ReasonNoToken)
	}
	return fact
}

// hasMeta says whether the head of a page has the meta tag with the token. What
// stands in the body counts for nothing: there visitors may write.
func hasMeta(page []byte, token string) bool {
	tokens := html.NewTokenizer(bytes.NewReader(page))
	tokens.SetMaxBuf(pageBytes)
	text := "" // the element whose text this is
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return false
		case html.TextToken:
			if text == "" && len(bytes.TrimSpace(bytes.TrimPrefix(tokens.Text(), []byte("\ufeff")))) > 0 {
				return false
			}
		case html.EndTagToken:
			if name, _ := tokens.TagName(); string(name) == "head" {
				return false
			}
			text = ""
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := tokens.Token()
			if tag.Data == "meta" && metaIs(tag.Attr, token) {
				return true
			}
			known, holdsText := inHead(tag.Data)
			if !known {
				return false
			}
			if text = ""; holdsText {
				text = tag.Data
			}
		}
	}
}

// inHead says whether an element may stand in a head, or around it, and whether
// text may stand in it. Any other one begins the body (HTML, section
// 13.2.6.4.4).
func inHead(name string) (known, holdsText bool) {
	switch name {
	case "html", "head", "meta", "link", "base":
		return true, false
	case "title", "script", "style", "noscript":
		return true, true
	}
	return false, false
}

func metaIs(attributes []html.Attribute, token string) bool {
	var name, content string
	for _, attribute := range attributes {
		switch attribute.Key {
		case "name":
			name = attribute.Val
		case "content":
			content = attribute.Val
		}
	}
	return token != "" && strings.EqualFold(strings.TrimSpace(name), MetaName) && strings.TrimSpace(content) == token
}

// get requests a page. Known is its URL, with the beginning of its body; Absent
// that the host says it has none, or leads elsewhere.
func (a *asker) get(ctx context.Context, address string, limit int64) ([]byte, checks.Fact[string]) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, checks.InconclusiveFact[string](checks.ReasonMalformed)
	}
	request.Header.Set("User-Agent", probe.UserAgent)
	request.Header.Set("Accept-Encoding", "identity")
	response, err := a.client(ctx).Do(request)
	if err != nil {
		a.network.Logf("ownership: %s: %v", address, err)
		return nil, faultOf(err)
	}
	defer response.Body.Close()
	a.network.Logf("ownership: %s: status %d", address, response.StatusCode)
	switch status := response.StatusCode; {
	case status == http.StatusNotFound || status == http.StatusGone:
		return nil, checks.AbsentFact[string](checks.ReasonHTTPStatus)
	case status != http.StatusOK: // a wall, or a fault that may pass
		return nil, checks.InconclusiveFact[string](checks.ReasonHTTPStatus)
	}
	if limit == pageBytes && !isHTML(response.Header.Get("Content-Type")) { // text that somebody pasted is no page
		return nil, checks.AbsentFact[string](checks.ReasonNoToken)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit))
	if err != nil {
		return nil, faultOf(err)
	}
	return body, checks.KnownFact(address)
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
