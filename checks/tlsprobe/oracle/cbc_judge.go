package oracle

import (
	"slices"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// The modes of a malformed record (rating guide, section 10.10). Mode 0 is the
// control: a correct request.
const (
	modeControl      = iota
	modeWrongMAC     // request, wrong MAC, valid padding
	modeNoMAC        // everything FF
	modeWrongPadding // request, valid MAC, wrong filler
	modeAllPadding   // nothing but valid padding
	modeEmpty        // no data, wrong MAC, valid padding
	modeQuestions
	modeFirstFiller = modeQuestions     // request, valid MAC, the first filler byte wrong
	modeLastFiller  = modeQuestions + 1 // request, valid MAC, the last filler byte wrong
)

func modeName(mode int) string {
	return [...]string{
		"correct request", "wrong MAC, valid padding", "no MAC, invalid padding", "valid MAC, wrong padding",
		"nothing but padding", "no data, wrong MAC, valid padding",
		"valid MAC, first byte of the padding wrong", "valid MAC, last byte of the padding wrong",
	}[mode]
}

// cbcTrial is the modes asked in one version with one suite.
type cbcTrial struct {
	name string // "TLSv1.2 TLS_RSA_WITH_AES_128_CBC_SHA"
	// rounds hold the reactions to the modes 0 to 5, controls first.
	rounds []round
	// positions hold the reactions to modeFirstFiller and modeLastFiller, where
	// they were asked.
	positions []round
	unsteady  int // reactions that were others when they were asked again
}

// malformed are the rounds without their controls.
func (t cbcTrial) malformed() []round {
	var rounds []round
	for _, round := range t.rounds {
		rounds = append(rounds, round[modeControl+1:])
	}
	return rounds
}

// control says why a correct request does not work.
func (t cbcTrial) control() checks.Reason {
	for _, round := range t.rounds {
		if reason := round[modeControl].failed; reason != "" {
			return reason
		}
		if !round[modeControl].has(conversation.Data) {
			return checks.ReasonControlFailed
		}
	}
	return ""
}

// undecided says whether the modes, or the positions, need another round.
func (t cbcTrial) undecided() (modes, positions bool) {
	if len(t.rounds) > 0 && t.control() != "" {
		return false, false
	}
	return t.compared() == undecided, t.positionsUndecided()
}

// compared is what the malformed records' rounds agree on. That all of them are
// accepted must be seen as often as that reactions differ.
func (t cbcTrial) compared() agreement {
	said, _ := compare(t.malformed())
	if said == alike && len(t.rounds) < differentRounds && t.accepts(modeWrongPadding) {
		return undecided
	}
	return said
}

// positionsUndecided: rejected once is rejected, accepted must be seen again.
func (t cbcTrial) positionsUndecided() bool {
	return len(t.positions) > 0 && len(t.positions) < differentRounds &&
		!slices.ContainsFunc(t.positions, func(r round) bool { return !r.accepts() })
}

func (r round) accepts() bool {
	return slices.ContainsFunc(r, func(one reaction) bool { return one.has(conversation.Data) })
}

// cbcVulnerabilities are those that cbcTrial tells, in the order of reports.
func cbcVulnerabilities() []checks.Vulnerability {
	return []checks.Vulnerability{
		checks.POODLETLS, checks.ZombiePOODLE, checks.GOLDENDOODLE, checks.ZeroLengthPaddingOracle, checks.SleepingPOODLE,
	}
}

// cbcValue is the SSL Labs API's value of a vulnerability, and of one that who
// sees only the network can use.
func cbcValue(vulnerability checks.Vulnerability, exploitable bool) int {
	value := map[checks.Vulnerability]int{
		checks.ZombiePOODLE: 2, checks.GOLDENDOODLE: 4, checks.ZeroLengthPaddingOracle: 6, checks.SleepingPOODLE: 10,
	}[vulnerability]
	switch {
	case vulnerability == checks.POODLETLS:
		return 2
	case exploitable:
		return value + 1
	default:
		return value
	}
}

// poodleTimeout is poodleTls in the SSL Labs API where the server is silent.
const (
	poodleNoTLS   = -2
	poodleTimeout = -3
)

// judge tells every vulnerability apart: each flag stands for itself.
func (t cbcTrial) judge() checks.Vulnerabilities {
	if reason := t.trouble(); reason != "" {
		return t.inconclusive(reason)
	}
	said, v := compare(t.malformed())
	answers := checks.Vulnerabilities{}
	for _, vulnerability := range cbcVulnerabilities() {
		answers[vulnerability] = notVulnerable(t.name + ": five malformed records, none accepted, one reaction")
	}
	if said == different {
		t.judgeProfile(v, answers)
	} else if t.accepts(modeWrongPadding) { // alike, and what is wrong is accepted as what is right
		t.judgeAccepting(answers)
	}
	t.judgePositions(answers)
	return answers
}

// trouble says why the rounds tell nothing.
func (t cbcTrial) trouble() checks.Reason {
	if len(t.rounds) == 0 {
		return checks.ReasonBudget
	}
	if reason := t.control(); reason != "" {
		return reason
	}
	if t.unsteady > tolerated || t.unsteady > 0 && t.compared() == different {
		return checks.ReasonDisagreement
	}
	switch t.compared() {
	case undecided:
		return checks.ReasonBudget
	case disagreeing:
		return checks.ReasonDisagreement
	case impatient:
		return checks.ReasonTimeout
	case unseen:
		return failure(t.malformed())
	default:
		return ""
	}
}

func (t cbcTrial) inconclusive(reason checks.Reason) checks.Vulnerabilities {
	answers := checks.Vulnerabilities{}
	for _, vulnerability := range cbcVulnerabilities() {
		value := valueFailed
		if vulnerability == checks.POODLETLS && reason == checks.ReasonTimeout {
			value = poodleTimeout
		}
		answers[vulnerability] = inconclusive(reason, value, t.name+": the malformed records cannot be judged")
	}
	return answers
}

// accepts says whether data came to a mode in every round.
func (t cbcTrial) accepts(mode int) bool {
	return !slices.ContainsFunc(t.rounds, func(r round) bool { return !r[mode].has(conversation.Data) })
}

// judgeAccepting is a server that checks neither MAC nor padding.
func (t cbcTrial) judgeAccepting(answers checks.Vulnerabilities) {
	proof := t.proof(coarsely)
	answers[checks.POODLETLS] = finding(checks.Vulnerable, cbcValue(checks.POODLETLS, true), proof...)
	answers[checks.GOLDENDOODLE] = finding(checks.Vulnerable, cbcValue(checks.GOLDENDOODLE, true), proof...)
}

// judgeProfile is the table of observations of the rating guide's section
// 10.10 for reactions that differ.
func (t cbcTrial) judgeProfile(v view, answers checks.Vulnerabilities) {
	proof := t.proof(v)
	found := func(vulnerability checks.Vulnerability, modes ...int) {
		answers[vulnerability] = finding(checks.Vulnerable, cbcValue(vulnerability, t.visible(v, modes)), proof...)
	}
	like := func(a, b int) bool { return t.rounds[0][a].words(v) == t.rounds[0][b].words(v) }
	differs := func(mode int) bool { return !like(mode, modeWrongMAC) }
	for _, vulnerability := range cbcVulnerabilities() {
		answers[vulnerability] = notVulnerable(t.name + ": reactions differ, not in what this needs")
	}
	if t.accepts(modeWrongPadding) {
		found(checks.POODLETLS, modeWrongPadding)
	} else if differs(modeWrongPadding) {
		found(checks.ZombiePOODLE, modeWrongPadding)
	}
	// Validity of the padding shows by itself also where the record without
	// data, whose padding is valid too, is met as mode 1 is.
	alone := differs(modeNoMAC) && differs(modeWrongPadding) && differs(modeAllPadding) && differs(modeEmpty)
	byPadding := differs(modeNoMAC) && like(modeNoMAC, modeWrongPadding)
	if t.accepts(modeWrongMAC) || alone || byPadding {
		found(checks.GOLDENDOODLE, modeNoMAC, modeWrongPadding)
	}
	if differs(modeAllPadding) && !t.overflows(modeAllPadding) || differs(modeEmpty) && !t.overflows(modeEmpty) {
		found(checks.ZeroLengthPaddingOracle, modeAllPadding, modeEmpty)
	}
}

// overflows says whether record_overflow is what sets a mode apart: that is how
// CVE-2016-2107 meets padding that leaves no room for a MAC (rating guide,
// section 10.11), and proves nothing about records without data.
func (t cbcTrial) overflows(mode int) bool {
	code, _ := t.rounds[0][mode].alert()
	reference, _ := t.rounds[0][modeWrongMAC].alert()
	return code == wire.AlertRecordOverflow && reference == wire.AlertBadRecordMAC
}

// visible says whether one of modes differs from mode 1 for somebody without
// keys, in every round and each time in the same way.
func (t cbcTrial) visible(v view, modes []int) bool {
	return slices.ContainsFunc(modes, func(mode int) bool {
		first, reference := t.rounds[0][mode].outside(v), t.rounds[0][modeWrongMAC].outside(v)
		return first != reference && !slices.ContainsFunc(t.rounds, func(r round) bool {
			return r[mode].outside(v) != first || r[modeWrongMAC].outside(v) != reference
		})
	})
}

func (t cbcTrial) proof(v view) []string {
	var proof []string
	for mode, words := range t.rounds[0].profile(v) {
		proof = append(proof, t.name+": "+modeName(mode)+": "+words)
	}
	return proof
}
