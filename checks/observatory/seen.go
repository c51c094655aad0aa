package observatory

import (
	"net/url"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec/site"
)

// seen is what the facts of one walk say, in the terms of the Observatory, which
// asks http://host and https://host and takes the latter where there is one.
type seen struct {
	host    string // that was asked about
	trusted bool
	https   bool         // the walk below started with https
	hops    []checks.Hop // of the walk that counts; each has a known answer
	final   *checks.Response
	// way are the addresses that http://host leads over, itself first; fact says
	// whether they are known. Absent: port 80 is closed.
	way       checks.Fact[[]*url.URL]
	preflight checks.Fact[checks.Preflight]
}

// see picks the walk that counts. It returns false where that has no end.
func see(facts checks.HTTP, host string, trusted bool) (seen, bool) {
	s := seen{host: site.Host(host), trusted: trusted, preflight: facts.Preflight}
	all := facts.Hops
	last := lastHop(facts)
	if last < 0 {
		return s, false
	}
	all = all[:last+1]
	start := firstHTTPS(all)
	s.https = start >= 0
	s.hops = all[max(start, 0):]
	s.final = &s.hops[len(s.hops)-1].Answer.Value
	if all[0].Scheme == "https" {
		s.way = wayOf(facts.PlainHTTP, all)
	} else {
		s.way = checks.KnownFact(places(all))
	}
	return s, true
}

// lastHop is the hop whose answer is scored: the last, or the one before a
// browser would be sent on by a refresh, which the Observatory does not follow.
// -1: there is none.
func lastHop(facts checks.HTTP) int {
	last := -1
	for i := range facts.Hops {
		if via := facts.Hops[i].Via; via == checks.ViaRefresh || via == checks.ViaMetaRefresh {
			return last
		}
		if facts.Hops[i].Answer.State != checks.Known {
			return -1
		}
		last = i
	}
	if facts.End.State != checks.Known {
		return -1
	}
	return last
}

// firstHTTPS is the first hop over https on the host that was asked, -1: none.
func firstHTTPS(hops []checks.Hop) int {
	for i := range hops {
		if hops[i].Scheme == "https" && site.Host(hops[i].Host) == site.Host(hops[0].Host) {
			return i
		}
	}
	return -1
}

// wayOf is where port 80 leads: over its own redirects, and from where those
// reach the URL that was walked, over its hops.
func wayOf(plain checks.Fact[checks.PlainHTTP], hops []checks.Hop) checks.Fact[[]*url.URL] {
	if plain.State != checks.Known {
		return checks.Fact[[]*url.URL]{State: plain.State, Reason: plain.Reason}
	}
	start, err := url.Parse(hops[0].URL)
	if err != nil {
		return checks.InconclusiveFact[[]*url.URL](checks.ReasonMalformed)
	}
	way := []*url.URL{{Scheme: "http", Host: start.Hostname(), Path: start.Path}}
	for _, text := range plain.Value.Route {
		place, err := url.Parse(text)
		if err != nil {
			return checks.InconclusiveFact[[]*url.URL](checks.ReasonMalformed)
		}
		way = append(way, place)
		if text == hops[0].URL {
			return checks.KnownFact(append(way, places(hops[1:])...))
		}
	}
	return checks.KnownFact(way)
}

func places(hops []checks.Hop) []*url.URL {
	var all []*url.URL
	for i := range hops {
		place, err := url.Parse(hops[i].URL)
		if err != nil {
			place = &url.URL{Scheme: hops[i].Scheme, Host: hops[i].Host}
		}
		all = append(all, place)
	}
	return all
}

// field is the value of a field of the scored answer, several joined by commas
// as the Observatory's client reads them; empty where there is none.
func (s *seen) field(name string) string { return strings.Join(s.final.Fields[name], ", ") }

// html says whether the scored answer calls itself a page, as the Observatory
// reads Content-Type: the first, in the case sent.
func (s *seen) html() bool {
	values := s.final.Fields["content-type"]
	if len(values) == 0 {
		return false
	}
	media, _, _ := strings.Cut(values[0], ";")
	return media == "text/html" || media == "application/xhtml+xml"
}

// unread says whether the scored answer is a page that nobody read.
func (s *seen) unread() bool { return s.html() && s.final.Content.State != checks.Known }

// page is what the content of a page showed; nothing of other answers.
func (s *seen) page() checks.Content {
	if !s.html() {
		return checks.Content{}
	}
	return s.final.Content.Value
}
