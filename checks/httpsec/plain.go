package httpsec

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// plainPort is where browsers look for http.
const plainPort = 80

// plain asks TCP port 80 of the pinned address, once, following nothing.
// answered says whether the https port of the same address just answered: only
// then does silence at port 80 prove that it is closed. It asks nothing for an
// http URL.
func (w *walker) plain(ctx context.Context, answered bool) checks.Fact[checks.PlainHTTP] {
	if w.start.Scheme != "https" {
		return checks.Fact[checks.PlainHTTP]{}
	}
	u := &url.URL{
		Scheme: "http", Host: bracketed(w.start.Hostname()),
		Path: w.start.Path, RawPath: w.start.RawPath, RawQuery: w.start.RawQuery,
	}
	at := place{address: netip.AddrPortFrom(w.address.Addr(), plainPort), scheme: "http", authority: u.Host}
	got, reason := w.askAt(ctx, request{method: http.MethodGet, url: u}, at, checks.RequestRecord{URL: CanonicalURL(u), Hop: besides})
	if reason == "" {
		return checks.KnownFact(checks.PlainHTTP{Status: got.status, RedirectsToHTTPS: toHTTPS(u, got)})
	}
	if closedPort(reason, got.connected, answered && ctx.Err() == nil) {
		return checks.AbsentFact[checks.PlainHTTP](reason)
	}
	return checks.InconclusiveFact[checks.PlainHTTP](reason)
}

// closedPort says whether reason proves that nothing is served at the port. A
// connection that is taken and dropped without a byte serves nothing either.
func closedPort(reason checks.Reason, connected, answered bool) bool {
	switch reason {
	case checks.ReasonRefused:
		return true
	case checks.ReasonTimeout, checks.ReasonUnreachable:
		return answered && !connected
	case checks.ReasonReset, checks.ReasonClosed:
		return answered
	}
	return false
}

func toHTTPS(u *url.URL, got answer) bool {
	location := got.first("location")
	if !redirects(got.status) || location == "" {
		return false
	}
	next, err := resolveLocation(u, location)
	return err == nil && next.Scheme == "https"
}

// bracketed writes a host as it stands in a URL.
func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}
