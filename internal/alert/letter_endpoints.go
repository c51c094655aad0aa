package alert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// affectedGroup is the endpoints of one application and environment.
type affectedGroup struct {
	Place string
	Lines []affectedLine
}

// affectedLine is one endpoint, and what of it differs from the others.
type affectedLine struct{ Endpoint, Detail string }

// endpointCount is how many endpoints an incident holds.
func endpointCount(message monitor.Message) int {
	return max(message.EndpointCount, len(message.Endpoints))
}

// addEndpoints says on which endpoints and addresses it is: of one in
// sentences, of many as a list in which what all share is said once, above it.
func (l *letter) addEndpoints(message monitor.Message) {
	count := endpointCount(message)
	if l.List == "" {
		l.List = "What fails"
	}
	if len(message.Endpoints) == 0 {
		return
	}
	first := message.Endpoints[0]
	if count == 1 {
		l.Lead = appendSaid(l.Lead, addressSentence(first, ""))
		l.Lead = appendSaid(l.Lead, vantageSentence(first.Vantages))
		return
	}
	if l.Endpoint != "" {
		l.List += ", as seen on " + l.Endpoint
	}
	l.Place, l.Endpoint = spread(message.Endpoints, count), ""
	l.AffectedTop = "Where"
	share := sharedBy(message.Endpoints)
	if share.addresses {
		l.Lead = appendSaid(l.Lead, addressSentence(first, " of each endpoint"))
	}
	if share.vantages {
		l.Lead = appendSaid(l.Lead, vantageSentence(first.Vantages))
	}
	listed := message.Endpoints[:min(len(message.Endpoints), endpointsShown)]
	l.Unlisted = count - len(listed)
	l.Affected = groupsOf(listed, message, share)
}

// spread says how wide an incident is: '40 endpoints of 3 applications'.
func spread(endpoints []monitor.AffectedEndpoint, count int) string {
	applications := map[string]bool{}
	for _, endpoint := range endpoints {
		applications[endpoint.Application] = true
	}
	if len(applications) == 1 {
		return fmt.Sprintf("%s of %s", plural(count, "endpoint"), oneLine(endpoints[0].Application, nameBytes))
	}
	at := ""
	if count > len(endpoints) {
		at = "at least "
	}
	return fmt.Sprintf("%s of %s%s", plural(count, "endpoint"), at, plural(len(applications), "application"))
}

// shared says what is the same for all endpoints.
type shared struct{ requirements, addresses, vantages bool }

func sharedBy(endpoints []monitor.AffectedEndpoint) shared {
	first := endpoints[0]
	all := func(same func(monitor.AffectedEndpoint) bool) bool {
		return !slices.ContainsFunc(endpoints, func(e monitor.AffectedEndpoint) bool { return !same(e) })
	}
	return shared{
		requirements: all(func(e monitor.AffectedEndpoint) bool { return slices.Equal(e.Requirements, first.Requirements) }),
		addresses: all(func(e monitor.AffectedEndpoint) bool {
			return e.Looked == first.Looked && slices.Equal(e.Addresses, first.Addresses)
		}),
		vantages: all(func(e monitor.AffectedEndpoint) bool { return slices.Equal(e.Vantages, first.Vantages) }),
	}
}

func groupsOf(endpoints []monitor.AffectedEndpoint, message monitor.Message, share shared) []affectedGroup {
	place := func(e monitor.AffectedEndpoint) string {
		text := oneLine(e.Application, nameBytes)
		if environment := oneLine(e.Environment, nameBytes); environment != "" {
			text += ", " + environment
		}
		return text
	}
	sorted := slices.SortedStableFunc(slices.Values(endpoints), func(a, b monitor.AffectedEndpoint) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.Endpoint, b.Endpoint))
	})
	var groups []affectedGroup
	for _, endpoint := range sorted {
		if len(groups) == 0 || groups[len(groups)-1].Place != place(endpoint) {
			groups = append(groups, affectedGroup{Place: place(endpoint)})
		}
		last := &groups[len(groups)-1]
		last.Lines = append(last.Lines, affectedLine{
			Endpoint: oneLine(endpoint.Endpoint, urlBytes), Detail: detailOf(endpoint, message, share),
		})
	}
	return groups
}

// detailOf is what of an endpoint differs from what was said above the list.
func detailOf(endpoint monitor.AffectedEndpoint, message monitor.Message, share shared) string {
	var parts []string
	if !share.requirements && len(endpoint.Requirements) > 0 {
		parts = append(parts, oneLine(strings.Join(endpoint.Requirements, ", "), nameBytes))
	}
	if !share.addresses {
		if on := addressClause(endpoint); on != "" {
			parts = append(parts, on)
		}
	}
	if !share.vantages && len(endpoint.Vantages) > 0 {
		parts = append(parts, "seen from "+oneLine(series(endpoint.Vantages), nameBytes))
	}
	if !endpoint.Since.IsZero() && moment(endpoint.Since) != moment(sinceOf(message)) {
		parts = append(parts, "since "+moment(endpoint.Since))
	}
	return strings.Join(parts, "; ")
}

// addressClause is '2 of 6 addresses: 192.0.2.1, 192.0.2.2'.
func addressClause(endpoint monitor.AffectedEndpoint) string {
	if len(endpoint.Addresses) == 0 {
		return ""
	}
	looked := max(endpoint.Looked, len(endpoint.Addresses))
	shown := endpoint.Addresses[:min(len(endpoint.Addresses), addressesShown)]
	list := oneLine(strings.Join(shown, ", "), textBytes)
	if left := len(endpoint.Addresses) - len(shown); left > 0 {
		list += fmt.Sprintf(" and %d more", left)
	}
	if looked == 1 {
		return "its only address: " + list
	}
	return fmt.Sprintf("%d of %s: %s", len(endpoint.Addresses), plural(looked, "address"), list)
}

// addressSentence is addressClause as a sentence; of says whose addresses they are.
func addressSentence(endpoint monitor.AffectedEndpoint, of string) string {
	clause := addressClause(endpoint)
	if clause == "" {
		return ""
	}
	on, list, _ := strings.Cut(clause, ": ")
	return "Seen on " + on + of + ": " + list + "."
}

// vantageSentence says from where it was seen, where that is more than one place.
func vantageSentence(vantages []string) string {
	if len(vantages) < 2 {
		return ""
	}
	return fmt.Sprintf("Seen from %s.", oneLine(series(vantages), textBytes))
}

// series joins names as a sentence does: 'a, b and c'.
func series(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
