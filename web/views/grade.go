package views

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// GradeView is the grade of an endpoint, and of each of its addresses.
type GradeView struct {
	Grade     *checks.Grade // nil: there is none
	Addresses []AddressGrade
	Product   string // what the server looks like
}

// AddressGrade is the grade of one address.
type AddressGrade struct {
	Address netip.Addr
	Port    uint16
	Grade   checks.Grade
}

// several says whether the addresses are worth telling apart.
func (v GradeView) several() bool { return len(v.Addresses) > 1 }

func letterWord(letter checks.Letter) string {
	if letter == "" {
		return "–"
	}
	return string(letter)
}

func letterClass(letter checks.Letter) string {
	switch letter {
	case checks.GradeAPlus, checks.GradeA:
		return "good"
	case checks.GradeAMinus, checks.GradeB, checks.GradeC:
		return "middling"
	case "":
		return "none"
	default:
		return "bad"
	}
}

// gradeSentence says why the grade is no better, or that it is the best.
func gradeSentence(grade checks.Grade) string {
	switch {
	case grade.Letter == "":
		return "No grade: no protocol could be seen."
	case len(grade.Rules) > 0 && grade.Rules[0].Effect != checks.EffectBonus && grade.Rules[0].Effect != checks.EffectNote:
		return fmt.Sprintf("%s because %s.", grade.Letter, lowered(grade.Rules[0].Text))
	case grade.Letter == checks.GradeAPlus:
		return "A+: there is no better grade."
	default:
		return fmt.Sprintf("%s: nothing that was seen speaks for a worse grade.", grade.Letter)
	}
}

// lowered begins a text that continues a sentence; names in capitals stay.
func lowered(text string) string {
	text = strings.TrimSuffix(text, ".")
	if len(text) < 2 || text[1] < 'a' || text[1] > 'z' {
		return text
	}
	return strings.ToLower(text[:1]) + text[1:]
}

func gradeNotes(grade checks.Grade) []string {
	var notes []string
	if grade.Provisional {
		notes = append(notes, "Provisional: facts are missing that could make it another letter.")
	}
	if grade.TrustIgnored != "" && grade.TrustIgnored != grade.Letter {
		notes = append(notes, "If trust is ignored: "+string(grade.TrustIgnored)+".")
	}
	if grade.Future != "" {
		notes = append(notes, "Under criteria that are announced: "+string(grade.Future)+".")
	}
	return notes
}

// effectWord says what a rule does.
func effectWord(rule checks.GradeRule) string {
	switch rule.Effect {
	case checks.EffectCap:
		return "no better than " + string(rule.Letter)
	case checks.EffectWarning:
		return "A becomes A-"
	case checks.EffectTrust, checks.EffectMismatch:
		return "becomes " + string(rule.Letter)
	case checks.EffectBonus:
		return "A becomes A+"
	case checks.EffectNote:
		return "no effect on the letter"
	default:
		return "scores give " + string(rule.Letter)
	}
}

func joined(ids []string) string { return strings.Join(ids, ", ") }
