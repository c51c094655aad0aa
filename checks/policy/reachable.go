package policy

import (
	"fmt"

	"github.com/gradewatch/gradewatch/checks"
)

// answers judges E-01: an application answers at every address, with a status
// below 500. That nothing answers fails it only when our own connectivity was
// proved around the look; otherwise the fault may be ours.
func (q question) answers() judgement {
	if q.native() {
		return q.nativeNotApplicable()
	}
	var findings []finding
	remedy := remedyServerError
	unreachable := func(path, value, text string) finding {
		if q.connected() {
			remedy = remedyUnreachable
			return oneFinding(checks.Fail, path, value, text)
		}
		return oneFinding(checks.ResultInconclusive, path, value, text+" "+q.connectivitySentence())
	}
	if dns := q.observation.DNS.Addresses; len(q.observation.Addresses) == 0 && doesNotResolve(dns.Reason) {
		findings = append(findings, unreachable("dns.addresses", factValue(dns), q.dnsSentence()))
		return combine(findings, remedy)
	}
	for _, address := range q.observation.Addresses {
		findings = append(findings, answerFinding(address, unreachable))
	}
	findings = append(findings, q.notLookedAt()...)
	return combine(findings, remedy)
}

func (q question) connected() bool {
	return q.observation.Connectivity.State == checks.Known && q.observation.Connectivity.Value
}

func (q question) connectivitySentence() string {
	if q.observation.Connectivity.State == checks.Known {
		return "Our own network did not work at that time, so this says nothing about the application."
	}
	return "Nothing proves that our own network worked, so this says nothing about the application yet."
}

// doesNotResolve lists the reasons for which nobody can find the application.
func doesNotResolve(reason checks.Reason) bool {
	switch reason {
	case checks.ReasonNameNotFound, checks.ReasonNoAddress, checks.ReasonResolverFailed:
		return true
	}
	return false
}

// answerFinding judges the last hop on the registered host: redirects to other
// hosts are theirs to answer.
func answerFinding(a checks.AddressObservation, unreachable func(path, value, text string) finding) finding {
	if len(a.HTTP.Hops) == 0 {
		// Nobody asked: the look ended before this address had its turn.
		open, _ := openWalk(a)
		return open
	}
	host, last := a.HTTP.Hops[0].Host, 0
	for i, hop := range a.HTTP.Hops {
		if hop.Host == host {
			last = i
		}
	}
	hop := a.HTTP.Hops[last]
	path := fmt.Sprintf("http[%s].hops[%d].answer", a.Address, last)
	if hop.Answer.State == checks.Known {
		status := hop.Answer.Value.Status
		text := fmt.Sprintf("%s answers at %s with status %d.", a.Address, hop.URL, status)
		if status >= 500 {
			return oneFinding(checks.Fail, path+".status", fmt.Sprint(status), text)
		}
		return oneFinding(checks.Pass, path+".status", fmt.Sprint(status), text)
	}
	reason := hop.Answer.Reason
	text := fmt.Sprintf("%s %s.", a.Address, reason.Text())
	if isDown(a, reason) {
		return unreachable(path, string(reason), text)
	}
	return oneFinding(checks.ResultInconclusive, path, factValue(hop.Answer), text)
}

// isDown says whether reason means that a browser gets no answer either. A
// failed handshake with a server that takes other TLS hellos does not: there,
// the client may be what lacks something.
func isDown(a checks.AddressObservation, reason checks.Reason) bool {
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
