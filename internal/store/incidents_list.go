package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// IncidentChoice is which incidents a list shows: a state, or one of those that
// stand for several.
type IncidentChoice string

// The choices beside the states of monitor.IncidentState.
const (
	Unresolved        IncidentChoice = "unresolved" // open, acknowledged or snoozed
	UnresolvedFlapped IncidentChoice = "flapping"   // those of them that fail now and again
	EveryIncident     IncidentChoice = "all"
)

// IncidentFilter narrows a list of incidents. The zero filters match everything,
// the zero Choice what is unresolved.
type IncidentFilter struct {
	Choice      IncidentChoice
	Weight      monitor.Weight
	Environment policy.Environment
	Application int64
	Endpoint    int64
	Limit       int
	Offset      int
}

const incidentMatches = `
	CASE @choice WHEN 'all' THEN true WHEN '' THEN i.state <> 'resolved' WHEN 'unresolved' THEN i.state <> 'resolved'
		WHEN 'flapping' THEN i.flapping AND i.state <> 'resolved' ELSE i.state = @choice END
	AND (@weight = '' OR i.weight = @weight)`

// incidentPlaces are the incidents of where a filter says, which only a filter
// that says where asks for. CASE keeps the planner from nesting loops: it takes
// a team's rows for one or two, and hashes what it cannot join.
const incidentPlaces = ` AND CASE WHEN i.id IN (
	SELECT held.incident_id FROM incident_requirements held WHERE CASE WHEN held.endpoint_id IN (
		SELECT of_it.id FROM endpoints of_it WHERE (@environment = '' OR of_it.environment = @environment)
			AND (@application::bigint = 0 OR of_it.application_id = @application) AND (@endpoint::bigint = 0 OR of_it.id = @endpoint)
	) THEN true ELSE false END) THEN true ELSE false END`

// matches is the condition of a filter, on incidents i.
func (f IncidentFilter) matches() string {
	if f.Environment == "" && f.Application == 0 && f.Endpoint == 0 {
		return incidentMatches
	}
	return incidentMatches + incidentPlaces
}

func (f IncidentFilter) arguments() pgx.NamedArgs {
	return pgx.NamedArgs{
		"choice": string(f.Choice), "weight": string(f.Weight), "environment": string(f.Environment),
		"application": f.Application, "endpoint": f.Endpoint,
	}
}

// heaviestFirst orders incidents i as lists show them.
const heaviestFirst = `i.state = 'resolved', CASE WHEN i.state = 'resolved' THEN 0 ELSE array_position(ARRAY['critical', 'high', 'medium', 'low'], i.weight) END,
	i.opened_at DESC, i.id DESC`

// IncidentPage lists incidents: the unresolved before the resolved, the heaviest
// first, then the newest.
func (tx *Tx) IncidentPage(ctx context.Context, filter IncidentFilter) ([]IncidentSummary, error) {
	arguments := filter.arguments()
	arguments["limit"], arguments["offset"] = filter.Limit, filter.Offset
	rows, _ := tx.Query(ctx, `
		WITH chosen AS MATERIALIZED (SELECT i.id FROM incidents i WHERE `+filter.matches()+` ORDER BY `+heaviestFirst+` LIMIT @limit OFFSET @offset)
		SELECT `+incidentColumns+` FROM `+incidentSource+` WHERE i.id IN (SELECT id FROM chosen) ORDER BY `+heaviestFirst, arguments)
	return collectAll[IncidentSummary](rows, "list the incidents")
}

// IncidentCount is how many incidents one choice of a filter shows.
type IncidentCount struct {
	Value string // a choice, a weight, an environment, an application's ID
	Title string // of an application
	Count int
}

// IncidentCounts counts incidents by what a reader can choose.
type IncidentCounts struct {
	Choices      map[IncidentChoice]int
	Weights      map[monitor.Weight]int
	Environments map[policy.Environment]int
	Applications []IncidentCount // those with most of them first, at most MostIncidentApplications
}

// MostIncidentApplications bounds the applications that are counted.
const MostIncidentApplications = 100

// CountIncidents counts what each choice would show beside the others of filter.
func (tx *Tx) CountIncidents(ctx context.Context, filter IncidentFilter) (counts IncidentCounts, err error) {
	without := filter
	without.Choice = EveryIncident
	choices, err := tx.countIncidents(ctx, without, `SELECT i.state AS value, '' AS title, count(*)::integer AS count FROM incidents i WHERE `+without.matches()+` GROUP BY i.state
		UNION ALL SELECT 'flapping', '', count(*)::integer FROM incidents i WHERE i.flapping AND i.state <> 'resolved' AND `+without.matches())
	if err != nil {
		return counts, err
	}
	counts.Choices = map[IncidentChoice]int{}
	for _, row := range choices {
		counts.Choices[IncidentChoice(row.Value)] += row.Count
		if row.Value != string(UnresolvedFlapped) {
			counts.Choices[EveryIncident] += row.Count
		}
	}
	counts.Choices[Unresolved] = counts.Choices[EveryIncident] - counts.Choices[IncidentChoice(monitor.IncidentClosed)]
	without = filter
	without.Weight = ""
	weights, err := tx.countIncidents(ctx, without, `SELECT i.weight AS value, '' AS title, count(*)::integer AS count FROM incidents i WHERE `+without.matches()+` GROUP BY i.weight`)
	if err != nil {
		return counts, err
	}
	counts.Weights = map[monitor.Weight]int{}
	for _, row := range weights {
		counts.Weights[monitor.Weight(row.Value)] = row.Count
	}
	return counts, tx.countIncidentPlaces(ctx, filter, &counts)
}

// countIncidentPlaces counts by environment and by application. One incident
// may be in several.
func (tx *Tx) countIncidentPlaces(ctx context.Context, filter IncidentFilter, counts *IncidentCounts) error {
	without := filter
	without.Environment = ""
	environments, err := tx.countIncidents(ctx, without, `SELECT e.environment AS value, '' AS title, count(DISTINCT r.incident_id)::integer AS count
		FROM incident_requirements r JOIN endpoints e ON e.id = r.endpoint_id
		WHERE CASE WHEN r.incident_id IN (SELECT i.id FROM incidents i WHERE `+without.matches()+`) THEN true ELSE false END
			AND e.environment IS NOT NULL AND (@application::bigint = 0 OR e.application_id = @application) AND (@endpoint::bigint = 0 OR e.id = @endpoint) GROUP BY e.environment`)
	if err != nil {
		return err
	}
	counts.Environments = map[policy.Environment]int{}
	for _, row := range environments {
		counts.Environments[policy.Environment(row.Value)] = row.Count
	}
	without = filter
	without.Application = 0
	counts.Applications, err = tx.countIncidents(ctx, without, `SELECT a.id::text AS value, a.name AS title, count(DISTINCT r.incident_id)::integer AS count
		FROM incident_requirements r JOIN endpoints e ON e.id = r.endpoint_id JOIN applications a ON a.id = e.application_id
		WHERE CASE WHEN r.incident_id IN (SELECT i.id FROM incidents i WHERE `+without.matches()+`) THEN true ELSE false END
			AND (@environment = '' OR e.environment = @environment) AND (@endpoint::bigint = 0 OR e.id = @endpoint)
		GROUP BY a.id, a.name ORDER BY count(DISTINCT r.incident_id) DESC, lower(a.name) LIMIT 100`)
	return err
}

func (tx *Tx) countIncidents(ctx context.Context, filter IncidentFilter, statement string) ([]IncidentCount, error) {
	rows, _ := tx.Query(ctx, statement, filter.arguments())
	return collectAll[IncidentCount](rows, "count the incidents")
}

// FleetIncidents is what is unresolved of one team for one cause.
type FleetIncidents struct {
	TeamID    int64
	TeamName  string
	Cause     checks.Cause
	Incidents int
	Endpoints int
	Weight    monitor.Weight // the heaviest
	Since     time.Time      // the oldest
}

// FleetIncidents counts the unresolved incidents of every team by cause, for operators.
func (tx *Tx) FleetIncidents(ctx context.Context) ([]FleetIncidents, error) {
	rows, _ := tx.Query(ctx, `
		SELECT t.id AS team_id, t.name AS team_name, i.cause, count(DISTINCT i.id)::integer AS incidents,
			count(DISTINCT r.endpoint_id)::integer AS endpoints,
			(ARRAY['critical', 'high', 'medium', 'low'])[min(array_position(ARRAY['critical', 'high', 'medium', 'low'], i.weight))] AS weight,
			min(i.opened_at) AS since
		FROM incidents i JOIN teams t ON t.id = i.team_id
		LEFT JOIN incident_requirements r ON r.incident_id = i.id AND r.resolved_at IS NULL
		WHERE i.state <> 'resolved' GROUP BY t.id, t.name, i.cause
		ORDER BY lower(t.name), t.id, min(array_position(ARRAY['critical', 'high', 'medium', 'low'], i.weight)), i.cause`)
	return collectAll[FleetIncidents](rows, "count the incidents of every team")
}

// FleetIncident is an unresolved incident of any team.
type FleetIncident struct {
	IncidentSummary
	TeamName string
}

// FleetIncidentPage lists unresolved incidents of a team (0: every one) with a
// cause (nil: any), the heaviest first, for operators.
func (tx *Tx) FleetIncidentPage(ctx context.Context, team int64, cause *checks.Cause, limit, offset int) ([]FleetIncident, error) {
	wanted := ""
	if cause != nil {
		wanted = string(*cause)
	}
	rows, _ := tx.Query(ctx, `
		WITH chosen AS MATERIALIZED (SELECT i.id FROM incidents i
			WHERE i.state <> 'resolved' AND (@team::bigint = 0 OR i.team_id = @team) AND (@any OR i.cause = @cause)
			ORDER BY `+heaviestFirst+` LIMIT @limit OFFSET @offset)
		SELECT `+incidentColumns+`, t.name AS team_name FROM `+incidentSource+` JOIN teams t ON t.id = i.team_id
		WHERE i.id IN (SELECT id FROM chosen) ORDER BY `+heaviestFirst,
		pgx.StrictNamedArgs{"team": team, "any": cause == nil, "cause": wanted, "limit": limit, "offset": offset})
	return collectAll[FleetIncident](rows, "list the incidents of every team")
}

// IncidentTeam returns whose an incident is, for operators. ErrNotFound: there
// is no such incident.
func (tx *Tx) IncidentTeam(ctx context.Context, incident int64) (team monitor.Team, err error) {
	rows, _ := tx.Query(ctx, `SELECT t.id, t.name FROM incidents i JOIN teams t ON t.id = i.team_id WHERE i.id = @id`,
		pgx.StrictNamedArgs{"id": incident})
	found, err := collectOne[struct {
		ID   int64
		Name string
	}](rows, ErrNotFound, "find whose incident %d is", incident)
	return monitor.Team{ID: found.ID, Name: found.Name}, err
}
