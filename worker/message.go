package worker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// Bounds of one message: how many endpoints' changes it tells, and how many
// changes, verdicts and addresses.
const (
	mostChanged   = 20
	mostChanges   = 100
	mostVerdicts  = 50
	mostAddresses = 16
)

// incidentMessage composes what is told of an incident as it stands, of what
// the database holds: whoever tells it need not have looked.
func incidentMessage(ctx context.Context, tx *store.Tx, incident monitor.Incident, tell monitor.Tell, at time.Time) (monitor.Message, error) {
	if err := tx.SeeTeam(ctx, incident.TeamID); err != nil {
		return monitor.Message{}, err
	}
	members, err := tx.IncidentMembers(ctx, incident.ID, monitor.MostAffected)
	if err != nil {
		return monitor.Message{}, err
	}
	members = concerned(members, incident)
	message := monitor.Message{
		Kind: tell.Kind, OccurredAt: at, Title: incident.Title, Link: fmt.Sprintf("/incidents/%d", incident.ID),
		Cause: incident.Cause, IncidentID: incident.ID, Sequence: incident.Messages, Weight: incident.Weight,
		EndpointCount: max(incident.Endpoints, len(members)), Level: tell.Level, Verdicts: verdictsOf(members),
	}
	if tell.Kind == monitor.IncidentFlapping || incident.Flapping {
		message.Turns = len(incident.Turns)
	}
	if tell.Kind == monitor.IncidentSnoozeEnded {
		message.Reason = incident.SnoozeReason
	}
	for _, member := range members {
		message.Endpoints = append(message.Endpoints, affected(member))
		if !member.Since.IsZero() && (message.Since.IsZero() || member.Since.Before(message.Since)) {
			message.Since = member.Since
		}
	}
	if tell.Kind == monitor.IncidentResolved || message.Since.IsZero() {
		message.Since = turnOf(incident)
	}
	if len(members) > 0 {
		addFirst(&message, members[0])
	}
	if message.Changes, err = changesOf(ctx, tx, members); err != nil {
		return message, err
	}
	first, err := tx.FirstSubject(ctx, incident.ID)
	message.Subject = cmp.Or(first, subjectOf(message))
	return message, err
}

// subjectOf is what the mail of an incident is called from its first message on.
func subjectOf(message monitor.Message) string {
	if message.Cause == checks.CauseCriteria || message.Application == "" { // the whole team's
		return message.Title
	}
	place := message.Application
	if message.Environment != "" {
		place += " (" + message.Environment + ")"
	}
	return place + ": " + message.Title
}

// turnOf is when the incident opened last.
func turnOf(incident monitor.Incident) time.Time {
	if len(incident.Turns) > 0 {
		return incident.Turns[len(incident.Turns)-1]
	}
	return incident.OpenedAt
}

// concerned returns those members that the incident holds something of; where
// it holds nothing any more, those that it held since it opened last.
func concerned(members []store.IncidentMember, incident monitor.Incident) []store.IncidentMember {
	if slices.ContainsFunc(members, store.IncidentMember.Open) {
		return slices.DeleteFunc(members, func(m store.IncidentMember) bool { return !m.Open() })
	}
	since := turnOf(incident)
	return slices.DeleteFunc(members, func(m store.IncidentMember) bool { return m.ResolvedAt.Before(since) })
}

// addFirst fills in the endpoint that people see first.
func addFirst(message *monitor.Message, first store.IncidentMember) {
	message.EndpointID, message.Application, message.Environment = first.EndpointID, first.ApplicationName, string(first.Environment)
	message.Endpoint = first.Value
	message.URL = monitor.Endpoint{
		Environment: first.Environment, Kind: first.Kind, ValueKind: first.ValueKind, Value: first.Value, ProbeURL: first.ProbeURL,
	}.Subject().URL()
}

// told are the requirements of a member that a message is about: what is open,
// or all where nothing is.
func told(member store.IncidentMember) []store.MemberRequirement {
	if !member.Open() {
		return member.Requirements
	}
	return slices.DeleteFunc(slices.Clone(member.Requirements), func(r store.MemberRequirement) bool { return !r.ResolvedAt.IsZero() })
}

func affected(member store.IncidentMember) monitor.AffectedEndpoint {
	endpoint := monitor.AffectedEndpoint{
		EndpointID: member.EndpointID, Application: member.ApplicationName, Environment: string(member.Environment),
		Endpoint: member.Value, Since: member.Since, Looked: member.Looked, Link: fmt.Sprintf("/endpoints/%d", member.EndpointID),
	}
	for _, one := range told(member) {
		endpoint.Requirements = append(endpoint.Requirements, one.Requirement)
		if one.Verdict.Result == checks.Fail {
			endpoint.Addresses = append(endpoint.Addresses, addressesOf(one.Verdict)...)
		}
	}
	slices.Sort(endpoint.Addresses)
	endpoint.Addresses = slices.Compact(endpoint.Addresses)
	endpoint.Addresses = endpoint.Addresses[:min(len(endpoint.Addresses), mostAddresses)]
	if len(member.Vantages) > 1 {
		endpoint.Vantages = member.Vantages
	}
	return endpoint
}

// addressesOf returns the addresses that a verdict's proofs are about, whose
// facts begin with addresses[192.0.2.1].
func addressesOf(verdict checks.Verdict) []string {
	var addresses []string
	for _, proof := range verdict.Proof {
		rest, about := strings.CutPrefix(proof.Fact, "addresses[")
		if address, _, closed := strings.Cut(rest, "]"); about && closed {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

// verdictsOf returns a verdict of each requirement that members are in an
// incident for, of the first member that has one, the heaviest first.
func verdictsOf(members []store.IncidentMember) []checks.Verdict {
	seen := map[string]bool{}
	var verdicts []checks.Verdict
	for _, member := range members {
		for _, one := range told(member) {
			if one.Verdict.Requirement != "" && !seen[one.Requirement] {
				seen[one.Requirement] = true
				verdicts = append(verdicts, one.Verdict)
			}
		}
	}
	slices.SortStableFunc(verdicts, func(a, b checks.Verdict) int {
		return cmp.Or(monitor.WeightOf(a).Rank()-monitor.WeightOf(b).Rank(), cmp.Compare(a.Requirement, b.Requirement))
	})
	return verdicts[:min(len(verdicts), mostVerdicts)]
}

// changesOf returns what changed at members since they failed, or when the last
// of them passed; what several have in common once.
func changesOf(ctx context.Context, tx *store.Tx, members []store.IncidentMember) ([]monitor.Change, error) {
	var changes []monitor.Change
	seen := map[string]bool{}
	for _, member := range members[:min(len(members), mostChanged)] {
		since := member.Since
		if !member.Open() {
			since = member.ResolvedAt
		}
		all, err := tx.ChangesSince(ctx, member.EndpointID, since)
		if err != nil {
			return nil, err
		}
		for _, change := range all {
			if !seen[change.Sentence] && len(changes) < mostChanges {
				seen[change.Sentence] = true
				changes = append(changes, change)
			}
		}
	}
	slices.SortStableFunc(changes, func(a, b monitor.Change) int { return a.OccurredAt.Compare(b.OccurredAt) })
	return changes, nil
}

func sortByWeight(messages []monitor.Message) {
	slices.SortStableFunc(messages, func(a, b monitor.Message) int {
		return cmp.Or(a.Weight.Rank()-b.Weight.Rank(), a.OccurredAt.Compare(b.OccurredAt))
	})
}

// placeOf says where a message's subject is.
func placeOf(message monitor.Message) string {
	if message.Environment == "" {
		return message.Application
	}
	return message.Application + ", " + message.Environment
}
