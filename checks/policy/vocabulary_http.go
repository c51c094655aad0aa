package policy

import (
	"fmt"
	"slices"
	"strconv"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/hsts"
)

// walk is the hops of an address as rules see them.
type walk struct {
	hops []*object
	// beside is the answer to the provoking request: its cookies count too.
	beside *object
	open   *fact // what was not seen and could matter; nil: all was seen
}

// askedHops are the hops, and what was asked beside them.
func (w *walk) askedHops() []*object {
	if w.beside == nil {
		return w.hops
	}
	return append(slices.Clone(w.hops), w.beside)
}

func (w *world) walkOf(a *addressSource) *walk {
	if made := w.made.walks[a]; made != nil {
		return made
	}
	made := &walk{}
	for i := range a.observed.HTTP.Hops {
		source := &hopSource{Hop: &a.observed.HTTP.Hops[i], address: a.observed, index: i}
		said := w.fact(proof(source.path()+".url", source.URL, fmt.Sprintf("The walk from %s leads to %s.", a.observed.Address, source.URL)), types.True)
		made.hops = append(made.hops, w.of("hop", source, said))
	}
	made.beside = w.provokedHop(a.observed)
	if open, ok := openWalk(a.observed); ok {
		made.open = w.tail(open)
	}
	if w.made.walks == nil {
		w.made.walks = map[*addressSource]*walk{}
	}
	w.made.walks[a] = made
	return made
}

// provokedHop is the answer to the provoking request, with the cookies that
// the walk did not bring.
func (w *world) provokedHop(a *checks.AddressObservation) *object {
	provoked := a.HTTP.Provoked
	if provoked.State != checks.Known || len(a.HTTP.Hops) == 0 {
		return nil
	}
	hop := a.HTTP.Hops[0]
	hop.Answer = provoked
	hop.Answer.Value.Cookies = slices.DeleteFunc(slices.Clone(provoked.Value.Cookies), func(c checks.Cookie) bool {
		return slices.ContainsFunc(a.HTTP.Hops, func(h checks.Hop) bool { return slices.Contains(h.Answer.Value.Cookies, c) })
	})
	said := proof(fmt.Sprintf("http[%s].provoked", a.Address), hop.URL, fmt.Sprintf("%s was asked with an error at %s too.", a.Address, hop.URL))
	return w.of("hop", &hopSource{Hop: &hop, address: a, index: -1}, w.fact(said, types.True))
}

// openWalk says whether a part of the walk was not seen that could matter: a
// hop without an answer may set cookies or lead anywhere. A hop on another
// site that provably leads nowhere (nobody listens there, or SuperOffice asks
// who is there) hides nothing.
func openWalk(a *checks.AddressObservation) (checks.Proof, bool) {
	for i, hop := range a.HTTP.Hops {
		if hop.Answer.State == checks.Known || !hop.SameSite && leadsNowhere(hop.Answer.Reason) {
			continue
		}
		return proof(fmt.Sprintf("http[%s].hops[%d].answer", a.Address, i), factText(hop.Answer),
			fmt.Sprintf("The answer at %s was not seen: %s.", hop.URL, hopReason(a, hop))), true
	}
	if len(a.HTTP.Hops) == 0 {
		return proof(fmt.Sprintf("http[%s].end", a.Address), factText(a.HTTP.End),
			fmt.Sprintf("No HTTP answer was seen: %s %s.", a.Address, a.HTTP.End.Reason.Text())), true
	}
	return checks.Proof{}, false
}

func hopReason(a *checks.AddressObservation, hop checks.Hop) string {
	who := hop.Host
	if hop.Host == a.HTTP.Hops[0].Host {
		who = a.Address.String()
	}
	return who + " " + hop.Answer.Reason.Text()
}

func leadsNowhere(reason checks.Reason) bool {
	switch reason {
	case checks.ReasonRefused, checks.ReasonNameNotFound, checks.ReasonNoAddress, checks.ReasonSignInService:
		return true
	}
	return false
}

func onHTTP(get func(w *world, a *addressSource) slot) func(*world, any) slot {
	return func(w *world, source any) slot { return get(w, source.(*addressSource)) }
}

func httpKind() *kind {
	return &kind{name: "http", doc: "What answers at the URL from one address.", fields: []field{
		{name: "status", of: cel.IntType, doc: "of the last hop on the registered host. 0: nothing answers, though our own network works. Unknown where that is not proven", get: onHTTP(httpStatus)},
		{name: "downgrade", of: cel.BoolType, doc: "a hop uses plain http", get: onHTTP(httpDowngrade)},
		{name: "plain_http", of: cel.StringType, values: []string{"closed", "redirects_to_https", "answers"}, doc: "what port 80 of the same host and address does", get: onHTTP(plainHTTP)},
		{name: "plain_http_status", of: cel.IntType, doc: "of the answer at port 80; 0 where it is closed", get: onHTTP(plainHTTPStatus)},
		{name: "hops", of: listOf("hop"), open: true, doc: "every hop of the walk; it goes on where one did not answer", get: onHTTP(httpHops)},
		{name: "cookies", of: listOf("cookie"), open: true, doc: "every cookie that a browser keeps, set by hops of the registered URL's site; it goes on where one did not answer", get: onHTTP(httpCookies)},
		{name: "dropped_cookies", of: listOf("cookie"), open: true, doc: "every cookie that a browser drops whole, likewise", get: onHTTP(droppedCookies)},
		{name: "script_cookies", of: listOf("cookie"), doc: "that script sets. Unknown where no browser looked", get: onHTTP(scriptCookies)},
		{name: "hsts", of: cel.BoolType, doc: "the last hop on the registered host sends Strict-Transport-Security that browsers take", get: hstsSlot(func(p hsts.Policy) ref.Val { return types.Bool(p.Valid) })},
		{name: "hsts_max_age", of: cel.IntType, doc: "of the first Strict-Transport-Security field there, in seconds; -1 without one that browsers take", get: hstsSlot(hstsAge)},
		{name: "hsts_subdomains", of: cel.BoolType, doc: "it has includeSubDomains", get: hstsSlot(func(p hsts.Policy) ref.Val { return types.Bool(p.Valid && p.IncludeSubDomains) })},
		{name: "hsts_preload", of: cel.BoolType, doc: "it has preload", get: hstsSlot(func(p hsts.Policy) ref.Val { return types.Bool(p.Valid && p.Preload) })},
		{name: "hsts_preloaded", of: cel.BoolType, doc: "the host is on the list that browsers ship", get: onHTTP(hstsPreloaded)},
		{name: "hsts_preloadable", of: cel.BoolType, doc: "its answers meet what hstspreload.org asks for, whether or not the host is a registrable domain", get: onHTTP(hstsPreloadable)},
		{name: "answer", of: cel.ObjectType("answer"), doc: "of the last hop on the registered host. Unknown without one", get: onHTTP(httpAnswer)},
		{name: "end", of: cel.StringType, values: ends(), doc: "how the walk ended: with an answer, before SuperOffice's sign-in, in a circle, or with an address that browsers do not ask. Unknown where it could not be followed", get: onHTTP(httpEnd)},
		{name: "final", of: cel.ObjectType("answer"), doc: "of the last hop, on whatever host. Unknown without one", get: onHTTP(httpFinal)},
		{name: "final_status", of: cel.IntType, doc: "its status. 0: nothing answers there. Unknown where that is not proven", get: onHTTP(httpFinalStatus)},
		{name: "preflight", of: cel.ObjectType("preflight"), doc: "the answer to a CORS preflight from a site that cannot exist. Unknown where none was sent", get: onHTTP(httpPreflight)},
		{name: "provoked", of: cel.ObjectType("answer"), doc: "to the URL with error=access_denied&state=monitor in its query. Only redirect URLs are asked so", get: onHTTP(httpProvoked)},
		{name: "posts", of: cel.BoolType, doc: "a test was posted, which needs leave", get: onHTTP(httpPosts)},
		{name: "posted", of: cel.ObjectType("answer"), doc: "to a test event (webhook) or a token that nobody signed (state change). Ask posts first", get: onHTTP(httpPosted)},
		{name: "signatures", of: listOf("signature"), open: true, doc: "debug pages, stack traces and file paths in what hops of the registered URL's site show, those that lead on left out, and in the provoked answer of a redirect URL", get: onHTTP(httpSignatures)},
		{name: "test_event", of: cel.BoolType, doc: "a webhook answers a test event with status 200. Unknown where it turns down what only SuperOffice can sign", get: onHTTP(httpTestEvent)},
		{name: "versions", of: mapOf(cel.StringType), names: versionNames(), values: []string{"answers", "absent"}, doc: "each version of HTTP", get: onHTTP(httpVersions)},
		{name: "signs_in", of: cel.BoolType, doc: "the walk leads to a sign-in at SuperOffice. Only sign-in starts are asked", get: onHTTP(signsIn)},
		{name: "sign_in", of: cel.ObjectType("sign_in"), doc: "the request that it leads to. Ask signs_in first", get: onHTTP(httpSignIn)},
	}}
}

// lastOwnHop is the last hop on the registered host: redirects to other hosts
// are theirs to answer.
func lastOwnHop(a *checks.AddressObservation) (hop *checks.Hop, index int) {
	for i := range a.HTTP.Hops {
		if a.HTTP.Hops[i].Host == a.HTTP.Hops[0].Host {
			hop, index = &a.HTTP.Hops[i], i
		}
	}
	return hop, index
}

func httpStatus(w *world, source *addressSource) slot { return slot{fact: w.statusFact(source)} }

func (w *world) statusFact(source *addressSource) *fact {
	if source.status == nil {
		source.status = w.newStatusFact(source.observed)
	}
	return source.status
}

func (w *world) newStatusFact(a *checks.AddressObservation) *fact {
	hop, index := lastOwnHop(a)
	if hop == nil {
		open, _ := openWalk(a)
		return w.fact(open, nil)
	}
	path := fmt.Sprintf("http[%s].hops[%d].answer", a.Address, index)
	if hop.Answer.State == checks.Known {
		status := hop.Answer.Value.Status
		return w.fact(proof(path+".status", strconv.Itoa(status), fmt.Sprintf("%s answers at %s with status %d.", a.Address, hop.URL, status)), types.Int(status))
	}
	reason := hop.Answer.Reason
	text := fmt.Sprintf("%s %s.", a.Address, reason.Text())
	switch {
	case isDown(a, reason) && w.connected():
		return w.fact(proof(path, string(reason), text), types.Int(0))
	case isDown(a, reason):
		return w.fact(proof(path, string(reason), text+" "+w.connectivitySentence()), nil)
	}
	return w.fact(proof(path, factText(hop.Answer), text), nil)
}

// isDown says whether reason means that a browser gets no answer either. A
// failed handshake with a server that takes other TLS hellos does not: there,
// the client may be what lacks something.
func isDown(a *checks.AddressObservation, reason checks.Reason) bool {
	switch reason {
	case checks.ReasonRefused, checks.ReasonTimeout, checks.ReasonReset, checks.ReasonClosed,
		checks.ReasonUnreachable, checks.ReasonNotTLS, checks.ReasonMalformed:
		return true
	case checks.ReasonHandshakeFailed:
		for _, protocol := range []checks.Protocol{checks.TLSv10, checks.TLSv11, checks.TLSv12, checks.TLSv13} {
			if a.TLS.Protocols[protocol].State == checks.Known {
				return false
			}
		}
		return true
	}
	return false
}

func httpDowngrade(w *world, source *addressSource) slot {
	a := source.observed
	for i, hop := range a.HTTP.Hops {
		if hop.Scheme == "http" {
			return w.told(proof(fmt.Sprintf("http[%s].hops[%d].scheme", a.Address, i), "http",
				fmt.Sprintf("%s redirects down to plain http%s, at %s.", a.Address, viaWords(hop.Via), hop.URL)), types.True)
		}
	}
	if open, ok := openWalk(a); ok {
		return slot{fact: w.fact(open, nil, truth()...)}
	}
	return w.told(proof(fmt.Sprintf("http[%s].hops", a.Address), "https", fmt.Sprintf("Every hop from %s uses https.", a.Address)), types.False)
}

func viaWords(via checks.Via) string {
	switch via {
	case checks.ViaRefresh:
		return ", by the header field Refresh"
	case checks.ViaMetaRefresh:
		return ", by a meta refresh"
	case checks.ViaStart, checks.ViaLocation:
	}
	return ""
}

func plainHTTP(w *world, source *addressSource) slot { return slot{fact: w.plainFact(source)} }

func plainHTTPStatus(w *world, source *addressSource) slot {
	a := source.observed
	if f := w.plainFact(source); f.value == nil {
		return slot{fact: f, view: func(v ref.Val) ref.Val { return types.NewUnknown(f.id, nil) }}
	}
	return slot{fact: w.plainFact(source), view: func(ref.Val) ref.Val { return types.Int(a.HTTP.PlainHTTP.Value.Status) }}
}

func (w *world) plainFact(source *addressSource) *fact {
	if source.plain == nil {
		source.plain = w.newPlainFact(source.observed)
	}
	return source.plain
}

func (w *world) newPlainFact(a *checks.AddressObservation) *fact {
	path, plain := fmt.Sprintf("http[%s].plain_http", a.Address), a.HTTP.PlainHTTP
	switch {
	case plain.State == checks.Absent:
		return w.fact(proof(path, "closed", fmt.Sprintf("Port 80 of %s is closed.", a.Address)), types.String("closed"))
	case plain.State != checks.Known:
		return w.fact(proof(path, factText(plain), fmt.Sprintf("We could not tell what port 80 does: %s %s.", a.Address, plain.Reason.Text())),
			nil, texts("closed", "redirects_to_https", "answers")...)
	case plain.Value.RedirectsToHTTPS:
		return w.fact(proof(path, "redirects_to_https", fmt.Sprintf("Port 80 of %s redirects to https.", a.Address)), types.String("redirects_to_https"))
	}
	text := fmt.Sprintf("Port 80 of %s answers plain http with status %d and does not redirect to https.", a.Address, plain.Value.Status)
	return w.fact(proof(path, strconv.Itoa(plain.Value.Status), text), types.String("answers"))
}

func httpHops(w *world, source *addressSource) slot {
	seen := w.walkOf(source)
	var elements []ref.Val
	for _, hop := range seen.hops {
		elements = append(elements, hop)
	}
	return settled(w.walkList(source, elements, seen))
}

func httpCookies(w *world, source *addressSource) slot {
	seen := w.walkOf(source)
	var elements []ref.Val
	for _, hop := range seen.askedHops() {
		for _, cookie := range w.cookiesOf(hop) {
			elements = append(elements, cookie)
		}
	}
	return settled(w.walkList(source, elements, seen))
}

func (w *world) walkList(source *addressSource, elements []ref.Val, seen *walk) *list {
	made := w.listOf(nil)
	text := fmt.Sprintf("The walk from %s has %d hops.", source.observed.Address, len(seen.hops))
	made.add(w.fact(proof(fmt.Sprintf("http[%s].hops", source.observed.Address), fmt.Sprintf("%d hops", len(seen.hops)), text), types.True), elements...)
	if seen.open != nil {
		made.add(seen.open)
	}
	return made
}
