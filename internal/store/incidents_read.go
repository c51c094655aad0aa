package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// IncidentSummary is an incident with how much it holds.
type IncidentSummary struct {
	monitor.Incident
	Places int    // endpoints that it holds or held
	Names  string // of its requirements: T-02, C-01
	// The first of its endpoints; empty: none is left.
	ApplicationName string
	Environment     policy.Environment
	Value           string
}

// IncidentNotification is a notification of an incident.
type IncidentNotification struct {
	ID        string
	Kind      monitor.NotificationKind
	CreatedAt time.Time
}

const incidentColumns = incidentFields + `,
	(SELECT count(DISTINCT r.endpoint_id)::integer FROM incident_requirements r WHERE r.incident_id = i.id) AS places,
	coalesce((SELECT string_agg(DISTINCT r.requirement, ', ' ORDER BY r.requirement)
		FROM incident_requirements r WHERE r.incident_id = i.id), '') AS names,
	coalesce(place.application_name, '') AS application_name, coalesce(place.environment, '') AS environment,
	coalesce(place.value, '') AS value`

// incidentSource is incidents, each with the first endpoint that it holds.
const incidentSource = `incidents i LEFT JOIN LATERAL (
		SELECT a.name AS application_name, e.environment, e.value FROM incident_requirements r
		JOIN endpoints e ON e.id = r.endpoint_id JOIN applications a ON a.id = e.application_id
		WHERE r.incident_id = i.id ORDER BY r.resolved_at NULLS FIRST, e.id LIMIT 1) place ON true`

// OpenIncidentsOf lists the open incidents that hold a requirement of an endpoint.
func (tx *Tx) OpenIncidentsOf(ctx context.Context, endpoint int64) ([]IncidentSummary, error) {
	rows, _ := tx.Query(ctx, `SELECT `+incidentColumns+` FROM `+incidentSource+`
		WHERE i.state <> 'resolved' AND EXISTS (SELECT FROM incident_requirements r
			WHERE r.incident_id = i.id AND r.endpoint_id = @endpoint AND r.resolved_at IS NULL)
		ORDER BY i.id DESC`, pgx.StrictNamedArgs{"endpoint": endpoint})
	return collectAll[IncidentSummary](rows, "list the open incidents of endpoint %d", endpoint)
}

// CountOpenIncidents counts the incidents that are not resolved.
func (tx *Tx) CountOpenIncidents(ctx context.Context) (count int, err error) {
	err = tx.QueryRow(ctx, `SELECT count(*) FROM incidents WHERE state <> 'resolved'`).Scan(&count)
	return count, err
}

// IncidentSummary returns one incident.
func (tx *Tx) IncidentSummary(ctx context.Context, id int64) (IncidentSummary, error) {
	rows, _ := tx.Query(ctx, `SELECT `+incidentColumns+` FROM `+incidentSource+` WHERE i.id = @id`, pgx.StrictNamedArgs{"id": id})
	return collectOne[IncidentSummary](rows, ErrNotFound, "find incident %d", id)
}

// IncidentNotifications lists what people were told of an incident.
func (tx *Tx) IncidentNotifications(ctx context.Context, incident int64) ([]IncidentNotification, error) {
	rows, _ := tx.Query(ctx, `SELECT id::text AS id, kind, created_at FROM notifications
		WHERE incident_id = @incident ORDER BY created_at`, pgx.StrictNamedArgs{"incident": incident})
	return collectAll[IncidentNotification](rows, "list the notifications of incident %d", incident)
}
