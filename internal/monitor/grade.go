package monitor

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// GradeState is where the grade of one endpoint stands. The zero value is
// 'never graded'.
type GradeState struct {
	Graded      bool
	Letter      checks.Letter // of the latest look that had something to grade; empty: no protocol could be seen
	Provisional bool          // likewise: facts are missing that could make it another letter

	// Conclusive is the last letter that was not provisional, and Last the grade
	// that it is from; both empty when there was none yet.
	Conclusive      checks.Letter
	ConclusiveSince time.Time
	Last            *checks.Grade
}

// Next returns where the grade stands after a judgement that came to grade,
// which is nil where there is nothing to grade. While our own connectivity is
// known to be broken nothing moves.
func (s GradeState) Next(grade *checks.Grade, connectivity checks.Fact[bool], at time.Time) GradeState {
	if grade == nil || connectivity.State == checks.Known && !connectivity.Value {
		return s
	}
	s.Graded, s.Letter, s.Provisional = true, grade.Letter, grade.Provisional
	if !ConclusiveGrade(grade) {
		return s
	}
	if s.Conclusive != grade.Letter {
		s.Conclusive, s.ConclusiveSince = grade.Letter, at
	}
	s.Last = grade
	return s
}

// ConclusiveGrade says whether grade has a letter that no missing fact could change.
func ConclusiveGrade(grade *checks.Grade) bool {
	return grade != nil && grade.Letter != "" && !grade.Provisional
}

// Same says whether two states are the same in all that is stored of them.
func (s GradeState) Same(other GradeState) bool {
	return s.Graded == other.Graded && s.Letter == other.Letter && s.Provisional == other.Provisional &&
		s.Conclusive == other.Conclusive && s.ConclusiveSince.Equal(other.ConclusiveSince) && equalForms(s.Last, other.Last)
}
