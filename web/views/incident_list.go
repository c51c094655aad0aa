package views

import (
	"net/url"
	"strconv"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// Incidents is a page of incidents.
type Incidents struct {
	Filter    store.IncidentFilter
	Counts    store.IncidentCounts
	Incidents []store.IncidentSummary
	Endpoint  string // the registered value of the one that the list is about; empty: of all
	Previous  string // path of the page before; empty: none
	Next      string
	Fleet     bool // the reader sees what is of every team
}

// IncidentsPath is the path of a list of incidents.
func IncidentsPath(filter store.IncidentFilter, page int) string {
	query := url.Values{}
	add := func(name, value string) {
		if value != "" && value != "0" {
			query.Set(name, value)
		}
	}
	if filter.Choice != store.Unresolved {
		add("state", string(filter.Choice))
	}
	add("weight", string(filter.Weight))
	add("environment", string(filter.Environment))
	add("application", strconv.FormatInt(filter.Application, 10))
	add("endpoint", strconv.FormatInt(filter.Endpoint, 10))
	if page > 1 {
		add("page", strconv.Itoa(page))
	}
	if len(query) == 0 {
		return "/incidents"
	}
	return "/incidents?" + query.Encode()
}

// incidentChoices lists what can be chosen, what needs somebody first.
func incidentChoices() []store.IncidentChoice {
	return []store.IncidentChoice{
		store.Unresolved, store.IncidentChoice(monitor.IncidentOpen), store.IncidentChoice(monitor.IncidentAcknowledged),
		store.IncidentChoice(monitor.IncidentSnoozed), store.UnresolvedFlapped, store.IncidentChoice(monitor.IncidentClosed),
	}
}

func choiceMark(choice store.IncidentChoice) (mark, string) {
	switch choice {
	case store.Unresolved, "":
		return mark{"octagon", "fail"}, "Not resolved"
	case store.UnresolvedFlapped:
		return mark{"turn", "unsure"}, "Flapping"
	case store.EveryIncident:
		return mark{"dash", "calm"}, "All"
	default:
		return incidentMark(string(choice))
	}
}

// narrowed says whether the list leaves out incidents besides by state.
func (m Incidents) narrowed() bool {
	return m.Filter.Weight != "" || m.Filter.Environment != "" || m.Filter.Application != 0 || m.Filter.Endpoint != 0
}

func (m Incidents) choicePath(choice store.IncidentChoice) string {
	filter := m.Filter
	filter.Choice = choice
	return IncidentsPath(filter, 1)
}

// facet is one way to narrow the list.
type facet struct {
	title   string
	choices []facetChoice
	clear   string // path of the list without it; empty: it narrows nothing now
}

type facetChoice struct {
	title, path string
	count       int
	chosen      bool
}

// facets are the ways to narrow the list besides by state.
func (m Incidents) facets() []facet {
	weights, environments, applications := facet{title: "Severity"}, facet{title: "Environment"}, facet{title: "Application"}
	for _, weight := range monitor.Weights() {
		filter := m.Filter
		filter.Weight = weight
		weights.add(weightWord(weight), filter, m.Counts.Weights[weight], m.Filter.Weight == weight)
	}
	for _, environment := range []policy.Environment{policy.SOD, policy.Stage, policy.Production} {
		filter := m.Filter
		filter.Environment = environment
		environments.add(string(environment), filter, m.Counts.Environments[environment], m.Filter.Environment == environment)
	}
	for _, application := range m.Counts.Applications {
		filter := m.Filter
		filter.Application = application.ID
		applications.add(application.Title, filter, application.Count, m.Filter.Application == filter.Application)
	}
	filter := m.Filter
	if filter.Weight = ""; m.Filter.Weight != "" {
		weights.clear = IncidentsPath(filter, 1)
	}
	filter = m.Filter
	if filter.Environment = ""; m.Filter.Environment != "" {
		environments.clear = IncidentsPath(filter, 1)
	}
	filter = m.Filter
	if filter.Application = 0; m.Filter.Application != 0 {
		applications.clear = IncidentsPath(filter, 1)
	}
	return []facet{weights, environments, applications}
}

func (f *facet) add(title string, filter store.IncidentFilter, count int, chosen bool) {
	if count > 0 || chosen {
		f.choices = append(f.choices, facetChoice{title: title, path: IncidentsPath(filter, 1), count: count, chosen: chosen})
	}
}

func weightWord(weight monitor.Weight) string {
	switch weight {
	case monitor.Critical:
		return "Critical"
	case monitor.High:
		return "High"
	case monitor.Medium:
		return "Medium"
	default:
		return "Low"
	}
}

// weightWhy says why an incident has its weight.
func weightWhy(weight monitor.Weight) string {
	switch weight {
	case monitor.Critical:
		return "People cannot use it now: nothing answers, or browsers refuse the certificate."
	case monitor.High:
		return "A requirement that must be met is not."
	case monitor.Medium:
		return "A recommended requirement is not met."
	default:
		return "Advice, or something to know: nobody has to get up at night."
	}
}

func weightClass(weight monitor.Weight) string {
	switch weight {
	case monitor.Critical, monitor.High:
		return "must"
	default:
		return ""
	}
}

// FleetIncidents is what is unresolved over all teams, for operators.
type FleetIncidents struct {
	Groups   []store.FleetIncidents
	Team     int64         // 0: every one
	Cause    *checks.Cause // nil: any
	Listed   []store.FleetIncident
	Previous string
	Next     string
}

// Total counts the unresolved incidents of every team.
func (m FleetIncidents) Total() (incidents, teams int) {
	seen := map[int64]bool{}
	for _, group := range m.Groups {
		incidents += group.Incidents
		seen[group.TeamID] = true
	}
	return incidents, len(seen)
}

// FleetIncidentsPath is the path of a list of the fleet's incidents.
func FleetIncidentsPath(team int64, cause *checks.Cause, page int) string {
	query := url.Values{}
	if team != 0 {
		query.Set("team", strconv.FormatInt(team, 10))
	}
	if cause != nil {
		query.Set("cause", string(*cause))
	}
	if page > 1 {
		query.Set("page", strconv.Itoa(page))
	}
	if len(query) == 0 {
		return "/fleet/incidents"
	}
	return "/fleet/incidents?" + query.Encode()
}

func fleetGroupPath(group store.FleetIncidents) string {
	return FleetIncidentsPath(group.TeamID, &group.Cause, 1)
}
