package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// incidentFields are the columns of monitor.Incident, of incidents i.
const incidentFields = `i.id, i.team_id, i.state, i.title, i.cause, i.weight, i.keys, i.opened_at,
	coalesce(i.resolved_at, '0001-01-01T00:00:00Z') AS resolved_at, i.turns, i.flapping,
	(SELECT count(DISTINCT o.endpoint_id)::integer FROM incident_requirements o WHERE o.incident_id = i.id AND o.resolved_at IS NULL) AS endpoints,
	(SELECT count(*)::integer FROM incident_requirements o WHERE o.incident_id = i.id AND o.resolved_at IS NULL) AS requirements,
	coalesce(i.acknowledged_at, '0001-01-01T00:00:00Z') AS acknowledged_at, i.acknowledged_by,
	coalesce(i.snoozed_until, '0001-01-01T00:00:00Z') AS snoozed_until, i.snooze_reason, i.snoozed_by,
	coalesce(i.told_at, '0001-01-01T00:00:00Z') AS told_at, i.told_kind, i.told_weight, i.told_endpoints, i.messages, i.level,
	coalesce(i.tell_at, '0001-01-01T00:00:00Z') AS tell_at, i.tell_kind, coalesce(i.tell_since, '0001-01-01T00:00:00Z') AS tell_since,
	coalesce(i.escalate_at, '0001-01-01T00:00:00Z') AS escalate_at`

// newestOpenIncident is the open incident of an endpoint that opened last.
const newestOpenIncident = `
	SELECT ` + incidentFields + `
	FROM incidents i WHERE i.state <> 'resolved' AND i.id IN (SELECT r.incident_id FROM incident_requirements r
		WHERE r.endpoint_id = @endpoint AND r.resolved_at IS NULL)
	ORDER BY i.opened_at DESC, i.id DESC LIMIT 1`

// OpenIncident writes an incident and returns it with its id. Its requirements
// are added with AddRequirements.
func (tx *Tx) OpenIncident(ctx context.Context, incident monitor.Incident) (monitor.Incident, error) {
	incident.State = monitor.IncidentOpen
	const insert = `
		INSERT INTO incidents (team_id, state, title, cause, opened_at) VALUES (@team, @state, @title, @cause, @at)
		RETURNING id`
	err := tx.QueryRow(ctx, insert, pgx.StrictNamedArgs{
		"team": incident.TeamID, "state": string(incident.State), "title": incident.Title,
		"cause": string(incident.Cause), "at": incident.OpenedAt,
	}).Scan(&incident.ID)
	if err != nil {
		return incident, fmt.Errorf("open an incident: %w", err)
	}
	return incident, nil
}

// AddRequirements puts requirements of the assessment's endpoint into an open incident.
func (tx *Tx) AddRequirements(ctx context.Context, incident int64, assessment monitor.Assessment, requirements []string) error {
	const insert = `
		INSERT INTO incident_requirements (incident_id, team_id, endpoint_id, requirement, assessment_id)
		SELECT @incident, @team, @endpoint, requirement, @assessment FROM unnest(@requirements::text[]) AS r(requirement)
		ON CONFLICT (incident_id, endpoint_id, requirement)
			DO UPDATE SET assessment_id = excluded.assessment_id, resolved_at = NULL`
	_, err := tx.Exec(ctx, insert, pgx.StrictNamedArgs{
		"incident": incident, "team": assessment.TeamID, "endpoint": assessment.EndpointID,
		"assessment": assessment.ID, "requirements": requirements,
	})
	if err != nil {
		return fmt.Errorf("add requirements to incident %d: %w", incident, err)
	}
	return nil
}

// CloseRequirements notes that requirements of an endpoint passed, and
// resolves the incident when nothing in it is open any more. resolved says
// that this call did so; the incident is returned as it stands then.
func (tx *Tx) CloseRequirements(ctx context.Context, incident, endpoint int64, requirements []string, at time.Time) (monitor.Incident, bool, error) {
	// The incident's row is locked first: two endpoints of one incident may recover at once.
	rows, _ := tx.Query(ctx, `
		SELECT `+incidentFields+` FROM incidents i WHERE i.id = @id FOR UPDATE`, pgx.StrictNamedArgs{"id": incident})
	found, err := collectOne[monitor.Incident](rows, ErrNotFound, "find incident %d", incident)
	if err != nil {
		return found, false, err
	}
	const closing = `
		UPDATE incident_requirements SET resolved_at = @at
		WHERE incident_id = @incident AND endpoint_id = @endpoint AND requirement = ANY(@requirements) AND resolved_at IS NULL`
	_, err = tx.Exec(ctx, closing, pgx.StrictNamedArgs{
		"at": at, "incident": incident, "endpoint": endpoint, "requirements": requirements,
	})
	if err != nil {
		return found, false, fmt.Errorf("close requirements of incident %d: %w", incident, err)
	}
	const resolve = `
		UPDATE incidents SET state = 'resolved', resolved_at = @at
		WHERE id = @incident AND state <> 'resolved'
			AND NOT EXISTS (SELECT FROM incident_requirements WHERE incident_id = @incident AND resolved_at IS NULL)`
	tag, err := tx.Exec(ctx, resolve, pgx.StrictNamedArgs{"at": at, "incident": incident})
	if err != nil {
		return found, false, fmt.Errorf("resolve incident %d: %w", incident, err)
	}
	if tag.RowsAffected() == 0 {
		return found, false, nil
	}
	found.State, found.ResolvedAt = monitor.IncidentClosed, at
	return found, true, nil
}
