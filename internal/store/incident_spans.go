package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// IncidentSpan is on how many endpoints of an incident one requirement fails.
type IncidentSpan struct {
	Requirement string
	Severity    checks.Severity // the most binding
	Weight      monitor.Weight
	Failing     int // endpoints
	Resolved    int
	// Of one endpoint where it fails, or did: whose look says what to do.
	EndpointID   int64
	AssessmentID int64
}

// IncidentSpans lists the requirements of an incident: those that still fail
// first, then by weight.
func (tx *Tx) IncidentSpans(ctx context.Context, incident int64) ([]IncidentSpan, error) {
	const weights = `ARRAY['critical', 'high', 'medium', 'low']`
	rows, _ := tx.Query(ctx, `
		SELECT r.requirement, coalesce((ARRAY['must', 'recommended', 'advice', 'record'])[min(array_position(ARRAY['must', 'recommended', 'advice', 'record'], s.severity))], '') AS severity,
			(`+weights+`)[min(array_position(`+weights+`, r.weight))] AS weight,
			count(*) FILTER (WHERE r.resolved_at IS NULL)::integer AS failing, count(*) FILTER (WHERE r.resolved_at IS NOT NULL)::integer AS resolved,
			(array_agg(r.endpoint_id ORDER BY r.resolved_at NULLS FIRST, r.endpoint_id))[1] AS endpoint_id,
			(array_agg(r.assessment_id ORDER BY r.resolved_at NULLS FIRST, r.endpoint_id))[1] AS assessment_id
		FROM incident_requirements r
		LEFT JOIN requirement_status s ON s.endpoint_id = r.endpoint_id AND s.requirement = r.requirement
		WHERE r.incident_id = @incident GROUP BY r.requirement
		ORDER BY count(*) FILTER (WHERE r.resolved_at IS NULL) = 0, min(array_position(`+weights+`, r.weight)), r.requirement`,
		pgx.StrictNamedArgs{"incident": incident})
	return collectAll[IncidentSpan](rows, "list the requirements of incident %d", incident)
}
