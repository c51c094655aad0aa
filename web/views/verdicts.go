package views

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/policy/remedies"
)

// proofsShown is how many proofs of a verdict are seen at once.
const proofsShown = 6

// verdictSection is the verdicts of one section.
type verdictSection struct {
	policy.Section
	verdicts []VerdictView
	folded   []foldedVerdicts // behind a click
}

// foldedVerdicts are verdicts that say nothing to do.
type foldedVerdicts struct {
	title    func(count int) string
	verdicts []VerdictView
}

// verdictSections splits verdicts by their sections.
func verdictSections(verdicts []VerdictView) []verdictSection {
	var sections []verdictSection
	for _, verdict := range verdicts {
		at := slices.IndexFunc(sections, func(s verdictSection) bool { return s.ID == verdict.Section.ID })
		if at < 0 {
			at = len(sections)
			sections = append(sections, verdictSection{Section: verdict.Section})
		}
		sections[at].verdicts = append(sections[at].verdicts, verdict)
	}
	for i := range sections {
		sections[i].fold()
	}
	slices.SortStableFunc(sections, func(a, b verdictSection) int { return cmp.Or(a.Rank-b.Rank, cmp.Compare(a.ID, b.ID)) })
	return sections
}

// fold puts aside what does not apply, and of our advice and of second opinions
// also what holds, and what only a full check asks.
func (s *verdictSection) fold() {
	s.aside(func(v VerdictView) bool { return s.Rank > 0 && v.Result == checks.ResultInconclusive && unasked(v) },
		func(count int) string { return plural(count, "question") + " that only a full check asks" })
	s.aside(func(v VerdictView) bool { return s.Rank > 0 && v.Result == checks.Pass },
		func(count int) string { return plural(count, "rule") + " that this URL follows" })
	s.aside(func(v VerdictView) bool { return v.Result == checks.NotApplicable },
		func(count int) string {
			return plural(count, "requirement") + " that " + doOrDoes(count) + " not apply"
		})
}

func (s *verdictSection) aside(is func(VerdictView) bool, title func(int) string) {
	var folded, kept []VerdictView
	for _, verdict := range s.verdicts {
		if is(verdict) {
			folded = append(folded, verdict)
		} else {
			kept = append(kept, verdict)
		}
	}
	if s.verdicts = kept; len(folded) > 0 {
		s.folded = append(s.folded, foldedVerdicts{title, folded})
	}
}

// unasked says whether nothing but facts that nobody asked for left it open.
func unasked(verdict VerdictView) bool {
	return len(verdict.Proof) > 0 && !slices.ContainsFunc(verdict.Proof, func(p checks.Proof) bool { return p.Value != checks.NotAsked.String() })
}

func serverNames(configurations []remedies.Configuration) string {
	names := make([]string, 0, len(configurations))
	for _, configuration := range configurations {
		if name := remedies.ServerTitle(configuration.Server); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// gradeRemedy returns the lines that mend what a rule fired on, those for what
// the server looks like first.
func gradeRemedy(rule checks.GradeRule, product string) []remedies.Configuration {
	remedy, found := remedies.ForGradeRule(rule.ID)
	if !found {
		return nil
	}
	return remedy.For(product)
}
