package policy

import (
	"fmt"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gradewatch/gradewatch/checks"
)

// walk is the hops of an address as rules see them.
type walk struct {
	hops []*object
	open *fact // what was not seen and could matter; nil: all was seen
}

// hopSource is one hop and where it stands.
type hopSource struct {
	*checks.Hop
	address *checks.AddressObservation
	index   int
}

func (h *hopSource) path() string {
	return fmt.Sprintf("http[%s].hops[%d]", h.address.Address, h.index)
}

type cookieSource struct {
	*checks.Cookie
	hop *hopSource
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
	if open, ok := openWalk(a.observed); ok {
		made.open = w.tail(open)
	}
	if w.made.walks == nil {
		w.made.walks = map[*addressSource]*walk{}
	}
	w.made.walks[a] = made
	return made
}

// openWalk says whether a part of the walk was not seen that could matter: a
// hop without an answer may set cookies or lead anywhere. A hop on another
// site that provably leads nowhere (nobody listens there) hides nothing.
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
	case checks.ReasonRefused, checks.ReasonNameNotFound, checks.ReasonNoAddress:
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
		{name: "hsts", of: cel.BoolType, doc: "the last hop on the registered host sends Strict-Transport-Security", get: onHTTP(func(w *world, a *addressSource) slot { return hstsSlot(w, a, false) })},
		{name: "hsts_max_age", of: cel.IntType, doc: "of the first Strict-Transport-Security field there, in seconds; -1 without", get: onHTTP(func(w *world, a *addressSource) slot { return hstsSlot(w, a, true) })},
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
				fmt.Sprintf("%s redirects down to plain http, at %s.", a.Address, hop.URL)), types.True)
		}
	}
	if open, ok := openWalk(a); ok {
		return slot{fact: w.fact(open, nil, truth()...)}
	}
	return w.told(proof(fmt.Sprintf("http[%s].hops", a.Address), "https", fmt.Sprintf("Every hop from %s uses https.", a.Address)), types.False)
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
	for _, hop := range seen.hops {
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

// cookiesOf lists what a hop of the registered URL's site sets. A cookie that a
// browser drops whole is none.
func (w *world) cookiesOf(hop *object) []*object {
	if made, ok := w.made.cookies[hop]; ok {
		return made
	}
	source := hop.source.(*hopSource)
	var made []*object
	if source.SameSite {
		for i := range source.Answer.Value.Cookies {
			if one := &source.Answer.Value.Cookies[i]; !one.Invalid {
				made = append(made, w.of("cookie", &cookieSource{Cookie: one, hop: source}, nil))
			}
		}
	}
	if w.made.cookies == nil {
		w.made.cookies = map[*object][]*object{}
	}
	w.made.cookies[hop] = made
	return made
}

// hstsSlot reads Strict-Transport-Security (RFC 6797 section 6.1): the first
// field counts (section 8.1).
func hstsSlot(w *world, source *addressSource, age bool) slot {
	if source.hsts == nil {
		source.hsts = w.newHSTSFact(source.observed)
	}
	if age {
		return slot{fact: source.hsts}
	}
	return slot{fact: source.hsts, view: func(v ref.Val) ref.Val { return types.Bool(v.(types.Int) >= 0) }}
}

func (w *world) newHSTSFact(a *checks.AddressObservation) *fact {
	hop, index := lastOwnHop(a)
	if hop == nil || hop.Answer.State != checks.Known {
		open, _ := openWalk(a)
		return w.fact(open, nil)
	}
	path, hsts := fmt.Sprintf("http[%s].hops[%d].answer.hsts", a.Address, index), hop.Answer.Value.HSTS
	switch {
	case !hsts.Conclusive():
		return w.fact(untoldProof(path, hsts.Reason, hsts.State, "whether "+a.Address.String()+" sends Strict-Transport-Security", "it"), nil)
	case len(hsts.Value) == 0:
		return w.fact(proof(path, "none", fmt.Sprintf("%s sends no Strict-Transport-Security at %s.", a.Address, hop.URL)), types.Int(-1))
	}
	return w.fact(proof(path, hsts.Value[0], fmt.Sprintf("%s sends Strict-Transport-Security: %s.", a.Address, hsts.Value[0])), types.Int(maxAge(hsts.Value[0])))
}

// maxAge reads the required directive; -1 where it is missing or unreadable,
// which makes browsers ignore the field.
func maxAge(value string) int64 {
	for directive := range strings.SplitSeq(value, ";") {
		name, text, _ := strings.Cut(directive, "=")
		if strings.EqualFold(strings.TrimSpace(name), "max-age") {
			seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(text), `"`), 10, 62)
			if err != nil {
				return -1
			}
			return int64(seconds)
		}
	}
	return -1
}

func onHop(get func(w *world, h *hopSource) slot) func(*world, any) slot {
	return func(w *world, source any) slot { return get(w, source.(*hopSource)) }
}

func hopKind() *kind {
	text := func(get func(*hopSource) string) func(*world, any) slot {
		return onHop(func(_ *world, h *hopSource) slot { return settled(types.String(get(h))) })
	}
	return &kind{name: "hop", doc: "One request of the walk and its answer.", fields: []field{
		{name: "url", of: cel.StringType, doc: "canonical: without values of parameters", get: text(func(h *hopSource) string { return h.URL })},
		{name: "scheme", of: cel.StringType, doc: "https or http", get: onHop(func(w *world, h *hopSource) slot {
			return w.told(proof(h.path()+".scheme", h.Scheme, fmt.Sprintf("%s leads to %s, which uses %s.", h.address.Address, h.URL, h.Scheme)), types.String(h.Scheme))
		})},
		{name: "host", of: cel.StringType, doc: "that was asked", get: text(func(h *hopSource) string { return h.Host })},
		{name: "same_site", of: cel.BoolType, doc: "same registrable domain as the registered URL", get: onHop(func(_ *world, h *hopSource) slot { return settled(types.Bool(h.SameSite)) })},
		{name: "status", of: cel.IntType, doc: "of the answer. Unknown without one", get: onHop(func(w *world, h *hopSource) slot {
			if h.Answer.State != checks.Known {
				return w.untold(h.path()+".answer", h.Answer.Reason, h.Answer.State, "what "+h.URL+" answers", "it")
			}
			status := h.Answer.Value.Status
			return w.told(proof(h.path()+".answer.status", strconv.Itoa(status), fmt.Sprintf("%s answers at %s with status %d.", h.address.Address, h.URL, status)), types.Int(status))
		})},
		{name: "cookies", of: listOf("cookie"), doc: "that a browser keeps; empty for hops of other sites", get: onHop(func(w *world, h *hopSource) slot { return w.hopCookies(h) })},
	}}
}

func (w *world) hopCookies(h *hopSource) slot {
	var elements []ref.Val
	if h.SameSite {
		for i := range h.Answer.Value.Cookies {
			if one := &h.Answer.Value.Cookies[i]; !one.Invalid {
				elements = append(elements, w.of("cookie", &cookieSource{Cookie: one, hop: h}, nil))
			}
		}
	}
	if h.Answer.State != checks.Known {
		return w.untold(h.path()+".answer", h.Answer.Reason, h.Answer.State, "which cookies "+h.URL+" sets", "it")
	}
	return settled(w.listOf(elements))
}

func cookieKind() *kind {
	attribute := func(name, title string, get func(*checks.Cookie) bool) field {
		return field{name: name, of: cel.BoolType, doc: "it has the attribute " + title, get: func(w *world, source any) slot {
			c := source.(*cookieSource)
			return w.told(c.attributeProof(name, title, get(c.Cookie)), types.Bool(get(c.Cookie)))
		}}
	}
	text := func(get func(*checks.Cookie) string) func(*world, any) slot {
		return func(_ *world, source any) slot { return settled(types.String(get(source.(*cookieSource).Cookie))) }
	}
	return &kind{name: "cookie", doc: "One Set-Cookie that a browser keeps (RFC 6265bis).", fields: []field{
		{name: "name", of: cel.StringType, doc: "its name", get: text(func(c *checks.Cookie) string { return c.Name })},
		attribute("http_only", "HttpOnly", func(c *checks.Cookie) bool { return c.HttpOnly }),
		attribute("secure", "Secure", func(c *checks.Cookie) bool { return c.Secure }),
		attribute("partitioned", "Partitioned", func(c *checks.Cookie) bool { return c.Partitioned }),
		{name: "same_site", of: cel.StringType, values: []string{"Strict", "Lax", "None", ""}, doc: "the attribute SameSite; empty without", get: func(w *world, source any) slot {
			c := source.(*cookieSource)
			text := fmt.Sprintf("%s sets the cookie %s with SameSite=%s at %s.", c.hop.address.Address, c.title(), c.SameSite, c.hop.URL)
			if c.SameSite == "" {
				text = fmt.Sprintf("%s sets the cookie %s without SameSite at %s.", c.hop.address.Address, c.title(), c.hop.URL)
			}
			return w.told(proof(c.path("same_site"), c.SameSite, text), types.String(c.SameSite))
		}},
		{name: "domain", of: cel.StringType, doc: "the attribute Domain; empty without", get: text(func(c *checks.Cookie) string { return c.Domain })},
		{name: "path", of: cel.StringType, doc: "the attribute Path; empty without", get: text(func(c *checks.Cookie) string { return c.Path })},
	}}
}

func (c *cookieSource) path(name string) string {
	return fmt.Sprintf("%s.cookies[%s].%s", c.hop.path(), c.Name, name)
}

func (c *cookieSource) title() string {
	if c.Name == "" {
		return "without a name"
	}
	return c.Name
}

func (c *cookieSource) attributeProof(name, title string, has bool) checks.Proof {
	how := "without"
	if has {
		how = "with"
	}
	return proof(c.path(name), strconv.FormatBool(has),
		fmt.Sprintf("%s sets the cookie %s %s %s at %s.", c.hop.address.Address, c.title(), how, title, c.hop.URL))
}
