package views

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/policy/remedies"
)

// verdictSection is the verdicts of one section.
type verdictSection struct {
	policy.Section
	verdicts     []VerdictView
	inapplicable []VerdictView
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
		if verdict.Result == checks.NotApplicable {
			sections[at].inapplicable = append(sections[at].inapplicable, verdict)
		} else {
			sections[at].verdicts = append(sections[at].verdicts, verdict)
		}
	}
	slices.SortStableFunc(sections, func(a, b verdictSection) int { return cmp.Or(a.Rank-b.Rank, cmp.Compare(a.ID, b.ID)) })
	return sections
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
