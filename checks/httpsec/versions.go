package httpsec

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/gradewatch/gradewatch/checks"
)

// versions says which versions of HTTP the target's own host answers. A plain
// URL is asked for HTTP/1.1 only: browsers speak the others over TLS.
func (w *walker) versions(ctx context.Context, got checks.HTTP) checks.HTTPVersions {
	versions := checks.HTTPVersions{checks.HTTP11: firstStatus(got)}
	if w.start.Scheme != "https" {
		return versions
	}
	services := alternatives(got)
	var more []string
	versions[checks.HTTP2], more = w.http2(ctx)
	versions[checks.HTTP3] = w.http3(ctx, versions[checks.HTTP11], append(services, more...))
	return versions
}

// firstStatus is what the walk's first request shows of HTTP/1.1.
func firstStatus(got checks.HTTP) checks.Fact[int] {
	first := got.Hops[0].Answer
	switch {
	case first.State != checks.Known:
		return checks.InconclusiveFact[int](first.Reason)
	case first.Value.Version != string(checks.HTTP11):
		return checks.AbsentFact[int]("")
	}
	return checks.KnownFact(first.Value.Status)
}

// alternatives are the values of Alt-Svc in the first answer.
func alternatives(got checks.HTTP) []string { return got.Hops[0].Answer.Value.Fields["alt-svc"] }

// ownAddress is where the target's own host answers a port of its URLs.
func (w *walker) ownAddress(port uint16) netip.AddrPort {
	if own, ok := portOf(w.start); ok && port == own {
		port = w.address.Port() // which a caller may have put elsewhere
	}
	return netip.AddrPortFrom(w.address.Addr(), port)
}

// serverName is what the target's own host is called in TLS.
func (w *walker) serverName() string {
	if w.target.SNI != "" {
		return w.target.SNI
	}
	return w.start.Hostname()
}

// get is a request of net/http, as the other versions want it.
func get(ctx context.Context, u *url.URL) (*http.Request, error) {
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	ask.Header.Set("User-Agent", UserAgent)
	ask.Header.Set("Accept", acceptedTypes)
	return ask, nil
}
