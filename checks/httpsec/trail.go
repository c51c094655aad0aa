package httpsec

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gradewatch/gradewatch/checks"
)

// trail is where one walk led.
type trail struct {
	hops     []checks.Hop
	end      checks.Fact[int]
	password bool     // a page so far asks for a password
	signIn   *signIn  // the sign-in request that a hop leads to
	last     *url.URL // that answered
}

// signIn is an authorize request as sent: it is never kept.
type signIn struct {
	url      *url.URL
	password bool // a page before it asks for a password
}

// follow walks from the start. answered is called after the first request, with
// the reason why it got no answer; nil makes it a walk besides the look's own.
func (w *walker) follow(ctx context.Context, answered func(checks.Reason)) trail {
	var way trail
	hop, method := lead{to: w.start}, methodOf(w.target)
	seen, kept := map[string]bool{}, newJar()
	for {
		number := len(way.hops)
		if reason := w.mayAsk(seen, number, method+" "+kept.names(hop.to), hop.to); reason != "" {
			way.stop(w.hop(hop), reason)
			return way
		}
		if answered == nil {
			number = besides
		}
		got, reason := w.ask(ctx, number, request{
			method: method, url: hop.to, fields: append(formFields(method), kept.field(hop.to)...), read: w.ownSite(hop.to),
		})
		var seenPage page
		if reason == "" {
			kept.take(hop.to, got.fields["set-cookie"])
			seenPage = w.read(hop.to, got)
		}
		if number == 0 {
			answered(reason)
		}
		if reason != "" {
			way.stop(w.hop(hop), reason)
			return way
		}
		way.last = hop.to
		way.add(w.hop(hop), seenPage)
		if seenPage.next.to == nil || way.end.State != checks.NotAsked {
			return way
		}
		method, hop = nextMethod(method, got.status, seenPage.next.via), seenPage.next
	}
}

// mayAsk returns why the next hop is not asked, or nothing. The same place is
// asked again where cookies came since: pages that try whether a browser keeps
// them, and sign-in brokers, lead back there.
func (w *walker) mayAsk(seen map[string]bool, hops int, method string, u *url.URL) checks.Reason {
	key := method + " " + u.String()
	switch {
	case seen[key]:
		return checks.ReasonRedirectLoop
	case hops >= w.hops:
		return checks.ReasonTooManyRedirects
	}
	seen[key] = true
	return ""
}

// stop ends the walk at a hop that got no answer. A loop is none: its hop has
// answered before.
func (t *trail) stop(hop checks.Hop, reason checks.Reason) {
	if reason == checks.ReasonRedirectLoop {
		t.end = checks.AbsentFact[int](reason)
		return
	}
	hop.Answer = checks.InconclusiveFact[checks.Response](reason)
	t.hops = append(t.hops, hop)
	t.end = checks.InconclusiveFact[int](reason)
}

// add records an answered hop.
func (t *trail) add(hop checks.Hop, got page) {
	hop.Answer = got.answer
	t.hops = append(t.hops, hop)
	t.end = got.end
	t.password = t.password || got.response().Content.Value.Password
	next := got.next.to
	if next == nil || !authorizes(next) {
		return
	}
	if t.signIn == nil || signInService(next) && !signInService(t.signIn.url) {
		t.signIn = &signIn{url: next, password: t.password}
	}
}

func (w *walker) hop(at lead) checks.Hop {
	host := at.to.Hostname()
	return checks.Hop{
		URL: CanonicalURL(at.to), Scheme: at.to.Scheme, Host: host, SameSite: w.ownSite(at.to), Via: at.via,
	}
}

func (w *walker) ownSite(u *url.URL) bool { return SameSite(u.Hostname(), w.start.Hostname()) }

// formFields is what a POST without content says.
func formFields(method string) []string {
	if method == http.MethodPost {
		return []string{formContent}
	}
	return nil
}

// nextMethod is the method of the next hop: 307 and 308 keep it, other statuses
// and refreshes make POST a GET as browsers do (Fetch standard, HTTP-redirect
// fetch).
func nextMethod(method string, status int, via checks.Via) string {
	if via == checks.ViaLocation && (status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect) {
		return method
	}
	return http.MethodGet
}
