package httpsec

import (
	"cmp"
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

const (
	// addressesTried bounds how many addresses of another host a hop is tried at.
	addressesTried = 3
	// maxRequests bounds the requests that are measured.
	maxRequests = 64
	// besides is the hop of a request that is none of the walk.
	besides = -1
)

// Walk requests target.URL at address and follows where it leads as a browser
// would: Location, the Refresh field and meta refresh of at most 30 seconds.
// Hops on the target's own host stay at address, those on the URL's port at
// address's port, and name target.ServerName in TLS; other hosts are resolved
// and vetted by network. Requests to the same place share a connection where
// HTTP/1.1 allows. SuperOffice's sign-in service is never asked. For an https
// URL it also asks port 80 of address, then what target wants besides: Provoke,
// Post, SignInStart, and in a full look HTTP/2 and HTTP/3.
//
// A walk begins without cookies and sends those back that its answers set, as a
// browser does; what is asked besides sends none. It reads at most 256 KiB of content of the target's own site
// and none of others, and ends with ctx. The certificates are those of the
// target's own host.
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
		network: network,
		target:  target,
		connections: &connections{
			network: network, readTime: limits.ReadTimeout, bytes: limits.BytesPerConnection, idle: map[place]*connection{},
		},
		start:   start,
		address: address,
		hops:    limits.Hops,
	}
	defer w.connections.close()
	if ctx.Err() != nil { // nobody is asked, which is not the same as nobody answering
		reason := reasonOf(ctx, ctx.Err())
		return checks.HTTPLook{HTTP: checks.HTTP{End: checks.InconclusiveFact[int](reason), PlainHTTP: w.unasked(reason)}}
	}
	look := checks.HTTPLook{HTTP: w.look(ctx)}
	if target.Depth == checks.Full {
		look.Versions = w.versions(ctx, look.HTTP)
	}
	slices.SortFunc(w.certificates, func(a, b checks.Certificate) int { return cmp.Compare(a.SHA256, b.SHA256) })
	look.Certificates = slices.CompactFunc(w.certificates, func(a, b checks.Certificate) bool { return a.SHA256 == b.SHA256 })
	look.Requests = w.requests
	return look
}

// walker is one walk at one address.
type walker struct {
	network      checks.Network
	target       checks.Target
	connections  *connections
	start        *url.URL
	address      netip.AddrPort
	hops         int
	certificates []checks.Certificate
	requests     []checks.RequestRecord
}

// look asks all that an answer of HTTP/1.1 can tell.
func (w *walker) look(ctx context.Context) checks.HTTP {
	var result checks.HTTP
	main := w.follow(ctx, func(reason checks.Reason) {
		// Right after the first answer: the plain question is worth more than
		// later hops when connections run short, and whether silence at port 80
		// means anything hangs on this answer.
		result.PlainHTTP = w.plain(ctx, reason == "")
	})
	result.Hops, result.End = main.hops, main.end
	if signInService(w.start) { // whoever gave its URL wants that answer, and no load on it
		return result
	}
	if w.target.Provoke {
		result.Provoked = w.besides(ctx, main, w.provocation())
	}
	if ask, ok := w.posting(); ok {
		result.Posted = w.besides(ctx, main, ask)
	}
	if w.target.SignInStart {
		result.SignIn = w.signIn(ctx, main)
	}
	result.Preflight = w.preflight(ctx, main)
	return result
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

// own says whether u is on the target's own host.
func (w *walker) own(u *url.URL) bool { return siteHost(u.Hostname()) == siteHost(w.start.Hostname()) }

// ask requests what ask says, at the pinned address for the target's own host.
// reason is empty when an answer came.
func (w *walker) ask(ctx context.Context, hop int, ask request) (answer, checks.Reason) {
	port, ok := portOf(ask.url)
	if !ok {
		return answer{}, checks.ReasonMalformed
	}
	at := place{scheme: ask.url.Scheme, authority: canonicalAuthority(ask.url), name: ask.url.Hostname()}
	record := checks.RequestRecord{URL: CanonicalURL(ask.url), Hop: hop}
	if w.own(ask.url) {
		at.name, at.address = w.serverName(), w.ownAddress(port)
		got, reason := w.askAt(ctx, ask, at, record)
		w.certificates = append(w.certificates, got.certificates...)
		return got, reason
	}
	started := time.Now()
	addresses := w.network.Resolve(ctx, ask.url.Hostname())
	record.DNS = time.Since(started)
	if addresses.State != checks.Known || len(addresses.Value) == 0 {
		return answer{}, cmp.Or(addresses.Reason, checks.ReasonResolverFailed)
	}
	var got answer
	var reason checks.Reason
	for _, address := range addresses.Value[:min(len(addresses.Value), addressesTried)] {
		at.address = netip.AddrPortFrom(address, port)
		got, reason = w.askAt(ctx, ask, at, record)
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

// askAt asks and measures.
func (w *walker) askAt(ctx context.Context, ask request, at place, record checks.RequestRecord) (answer, checks.Reason) {
	got, err := w.connections.do(ctx, ask, at)
	record.Address = at.address.Addr()
	record.Reused, record.Connect, record.TLS, record.FirstByte = got.reused, got.connect, got.timings.tls, got.firstByte
	if len(w.requests) < maxRequests {
		w.requests = append(w.requests, record)
	}
	if err != nil {
		reason := reasonOf(ctx, err)
		w.network.Logf("http %s %s at %s: %s: %v", ask.method, record.URL, at.address, reason, err)
		return got, reason
	}
	w.network.Logf("http %s %s at %s: status %d", ask.method, record.URL, at.address, got.status)
	return got, ""
}

// excerpt adds what a person would read to the newest request.
func (w *walker) excerpt(text string) {
	if last := len(w.requests) - 1; last >= 0 {
		w.requests[last].Excerpt = text
	}
}

func portOf(u *url.URL) (uint16, bool) {
	text := u.Port()
	if text == "" {
		text = defaultPort(u.Scheme)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	return uint16(port), err == nil && port > 0
}
