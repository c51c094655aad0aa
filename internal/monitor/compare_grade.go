package monitor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// GradeSubject is the Subject of a change of the endpoint's grade.
const GradeSubject = "grade"

// grade compares the letters of two grades that no missing fact could change.
// The previous snapshot's grade must be the last such one, so that a spell of
// not knowing hides no change.
func (c *comparison) grade() {
	before, after := c.previous.Grade, c.next.Grade
	if !ConclusiveGrade(before) || !ConclusiveGrade(after) || before.Letter == after.Letter {
		return
	}
	came, went := rulesWithout(after.Rules, before.Rules), rulesWithout(before.Rules, after.Rules)
	change := Change{
		OccurredAt: c.next.At, Class: Recovery, Subject: GradeSubject, Before: string(before.Letter), After: string(after.Letter),
		Sentence: fmt.Sprintf("The grade rose from %s to %s%s.", before.Letter, after.Letter, why(went, lowers, came, lifts)),
	}
	if after.Letter.Rank() > before.Letter.Rank() {
		change.Class = Regression
		change.Sentence = fmt.Sprintf("The grade fell from %s to %s%s.", before.Letter, after.Letter, why(went, lifts, came, lowers))
	}
	var proofs []checks.Proof
	for _, rule := range slices.Concat(came, went) {
		proofs = append(proofs, rule.Proof...)
	}
	change.Cause = c.cause(restsOn(proofs), c.previous.Criteria != c.next.Criteria, c.previous.Engine != c.next.Engine)
	change.Weight = weightOfGrades(before.Letter, after.Letter, change.Cause)
	c.changes = append(c.changes, change)
}

// weightOfGrades is how much it matters to go from one letter to another: as
// much as the worse of them.
func weightOfGrades(before, after checks.Letter, cause checks.Cause) Weight {
	worse := before
	if after.Rank() > before.Rank() {
		worse = after
	}
	switch {
	case ours(cause), worse.Rank() <= checks.GradeAMinus.Rank():
		return Low
	case worse == checks.GradeT, worse == checks.GradeM:
		return Critical
	case worse == checks.GradeF:
		return High
	default:
		return Medium
	}
}

// why names the rule that made the difference: one that came, else one that
// went and fires no longer. The first of each weighs most.
func why(went []checks.GradeRule, wentDoes func(checks.GradeRule) bool, came []checks.GradeRule, cameDoes func(checks.GradeRule) bool) string {
	if i := slices.IndexFunc(came, cameDoes); i >= 0 {
		return ": " + strings.TrimSuffix(came[i].Text, ".")
	}
	if i := slices.IndexFunc(went, wentDoes); i >= 0 {
		return ": no longer so: " + strings.TrimSuffix(went[i].Text, ".")
	}
	return ""
}

func lifts(rule checks.GradeRule) bool  { return rule.Effect == checks.EffectBonus }
func lowers(rule checks.GradeRule) bool { return rule.Effect != checks.EffectBonus }

// rulesWithout lists the rules that fired, and not among others to the same letter.
func rulesWithout(rules, others []checks.GradeRule) []checks.GradeRule {
	return slices.DeleteFunc(slices.Clone(rules), func(rule checks.GradeRule) bool {
		return slices.ContainsFunc(others, func(other checks.GradeRule) bool { return rule.ID == other.ID && rule.Letter == other.Letter })
	})
}
