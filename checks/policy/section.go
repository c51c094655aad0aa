package policy

import (
	"fmt"

	"github.com/gradewatch/gradewatch/checks"
)

// Section is the heading under which a verdict stands: what somebody requires is
// never mixed with what we advise.
type Section struct {
	ID    string // for anchors: "required", "advised", "recorded", "profile-mozilla-modern"
	Title string
	Text  string // a sentence about whose word it is
	Rank  int    // in which order sections stand
}

// SectionOf returns the section of a verdict. profile is the verdict's own; nil
// where it is not known any more.
func SectionOf(verdict checks.Verdict, profile *Profile) Section {
	switch {
	case profile == nil:
		return Section{ID: "profile-unknown", Title: verdict.Profile, Text: "This set of requirements is not known any more.", Rank: 4}
	case !profile.IsBase():
		return Section{
			ID: "profile-" + profile.ID, Title: "Second opinion: " + profile.Title,
			Text: fmt.Sprintf("What %s asks for, besides SuperOffice's requirements.", profile.Owner), Rank: 3,
		}
	case verdict.Severity == checks.Advice:
		return Section{ID: "advised", Title: "Our advice", Text: "SuperOffice does not require this. We advise it, with a reason for each.", Rank: 1}
	case verdict.Severity == checks.Record:
		return Section{ID: "recorded", Title: "For the record", Text: "Kept, and never judged bad.", Rank: 2}
	default:
		return Section{
			ID: "required", Title: profile.Owner + "'s requirements",
			Text: fmt.Sprintf("What %s requires or recommends in its documents.", profile.Owner),
		}
	}
}
