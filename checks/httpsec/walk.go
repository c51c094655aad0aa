package httpsec

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// addressesTried bounds how many addresses of another host a hop is tried at.
const addressesTried = 3

// Walk requests target.URL at address and follows its redirects, each hop on a
// connection of its own. Hops on the target's own host stay at address, those
// on the URL's port at address's port, and name target.ServerName in TLS; other
// hosts are resolved and vetted by network. For an https URL it also asks port
// 80 of address. It sends no cookies, reads no content, and ends with ctx. The
// certificates are those of the target's own host.
func Walk(ctx context.Context, network checks.Network, target checks.Target, address netip.AddrPort) checks.HTTPLook {
	start, err := url.Parse(target.URL)
	if err == nil {
		err = canonicalHost(start)
	}
	if err != nil {
		network.Logf("http %s: %v", address, err)
		return checks.HTTPLook{HTTP: checks.HTTP{End: checks.InconclusiveFact[int](checks.ReasonMalformed)}}
	}
	start.Fragment, start.RawFragment, start.User = "", "", nil
	limits := target.Limits.WithDefaults()
	w := walker{
		network:  network,
		exchange: exchange{network: network, readTime: limits.ReadTimeout},
		sni:      target.SNI,
		start:    start,
		address:  address,
		hops:     limits.Hops,
	}
	if ctx.Err() != nil { // nobody is asked, which is not the same as nobody answering
		reason := reasonOf(ctx, ctx.Err())
		return checks.HTTPLook{HTTP: checks.HTTP{End: checks.InconclusiveFact[int](reason), PlainHTTP: w.unasked(reason)}}
	}
	w.follow(ctx, start, methodOf(target))
	slices.SortFunc(w.certificates, func(a, b checks.Certificate) int { return cmp.Compare(a.SHA256, b.SHA256) })
	w.certificates = slices.CompactFunc(w.certificates, func(a, b checks.Certificate) bool { return a.SHA256 == b.SHA256 })
	return checks.HTTPLook{HTTP: w.result, Certificates: w.certificates}
}

// unasked is the fact about port 80 when the look is over before its turn.
func (w *walker) unasked(reason checks.Reason) checks.Fact[checks.PlainHTTP] {
	if w.start.Scheme != "https" {
		return checks.Fact[checks.PlainHTTP]{}
	}
	return checks.InconclusiveFact[checks.PlainHTTP](reason)
}

func methodOf(target checks.Target) string {
	if target.Method == http.MethodPost {
		return http.MethodPost
	}
	return http.MethodGet
}

// walker is one walk at one address.
type walker struct {
	network      checks.Network
	exchange     exchange
	sni          string // instead of the own host's name; empty: that
	start        *url.URL
	address      netip.AddrPort
	hops         int
	result       checks.HTTP
	certificates []checks.Certificate
}

// follow asks hop by hop and fills w.result.
func (w *walker) follow(ctx context.Context, u *url.URL, method string) {
	seen := map[string]bool{}
	for {
		key := method + " " + u.String()
		if seen[key] {
			w.result.End = checks.AbsentFact[int](checks.ReasonRedirectLoop)
			return
		}
		seen[key] = true
		if len(w.result.Hops) >= w.hops {
			w.stop(u, checks.ReasonTooManyRedirects)
			return
		}
		got, reason := w.ask(ctx, method, u)
		if len(w.result.Hops) == 0 {
			// Right after the first answer: the plain question is worth more
			// than later hops when connections run short, and whether silence
			// at port 80 means anything hangs on this answer.
			w.result.PlainHTTP = w.plain(ctx, reason == "")
		}
		if reason != "" {
			w.stop(u, reason)
			return
		}
		next := w.record(u, got)
		if next == nil {
			return
		}
		method, u = nextMethod(method, got.status), next
	}
}

// stop ends the walk at a hop that got no answer.
func (w *walker) stop(u *url.URL, reason checks.Reason) {
	hop := w.hop(u)
	hop.Answer = checks.InconclusiveFact[checks.Response](reason)
	w.result.Hops = append(w.result.Hops, hop)
	w.result.End = checks.InconclusiveFact[int](reason)
}

func (w *walker) hop(u *url.URL) checks.Hop {
	host := u.Hostname()
	return checks.Hop{URL: CanonicalURL(u), Scheme: u.Scheme, Host: host, SameSite: SameSite(host, w.start.Hostname())}
}

// record adds an answered hop. It returns where the answer leads, or nil when
// the walk is over, with the end set.
func (w *walker) record(u *url.URL, got answer) *url.URL {
	response := checks.Response{
		Status: got.status, TLS: protocolName(got.version), Cookies: ParseCookies(u, got.setCookie, time.Now()), Server: product(got.server),
	}
	if u.Scheme == "https" { // elsewhere browsers ignore them (RFC 6797 section 8.1)
		response.HSTS, response.PublicKeyPins = fields(got.hsts), fields(got.pins)
	}
	var next *url.URL
	w.result.End = checks.KnownFact(got.status)
	if redirects(got.status) && got.location != "" {
		target, err := resolveLocation(u, got.location)
		switch {
		case err == nil:
			next = target
			response.Location = CanonicalURL(target)
		case errors.Is(err, errUnsupportedScheme):
			response.Location = CanonicalURL(target)
			w.result.End = checks.AbsentFact[int](checks.ReasonUnsupportedScheme)
		default:
			w.network.Logf("http %s: %v", w.address, err)
			w.result.End = checks.AbsentFact[int](checks.ReasonMalformed)
		}
	}
	hop := w.hop(u)
	hop.Answer = checks.KnownFact(response)
	w.result.Hops = append(w.result.Hops, hop)
	return next
}

func fields(values []string) checks.Fact[[]string] {
	if len(values) == 0 {
		return checks.AbsentFact[[]string]("")
	}
	return checks.KnownFact(values)
}

// ask requests u, at the pinned address for the target's own host. reason is
// empty when an answer came.
func (w *walker) ask(ctx context.Context, method string, u *url.URL) (answer, checks.Reason) {
	port, ok := portOf(u)
	if !ok {
		return answer{}, checks.ReasonMalformed
	}
	if siteHost(u.Hostname()) == siteHost(w.start.Hostname()) {
		if own, ok := portOf(w.start); ok && port == own {
			port = w.address.Port() // which a caller may have put elsewhere
		}
		got, reason := w.askAt(ctx, method, u, netip.AddrPortFrom(w.address.Addr(), port), w.sni)
		w.certificates = append(w.certificates, got.certificates...)
		return got, reason
	}
	addresses := w.network.Resolve(ctx, u.Hostname())
	if addresses.State != checks.Known || len(addresses.Value) == 0 {
		return answer{}, reasonOr(addresses.Reason, checks.ReasonResolverFailed)
	}
	var got answer
	var reason checks.Reason
	for _, address := range addresses.Value[:min(len(addresses.Value), addressesTried)] {
		got, reason = w.askAt(ctx, method, u, netip.AddrPortFrom(address, port), "")
		if !worthAnotherAddress(reason) {
			break
		}
	}
	return got, reason
}

// worthAnotherAddress: a browser goes on to the next address when it could not
// connect. A refusal of the address filter is final for the whole hop.
func worthAnotherAddress(reason checks.Reason) bool {
	return reason == checks.ReasonRefused || reason == checks.ReasonUnreachable || reason == checks.ReasonTimeout
}

// askAt names sni in TLS, or u's host where sni is empty.
func (w *walker) askAt(ctx context.Context, method string, u *url.URL, address netip.AddrPort, sni string) (answer, checks.Reason) {
	ask := w.exchange
	ask.sni = sni
	got, _, err := ask.do(ctx, method, u, address)
	if err != nil {
		reason := reasonOf(ctx, err)
		w.network.Logf("http %s %s at %s: %s: %v", method, CanonicalURL(u), address, reason, err)
		return got, reason
	}
	w.network.Logf("http %s %s at %s: status %d", method, CanonicalURL(u), address, got.status)
	return got, ""
}

func portOf(u *url.URL) (uint16, bool) {
	text := u.Port()
	if text == "" {
		text = defaultPort(u.Scheme)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	return uint16(port), err == nil && port > 0
}

func reasonOr(reason, otherwise checks.Reason) checks.Reason {
	if reason == "" {
		return otherwise
	}
	return reason
}

func protocolName(version uint16) checks.Protocol {
	switch version {
	case tls.VersionTLS10:
		return checks.TLSv10
	case tls.VersionTLS11:
		return checks.TLSv11
	case tls.VersionTLS12:
		return checks.TLSv12
	case tls.VersionTLS13:
		return checks.TLSv13
	}
	return ""
}
