package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// IncidentMember is one endpoint that an incident holds or held.
type IncidentMember struct {
	EndpointID      int64
	ApplicationID   int64
	ApplicationName string
	Environment     policy.Environment
	Kind            policy.Kind
	ValueKind       policy.ValueKind
	Value           string
	ProbeURL        string
	Removed         bool     // the endpoint was removed since
	Looked          int      // how many addresses the confirming look asked
	Vantages        []string // from where it was seen, sorted
	Since           time.Time
	ResolvedAt      time.Time // when the last of it was over; zero: something is open
	Weight          monitor.Weight
	Requirements    []MemberRequirement `db:"-"` // open ones first
}

// Open says whether the incident holds something of the endpoint.
func (m IncidentMember) Open() bool { return m.ResolvedAt.IsZero() }

// MemberRequirement is one requirement of an endpoint in an incident.
type MemberRequirement struct {
	Requirement  string
	AssessmentID int64
	Since        time.Time
	ResolvedAt   time.Time      // zero: open
	Verdict      checks.Verdict // that put it there; of what is over: that ended it. Zero where it is gone
}

// SeeTeam lets a transaction of the service see, of what no team owns, what
// assessments of a team rest on: the views that a team reads.
func (tx *Tx) SeeTeam(ctx context.Context, team int64) error {
	if _, err := tx.Exec(ctx, `SELECT set_config('gradewatch.team_id', @team::bigint::text, true)`, pgx.StrictNamedArgs{"team": team}); err != nil {
		return fmt.Errorf("see what team %d sees: %w", team, err)
	}
	return nil
}

// IncidentMembers lists up to limit endpoints of an incident: those of which it
// holds something first, then by the time since when. The service calls SeeTeam
// before.
func (tx *Tx) IncidentMembers(ctx context.Context, incident int64, limit int) ([]IncidentMember, error) {
	rows, _ := tx.Query(ctx, `
		SELECT r.endpoint_id, e.application_id, a.name AS application_name, coalesce(e.environment, '') AS environment,
			e.kind, e.value_kind, e.value, e.probe_url, e.deleted_at IS NOT NULL AS removed, r.since, r.resolved_at, r.weight,
			(SELECT max((SELECT count(DISTINCT m.address) FROM assessments s JOIN team_manifest_entries m ON m.manifest_sha256 = s.manifest_sha256
					WHERE s.id = q.assessment_id AND s.endpoint_id = q.endpoint_id AND m.address IS NOT NULL))::integer
				FROM incident_requirements q WHERE q.incident_id = @incident AND q.endpoint_id = r.endpoint_id) AS looked,
			ARRAY(SELECT DISTINCT v FROM incident_requirements o, unnest(o.vantages) v
				WHERE o.incident_id = @incident AND o.endpoint_id = r.endpoint_id AND (o.resolved_at IS NULL) = (r.open) ORDER BY v) AS vantages
		FROM (SELECT q.endpoint_id, bool_or(q.resolved_at IS NULL) AS open,
				CASE WHEN bool_or(q.resolved_at IS NULL) THEN '0001-01-01T00:00:00Z' ELSE max(q.resolved_at) END AS resolved_at,
				coalesce(min(q.since) FILTER (WHERE q.resolved_at IS NULL), min(q.since), '0001-01-01T00:00:00Z') AS since,
				(ARRAY['critical', 'high', 'medium', 'low'])[min(array_position(ARRAY['critical', 'high', 'medium', 'low'], q.weight))] AS weight
			FROM incident_requirements q WHERE q.incident_id = @incident
			GROUP BY q.endpoint_id
			ORDER BY bool_or(q.resolved_at IS NULL) DESC, 4, q.endpoint_id LIMIT @limit) r
		JOIN endpoints e ON e.id = r.endpoint_id JOIN applications a ON a.id = e.application_id
		ORDER BY r.open DESC, r.since, r.endpoint_id`, pgx.StrictNamedArgs{"incident": incident, "limit": limit})
	members, err := collectAll[IncidentMember](rows, "list the endpoints of incident %d", incident)
	if err != nil || len(members) == 0 {
		return members, err
	}
	return members, tx.addMemberRequirements(ctx, incident, members)
}

// addMemberRequirements fills in what of each member is in the incident, with
// verdicts. Equal ones are read once.
func (tx *Tx) addMemberRequirements(ctx context.Context, incident int64, members []IncidentMember) error {
	type row struct {
		EndpointID int64
		MemberRequirement
		VerdictsSHA256 []byte
	}
	at := make(map[int64]int, len(members))
	endpoints := make([]int64, 0, len(members))
	for i, member := range members {
		at[member.EndpointID] = i
		endpoints = append(endpoints, member.EndpointID)
	}
	rows, _ := tx.Query(ctx, `
		SELECT r.endpoint_id, r.requirement, r.assessment_id, coalesce(r.since, '0001-01-01T00:00:00Z') AS since,
			coalesce(r.resolved_at, '0001-01-01T00:00:00Z') AS resolved_at, '{}'::jsonb AS verdict,
			(SELECT a.verdicts_sha256 FROM assessments a WHERE a.endpoint_id = r.endpoint_id
				AND a.id = CASE WHEN r.resolved_at IS NULL THEN r.assessment_id ELSE coalesce(s.assessment_id, r.assessment_id) END
				LIMIT 1) AS verdicts_sha256
		FROM incident_requirements r
		LEFT JOIN requirement_status s ON s.endpoint_id = r.endpoint_id AND s.requirement = r.requirement
		WHERE r.incident_id = @incident AND r.endpoint_id = ANY(@endpoints)
		ORDER BY r.endpoint_id, r.resolved_at NULLS FIRST, r.requirement`,
		pgx.StrictNamedArgs{"incident": incident, "endpoints": endpoints})
	all, err := collectAll[row](rows, "list what incident %d holds", incident)
	if err != nil {
		return err
	}
	sums := make([][]byte, 0, len(all))
	for _, r := range all {
		sums = append(sums, r.VerdictsSHA256)
	}
	verdicts, err := tx.verdictsOf(ctx, sums)
	if err != nil {
		return err
	}
	for _, r := range all {
		for _, verdict := range verdicts[hex.EncodeToString(r.VerdictsSHA256)] {
			if verdict.Requirement == r.Requirement {
				r.Verdict = verdict
			}
		}
		member := &members[at[r.EndpointID]]
		member.Requirements = append(member.Requirements, r.MemberRequirement)
	}
	return nil
}

// verdictsOf reads components of verdicts by their hexadecimal keys.
func (tx *Tx) verdictsOf(ctx context.Context, sums [][]byte) (map[string][]checks.Verdict, error) {
	bodies, err := tx.components(ctx, sums)
	if err != nil {
		return nil, err
	}
	verdicts := make(map[string][]checks.Verdict, len(bodies))
	for sum, body := range bodies {
		var read []checks.Verdict
		if err := json.Unmarshal(body, &read); err != nil {
			return nil, fmt.Errorf("read the verdicts %s: %w", sum, err)
		}
		verdicts[sum] = read
	}
	return verdicts, nil
}

// IncidentPlaces lists where the endpoints are of which an incident holds
// something; where it holds nothing any more, of which it held something.
func (tx *Tx) IncidentPlaces(ctx context.Context, incident int64) ([]monitor.RoutePlace, error) {
	rows, _ := tx.Query(ctx, `
		SELECT DISTINCT e.application_id, coalesce(e.environment, '') AS environment
		FROM incident_requirements r JOIN endpoints e ON e.id = r.endpoint_id
		WHERE r.incident_id = @incident AND (r.resolved_at IS NULL OR NOT EXISTS (
			SELECT FROM incident_requirements o WHERE o.incident_id = @incident AND o.resolved_at IS NULL))
		ORDER BY 1, 2`, pgx.StrictNamedArgs{"incident": incident})
	return collectAll[monitor.RoutePlace](rows, "list where incident %d is", incident)
}
