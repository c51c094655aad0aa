package alert

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Bounds of what one message to a service of chat shows: it is read on a
// telephone, and the rest is one click away.
const (
	chatFindings  = 3
	chatEndpoints = 5
)

// chatMessage is what a service is told. Title is one line; both are bounded
// and mention nobody.
type chatMessage struct {
	Title, Body string
	Link        string
	Source      string // of what it is about: a host of ours
	// Key is the same for everything that is told of one incident, and for
	// every attempt at a message that is about none.
	Key      string
	Resolved bool
	Weight   monitor.Weight // empty: of no incident
}

// color is that of the line beside a message.
func (m chatMessage) color() string {
	switch {
	case m.Resolved:
		return "#1a7f37"
	case m.Weight != "":
		return "#cf222e"
	default:
		return "#57606a"
	}
}

// chatMessage writes message for service.
func (s *Sender) chatMessage(message monitor.Message, service chatService, deliveryID uuid.UUID) chatMessage {
	m := chatMessage{
		Link: message.Link, Source: s.base.Hostname(), Weight: message.Weight, Resolved: message.Kind == monitor.IncidentResolved,
		Title: oneLine(service.neutral(oneLine(chatTitle(message), service.bounds.title)), service.bounds.title),
	}
	m.Key = "gradewatch delivery " + deliveryID.String()
	if message.IncidentID != 0 {
		m.Key = fmt.Sprintf("gradewatch %s incident %d", s.base.Host, message.IncidentID)
	}
	end := "Open: " + oneLine(message.Link, urlBytes)
	room := service.bounds.body - len(end) - 1
	var body strings.Builder
	for _, line := range chatLines(message) {
		line = service.neutral(oneLine(line, textBytes))
		if body.Len()+len(line)+1 > room {
			break
		}
		body.WriteString(line + "\n")
	}
	m.Body = body.String() + end
	return m
}

// chatTitle says in a line what happened, and where.
func chatTitle(message monitor.Message) string {
	heading := headingOf(message)
	if message.Kind == monitor.ChannelTest {
		heading = "this channel works"
	}
	title := heading
	if word := chatWord(message.Kind); word != "" {
		title = word + ": " + heading
	}
	if place := chatPlace(message.Application, message.Environment); place != "" && message.EndpointCount <= 1 {
		title += ", " + place
	}
	return title
}

func chatPlace(application, environment string) string {
	if environment == "" {
		return application
	}
	return application + " (" + environment + ")"
}

// chatWord is what happened, in a word or two; empty: the title says it.
func chatWord(kind monitor.NotificationKind) string {
	switch kind {
	case monitor.IncidentOpened:
		return "Failing"
	case monitor.IncidentWorsened:
		return "Worse"
	case monitor.IncidentReopened:
		return "Failing again"
	case monitor.IncidentFlapping:
		return "Failing now and again"
	case monitor.IncidentUnacknowledged:
		return "Nobody has acknowledged"
	case monitor.IncidentSnoozeEnded:
		return "Still failing after the snooze"
	case monitor.IncidentResolved:
		return "Resolved"
	case monitor.EndpointUndetermined:
		return "We cannot tell"
	case monitor.ChannelTest:
		return "Test from Gradewatch"
	}
	return ""
}

// chatLines say the rest, the most important first.
func chatLines(message monitor.Message) []string {
	var lines []string
	add := func(format string, arguments ...any) { lines = append(lines, fmt.Sprintf(format, arguments...)) }
	if message.Kind == monitor.ChannelTest {
		add("Alerts of the team %s reach this place. There is nothing to do.", oneLine(message.Team, nameBytes))
		return lines
	}
	lines = append(lines, chatEndpointLines(message)...)
	if !message.Since.IsZero() {
		if message.Kind == monitor.IncidentResolved {
			add("It had failed since %s, for %s.", moment(message.Since), span(message.OccurredAt.Sub(message.Since)))
		} else {
			add("Since %s.", moment(message.Since))
		}
	}
	if message.Reason != "" {
		add("Because %s.", reasonClause(message.Reason))
	}
	if message.Disabled != nil {
		add("%s: nothing got through since %s. It answered last: %s", message.Disabled.Channel, moment(message.Disabled.Since), message.Disabled.Answer)
	}
	if message.Kind == monitor.IncidentResolved {
		return lines
	}
	for i, verdict := range message.Verdicts {
		if i == chatFindings {
			add("And %s more.", plural(len(message.Verdicts)-chatFindings, "requirement"))
			break
		}
		line := fmt.Sprintf("%s (%s)", verdict.Requirement, binding(verdict.Severity))
		if len(verdict.Proof) > 0 {
			line += ": " + proofLine(verdict.Proof[0])
		}
		lines = append(lines, line)
		if verdict.Remedy != "" {
			add("What to do: %s", verdict.Remedy)
		}
	}
	return append(lines, digestLines(message.Digest)...)
}

func chatEndpointLines(message monitor.Message) []string {
	if message.EndpointCount <= 1 {
		if message.Endpoint == "" {
			return nil
		}
		return []string{message.Endpoint}
	}
	lines := []string{plural(message.EndpointCount, "URL") + ":"}
	for i, endpoint := range message.Endpoints {
		if i == chatEndpoints {
			break
		}
		lines = append(lines, "- "+chatPlace(endpoint.Application, endpoint.Environment)+": "+endpoint.Endpoint)
	}
	if more := message.EndpointCount - min(len(message.Endpoints), chatEndpoints); more > 0 {
		lines = append(lines, fmt.Sprintf("- and %d more", more))
	}
	return lines
}

func digestLines(digest *monitor.Digest) []string {
	if digest == nil {
		return nil
	}
	lines := []string{fmt.Sprintf("%s watched, %d with an open incident.", plural(digest.Endpoints, "URL"), digest.Failing)}
	for _, part := range []struct {
		name  string
		lines []monitor.DigestLine
	}{{"Opened", digest.Opened}, {"Resolved", digest.Resolved}, {"Still open", digest.Open}, {"Told by this message alone", digest.Muted}, {"To come", digest.Upcoming}} {
		for i, line := range part.lines {
			if i == chatEndpoints {
				lines = append(lines, fmt.Sprintf("%s: and %d more", part.name, len(part.lines)-i))
				break
			}
			lines = append(lines, part.name+": "+line.Title)
		}
	}
	return lines
}

// Texts hold what servers and people wrote. None of it may call a whole room.

// escapeSlack escapes what Slack reads as markup and mentions
// (https://api.slack.com/reference/surfaces/formatting#escaping).
func escapeSlack(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// breakMentions puts a character of no width behind what begins a mention.
func breakMentions(text string) string {
	return strings.NewReplacer("@", "@\u200b", "<", "<\u200b", "[", "[\u200b", "#", "#\u200b").Replace(text)
}

func plainText(text string) string { return text }
