package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// mostDigestRows bounds what is read for one list of a digest. What is beyond
// it is not counted either.
const mostDigestRows = 2000

// DigestIncident is an incident as a digest tells it.
type DigestIncident struct {
	ID              int64
	Title           string
	Cause           checks.Cause
	Weight          monitor.Weight
	OpenedAt        time.Time
	ResolvedAt      time.Time
	Endpoints       int // that it holds or held
	ApplicationName string
	Environment     policy.Environment
}

// DigestIncidents lists the incidents of the team that are open, or resolved
// since since, the newest first.
func (tx *Tx) DigestIncidents(ctx context.Context, since time.Time) ([]DigestIncident, error) {
	rows, _ := tx.Query(ctx, `
		SELECT i.id, i.title, i.cause, i.weight, i.opened_at, coalesce(i.resolved_at, '0001-01-01T00:00:00Z') AS resolved_at,
			(SELECT count(DISTINCT r.endpoint_id)::integer FROM incident_requirements r WHERE r.incident_id = i.id) AS endpoints,
			coalesce(place.application_name, '') AS application_name, coalesce(place.environment, '') AS environment
		FROM `+incidentSource+` WHERE i.state <> 'resolved' OR i.resolved_at >= @since ORDER BY i.id DESC LIMIT @limit`,
		pgx.StrictNamedArgs{"since": since, "limit": mostDigestRows})
	return collectAll[DigestIncident](rows, "list the incidents of a digest")
}

// DigestChange is a change with where it happened.
type DigestChange struct {
	EndpointID      int64
	OccurredAt      time.Time
	Class           monitor.ChangeClass
	Weight          monitor.Weight
	Subject         string
	Sentence        string
	ApplicationName string
	Environment     policy.Environment
}

// DigestChanges lists the changes of the team since since that are neither
// better nor worse and matter more than a little, the newest first.
func (tx *Tx) DigestChanges(ctx context.Context, since time.Time) ([]DigestChange, error) {
	rows, _ := tx.Query(ctx, `
		SELECT c.endpoint_id, c.occurred_at, c.class, c.weight, c.subject, c.sentence, a.name AS application_name,
			coalesce(e.environment, '') AS environment
		FROM changes c JOIN endpoints e ON e.id = c.endpoint_id JOIN applications a ON a.id = e.application_id
		WHERE c.occurred_at >= @since AND c.class = 'drift' AND c.weight <> 'low' AND e.deleted_at IS NULL
		ORDER BY c.occurred_at DESC, c.id DESC LIMIT @limit`, pgx.StrictNamedArgs{"since": since, "limit": mostDigestRows})
	return collectAll[DigestChange](rows, "list the changes of a digest")
}

// DigestCounts counts the endpoints of the team, those with an open incident, and
// the letters of their grades.
func (tx *Tx) DigestCounts(ctx context.Context) (endpoints, failing int, grades map[string]int, err error) {
	err = tx.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM incident_requirements r
			WHERE r.endpoint_id = e.id AND r.resolved_at IS NULL))
		FROM endpoints e WHERE e.deleted_at IS NULL`).Scan(&endpoints, &failing)
	if err != nil {
		return 0, 0, nil, fmt.Errorf("count the endpoints of a digest: %w", err)
	}
	type count struct {
		Letter string
		Count  int
	}
	rows, _ := tx.Query(ctx, `SELECT g.letter, count(*)::integer AS count FROM endpoint_grades g JOIN endpoints e ON e.id = g.endpoint_id
		WHERE e.deleted_at IS NULL AND g.letter <> '' GROUP BY g.letter`)
	counts, err := collectAll[count](rows, "count the grades of a digest")
	grades = make(map[string]int, len(counts))
	for _, one := range counts {
		grades[one.Letter] = one.Count
	}
	return endpoints, failing, grades, err
}
