package content

import (
	"regexp"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// What makes content look like data. A sign-in page has a logo, a sentence and
// a support address; a record has several of one kind.
const (
	dataRows    = 2
	dataItems   = 8
	dataPairs   = 4
	dataMails   = 3
	dataNumbers = 8
	dataMembers = 4
	proseWords  = 400 // nobody reads as much before signing in
	shellWords  = 25
)

// lookOf says what a page looks like to somebody who is not signed in (E-09).
// It reads what is shown without running script, leaving out what the tags
// hide and, for counting, what stands in navigation, header and footer. The
// first that holds is the answer:
//
//   - data: two table rows of two filled cells or more that hold no fields to
//     fill in; eight list items; four <dd>; three e-mail addresses; eight long
//     numbers, amounts or dates; in JSON and XML an object in a list, or four
//     values that do not tell of an error; three lines of separated values;
//     400 words, where nothing offers to sign in.
//   - sign_in: a password field, a form or link to a sign-in address, or a
//     heading, link or button that says so.
//   - script_shell: script, and at most three words; or at most 25 beside an
//     element that script frameworks fill.
//   - nothing: no words.
//   - message: anything else.
//
// It leans to data: a person looks then, and may say that it is none.
func lookOf(p *page) checks.Look {
	t := &p.tally
	t.endRow()
	signs := t.signs || p.password
	switch {
	case looksLikeData(p), t.words >= proseWords && !signs:
		return checks.LookData
	case signs:
		return checks.LookSignIn
	case t.scripts > 0 && (t.words <= 3 || t.words <= shellWords && t.mount):
		return checks.LookScriptShell
	case t.words == 0:
		return checks.LookNothing
	}
	return checks.LookMessage
}

func looksLikeData(p *page) bool {
	t := &p.tally
	switch p.how {
	case jsonText, xmlText:
		return t.records > 0 || t.members >= dataMembers || t.mails >= dataMails
	case plainText:
		return t.mails >= dataMails || t.numbers >= dataNumbers || separated(p.source)
	}
	return t.rows >= dataRows || t.items >= dataItems || t.pairs >= dataPairs || t.mails >= dataMails || t.numbers >= dataNumbers
}

var separators = regexp.MustCompile(`[;\t,]`)

// separated says whether text begins with three lines that have the same
// number of separators, two or more: CSV.
func separated(text string) bool {
	lines := strings.SplitN(strings.TrimSpace(text), "\n", 4)
	if len(lines) < 3 {
		return false
	}
	first := len(separators.FindAllString(lines[0], -1))
	for _, line := range lines[:3] {
		if len(separators.FindAllString(line, -1)) != first {
			return false
		}
	}
	return first >= 2
}
