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
	endpointsShown = 40
	linesShown     = 25 // of one section of a digest
	addressesShown = 16
	findingsShown  = 20
	proofsShown    = 16
	changesShown   = 10
	nameBytes      = 80   // of an application or team
	subjectBytes   = 250  // of the subject of an incident
	titleBytes     = 120  // of what happened
	textBytes      = 600  // of a sentence
	urlBytes       = 2048 // of an address
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
// line, bounded, and safe in plain text; lines of configuration alone are many.
type letter struct {
	Subject     string
	Tone        tone
	Status      string // one to three words
	Heading     string
	Place       string // application and environment
	Endpoint    string
	Lead        []string // sentences: since when, how long, where, why
	Steps       []string // how to acknowledge and snooze
	LinkText    string
	Link        string
	Affected    []affectedGroup
	AffectedTop string // heading of Affected
	Unlisted    int    // endpoints left out
	Sections    []section
	List        string // heading of Findings
	Findings    []finding
	More        int // findings left out
	Why         string
	Changes     []string
	Footer      string
	Unsubscribe string // address; empty: none
}

// finding is one requirement in a letter.
type finding struct {
	ID        string
	Binding   string
	Statement string
	Source    string // where it is written
	Proofs    []string
	More      int // proofs left out
	Remedy    string
	Lines     []remedyLines
}

// known is what is known of requirements besides their verdicts; each may be nil.
type known struct {
	statement func(requirement string) string
	source    func(profile, requirement string) string
}

// compose says what message tells.
func compose(message monitor.Message, of known) letter {
	l := letter{
		Place:    oneLine(message.Application, nameBytes),
		Endpoint: oneLine(message.Endpoint, urlBytes),
		Heading:  headingOf(message),
		Link:     message.Link,
		Footer: fmt.Sprintf("Gradewatch sends this because a channel of the team %s leads here.",
			oneLine(message.Team, nameBytes)),
	}
	if environment := oneLine(message.Environment, nameBytes); environment != "" {
		l.Place = strings.TrimPrefix(l.Place+", "+environment, ", ")
	}
	place := placeOf(message)
	switch message.Kind {
	case monitor.SecretExpiring:
		l.secretExpiring(message, place)
	case monitor.AttestationDue:
		l.attestationDue(message, place)
	case monitor.ServicePaused, monitor.ServiceResumed:
		l.service(message)
	case monitor.ChannelDisabled:
		l.channelDisabled(message)
	case monitor.DigestDaily, monitor.DigestWeekly, monitor.DigestBurst:
		l.digest(message)
	case monitor.ChannelTest:
		l.test(message)
	case monitor.EndpointUndetermined:
		l.undetermined(message, place)
		l.addFindings(message, of)
		l.addChanges(message.Changes)
	default:
		l.incident(message)
		l.addFindings(message, of)
		l.addChanges(message.Changes)
	}
	return l
}

// placeOf is the application and environment as a subject begins with them.
func placeOf(message monitor.Message) string {
	place := oneLine(message.Application, nameBytes)
	if environment := oneLine(message.Environment, nameBytes); environment != "" {
		place += " (" + environment + ")"
	}
	return place
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

// addFindings lists the verdicts. What several have in common is said once: the
// remedy, and where the requirement is written.
func (l *letter) addFindings(message monitor.Message, of known) {
	told := map[string]bool{}
	for i, verdict := range message.Verdicts {
		if i == findingsShown {
			l.More = len(message.Verdicts) - findingsShown
			return
		}
		f := findingOf(verdict, of)
		if said := f.Remedy; said != "" {
			if told[said] {
				f.Remedy, f.Lines = "", nil
			}
			told[said] = true
		}
		l.Findings = append(l.Findings, f)
	}
}

func findingOf(verdict checks.Verdict, of known) finding {
	f := finding{
		ID:      oneLine(verdict.Requirement, nameBytes),
		Binding: binding(verdict.Severity),
		Remedy:  oneLine(verdict.Remedy, textBytes),
	}
	if of.statement != nil {
		f.Statement = oneLine(of.statement(verdict.Requirement), textBytes)
	}
	if of.source != nil {
		f.Source = oneLine(of.source(verdict.Profile, verdict.Requirement), textBytes)
	}
	if verdict.Result == checks.Fail {
		f.Lines = shortLines(verdict.RemedyID)
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
