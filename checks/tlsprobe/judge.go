package tlsprobe

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// outcome is one hello and its reaction, in time since the start.
type outcome struct {
	protocol     checks.Protocol
	began, ended time.Duration
	reaction     reaction
	// doubtful: it was dropped while other hellos were under way, and nobody
	// could see whether it is dropped alone too.
	doubtful bool
}

// outcomes is every hello so far, in the order in which they ended.
type outcomes []outcome

// judge says what is known of a protocol.
//
// Accepted is accepted. A refusal in the protocol's own words needs any hello
// that worked: a server that refuses everything may just not know us. FIN and
// RST need one that worked after: the server may have been going down. Silence
// needs one before and one after (rating guide for probes, section 14).
func (o outcomes) judge(protocol checks.Protocol) checks.Fact[checks.Accepted] {
	last, asked := o.last(protocol)
	if !asked {
		return checks.InconclusiveFact[checks.Accepted](checks.ReasonBudget)
	}
	if last.reaction.kind == accepted {
		return checks.KnownFact(last.reaction.answer)
	}
	if last.reaction.kind == failed {
		return checks.InconclusiveFact[checks.Accepted](last.reaction.reason)
	}
	if !o.worked() {
		return checks.InconclusiveFact[checks.Accepted](last.reaction.kind.reason())
	}
	if o.proves(last) {
		return checks.AbsentFact[checks.Accepted]("")
	}
	if last.reaction.kind == silent || last.reaction.kind == dropped {
		return checks.InconclusiveFact[checks.Accepted](checks.ReasonControlFailed)
	}
	return checks.InconclusiveFact[checks.Accepted](last.reaction.kind.reason())
}

// proves says whether an outcome is a refusal that the others bear out.
func (o outcomes) proves(last outcome) bool {
	switch last.reaction.kind {
	case refused:
		return true
	case dropped:
		return o.workedAfter(last) && !last.doubtful
	case silent:
		return o.workedBefore(last) && o.workedAfter(last)
	case foreign:
		// What is no record at all answers what is no TLS record: it is not SSL 2.0.
		return last.protocol == checks.SSLv2
	default:
		return false
	}
}

// last returns the outcome that counts for a protocol: an acceptance if there
// ever was one, else the newest.
func (o outcomes) last(protocol checks.Protocol) (counts outcome, asked bool) {
	for _, outcome := range o {
		if outcome.protocol != protocol || (asked && counts.reaction.kind == accepted) {
			continue
		}
		counts, asked = outcome, true
	}
	return counts, asked
}

func (o outcomes) any(holds func(outcome) bool) bool {
	for _, outcome := range o {
		if holds(outcome) {
			return true
		}
	}
	return false
}

func (o outcomes) worked() bool {
	return o.any(func(other outcome) bool { return other.reaction.kind == accepted })
}

func (o outcomes) workedBefore(one outcome) bool {
	return o.any(func(other outcome) bool { return other.reaction.kind == accepted && other.ended <= one.began })
}

func (o outcomes) workedAfter(one outcome) bool {
	return o.any(func(other outcome) bool { return other.reaction.kind == accepted && other.began >= one.ended })
}

// wantsControl says whether a control hello now could prove a refusal that is
// not proved yet.
func (o outcomes) wantsControl() bool {
	for _, protocol := range checks.Protocols() {
		last, asked := o.last(protocol)
		if !asked || o.proves(last) {
			continue
		}
		switch last.reaction.kind {
		case dropped:
			if !last.doubtful && o.worked() {
				return true
			}
		case silent:
			if o.workedBefore(last) {
				return true
			}
		}
	}
	return false
}

// chain returns the certificates of the newest version that sent some in the
// clear, and where there are none, why.
func (o outcomes) chain() ([][]byte, checks.Reason) {
	if !o.worked() {
		return nil, o.judge(checks.TLSv12).Reason
	}
	var reason checks.Reason
	for _, protocol := range newestFirst() {
		last, asked := o.last(protocol)
		if !asked || last.reaction.kind != accepted {
			continue
		}
		if last.reaction.chain != nil {
			return last.reaction.chain, ""
		}
		if reason == "" {
			reason = last.reaction.chainErr
		}
	}
	return nil, reason
}

// newestFirst is the order in which versions are asked for, too: what most
// servers accept comes first, and is the control for what follows.
func newestFirst() []checks.Protocol {
	return []checks.Protocol{checks.TLSv12, checks.TLSv13, checks.TLSv11, checks.TLSv10, checks.SSLv3, checks.SSLv2}
}
