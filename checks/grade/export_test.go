package grade

import "github.com/gradewatch/gradewatch/checks"

// ScoreLetter is the letter of a total.
func ScoreLetter(total checks.Points) checks.Letter { return scoreLetter(total) }

// Total is the weighted total.
func Total(protocol, keyExchange, cipher checks.Points) checks.Points {
	return total(protocol, keyExchange, cipher)
}

// Range is the best and the worst letter that missing facts may lead to.
func Range(observed checks.AddressObservation, appraised checks.AddressAppraisal, criteria Criteria) (best, worst checks.Letter) {
	f := newFacts(&observed, &appraised)
	g := f.grading(criteria)
	atBest, atWorst := g.tally(atBest), g.tally(atWorst)
	best, _ = atBest.letters()
	worst, _ = atWorst.letters()
	return best, worst
}

// ParseCriteria reads criteria.
func ParseCriteria(data []byte) ([]Criteria, error) { return parseCriteria(data) }

// CriteriaData is the embedded data.
func CriteriaData() []byte { return criteriaData }
