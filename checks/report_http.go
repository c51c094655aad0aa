package checks

import (
	"net/netip"
	"time"
)

// ReportHTTP is what answers at the URL: the walk of the address whose score
// is the lowest, and every address by itself.
type ReportHTTP struct {
	Hops    []ReportHop         `json:"hops"`
	Cookies []ReportCookie      `json:"cookies"` // of every hop, in order
	Headers map[string][]string `json:"headers"` // of the final answer, by name in lower case
	// Score is the MDN HTTP Observatory's; absent where there is no answer to score.
	Score     *HTTPScore          `json:"score,omitempty"`
	Addresses []ReportHTTPAddress `json:"addresses"`
}

// ReportHTTPAddress is what one address showed on the HTTP side.
type ReportHTTPAddress struct {
	Address netip.Addr `json:"address"`
	Port    uint16     `json:"port"`
	HTTP
	Versions      HTTPVersions   `json:"versions,omitempty"`
	ScriptCookies Fact[[]Cookie] `json:"script_cookies,omitzero"`
	Score         *HTTPScore     `json:"score,omitempty"`
}

// ReportHop is one hop with how long it took.
type ReportHop struct {
	Address netip.Addr `json:"address"` // that answered: of another host, its own
	Hop
	Timing *ReportTiming `json:"timing,omitempty"`
}

// ReportTiming is how long the steps of a request took, in milliseconds.
type ReportTiming struct {
	DNS       float64 `json:"dns_ms"`
	Connect   float64 `json:"connect_ms"`
	TLS       float64 `json:"tls_ms"`
	FirstByte float64 `json:"first_byte_ms"`
}

// ReportCookie is a cookie and the hop that sets it.
type ReportCookie struct {
	Hop  int    `json:"hop"`
	Host string `json:"host"`
	Cookie
}

func newReportHTTP(observation *Observation, scores []*HTTPScore, requests []RequestRecord) ReportHTTP {
	report := ReportHTTP{Hops: []ReportHop{}, Cookies: []ReportCookie{}, Headers: map[string][]string{}, Addresses: []ReportHTTPAddress{}}
	worst := -1
	for i, address := range observation.Addresses {
		entry := ReportHTTPAddress{
			Address: address.Address, Port: address.Port, HTTP: address.HTTP,
			Versions: address.Full.Versions, ScriptCookies: address.Full.ScriptCookies,
		}
		if i < len(scores) {
			entry.Score = scores[i]
		}
		report.Addresses = append(report.Addresses, entry)
		if worst < 0 || worse(entry.Score, report.Addresses[worst].Score) {
			worst = i
		}
	}
	if worst >= 0 {
		report.show(report.Addresses[worst], requests)
	}
	return report
}

// worse says whether a score is lower than another, or the first there is.
func worse(score, than *HTTPScore) bool {
	return score != nil && (than == nil || score.Score < than.Score)
}

// show lays one address's walk out.
func (r *ReportHTTP) show(address ReportHTTPAddress, requests []RequestRecord) {
	r.Score = address.Score
	for i, hop := range address.Hops {
		shown := ReportHop{Address: address.Address, Hop: hop}
		if request, ok := requestOf(address.Address, i, requests); ok {
			shown.Address, shown.Timing = request.Address, timingOf(request)
		}
		r.Hops = append(r.Hops, shown)
		if hop.Answer.State != Known {
			continue
		}
		for _, cookie := range hop.Answer.Value.Cookies {
			r.Cookies = append(r.Cookies, ReportCookie{Hop: i, Host: hop.Host, Cookie: cookie})
		}
		if i == len(address.Hops)-1 && hop.Answer.Value.Fields != nil {
			r.Headers = hop.Answer.Value.Fields
		}
	}
}

// requestOf is the last request of a hop of address's walk, which begins where
// hop 0 was asked there: later hops on other hosts have addresses of their own.
func requestOf(address netip.Addr, hop int, requests []RequestRecord) (found RequestRecord, ok bool) {
	own := false
	for _, request := range requests {
		if request.Hop == 0 {
			own = request.Address == address
		}
		if own && request.Hop == hop {
			found, ok = request, true
		}
	}
	return found, ok
}

func timingOf(request RequestRecord) *ReportTiming {
	milliseconds := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return &ReportTiming{
		DNS: milliseconds(request.DNS), Connect: milliseconds(request.Connect),
		TLS: milliseconds(request.TLS), FirstByte: milliseconds(request.FirstByte),
	}
}
