package monitor

import (
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// CausesOf returns why verdicts turned, by requirement, as Judged.Causes takes
// it. A verdict that did not turn is missing.
func CausesOf(changes []Change) map[string]checks.Cause {
	causes := map[string]checks.Cause{}
	for _, change := range changes {
		if requirement, turned := strings.CutPrefix(change.Subject, verdictSubjects); turned {
			causes[requirement] = change.Cause
		}
	}
	return causes
}
