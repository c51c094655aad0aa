package oracle

import (
	"github.com/gradewatch/gradewatch/checks"
)

// Values of bleichenbacher in the SSL Labs API.
const (
	robotWeak         = 2
	robotStrong       = 3
	robotInconsistent = 4
)

// The five contents of a ClientKeyExchange (rating guide, section 10.8).
const (
	robotCorrect      = iota // 00 02, pad, 00, version, secret
	robotBlockType           // 41 17: not of block type 2
	robotZeroPosition        // the zero byte stands at the wrong place
	robotNoZero              // no zero byte
	robotVersion             // a version that nobody offered
	robotQuestions
)

func robotName(question int) string {
	return [robotQuestions]string{
		"correct padding", "wrong block type", "zero byte at the wrong place", "no zero byte", "wrong version",
	}[question]
}

// robotTrial is ROBOT asked in one version with one key.
type robotTrial struct {
	name string // "TLSv1.2 TLS_RSA_WITH_AES_128_CBC_SHA"
	// control is why a correct handshake by RSA key transport did not complete.
	control checks.Reason
	// full are rounds of ClientKeyExchange, ChangeCipherSpec and a Finished of
	// garbage; bare are rounds of ClientKeyExchange alone.
	full, bare []round
	// fullOnly: the bare flow is not asked, since another version's was.
	fullOnly bool
	unsteady int // reactions that were others when they were asked again
}

// undecided says which flow needs another round.
func (t robotTrial) undecided() (full, bare bool) {
	if t.control != "" {
		return false, false
	}
	switch said, _ := compare(t.full); said {
	case undecided:
		return true, false
	case alike:
		said, _ = compare(t.bare)
		return false, said == undecided && !t.fullOnly
	default:
		return false, false
	}
}

// judge is the table of the rating guide's section 10.8.
func (t robotTrial) judge() checks.Finding {
	if t.control != "" {
		return inconclusive(t.control, valueFailed, t.name+": a correct handshake does not complete")
	}
	if t.unsteady > tolerated {
		return inconclusive(checks.ReasonDisagreement, robotInconsistent, t.name+": reactions change when they are asked again")
	}
	answer, decided := t.judgeFlow(t.full, "ClientKeyExchange, ChangeCipherSpec and Finished")
	if decided {
		return answer
	}
	if !t.fullOnly {
		if answer, decided = t.judgeFlow(t.bare, "ClientKeyExchange alone"); decided {
			return answer
		}
	}
	return notVulnerable(t.name + ": five ClientKeyExchange messages, one reaction")
}

// judgeFlow is false where all reactions were alike.
func (t robotTrial) judgeFlow(rounds []round, flow string) (checks.Finding, bool) {
	said, v := compare(rounds)
	if said == different && t.unsteady > 0 {
		said = disagreeing
	}
	name := t.name + ", " + flow
	switch said {
	case alike:
		return checks.Finding{}, false
	case different:
		return judgeRobotProfile(name, rounds[0].profile(v)), true
	case disagreeing:
		return inconclusive(checks.ReasonDisagreement, robotInconsistent, name+": repeated rounds differ"), true
	case impatient:
		return inconclusive(checks.ReasonTimeout, valueFailed, name+": silence that was too short to trust"), true
	case unseen:
		return inconclusive(failure(rounds), valueFailed, name+": not every question was answered"), true
	default:
		return inconclusive(checks.ReasonBudget, valueFailed, name+": not asked often enough"), true
	}
}

func judgeRobotProfile(name string, profile []string) checks.Finding {
	value := robotStrong
	if profile[robotBlockType] == profile[robotZeroPosition] && profile[robotZeroPosition] == profile[robotNoZero] {
		value = robotWeak
	}
	var proof []string
	for question, words := range profile {
		proof = append(proof, name+": "+robotName(question)+": "+words)
	}
	return finding(checks.Vulnerable, value, proof...)
}
