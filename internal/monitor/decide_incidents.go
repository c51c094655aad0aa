package monitor

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// settle says what becomes of every incident that the judgement touches: known
// ones by ascending ID, then those that open.
func (x *decision) settle() {
	x.flapped()
	for _, id := range slices.Sorted(maps.Keys(x.touched)) {
		if known, is := x.known[id]; is {
			x.settleKnown(known, x.touched[id])
		}
	}
	for _, one := range x.opening {
		x.open(one)
	}
}

// flapped touches the incidents whose requirements of this endpoint began to
// flap in this very judgement.
func (x *decision) flapped() {
	for requirement, state := range x.plan.States {
		if state.Flapping && !x.States[requirement].Flapping && state.IncidentID != 0 {
			x.touch(state.IncidentID)
		}
	}
}

func (x *decision) settleKnown(known KnownIncident, one *touch) {
	before := x.holds(known.ID)
	plan := IncidentPlan{Incident: known.Incident, Added: one.added, Removed: one.removed.Requirements, Since: one.since}
	grown := before + len(one.added)
	count := Grew{
		EndpointID: x.Endpoint.ID, Added: one.added,
		Endpoints: known.Endpoints - min(before, 1) + min(grown, 1), Requirements: known.Requirements + len(one.added),
	}
	count.Flapping = !known.Flapping && x.flaps(known, count.Endpoints)
	if len(one.added) > 0 || one.worse != "" || count.Flapping {
		count.Weight, count.Keys = x.weigh(known.Incident, one), x.keysOfAll(one.news())
		reopens := !known.live()
		x.retitle(&plan.Incident, one.news(), count)
		x.apply(&plan, count)
		x.siblings(reopens, plan.Incident)
	}
	if len(one.removed.Requirements) > 0 {
		x.apply(&plan, x.shrunk(known.ID, one.removed, count, grown))
	}
	if len(plan.Entries) > 0 || len(plan.Effects) > 0 || len(one.added) > 0 || len(one.removed.Requirements) > 0 {
		x.plan.Incidents = append(x.plan.Incidents, plan)
	}
}

func (x *decision) shrunk(incident int64, removed CloseRequirements, count Grew, held int) Shrank {
	event := Shrank{
		EndpointID: x.Endpoint.ID, Removed: removed.Requirements, Waived: removed.Waived,
		Endpoints: count.Endpoints, Requirements: count.Requirements - len(removed.Requirements),
	}
	if held > 0 && held == len(removed.Requirements) {
		event.Endpoints--
	}
	for _, requirement := range removed.Requirements {
		if _, judged := x.verdicts[requirement]; !judged {
			event.Retired = append(event.Retired, requirement)
		}
		if failed := x.States[requirement].FailedAt; failed.After(event.FailedAt) {
			event.FailedAt = failed
		}
	}
	return event
}

// flaps says whether all that an incident holds flaps, as far as this endpoint
// shows: one endpoint of many that flaps says nothing of the others.
func (x *decision) flaps(incident KnownIncident, endpoints int) bool {
	if endpoints > 1 {
		return false
	}
	held, flapping := 0, 0
	for _, state := range x.plan.States {
		if state.IncidentID != incident.ID {
			continue
		}
		held++
		if state.Flapping {
			flapping++
		}
	}
	return held > 0 && held == flapping
}

// weigh returns the weight of an incident after it grew. It never falls while
// the incident is open: people were told of it.
func (x *decision) weigh(incident Incident, one *touch) Weight {
	var weights []Weight
	for _, requirement := range one.news() {
		weights = append(weights, WeightOf(x.verdicts[requirement]))
	}
	if incident.live() || len(weights) == 0 {
		weights = append(weights, incident.Weight)
	}
	return weightFor(incident.Cause, heaviest(weights...))
}

// news are the requirements by which an incident may be heavier than before.
func (one *touch) news() []string {
	if one.worse == "" {
		return one.added
	}
	return append(slices.Clone(one.added), one.worse)
}

func (x *decision) keysOfAll(requirements []string) []string {
	var keys []string
	for _, requirement := range requirements {
		keys = append(keys, x.keys(requirement)...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// open opens one incident for requirements that nothing known holds.
func (x *decision) open(one *touch) {
	slices.Sort(one.added)
	first := x.heaviestOf(one.added)
	incident := Incident{TeamID: x.Endpoint.TeamID, Cause: x.cause(first)}
	event := Grew{
		EndpointID: x.Endpoint.ID, Added: one.added, Endpoints: 1, Requirements: len(one.added),
		Keys: x.keysOfAll(one.added), Flapping: x.plan.States[first].Flapping,
	}
	event.Weight = x.weigh(incident, one)
	x.retitle(&incident, one.added, event)
	plan := IncidentPlan{Incident: incident, Opened: true, Added: one.added, Since: one.since}
	x.apply(&plan, event)
	x.siblings(true, plan.Incident)
	x.plan.Incidents = append(x.plan.Incidents, plan)
}

func (x *decision) apply(plan *IncidentPlan, event IncidentEvent) {
	next, entries, effects := StepIncident(plan.Incident, event, x.event.At, x.Settings)
	plan.Incident = next
	plan.Entries = append(plan.Entries, entries...)
	plan.Effects = append(plan.Effects, effects...)
}

// siblings asks for looks at what may be broken with an incident that turned.
func (x *decision) siblings(turned bool, incident Incident) {
	if turned && blameOf(incident.Cause) == blameServer && slices.ContainsFunc(incident.Keys, shared) {
		x.plan.Siblings = true
	}
}

// heaviestOf returns the requirement that matters most; of equals the first.
func (x *decision) heaviestOf(requirements []string) string {
	return slices.MinFunc(requirements, func(a, b string) int {
		return cmp.Or(WeightOf(x.verdicts[a]).Rank()-WeightOf(x.verdicts[b]).Rank(), strings.Compare(a, b))
	})
}

// retitle names an incident that grew: after what is heaviest, and by how many
// endpoints it holds.
func (x *decision) retitle(incident *Incident, news []string, event Grew) {
	problem := problemOf(incident.Title)
	if len(news) > 0 {
		heaviest := x.verdicts[x.heaviestOf(news)]
		if !incident.live() || weightFor(incident.Cause, WeightOf(heaviest)).Heavier(incident.Weight) {
			problem = Problem(heaviest)
			if more := event.Requirements - 1; more > 0 && event.Endpoints <= 1 {
				problem += fmt.Sprintf(" (and %d more)", more)
			}
		}
	}
	problem = byBlame(incident.Cause, problem)
	incident.Title = IncidentTitle(x.placeOf(mergeKeys(incident.Keys, event.Keys, MostKeys), event.Endpoints), event.Endpoints, problem)
}

// placeOf names what the endpoints of an incident have in common: their host, or
// this endpoint's application; empty where they are on several hosts.
func (x *decision) placeOf(keys []string, endpoints int) string {
	hosts := map[string]bool{}
	for _, key := range keys {
		if _, server, found := strings.Cut(key, "@host:"); found {
			hosts[server[:max(strings.LastIndex(server, ":"), 0)]] = true
		}
	}
	switch {
	case len(hosts) > 1:
		return ""
	case len(hosts) == 1:
		host := slices.Collect(maps.Keys(hosts))[0]
		if _, err := netip.ParseAddr(host); err == nil {
			return x.Endpoint.ApplicationName
		}
		return host
	case endpoints > 1 && !slices.ContainsFunc(keys, func(key string) bool { return strings.Contains(key, "@application:") }):
		return "" // all over the team
	default:
		return x.Endpoint.ApplicationName
	}
}
