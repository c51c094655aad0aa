package grade

import (
	"fmt"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// Explain says in sentences what a grade is, because of what, and what keeps it
// from each better letter: "B: TLS 1.0 is accepted (B-TLS10). A, if you turn
// TLS 1.0 off. ..."
func Explain(grade checks.Grade) string {
	var reasons, sentences []string
	for _, rule := range grade.Rules {
		if rule.Effect != checks.EffectNote && rule.Letter.Rank() >= grade.Letter.Rank() {
			reasons = append(reasons, fmt.Sprintf("%s (%s)", rule.Text, rule.ID))
		}
	}
	switch {
	case grade.Letter == "":
		sentences = append(sentences, "No grade: no protocol version was seen.")
	case len(reasons) == 0:
		sentences = append(sentences, string(grade.Letter)+".")
	default:
		sentences = append(sentences, fmt.Sprintf("%s: %s.", grade.Letter, strings.Join(reasons, "; ")))
	}
	if grade.Provisional {
		sentences = append(sentences, "This is provisional: facts are missing that could change it.")
	}
	for _, step := range grade.Next {
		sentences = append(sentences, step.Text)
	}
	return strings.Join(sentences, " ")
}
