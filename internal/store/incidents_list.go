package store

import (
	"cmp"
	"context"
	"slices"
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

// incidentHolds are what incident i holds at the endpoints of a filter. Row-level
// security makes the planner expect a row or two of a team, and join thousands
// by comparing each with each. OFFSET 0 keeps it to one look into an index for
// each row, whatever it expects.
const incidentHolds = `(SELECT DISTINCT r.endpoint_id FROM incident_requirements r
		WHERE r.incident_id = i.id AND (@endpoint::bigint = 0 OR r.endpoint_id = @endpoint) OFFSET 0) held
	CROSS JOIN LATERAL (SELECT e.environment, e.application_id FROM endpoints e WHERE e.id = held.endpoint_id OFFSET 0) place`

const (
	inEnvironment = `(@environment = '' OR place.environment = @environment)`
	inApplication = `(@application::bigint = 0 OR place.application_id = @application)`
)

// incidentPlaces are the incidents of where a filter says, which only a filter
// that says where asks for.
const incidentPlaces = ` AND EXISTS (SELECT FROM ` + incidentHolds + ` WHERE ` + inEnvironment + ` AND ` + inApplication + ` OFFSET 0)`

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

// IncidentCount is how many incidents an application has.
type IncidentCount struct {
	ID    int64
	Title string
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
func (tx *Tx) CountIncidents(ctx context.Context, filter IncidentFilter) (IncidentCounts, error) {
	counts := IncidentCounts{
		Choices: map[IncidentChoice]int{}, Weights: map[monitor.Weight]int{}, Environments: map[policy.Environment]int{},
	}
	if err := tx.countIncidentStates(ctx, filter, counts); err != nil {
		return counts, err
	}
	return counts, tx.countIncidentPlaces(ctx, filter, &counts)
}

// countIncidentStates counts by choice and by weight, in one reading.
func (tx *Tx) countIncidentStates(ctx context.Context, filter IncidentFilter, counts IncidentCounts) error {
	where := filter
	where.Choice, where.Weight = EveryIncident, ""
	rows, _ := tx.Query(ctx, `SELECT i.state, i.weight, i.flapping, count(*)::integer AS count FROM incidents i
		WHERE `+where.matches()+` GROUP BY i.state, i.weight, i.flapping`, where.arguments())
	type group struct {
		State    monitor.IncidentState
		Weight   monitor.Weight
		Flapping bool
		Count    int
	}
	groups, err := collectAll[group](rows, "count the incidents")
	for _, of := range groups {
		choices := []IncidentChoice{EveryIncident, IncidentChoice(of.State)}
		if of.State != monitor.IncidentClosed {
			choices = append(choices, Unresolved)
			if of.Flapping {
				choices = append(choices, UnresolvedFlapped)
			}
		}
		if filter.Weight == "" || filter.Weight == of.Weight {
			for _, choice := range choices {
				counts.Choices[choice] += of.Count
			}
		}
		if slices.Contains(choices, cmp.Or(filter.Choice, Unresolved)) {
			counts.Weights[of.Weight] += of.Count
		}
	}
	return err
}

// countIncidentPlaces counts by environment and by application, in one reading.
// One incident may be in several.
func (tx *Tx) countIncidentPlaces(ctx context.Context, filter IncidentFilter, counts *IncidentCounts) error {
	rows, _ := tx.Query(ctx, `
		WITH i AS MATERIALIZED (SELECT i.id FROM incidents i WHERE `+incidentMatches+`)
		SELECT coalesce(place.environment, '') AS environment, coalesce(a.id, 0) AS application, coalesce(a.name, '') AS title,
			(count(DISTINCT i.id) FILTER (WHERE `+inApplication+`))::integer AS of_environment,
			(count(DISTINCT i.id) FILTER (WHERE `+inEnvironment+`))::integer AS of_application
		FROM i CROSS JOIN LATERAL `+incidentHolds+`
		CROSS JOIN LATERAL (SELECT a.id, a.name FROM applications a WHERE a.id = place.application_id OFFSET 0) a
		GROUP BY GROUPING SETS ((place.environment), (a.id, a.name)) ORDER BY of_application DESC, lower(a.name)`, filter.arguments())
	type group struct {
		Environment   policy.Environment
		Application   int64
		Title         string
		OfEnvironment int
		OfApplication int
	}
	groups, err := collectAll[group](rows, "count the incidents by place")
	for _, of := range groups {
		switch {
		case of.Environment != "" && of.OfEnvironment > 0:
			counts.Environments[of.Environment] = of.OfEnvironment
		case of.Application != 0 && of.OfApplication > 0 && len(counts.Applications) < MostIncidentApplications:
			counts.Applications = append(counts.Applications, IncidentCount{ID: of.Application, Title: of.Title, Count: of.OfApplication})
		}
	}
	return err
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
