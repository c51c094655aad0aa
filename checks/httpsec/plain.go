package httpsec

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// plainPort is where browsers look for http.
const plainPort = 80

// maxRoute bounds PlainHTTP.Route.
const maxRoute = 4

// plain asks TCP port 80 of the pinned address, once, and goes on from there as
// far as PlainHTTP.Route says. answered says whether the https port of the same
// address just answered: only then does silence at port 80 prove that it is
// closed. It asks nothing for an http URL.
func (w *walker) plain(ctx context.Context, answered bool) checks.Fact[checks.PlainHTTP] {
	if w.start.Scheme != "https" {
		return checks.Fact[checks.PlainHTTP]{}
	}
	u := &url.URL{
		Scheme: "http", Host: bracketed(w.start.Hostname()),
		Path: w.start.Path, RawPath: w.start.RawPath, RawQuery: w.start.RawQuery,
	}
	at := place{address: netip.AddrPortFrom(w.address.Addr(), plainPort), scheme: "http", authority: u.Host}
	got, reason := w.askAt(ctx, request{method: http.MethodGet, url: u, read: true}, at, checks.RequestRecord{URL: CanonicalURL(u), Hop: besides})
	if reason == "" {
		if wall := w.content(u, got).Wall; wall != "" && !redirects(got.status) {
			return checks.InconclusiveFact[checks.PlainHTTP](wall)
		}
		return checks.KnownFact(w.route(ctx, u, got))
	}
	if closedPort(reason, got.connected, answered && ctx.Err() == nil) {
		return checks.AbsentFact[checks.PlainHTTP](reason)
	}
	return checks.InconclusiveFact[checks.PlainHTTP](reason)
}

// route follows redirects from port 80 while they stay on http of the own host.
func (w *walker) route(ctx context.Context, u *url.URL, got answer) checks.PlainHTTP {
	plain := checks.PlainHTTP{Status: got.status}
	for range maxRoute {
		location := got.first("location")
		if !redirects(got.status) || location == "" {
			return plain
		}
		next, err := resolveLocation(u, location)
		if next == nil || err != nil && !errors.Is(err, errUnsupportedScheme) {
			return plain
		}
		address := CanonicalURL(next)
		if plain.Route = append(plain.Route, address); next.Scheme == "https" {
			plain.RedirectsToHTTPS = true
		}
		if next.Scheme != "http" || !w.own(next) || len(plain.Route) == maxRoute || signInService(next) {
			return plain
		}
		var reason checks.Reason
		if got, reason = w.ask(ctx, besides, request{method: http.MethodGet, url: next, read: true}); reason != "" {
			return plain
		}
		u = next
	}
	return plain
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

// bracketed writes a host as it stands in a URL.
func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}
