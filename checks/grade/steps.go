package grade

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// next lists the letters that are better, nearest first, each with the rules
// that must no longer fire. Every one of them is needed: it alone keeps the
// letter worse.
func (g *grading) next(letter checks.Letter) []checks.GradeStep {
	steps := []checks.GradeStep{}
	for _, target := range slices.Backward(checks.Letters()) {
		if target.Rank() >= letter.Rank() {
			continue
		}
		without := g.inTheWay(target)
		if reached := g.reached(without); reached == target {
			steps = append(steps, checks.GradeStep{Letter: target, Without: without, Text: stepText(g.criteria, target, without)})
		}
	}
	return steps
}

// inTheWay are the rules each of which keeps the letter worse than target.
func (g *grading) inTheWay(target checks.Letter) []string {
	without := []string{}
	var gone concern
	for i := range g.rules {
		one := &g.rules[i]
		if one.effective() && !compatible(one.rule, target) {
			without = append(without, one.rule.ID)
			gone |= one.rule.concern
		}
	}
	score := scoreLetter(g.scoring.compute(asKnown, gone).Total)
	if overlay := target == checks.GradeM || target == checks.GradeT; overlay && score == checks.GradeF || !overlay && score.Rank() > target.Rank() && score != checks.GradeA {
		without = append(without, "SCORE")
	}
	return without
}

// compatible says whether target can be reached with the rule.
func compatible(rule *Rule, target checks.Letter) bool {
	switch rule.Effect {
	case checks.EffectCap:
		if target == checks.GradeM || target == checks.GradeT {
			return rule.Letter != checks.GradeF
		}
		return rule.Letter.Rank() <= target.Rank()
	case checks.EffectTrust:
		return target == checks.GradeT
	case checks.EffectMismatch:
		return target == checks.GradeT || target == checks.GradeM
	case checks.EffectWarning:
		return target.Rank() >= checks.GradeAMinus.Rank()
	case checks.EffectBonus:
		return target != checks.GradeAPlus
	}
	return true
}

// reached is the letter without these rules, and without the facts that they
// are about.
func (g *grading) reached(without []string) checks.Letter {
	t := tally{cap: checks.GradeA, trusted: checks.GradeA}
	var gone concern
	for i := range g.rules {
		one := &g.rules[i]
		switch {
		case slices.Contains(without, one.rule.ID):
			gone |= one.rule.concern
		case one.effective():
			t.add(one.rule)
		}
	}
	if !slices.Contains(without, "SCORE") {
		t.cap = worse(t.cap, scoreLetter(g.scoring.compute(asKnown, gone).Total))
	}
	letter, _ := t.letters()
	return letter
}

// stepText says what to do for a letter: "B, if you turn TLS 1.0 off." Rules
// with the same remedy are named once.
func stepText(criteria Criteria, target checks.Letter, without []string) string {
	var fixes []string
	for _, id := range without {
		rule, _ := criteria.rule(id)
		if !slices.Contains(fixes, rule.Fix) {
			fixes = append(fixes, rule.Fix)
		}
	}
	text := strings.Join(fixes, "")
	if len(fixes) > 1 {
		text = strings.Join(fixes[:len(fixes)-1], ", ") + " and " + fixes[len(fixes)-1]
	}
	return fmt.Sprintf("%s, if you %s.", target, text)
}
