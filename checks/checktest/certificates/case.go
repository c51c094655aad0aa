// Package certificates lists certificates and chains, good and bad ones, each
// as a real server serves it and with the exact answers that are due. What is
// expected follows from the rating guide, the RFCs and the Baseline
// Requirements as each case says, never from our own output. It looks at
// nothing itself, and must never be linked into the program.
package certificates

import (
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Host is the name that most certificates are for.
const Host = "www.example.com"

// Case is one certificate, or chain, and what is to be found out about it.
type Case struct {
	Name string
	Why  string // the rule that makes Want what it is
	// Make makes what is served.
	Make func(m *Maker) Served
	Host string // default: Host
	// At is when it is judged; the zero value: when it was looked at.
	At time.Time
	// Full asks for every chain, and not only for what the newest version sends.
	Full bool
	Want Want
	// Others are wanted of the chains behind the first one, in their order.
	Others []Want
}

// Want is what is due for one chain. Every question that is not in it has the
// answer no, or does not apply.
type Want struct {
	Yes          []checks.Question
	Inconclusive []checks.Question
	NotAsked     []checks.Question
	// Path says whose root the chain leads to, dates and names aside.
	Path Store
	// Letter is what the chain alone makes of a grade: T, M or F. Empty: nothing.
	Letter checks.Letter
}

// Store is whose root a chain leads to.
type Store string

// The stores.
const (
	Public  Store = ""        // the one that stands for Mozilla's
	Private Store = "private" // added by whoever runs this
	Nobody  Store = "nobody"
)

// Answers returns the answers that are not no or not_applicable, by question.
func (w Want) Answers() map[checks.Question]checks.FaultAnswer {
	answers := map[checks.Question]checks.FaultAnswer{}
	for answer, questions := range map[checks.FaultAnswer][]checks.Question{
		checks.FaultFound: w.Yes, checks.FaultInconclusive: w.Inconclusive, checks.FaultNotAsked: w.NotAsked,
	} {
		for _, question := range questions {
			answers[question] = answer
		}
	}
	return answers
}

// Cases returns every case. Names are unique.
func Cases() []Case {
	return slices.Concat(
		dateCases(), lifetimeCases(), nameCases(), addressCases(), issuerCases(), orderCases(), constraintCases(),
		trustCases(), keyCases(), signatureCases(), listCases(), faultyListCases(), otherListCases(), responderCases(), stapleCases(), timestampCases(),
		tlsaCases(), caaCases(), windowCases(), severalCases(),
	)
}

func yes(questions ...checks.Question) []checks.Question { return questions }
