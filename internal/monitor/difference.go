package monitor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// Difference is how two snapshots differ: of one endpoint at two times, or of
// two endpoints.
type Difference struct {
	Sentences []string // the grade and requirements first: "Left accepts TLS 1.0, right does not."
	Rows      []Row    // by section, in the order of a page; also those that do not differ
}

// Row is one thing side by side.
type Row struct {
	Section, What string
	Left, Right   string // how it reads; Untold where nobody could tell or asked
	Differs       bool
}

// Untold stands in a Row where a side has no answer.
const Untold = "not known"

// The sections of a Difference besides those of facts.
const (
	sectionGrade        = "Grade"
	sectionRequirements = "Requirements"
	sectionJudged       = "How it was judged"
)

// Diff puts two snapshots side by side. What one of them could not tell differs
// in nothing. Addresses of one side that agree read as one; where they do not,
// the row says on how many. What one engine never looked for is no difference.
func Diff(left, right Snapshot) Difference {
	d := differing{left: left, right: right}
	d.grade()
	d.verdicts()
	d.facts()
	d.judged()
	return d.Difference
}

// differing gathers one Difference.
type differing struct {
	Difference
	left, right Snapshot
}

func (d *differing) row(section, what, left, right string, differs bool) {
	d.Rows = append(d.Rows, Row{Section: section, What: what, Left: left, Right: right, Differs: differs})
}

func (d *differing) say(format string, arguments ...any) {
	d.Sentences = append(d.Sentences, fmt.Sprintf(format, arguments...))
}

func (d *differing) grade() {
	left, right := letterOf(d.left.Grade), letterOf(d.right.Grade)
	if left == Untold && right == Untold {
		return
	}
	differs := ConclusiveGrade(d.left.Grade) && ConclusiveGrade(d.right.Grade) && left != right
	d.row(sectionGrade, "Grade", left, right, differs)
	if differs {
		d.say("Left has grade %s, right has %s.", left, right)
	}
}

func letterOf(grade *checks.Grade) string {
	switch {
	case grade == nil || grade.Letter == "":
		return Untold
	case grade.Provisional:
		return string(grade.Letter) + " (provisional)"
	default:
		return string(grade.Letter)
	}
}

func (d *differing) verdicts() {
	left, right := d.left.Verdicts, d.right.Verdicts
	for _, requirement := range unique(append(requirementsOf(left), requirementsOf(right)...)) {
		was, is := verdictOf(left, requirement), verdictOf(right, requirement)
		told := was.Result != "" && is.Result != "" && was.Result != checks.ResultInconclusive && is.Result != checks.ResultInconclusive
		differs := told && was.Result != is.Result
		d.row(sectionRequirements, requirement, resultText(was), resultText(is), differs)
		if !differs || !was.Result.Conclusive() || !is.Result.Conclusive() {
			continue
		}
		if is.Result == checks.Fail {
			d.say("%s passes on the left and fails on the right: %s", requirement, proofText(is))
		} else {
			d.say("%s fails on the left and passes on the right: %s", requirement, proofText(was))
		}
	}
}

func requirementsOf(verdicts []checks.Verdict) []string {
	list := make([]string, 0, len(verdicts))
	for _, verdict := range verdicts {
		list = append(list, verdict.Requirement)
	}
	slices.Sort(list)
	return list
}

func verdictOf(verdicts []checks.Verdict, requirement string) checks.Verdict {
	for _, verdict := range verdicts {
		if verdict.Requirement == requirement {
			return verdict
		}
	}
	return checks.Verdict{}
}

func resultText(verdict checks.Verdict) string {
	switch verdict.Result {
	case checks.Pass:
		return "passes"
	case checks.Fail:
		if verdict.Waived != nil {
			return "fails, waived"
		}
		return "fails"
	case checks.NotApplicable:
		return "does not apply"
	default:
		return Untold
	}
}

// judged says by which rules, and that they were not the same.
func (d *differing) judged() {
	var others []string
	for _, one := range []struct{ what, left, right string }{
		{"Requirements", d.left.Profile, d.right.Profile},
		{"Criteria of the grade", d.left.Criteria, d.right.Criteria},
		{"Trust data", d.left.TrustData, d.right.TrustData},
		{"Engine", d.left.Engine, d.right.Engine},
	} {
		differs := one.left != "" && one.right != "" && one.left != one.right
		if one.left != "" || one.right != "" {
			d.row(sectionJudged, one.what, orUntold(one.left), orUntold(one.right), differs)
		}
		if differs {
			others = append(others, strings.ToLower(one.what[:1])+one.what[1:])
		}
	}
	if len(others) > 0 {
		d.say("Left and right were not judged by the same versions: %s.", listed(others))
	}
}

func orUntold(text string) string {
	if text == "" {
		return Untold
	}
	return text
}
