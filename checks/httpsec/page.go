package httpsec

import (
	"errors"
	"net/url"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec/content"
)

// page is what one answer says, and where it leads.
type page struct {
	answer checks.Fact[checks.Response]
	end    checks.Fact[int] // of the walk, if it ends here; not asked: it goes on to next
	next   lead             // also where it leads to what is not asked
}

// lead is a hop to come.
type lead struct {
	to  *url.URL
	via checks.Via
}

// response is the answer's, or an empty one where something before the
// application answered.
func (p page) response() checks.Response { return p.answer.Value }

// read makes an answer from u canonical and decides where it leads. It adds the
// answer's excerpt to the request.
func (w *walker) read(u *url.URL, got answer) page {
	response := checks.Response{
		Status: got.status, Version: got.version, TLS: protocolName(got.tls),
		Cookies: ParseCookies(u, got.fields["set-cookie"], time.Now()), Server: product(got.first("server")),
		Fields: canonicalFields(u, got.head),
	}
	if u.Scheme == "https" { // elsewhere browsers ignore them (RFC 6797 section 8.1)
		response.HSTS, response.PublicKeyPins = keptValues(got.head, "strict-transport-security"), keptValues(got.head, "public-key-pins")
	}
	shown := w.content(u, got)
	response.Content = contentFact(got.body, shown)
	var result page
	result.next, result.end = w.leads(u, got, shown.MetaRefresh)
	if result.next.to != nil {
		response.Location = CanonicalURL(result.next.to)
	}
	result.answer = checks.KnownFact(response)
	if shown.Wall != "" && result.next.via != checks.ViaLocation { // walls refresh themselves
		result.next = lead{}
		result.answer = checks.InconclusiveFact[checks.Response](shown.Wall)
		result.end = checks.InconclusiveFact[int](shown.Wall)
	}
	return result
}

// content tells what the content shows, and adds its excerpt to the request.
func (w *walker) content(u *url.URL, got answer) content.Result {
	if !got.read || got.body.reason != "" {
		return content.Result{}
	}
	shown := content.Read(content.Input{
		URL: u, Status: got.status, Fields: got.fields, Body: got.bytes, Truncated: got.truncated,
	})
	w.excerpt(shown.Excerpt)
	return shown
}

func contentFact(got body, shown content.Result) checks.Fact[checks.Content] {
	switch {
	case !got.read:
		return checks.Fact[checks.Content]{}
	case got.reason != "":
		return checks.InconclusiveFact[checks.Content](got.reason)
	}
	return checks.KnownFact(shown.Content)
}

// leads says where an answer leads: Location first, then the field Refresh,
// then meta refresh (HTML standard: the first refresh that is declared counts).
// end is not asked where the walk goes on.
func (w *walker) leads(u *url.URL, got answer, meta string) (lead, checks.Fact[int]) {
	stays := checks.KnownFact(got.status)
	if location := got.first("location"); redirects(got.status) && location != "" {
		next, err := resolveLocation(u, location)
		return w.lead(next, checks.ViaLocation, err)
	}
	for _, declared := range []struct {
		via   checks.Via
		value string
	}{{checks.ViaRefresh, got.first("refresh")}, {checks.ViaMetaRefresh, meta}} {
		if parsed, ok := parseRefresh(declared.value); ok {
			return w.refreshes(u, parsed, declared.via, stays)
		}
	}
	return lead{}, stays
}

// refreshes says where a refresh leads. A page that shows itself again after a
// while is where the walk ends; one that does so at once is a loop.
func (w *walker) refreshes(u *url.URL, parsed refresh, via checks.Via, stays checks.Fact[int]) (lead, checks.Fact[int]) {
	next, err := parsed.destination(u)
	switch {
	case err != nil && !errors.Is(err, errUnsupportedScheme):
		return lead{}, stays // what cannot be parsed leads nowhere
	case next == nil, parsed.delay > refreshLimit:
		return lead{}, stays
	case next.String() == u.String() && parsed.delay >= time.Second:
		return lead{}, stays
	}
	return w.lead(next, via, err)
}

// lead is a hop to next, unless there is none to be asked.
func (w *walker) lead(next *url.URL, via checks.Via, err error) (lead, checks.Fact[int]) {
	switch {
	case errors.Is(err, errUnsupportedScheme):
		return lead{to: next, via: via}, checks.AbsentFact[int](checks.ReasonUnsupportedScheme)
	case err != nil:
		w.network.Logf("http %s: %v", w.address, err)
		return lead{}, checks.AbsentFact[int](checks.ReasonMalformed)
	case signInService(next):
		return lead{to: next, via: via}, checks.AbsentFact[int](checks.ReasonSignInService)
	}
	return lead{to: next, via: via}, checks.Fact[int]{}
}
