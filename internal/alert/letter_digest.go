package alert

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// section is one list of a digest.
type section struct {
	Heading string
	Lines   []sectionLine
	More    int // lines left out
}

// sectionLine is one thing that a digest names, with the page of it.
type sectionLine struct{ When, Title, Place, Link string }

// isDigest says whether people may unsubscribe from messages of this kind.
func isDigest(kind monitor.NotificationKind) bool {
	return kind == monitor.DigestDaily || kind == monitor.DigestWeekly
}

// digest says what happened in a time, and how things stand.
func (l *letter) digest(message monitor.Message) {
	digest := message.Digest
	if digest == nil {
		digest = &monitor.Digest{From: message.OccurredAt, Until: message.OccurredAt}
	}
	l.Place, l.Endpoint, l.LinkText, l.Tone = "", "", "Open Gradewatch", toneNeutral
	team := oneLine(message.Team, nameBytes)
	if message.Kind == monitor.DigestBurst {
		l.burst(digest, team)
		return
	}
	l.Heading = summary(digest)
	day := digest.Until.UTC().Format(time.DateOnly)
	l.Status = "Daily digest"
	l.Subject = fmt.Sprintf("Daily digest of %s, %s: %s", team, day, lower(l.Heading))
	if message.Kind == monitor.DigestWeekly {
		l.Status = "Weekly digest"
		l.Subject = fmt.Sprintf("Weekly digest of %s, %s to %s: %s", team, digest.From.UTC().Format(time.DateOnly), day, lower(l.Heading))
	}
	l.Lead = []string{fmt.Sprintf("From %s to %s. %s", moment(digest.From), moment(digest.Until), standing(digest))}
	l.Lead = appendSaid(l.Lead, gradesSentence(digest.Grades))
	for _, part := range []struct {
		name, heading string
		lines         []monitor.DigestLine
	}{
		{"opened", "Opened", digest.Opened},
		{"open", "Still open", digest.Open},
		{"resolved", "Resolved", digest.Resolved},
		{"changes", "Changes worth a look", digest.Changes},
		{"upcoming", "Coming up", digest.Upcoming},
		{"muted", "Told by this message alone", digest.Muted},
	} {
		l.addSection(part.heading, part.lines, digest.More[part.name])
	}
}

// burst stands in for many messages that would have come at once.
func (l *letter) burst(digest *monitor.Digest, team string) {
	count := len(digest.Muted) + digest.More["muted"]
	l.Tone, l.Status = toneFailing, "Many at once"
	l.Heading = plural(count, "message") + " in one"
	l.Subject = fmt.Sprintf("%s: %s", team, l.Heading)
	l.LinkText = "Open the incidents"
	l.Lead = []string{fmt.Sprintf("From %s to %s so much happened that it is told here at once, rather than in %s.",
		moment(digest.From), moment(digest.Until), plural(count, "message"))}
	l.addSection("What happened", digest.Muted, digest.More["muted"])
	l.addSection("Still open", digest.Open, digest.More["open"])
}

func (l *letter) addSection(heading string, lines []monitor.DigestLine, more int) {
	if len(lines)+more == 0 {
		return
	}
	made := section{Heading: heading, More: max(0, more)}
	for i, line := range lines {
		if i == linesShown {
			made.More += len(lines) - linesShown
			break
		}
		one := sectionLine{
			Title: cmp.Or(oneLine(line.Title, titleBytes), "Something without a title"),
			Place: oneLine(line.Place, 2*nameBytes), Link: line.Link,
		}
		if !line.At.IsZero() {
			one.When = moment(line.At)
		}
		made.Lines = append(made.Lines, one)
	}
	l.Sections = append(l.Sections, made)
}

// summary is a digest in one line: '2 incidents opened, 1 resolved, 3 still open'.
func summary(digest *monitor.Digest) string {
	opened, resolved := len(digest.Opened)+digest.More["opened"], len(digest.Resolved)+digest.More["resolved"]
	open := len(digest.Open) + digest.More["open"]
	var parts []string
	if opened > 0 {
		parts = append(parts, plural(opened, "incident")+" opened")
	}
	if resolved > 0 {
		parts = append(parts, fmt.Sprintf("%d resolved", resolved))
	}
	if open > 0 {
		parts = append(parts, fmt.Sprintf("%d still open", open))
	}
	if len(parts) == 0 {
		return "Nothing is wrong"
	}
	return strings.Join(parts, ", ")
}

func lower(sentence string) string {
	if sentence == "" {
		return sentence
	}
	return strings.ToLower(sentence[:1]) + sentence[1:]
}

func standing(digest *monitor.Digest) string {
	switch {
	case digest.Endpoints == 0:
		return "No endpoint is watched."
	case digest.Failing == 0:
		return fmt.Sprintf("%s watched, none with an open incident.", are(digest.Endpoints))
	default:
		return fmt.Sprintf("%s watched, %d of them with an open incident.", are(digest.Endpoints), digest.Failing)
	}
}

func are(endpoints int) string {
	if endpoints == 1 {
		return "1 endpoint is"
	}
	return plural(endpoints, "endpoint") + " are"
}

// gradesSentence counts endpoints by grade, the best first.
func gradesSentence(grades map[string]int) string {
	order := []string{"A+", "A", "A-", "B", "C", "D", "E", "F", "T", "M"}
	rank := func(grade string) int {
		if i := slices.Index(order, grade); i >= 0 {
			return i
		}
		return len(order)
	}
	letters := slices.SortedFunc(maps.Keys(grades), func(a, b string) int {
		return cmp.Or(rank(a)-rank(b), cmp.Compare(a, b))
	})
	var parts []string
	for _, letter := range letters {
		parts = append(parts, fmt.Sprintf("%d with %s", grades[letter], oneLine(letter, nameBytes)))
	}
	if len(parts) == 0 {
		return ""
	}
	return "Grades: " + oneLine(strings.Join(parts, ", "), textBytes) + "."
}
