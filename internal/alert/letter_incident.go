package alert

import (
	"fmt"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// incident says what became of an incident. Its subject is the same in every
// message of one incident: Gmail and Outlook keep mail in one thread only
// while the subject stays (RFC 5256 section 2.1 drops 'Re:' and no other word
// of ours), and the others thread by References alone. What changed is the
// first word of the text, which lists of mail show beside the subject.
func (l *letter) incident(message monitor.Message) {
	place := placeOf(message)
	if message.Cause == checks.CauseCriteria { // the whole team's
		place = oneLine(message.Team, nameBytes)
	}
	l.Subject = l.Heading
	if place != "" {
		l.Subject = place + ": " + l.Heading
	}
	if subject := oneLine(message.Subject, subjectBytes); subject != "" {
		l.Subject = subject
	}
	l.Tone, l.LinkText = toneFailing, "Open the incident"
	switch message.Kind {
	case monitor.IncidentResolved:
		l.resolved(message)
	case monitor.IncidentWorsened:
		l.Status = "Worse"
		l.Lead = []string{worsened(message), fmt.Sprintf("Failing since %s.", moment(sinceOf(message)))}
	case monitor.IncidentReopened:
		l.Status = "Failing again"
		l.Lead = []string{fmt.Sprintf("It had resolved and fails again since %s. This is the same incident as before.", moment(sinceOf(message)))}
	case monitor.IncidentFlapping:
		l.flapping(message)
	case monitor.IncidentUnacknowledged:
		l.unacknowledged(message)
	case monitor.IncidentSnoozeEnded:
		l.snoozeEnded(message)
	default:
		l.opened(message)
	}
	l.addEndpoints(message)
	if message.Kind == monitor.IncidentResolved {
		return
	}
	l.Lead = appendSaid(l.Lead, weightSentence(message.Weight))
	if l.Why == "" {
		l.Why = causeSentence(message.Cause)
	}
	l.Steps = []string{
		"To take it on, so that nobody else is called, acknowledge it. To silence it until a time, snooze it. Both are buttons on the page of the incident; if you are signed out, you sign in first and come back to it.",
	}
}

func appendSaid(sentences []string, sentence string) []string {
	if sentence == "" {
		return sentences
	}
	return append(sentences, sentence)
}

func (l *letter) opened(message monitor.Message) {
	since := moment(sinceOf(message))
	l.List = "What fails"
	if message.Cause == checks.CauseCriteria {
		l.Tone, l.Status = toneUnsure, "Requirements changed"
		l.Lead = []string{fmt.Sprintf("The requirements changed: nothing on the server did. What passed before does not meet the new ones since %s.", since)}
		return
	}
	l.Status = "Failing"
	l.Lead = []string{fmt.Sprintf("Failing since %s, confirmed by a second look on new connections.", since)}
}

// worsened says how it got worse, as far as the incident as it stands tells.
func worsened(message monitor.Message) string {
	switch count := endpointCount(message); {
	case count > 1:
		return fmt.Sprintf("It got worse: %s have this problem now.", plural(count, "endpoint"))
	case message.Weight == monitor.Critical:
		return "It got worse: people cannot use this endpoint now."
	default:
		return "It got worse since the last message."
	}
}

func (l *letter) flapping(message monitor.Message) {
	l.Status = "Unstable"
	often := "again and again"
	if message.Turns > 1 {
		often = fmt.Sprintf("%d times", message.Turns)
	}
	l.Lead = []string{
		fmt.Sprintf("It fails now and again: it has failed %s since %s.", often, moment(sinceOf(message))),
		"This is told once. You hear of it again when it has been stable for a while, not at every turn.",
	}
	l.Why = "A server behind a load balancer that differs from the others often looks like this, and so does one that is restarted or runs out of something."
}

func (l *letter) unacknowledged(message monitor.Message) {
	l.Status = "Not acknowledged"
	level := "you are called now"
	if message.Level > 0 {
		level = fmt.Sprintf("level %d of its escalation is called now", message.Level)
	}
	l.Lead = []string{fmt.Sprintf("Failing since %s. Nobody has acknowledged it, so %s.", moment(sinceOf(message)), level)}
}

func (l *letter) snoozeEnded(message monitor.Message) {
	l.Status = "Still failing"
	sentence := "It was snoozed, and that is over"
	if reason := strings.TrimSuffix(oneLine(message.Reason, textBytes), "."); reason != "" {
		sentence += fmt.Sprintf(" (the reason was “%s”)", reason)
	}
	l.Lead = []string{sentence + fmt.Sprintf(". It still fails, since %s.", moment(sinceOf(message)))}
}

func (l *letter) resolved(message monitor.Message) {
	since, until := sinceOf(message), message.OccurredAt
	l.Tone, l.Status = toneRecovered, "Resolved"
	l.Lead = []string{fmt.Sprintf("Resolved at %s. It had failed since %s, for %s.",
		moment(until), moment(since), span(until.Sub(since)))}
	// The cause is the incident's: it says nothing of why things got better.
	l.List = "What passes again"
	if waived := waivedSentences(message.Verdicts); len(waived) > 0 {
		l.List = "What passes again, or is waived"
		l.Lead = append(l.Lead, waived...)
	}
}

// weightSentence says how much it matters; empty for no weight.
func weightSentence(weight monitor.Weight) string {
	switch weight {
	case monitor.Critical:
		return "Its severity is critical: people cannot use it now, since nothing answers or browsers refuse the certificate."
	case monitor.High:
		return "Its severity is high: something that is required is not met."
	case monitor.Medium:
		return "Its severity is medium: something that is recommended is not met."
	case monitor.Low:
		return "Its severity is low: it is advice, or about how things are done."
	default:
		return ""
	}
}
