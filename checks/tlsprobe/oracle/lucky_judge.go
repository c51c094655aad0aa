package oracle

import (
	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// vulnerableLucky is openSSLLuckyMinus20 in the SSL Labs API.
const vulnerableLucky = 2

// The questions of CVE-2016-2107.
const (
	luckyOverlong = iota // four blocks of 41: the padding claims more than the record has
	luckyWrongMAC        // asked only where the first meets record_overflow
)

// luckyTrial is CVE-2016-2107 asked in one version with one suite (rating
// guide, section 10.11).
type luckyTrial struct {
	name   string
	rounds []round
}

// needsReference says whether a server that answers record_overflow has to
// show that it does not answer so to every bad record.
func (r round) needsReference() bool {
	code, ok := r[luckyOverlong].alert()
	return ok && code == wire.AlertRecordOverflow && len(r) == luckyWrongMAC
}

// undecided says whether another round is needed.
func (t luckyTrial) undecided() bool {
	overflows := 0
	for _, round := range t.rounds {
		if code, ok := round[luckyOverlong].alert(); ok && code == wire.AlertRecordOverflow {
			overflows++
		}
	}
	switch {
	case overflows > 0:
		return overflows == len(t.rounds) && overflows < differentRounds
	default:
		return len(t.rounds) < equalRounds
	}
}

// judge counts alerts alone: what follows them says nothing here.
func (t luckyTrial) judge() checks.Finding {
	if len(t.rounds) == 0 || t.undecided() {
		return inconclusive(checks.ReasonBudget, valueFailed, t.name+": not asked often enough")
	}
	if reason := failure(t.rounds); reason != "" {
		return inconclusive(reason, valueFailed, t.name+": not every question was answered")
	}
	first, ok := t.rounds[0][luckyOverlong].alert()
	for _, round := range t.rounds {
		if code, again := round[luckyOverlong].alert(); code != first || again != ok {
			return inconclusive(checks.ReasonDisagreement, valueFailed, t.name+": repeated rounds differ")
		}
	}
	switch {
	case ok && first == wire.AlertBadRecordMAC:
		return notVulnerable(t.name + ": padding longer than its record: alert 20")
	case ok && first == wire.AlertRecordOverflow:
		return t.judgeOverflow()
	default:
		return inconclusive(t.rounds[0][luckyOverlong].unexpected(), valueFailed,
			t.name+": padding longer than its record: neither alert 20 nor alert 22")
	}
}

// unexpected is the reason that goes with a reaction that says nothing.
func (r reaction) unexpected() checks.Reason {
	switch r.events[0].kind {
	case conversation.Alert:
		return checks.ReasonHandshakeFailed
	case conversation.Timeout:
		return checks.ReasonTimeout
	case conversation.FIN, conversation.RST:
		return checks.ReasonClosed
	default:
		return checks.ReasonMalformed
	}
}

// judgeOverflow is a server that met the question with record_overflow: with
// the bug if it meets a wrong MAC with another alert.
func (t luckyTrial) judgeOverflow() checks.Finding {
	for _, round := range t.rounds {
		if len(round) <= luckyWrongMAC {
			return inconclusive(checks.ReasonBudget, valueFailed, t.name+": not asked often enough")
		}
		if code, ok := round[luckyWrongMAC].alert(); !ok || code == wire.AlertRecordOverflow {
			return inconclusive(checks.ReasonDisagreement, valueFailed, t.name+": alert 22 to a wrong MAC too")
		}
	}
	return finding(checks.Vulnerable, vulnerableLucky,
		t.name+": padding longer than its record: alert 22", t.name+": wrong MAC: another alert")
}
