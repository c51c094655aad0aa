package grade

import (
	"cmp"
	"slices"

	"github.com/gradewatch/gradewatch/checks"
)

// Endpoint is the grade of an endpoint: that of the worst of its addresses, with
// the rules that fired on any. It is provisional where one of them is, but for an F. Addresses
// without a letter do not make it worse.
func Endpoint(grades []checks.Grade) checks.Grade {
	result := checks.Grade{Rules: []checks.GradeRule{}, Next: []checks.GradeStep{}}
	if len(grades) == 0 {
		result.Provisional = true
		return result
	}
	at := slices.IndexFunc(grades, func(g checks.Grade) bool { return g.Letter != "" })
	at = max(at, 0)
	for i, grade := range grades {
		if grade.Letter != "" && grade.Letter.Rank() > grades[at].Letter.Rank() {
			at = i
		}
	}
	worst := grades[at]
	result.Letter, result.Scores, result.Criteria = worst.Letter, worst.Scores, worst.Criteria
	future := checks.Letter("")
	for _, grade := range grades {
		result.Provisional = result.Provisional || grade.Provisional
		result.Missing = append(result.Missing, grade.Missing...)
		result.HasWarnings = result.HasWarnings || grade.HasWarnings
		result.Rules = mergeRules(result.Rules, grade.Rules, result.Letter)
		if grade.Letter == "" {
			continue
		}
		if result.TrustIgnored == "" || grade.TrustIgnored.Rank() > result.TrustIgnored.Rank() {
			result.TrustIgnored = grade.TrustIgnored
		}
		if ahead := checks.Letter(cmp.Or(string(grade.Future), string(grade.Letter))); future == "" || ahead.Rank() > future.Rank() {
			future = ahead
		}
	}
	if future != result.Letter {
		result.Future = future
	}
	if result.Letter == checks.GradeF { // nothing that is missing makes it worse, and no address mends another
		result.Provisional, result.Missing = false, nil
	}
	sortRules(result.Rules)
	result.Next = mergeSteps(grades, result.Letter)
	return result
}

// mergeRules adds the rules of one address: those that stand already get its
// proof. Conditions of A+ count only where all have it.
func mergeRules(list, more []checks.GradeRule, letter checks.Letter) []checks.GradeRule {
	for _, rule := range more {
		if rule.Effect == checks.EffectBonus && letter != checks.GradeAPlus {
			continue
		}
		at := slices.IndexFunc(list, func(r checks.GradeRule) bool { return r.ID == rule.ID && r.Letter == rule.Letter })
		if at < 0 {
			rule.Proof = slices.Clone(rule.Proof)
			list = append(list, rule)
			continue
		}
		list[at].Proof = append(list[at].Proof, rule.Proof...)
	}
	return list
}

// mergeSteps lists what must go on all addresses for each better letter.
func mergeSteps(grades []checks.Grade, letter checks.Letter) []checks.GradeStep {
	steps := []checks.GradeStep{}
	for _, target := range slices.Backward(checks.Letters()) {
		if target.Rank() >= letter.Rank() {
			continue
		}
		if step, reached := stepOfAll(grades, target); reached {
			steps = append(steps, step)
		}
	}
	return steps
}

// stepOfAll is what brings the worst address to target, and every other to at
// least it.
func stepOfAll(grades []checks.Grade, target checks.Letter) (checks.GradeStep, bool) {
	step := checks.GradeStep{Letter: target, Without: []string{}}
	exact, version := false, ""
	for _, grade := range grades {
		if grade.Letter == "" || grade.Letter.Rank() <= target.Rank() {
			exact = exact || grade.Letter == target
			continue
		}
		version = grade.Criteria
		at := slices.IndexFunc(grade.Next, func(s checks.GradeStep) bool { return s.Letter.Rank() <= target.Rank() })
		if at < 0 {
			return step, false
		}
		exact = exact || grade.Next[at].Letter == target
		for _, id := range grade.Next[at].Without {
			if !slices.Contains(step.Without, id) {
				step.Without = append(step.Without, id)
			}
		}
	}
	criteria, err := CriteriaByVersion(version)
	if err != nil || !exact {
		return step, false
	}
	step.Text = stepText(criteria, target, step.Without)
	return step, true
}
