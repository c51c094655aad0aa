package monitor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// MostDigestLines bounds each list of a digest; More counts what is left out.
const MostDigestLines = 20

// DigestAhead returns how far ahead a digest looks: a daily one a week, a weekly
// one a month.
func DigestAhead(period DigestPeriod) time.Duration {
	if period == WeeklyDigest {
		return 30 * 24 * time.Hour
	}
	return 7 * 24 * time.Hour
}

// DigestInput is what a digest is made of.
type DigestInput struct {
	Period      DigestPeriod
	From, Until time.Time
	Endpoints   int
	Failing     int
	Grades      map[string]int
	// Incidents are those that are open, and those that resolved since From.
	Incidents []DigestIncident
	Changes   []DigestChange // since From, of any class
	// Upcoming are ends and renewals, and what is overdue.
	Upcoming []DigestLine
}

// DigestIncident is an incident as a digest tells it.
type DigestIncident struct {
	Incident
	Place string // application and environment of its first endpoint
	Link  string
}

// DigestChange is a change as a digest tells it.
type DigestChange struct {
	Change
	Place string
	Link  string
}

// ComposeDigest returns a digest, and whether it is worth sending: a daily one
// in which nothing happened is not. A weekly one says so, which proves once a
// week that it works. The lists are sorted: the heaviest and newest first, what
// is upcoming by time.
func ComposeDigest(input DigestInput) (Digest, bool) {
	digest := Digest{
		From: input.From, Until: input.Until, Endpoints: input.Endpoints, Failing: input.Failing,
		Grades: maps.Clone(input.Grades), Counts: map[string]int{}, More: map[string]int{},
	}
	var opened, open, resolved []DigestIncident
	for _, incident := range input.Incidents {
		switch {
		case !incident.ResolvedAt.IsZero() && incident.ResolvedAt.Before(input.From):
		case !incident.ResolvedAt.IsZero():
			resolved = append(resolved, incident)
		case incident.OpenedAt.Before(input.From):
			open = append(open, incident)
		default:
			opened = append(opened, incident)
		}
	}
	upcoming := slices.Clone(input.Upcoming)
	slices.SortStableFunc(upcoming, func(a, b DigestLine) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Title, b.Title)) })
	digest.Opened = digest.bounded("opened", incidentLines(opened))
	digest.Open = digest.bounded("open", incidentLines(open))
	digest.Resolved = digest.bounded("resolved", incidentLines(resolved))
	digest.Changes = digest.bounded("changes", changeLines(input.Changes))
	digest.Upcoming = digest.bounded("upcoming", upcoming)
	return digest, input.Period == WeeklyDigest || len(digest.Counts) > 0
}

// bounded keeps as many lines as a list may have, and counts all of them.
func (d *Digest) bounded(list string, lines []DigestLine) []DigestLine {
	if len(lines) > 0 {
		d.Counts[list] = len(lines)
	}
	if len(lines) > MostDigestLines {
		d.More[list] = len(lines) - MostDigestLines
		lines = lines[:MostDigestLines]
	}
	return lines
}

func incidentLines(incidents []DigestIncident) []DigestLine {
	incidents = slices.Clone(incidents)
	slices.SortStableFunc(incidents, func(a, b DigestIncident) int {
		return cmp.Or(a.Weight.Rank()-b.Weight.Rank(), b.OpenedAt.Compare(a.OpenedAt), cmp.Compare(b.ID, a.ID))
	})
	lines := make([]DigestLine, 0, len(incidents))
	for _, incident := range incidents {
		line := DigestLine{At: incident.OpenedAt, Title: incident.Title, Place: incident.Place, Link: incident.Link}
		if !incident.ResolvedAt.IsZero() {
			line.At = incident.ResolvedAt
		}
		lines = append(lines, line)
	}
	return lines
}

// changeLines tells the changes that are worth a look: those that are neither
// better nor worse, since incidents tell the rest, and that matter. What many
// endpoints have in common is one line.
func changeLines(changes []DigestChange) []DigestLine {
	type group struct {
		DigestChange
		places []string
		count  int
	}
	groups := map[string]*group{}
	for _, change := range changes {
		if change.Class != Drift || !change.Weight.Heavier(Low) {
			continue
		}
		one := groups[change.Sentence]
		if one == nil {
			one = &group{DigestChange: change}
			groups[change.Sentence] = one
		}
		if one.count++; !slices.Contains(one.places, change.Place) {
			one.places = append(one.places, change.Place)
		}
	}
	sorted := slices.SortedFunc(maps.Values(groups), func(a, b *group) int {
		return cmp.Or(a.Weight.Rank()-b.Weight.Rank(), b.OccurredAt.Compare(a.OccurredAt), cmp.Compare(a.Sentence, b.Sentence))
	})
	lines := make([]DigestLine, 0, len(sorted))
	for _, one := range sorted {
		line := DigestLine{At: one.OccurredAt, Title: one.Sentence, Place: one.Place, Link: one.Link}
		if one.count > 1 {
			line.Title = fmt.Sprintf("%s (%d times)", strings.TrimSuffix(one.Sentence, "."), one.count)
		}
		if others := len(one.places) - 1; others > 0 {
			line.Place = fmt.Sprintf("%s and %d more", one.Place, others)
		}
		lines = append(lines, line)
	}
	return lines
}

// DigestTitle says a digest in a line: '2 incidents opened, 1 is still open'.
func DigestTitle(digest Digest) string {
	var parts []string
	for _, part := range []struct{ list, one, many string }{
		{"opened", "1 incident opened", "%d incidents opened"},
		{"open", "1 is still open", "%d are still open"},
		{"resolved", "1 resolved", "%d resolved"},
		{"changes", "1 change", "%d changes"},
		{"upcoming", "1 date ahead", "%d dates ahead"},
	} {
		switch count := digest.Counts[part.list]; count {
		case 0:
		case 1:
			parts = append(parts, part.one)
		default:
			parts = append(parts, fmt.Sprintf(part.many, count))
		}
	}
	if len(parts) == 0 {
		return "Nothing happened"
	}
	return strings.Join(parts, ", ")
}
