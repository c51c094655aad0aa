package policy

import (
	"fmt"
	"net/netip"

	"github.com/gradewatch/gradewatch/checks"
)

// protocolRefused judges T-01 and T-02: no address accepts protocol.
func (q question) protocolRefused(protocol checks.Protocol) judgement {
	if answer, none := q.needsTLS(); none {
		return answer
	}
	return q.overAddresses(remedySSL, func(a checks.AddressObservation) finding {
		return protocolFinding(a, protocol, checks.Fail, checks.Pass)
	})
}

// protocolAccepted judges T-03: every address accepts protocol.
func (q question) protocolAccepted(protocol checks.Protocol) judgement {
	if answer, none := q.needsTLS(); none {
		return answer
	}
	return q.overAddresses(remedyTLS12, func(a checks.AddressObservation) finding {
		return protocolFinding(a, protocol, checks.Pass, checks.Fail)
	})
}

func protocolFinding(a checks.AddressObservation, protocol checks.Protocol, accepted, refused checks.Result) finding {
	fact := a.TLS.Protocols[protocol]
	path := fmt.Sprintf("addresses[%s].protocols.%s", a.Address, protocol)
	value, title := checks.ProtocolAnswer(fact), protocol.Title()
	switch fact.State {
	case checks.Known:
		return oneFinding(accepted, path, value, acceptedSentence(a.Address, title, fact.Value))
	case checks.Absent:
		return oneFinding(refused, path, value, fmt.Sprintf("%s refuses %s.", a.Address, title))
	}
	text := fmt.Sprintf("We could not tell whether %s accepts %s: it %s.", a.Address, title, fact.Reason.Text())
	return oneFinding(checks.ResultInconclusive, path, factValue(fact), text)
}

func acceptedSentence(address netip.Addr, title string, accepted checks.Accepted) string {
	switch {
	case accepted.WithoutSuites:
		return fmt.Sprintf("%s answers %s with an empty list of ciphers, which counts as accepting it (CVE-2015-3197).", address, title)
	case accepted.Suite != "":
		return fmt.Sprintf("%s accepts %s with suite %s.", address, title, accepted.Suite)
	}
	return fmt.Sprintf("%s accepts %s.", address, title)
}

// secureOnly judges T-07: https, no hop down to http, and port 80 closed or
// leading to https.
func (q question) secureOnly() judgement {
	if q.native() {
		return q.nativeNotApplicable()
	}
	if q.scheme() == "http" {
		return judgement{result: checks.Fail, remedy: remedyHTTPS, proof: []checks.Proof{{
			Fact: "url", Value: "http", Text: "The registered URL uses http.", Cause: checks.CauseConfiguration,
		}}}
	}
	return q.overAddresses(remedyHTTPS, func(a checks.AddressObservation) finding {
		hops, plain := downgradeFinding(a), plainFinding(a)
		both := combine([]finding{hops, plain}, "")
		return finding{result: both.result, proof: both.proof}
	})
}

func downgradeFinding(a checks.AddressObservation) finding {
	for i, hop := range a.HTTP.Hops {
		if hop.Scheme == "http" {
			return oneFinding(checks.Fail, fmt.Sprintf("http[%s].hops[%d].scheme", a.Address, i), "http",
				fmt.Sprintf("%s redirects down to plain http, at %s.", a.Address, hop.URL))
		}
	}
	if open, ok := openWalk(a); ok {
		return open
	}
	return oneFinding(checks.Pass, fmt.Sprintf("http[%s].hops", a.Address), "https",
		fmt.Sprintf("Every hop from %s uses https.", a.Address))
}

func plainFinding(a checks.AddressObservation) finding {
	path := fmt.Sprintf("http[%s].plain_http", a.Address)
	plain := a.HTTP.PlainHTTP
	switch {
	case plain.State == checks.Absent:
		return oneFinding(checks.Pass, path, "closed", fmt.Sprintf("Port 80 of %s is closed.", a.Address))
	case plain.State != checks.Known:
		return oneFinding(checks.ResultInconclusive, path, factValue(plain),
			fmt.Sprintf("We could not tell what port 80 does: %s %s.", a.Address, plain.Reason.Text()))
	case plain.Value.RedirectsToHTTPS:
		return oneFinding(checks.Pass, path, "redirects_to_https", fmt.Sprintf("Port 80 of %s redirects to https.", a.Address))
	}
	return oneFinding(checks.Fail, path, fmt.Sprint(plain.Value.Status),
		fmt.Sprintf("Port 80 of %s answers plain http with status %d and does not redirect to https.", a.Address, plain.Value.Status))
}

// openWalk says whether a part of the walk was not seen that could matter: a
// hop without an answer may set cookies or lead anywhere. A hop on another
// site that provably leads nowhere (nobody listens there) hides nothing.
func openWalk(a checks.AddressObservation) (finding, bool) {
	for i, hop := range a.HTTP.Hops {
		if hop.Answer.State == checks.Known || !hop.SameSite && leadsNowhere(hop.Answer.Reason) {
			continue
		}
		return oneFinding(checks.ResultInconclusive, fmt.Sprintf("http[%s].hops[%d].answer", a.Address, i), factValue(hop.Answer),
			fmt.Sprintf("The answer at %s was not seen: %s.", hop.URL, hopReason(a, hop))), true
	}
	if len(a.HTTP.Hops) == 0 {
		return oneFinding(checks.ResultInconclusive, fmt.Sprintf("http[%s].end", a.Address), factValue(a.HTTP.End),
			fmt.Sprintf("No HTTP answer was seen: %s %s.", a.Address, a.HTTP.End.Reason.Text())), true
	}
	return finding{}, false
}

func hopReason(a checks.AddressObservation, hop checks.Hop) string {
	who := hop.Host
	if len(a.HTTP.Hops) > 0 && hop.Host == a.HTTP.Hops[0].Host {
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
