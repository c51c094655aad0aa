package alert

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Bounds of what one letter shows. The rest is one click away.
const (
	findingsShown = 20
	proofsShown   = 16
	changesShown  = 10
	nameBytes     = 80   // of an application or team
	titleBytes    = 120  // of what happened
	textBytes     = 600  // of a sentence
	urlBytes      = 2048 // of an address
)

// tone is how a letter feels; it decides a color.
type tone string

const (
	toneFailing   tone = "failing"
	toneRecovered tone = "recovered"
	toneUnsure    tone = "unsure"
	toneNeutral   tone = "neutral"
)

// letter is what an email says, before it is text or HTML. Every string is one
// line, bounded, and safe in plain text.
type letter struct {
	Subject  string
	Tone     tone
	Status   string // one or two words
	Heading  string
	Place    string // application and environment
	Endpoint string
	Lead     []string // sentences: since when, how long, why
	List     string   // heading of Findings
	Findings []finding
	More     int // findings left out
	Why      string
	Changes  []string
	LinkText string
	Link     string
	Footer   string
}

// finding is one requirement in a letter.
type finding struct {
	ID        string
	Binding   string
	Statement string
	Proofs    []string
	More      int // proofs left out
	Remedy    string
}

// compose says what message tells. statement returns what a requirement
// demands, and may be nil.
func compose(message monitor.Message, statement func(string) string) letter {
	application := oneLine(message.Application, nameBytes)
	l := letter{
		Place:    application,
		Endpoint: oneLine(message.Endpoint, urlBytes),
		Heading:  headingOf(message),
		Link:     message.Link,
		Footer: fmt.Sprintf("Gradewatch sends this because a channel of the team %s leads here.",
			oneLine(message.Team, nameBytes)),
	}
	place := application
	if environment := oneLine(message.Environment, nameBytes); environment != "" {
		l.Place += ", " + environment
		place += " (" + environment + ")"
	}
	switch message.Kind {
	case monitor.IncidentOpened:
		l.opened(message, place)
	case monitor.IncidentResolved:
		l.resolved(message, place)
	case monitor.EndpointUndetermined:
		l.undetermined(message, place)
	case monitor.SecretExpiring:
		l.secretExpiring(message, place)
		return l
	case monitor.AttestationDue:
		l.attestationDue(message, place)
		return l
	default:
		l.test(message)
		return l
	}
	l.addFindings(message, statement)
	l.addChanges(message.Changes)
	return l
}

// headingOf never comes back empty: what happened is the first thing to read.
func headingOf(message monitor.Message) string {
	if title := oneLine(message.Title, titleBytes); title != "" {
		return title
	}
	if len(message.Verdicts) == 0 {
		return "A requirement changed"
	}
	first := message.Verdicts[0]
	if len(first.Proof) > 0 && first.Proof[0].Text != "" {
		return strings.TrimSuffix(oneLine(first.Proof[0].Text, titleBytes), ".")
	}
	return oneLine("Requirement "+first.Requirement, titleBytes)
}

func (l *letter) opened(message monitor.Message, place string) {
	since := moment(sinceOf(message))
	l.Subject = fmt.Sprintf("%s: %s, failing since %s", place, l.Heading, since)
	l.Tone, l.Status = toneFailing, "Failing"
	l.Lead = []string{fmt.Sprintf("Failing since %s, confirmed by a second look on new connections.", since)}
	l.List, l.LinkText = "What fails", "Open the incident"
	l.Why = causeSentence(message.Cause)
}

func (l *letter) resolved(message monitor.Message, place string) {
	since, until := sinceOf(message), message.OccurredAt
	l.Subject = fmt.Sprintf("Resolved: %s: %s, had failed since %s", place, l.Heading, moment(since))
	l.Tone, l.Status = toneRecovered, "Resolved"
	l.Lead = []string{fmt.Sprintf("Resolved at %s. It had failed since %s, for %s.",
		moment(until), moment(since), span(until.Sub(since)))}
	l.List, l.LinkText = "What passes again", "Open the incident"
	if waived := waivedSentences(message.Verdicts); len(waived) > 0 {
		l.List = "What passes again, or is waived"
		l.Lead = append(l.Lead, waived...)
	}
	// The cause is the incident's: it says nothing of why things got better.
	l.Heading = "Resolved: " + l.Heading
}

// waivedSentences say which of verdicts still fail, and who answers for them.
func waivedSentences(verdicts []checks.Verdict) []string {
	var sentences []string
	for _, verdict := range verdicts {
		if verdict.Waived == nil || len(sentences) == findingsShown {
			continue
		}
		sentences = append(sentences, fmt.Sprintf("%s still fails. %s answers for it until %s: %s.",
			oneLine(verdict.Requirement, nameBytes), oneLine(verdict.Waived.Owner, nameBytes), moment(verdict.Waived.Until),
			strings.TrimSuffix(oneLine(verdict.Waived.Reason, textBytes), ".")))
	}
	return sentences
}

func (l *letter) undetermined(message monitor.Message, place string) {
	since := moment(sinceOf(message))
	l.Subject = fmt.Sprintf("%s: we cannot tell since %s: %s", place, since, l.Heading)
	l.Tone, l.Status = toneUnsure, "Cannot tell"
	sentence := "We cannot tell since " + since
	if reason := oneLine(reasonClause(message.Reason), textBytes); reason != "" {
		sentence += ", because " + reason
	}
	l.Lead = []string{
		sentence + ".",
		"This is not a failure: the last results that we could prove still stand. You hear from us again only when one of them changes.",
	}
	l.List, l.LinkText = "What we cannot tell", "Open the endpoint"
}

func (l *letter) test(message monitor.Message) {
	l.Subject = "Test message from Gradewatch for the team " + oneLine(message.Team, nameBytes)
	l.Heading = "This channel works"
	l.Tone, l.Status = toneNeutral, "Test"
	l.Place, l.Endpoint = "", ""
	l.Lead = []string{
		fmt.Sprintf("Somebody asked for this test at %s.", moment(message.OccurredAt)),
		"Alerts of the team reach this address. There is nothing to do.",
	}
	l.LinkText = "Open Gradewatch"
}

func (l *letter) addFindings(message monitor.Message, statement func(string) string) {
	for i, verdict := range message.Verdicts {
		if i == findingsShown {
			l.More = len(message.Verdicts) - findingsShown
			return
		}
		l.Findings = append(l.Findings, findingOf(verdict, statement))
	}
}

func findingOf(verdict checks.Verdict, statement func(string) string) finding {
	f := finding{
		ID:      oneLine(verdict.Requirement, nameBytes),
		Binding: binding(verdict.Severity),
		Remedy:  oneLine(verdict.Remedy, textBytes),
	}
	if statement != nil {
		f.Statement = oneLine(statement(verdict.Requirement), textBytes)
	}
	for i, proof := range verdict.Proof {
		if i == proofsShown {
			f.More = len(verdict.Proof) - proofsShown
			break
		}
		f.Proofs = append(f.Proofs, proofLine(proof))
	}
	return f
}

func (l *letter) addChanges(changes []monitor.Change) {
	for i, change := range changes {
		if i == changesShown {
			l.Changes = append(l.Changes, fmt.Sprintf("and %d more", len(changes)-changesShown))
			return
		}
		l.Changes = append(l.Changes, oneLine(change.Sentence, textBytes))
	}
}

var addressOfFact = regexp.MustCompile(`^addresses\[([^\]]{1,64})\]`)

// proofLine is the sentence of a proof, led by the address that it is about
// unless the sentence names it.
func proofLine(proof checks.Proof) string {
	text := proof.Text
	if text == "" {
		text = proof.Fact + ": " + proof.Value
	}
	if match := addressOfFact.FindStringSubmatch(proof.Fact); match != nil && !strings.Contains(text, match[1]) {
		text = match[1] + ": " + text
	}
	return oneLine(text, textBytes)
}
