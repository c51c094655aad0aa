package monitor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// verdicts compares conclusive verdicts. The previous snapshot's verdicts must
// be the last conclusive ones, so that a spell of not knowing hides no change.
func (c *comparison) verdicts() {
	was := map[string]checks.Verdict{}
	for _, verdict := range c.previous.Verdicts {
		was[verdict.Requirement] = verdict
	}
	for _, after := range c.next.Verdicts {
		before, judged := was[after.Requirement]
		if !judged || !before.Result.Conclusive() || !after.Result.Conclusive() || before.Result == after.Result {
			continue
		}
		change := Change{
			OccurredAt: c.next.At, Class: Regression, Cause: c.causeOfVerdict(after),
			Subject: VerdictSubject(after.Requirement), Before: string(before.Result), After: string(after.Result),
			Sentence: fmt.Sprintf("%s fails now: %s", after.Requirement, proofText(after)),
		}
		if after.Result == checks.Pass {
			change.Class = Recovery
			change.Sentence = fmt.Sprintf("%s passes again: %s", after.Requirement, proofText(after))
		}
		change.Weight = weightOfTurn(after, change.Cause)
		c.changes = append(c.changes, change)
	}
}

// verdictSubjects is what the Subject of every change of a verdict begins with.
const verdictSubjects = "verdicts."

// VerdictSubject is the Subject of a change of a requirement's verdict.
func VerdictSubject(requirement string) string { return verdictSubjects + requirement }

func proofText(verdict checks.Verdict) string {
	for _, proof := range verdict.Proof {
		if proof.Text != "" {
			return proof.Text
		}
	}
	return "no fact was given as proof."
}

// weightOfTurn is how much it matters that a verdict turned, either way. What
// our own rules or engine brought is nothing that people have to get up for.
func weightOfTurn(verdict checks.Verdict, cause checks.Cause) Weight {
	if ours(cause) {
		return Low
	}
	verdict.Result = checks.Fail
	return WeightOf(verdict)
}

// ours says whether a change comes from our own rules or engine.
func ours(cause checks.Cause) bool {
	return cause == checks.CauseCriteria || cause == checks.CauseEngine
}

func (c *comparison) causeOfVerdict(after checks.Verdict) checks.Cause {
	if down([]checks.Verdict{after}) { // whatever we changed: what answers nobody does not answer
		return checks.CauseConfiguration
	}
	otherRules := c.previous.Profile != c.next.Profile && !slices.Contains(strings.Split(c.previous.Profile, ","), after.Profile)
	return c.cause(restsOn(after.Proof), otherRules, c.seenOtherwise(after))
}

// seenOtherwise says whether another engine looked than before. Whether anything
// answers, and without an error of its own, is no question of how we look: that
// stays the server's.
func (c *comparison) seenOtherwise(after checks.Verdict) bool {
	return c.previous.Engine != c.next.Engine && after.Requirement != Unreachable
}

// suitesSeenOtherwise says the same of what only full looks see.
func (c *comparison) suitesSeenOtherwise() bool {
	return cmp.Or(c.previous.FullEngine, c.previous.Engine) != c.next.Engine
}

// restsOnFullLook says whether a verdict rests on something that only a full
// look asks.
func restsOnFullLook(verdict checks.Verdict) bool {
	return slices.ContainsFunc(verdict.Proof, func(proof checks.Proof) bool {
		return strings.HasPrefix(proof.Fact, "records") || containsAny(proof.Fact, ".suites", ".preference", ".groups", ".legacy_groups",
			".features", ".vulnerabilities", ".intrusive", ".simulations", ".stapled", ".grade")
	})
}

func containsAny(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}
