package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// RequirementWaiver is a waiver and the requirement that it is from.
type RequirementWaiver struct {
	Requirement string
	checks.Waiver
}

// Waive marks fails that somebody answers for at a time. A fail is waived where
// waivers cover all its proofs: one without a fact covers all, one with a fact
// those about it. Where several cover them, the one that ends first is shown:
// then the fail counts again, unless another covers all. What is not a fail, and
// the verdicts given, stay as they are.
func Waive(verdicts []checks.Verdict, waivers []RequirementWaiver, at time.Time) []checks.Verdict {
	waived := slices.Clone(verdicts)
	for i, verdict := range waived {
		if verdict.Result != checks.Fail {
			continue
		}
		if waiver, ok := covering(verdict, waivers, at); ok {
			waived[i].Waived = &waiver
		}
	}
	return waived
}

// covering finds the waiver that says until when all proofs are covered.
func covering(verdict checks.Verdict, waivers []RequirementWaiver, at time.Time) (checks.Waiver, bool) {
	var first *checks.Waiver
	for _, proof := range orOne(verdict.Proof) {
		longest := longestFor(proof, verdict.Requirement, waivers, at)
		if longest == nil {
			return checks.Waiver{}, false
		}
		if first == nil || longest.Until.Before(first.Until) {
			first = longest
		}
	}
	return *first, true
}

// orOne lets a fail without a proof be covered by a waiver for all of it.
func orOne(proofs []checks.Proof) []checks.Proof {
	if len(proofs) == 0 {
		return []checks.Proof{{}}
	}
	return proofs
}

// WaivedFact is what a waiver from a proof's fact is limited to: a cookie by its
// name, whichever hop of whichever address sets it; else the fact itself.
func WaivedFact(fact string) string {
	start, end := strings.Index(fact, cookieFact), strings.LastIndexByte(fact, ']')
	if start < 0 || end < start+len(cookieFact) {
		return fact
	}
	return fact[start+1 : end+1]
}

// WaivedCookie returns the name of the cookie that a waiver is limited to; found
// is false where it is limited to something else.
func WaivedCookie(fact string) (name string, found bool) {
	name, found = strings.CutPrefix(fact, cookieFact[1:])
	return strings.TrimSuffix(name, "]"), found
}

// cookieFact begins a cookie's part of a fact: http[192.0.2.1].hops[0].answer.cookies[sid].secure.
const cookieFact = ".cookies["

func longestFor(proof checks.Proof, requirement string, waivers []RequirementWaiver, at time.Time) *checks.Waiver {
	var longest *checks.Waiver
	for _, one := range waivers {
		if one.Requirement != requirement || !at.Before(one.Until) || one.Fact != "" && one.Fact != proof.Fact && one.Fact != WaivedFact(proof.Fact) {
			continue
		}
		if longest == nil || one.Until.After(longest.Until) {
			longest = &one.Waiver
		}
	}
	return longest
}
