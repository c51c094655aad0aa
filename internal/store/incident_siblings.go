package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// MostSiblings bounds the looks that one incident asks for at whatever shares
// its host or its certificate.
const MostSiblings = 200

// SiblingLooks asks for a look of assessment's depth, at once, at every other
// endpoint of its team on the same host, or whose newest chain begins with one
// of leaves, MostSiblings at the most, and returns their assessments: the
// caller inserts their jobs in the same transaction. An endpoint whose look is
// due within a minute and did not begin is not asked again.
func (tx *Tx) SiblingLooks(ctx context.Context, incident int64, assessment monitor.Assessment, leaves []checks.Certificate, at time.Time) ([]monitor.Assessment, error) {
	sums, err := certificateKeys(leaves)
	if err != nil {
		return nil, err
	}
	const ask = `
		INSERT INTO assessments (team_id, endpoint_id, slot, purpose, vantage, depth, requested_at, incident_id)
		SELECT e.team_id, e.id, @at, 'confirm', e.vantage, @depth, @at, @incident
		FROM endpoints e
		WHERE e.team_id = @team AND e.deleted_at IS NULL AND e.id <> @endpoint
			AND e.id IN (
				SELECT s.id FROM endpoints s JOIN endpoints o ON o.id = @endpoint AND o.host = s.host
					WHERE s.team_id = @team AND s.deleted_at IS NULL AND o.host <> ''
				UNION SELECT t.endpoint_id FROM manifest_entries m JOIN endpoint_status t ON t.manifest_sha256 = m.manifest_sha256
					WHERE m.kind = 'certificate' AND m.component_sha256 = ANY(@leaves) AND t.family = 'certificates' AND t.team_id = @team)
			AND NOT EXISTS (SELECT FROM assessments u WHERE u.endpoint_id = e.id AND u.finished_at IS NULL
				AND u.started_at IS NULL AND u.slot <= @soon)
		ORDER BY e.id LIMIT @most
		ON CONFLICT (endpoint_id, slot) DO NOTHING
		RETURNING ` + assessmentColumns
	rows, _ := tx.Query(ctx, ask, pgx.StrictNamedArgs{
		"at": at, "depth": assessment.Depth, "incident": incident, "team": assessment.TeamID, "endpoint": assessment.EndpointID,
		"leaves": sums, "most": MostSiblings, "soon": at.Add(pendingAhead),
	})
	return collectAll[monitor.Assessment](rows, "ask for looks at what shares something with incident %d", incident)
}

// certificateKeys are the keys of certificates' components.
func certificateKeys(certificates []checks.Certificate) ([][]byte, error) {
	sums := [][]byte{}
	for _, certificate := range certificates {
		_, sum, err := checks.Canonical(certificate)
		if err != nil {
			return nil, fmt.Errorf("find where certificate %s is stored: %w", certificate.SHA256, err)
		}
		sums = append(sums, slices.Clone(sum[:]))
	}
	return sums, nil
}

// PendingSiblings counts the looks that may still add to an incident at at:
// those that it asked for, and those that were asked for before it began to
// wait and are due within a minute, at endpoints of its team on the hosts that
// it holds something of. What is asked for later does not keep it waiting.
func (tx *Tx) PendingSiblings(ctx context.Context, incident monitor.Incident, at time.Time) (pending int, err error) {
	err = tx.QueryRow(ctx, `SELECT count(*) FROM (
			SELECT a.id FROM assessments a WHERE a.incident_id = @incident AND a.finished_at IS NULL AND a.team_id = @team AND a.slot >= @since
			UNION SELECT a.id FROM assessments a WHERE a.finished_at IS NULL AND a.slot BETWEEN @since AND @until
				AND a.requested_at <= @asked AND a.endpoint_id IN (
					SELECT e.id FROM endpoints e WHERE e.team_id = @team AND e.deleted_at IS NULL AND e.host <> '' AND e.host IN (
						SELECT o.host FROM incident_requirements r JOIN endpoints o ON o.id = r.endpoint_id
						WHERE r.incident_id = @incident AND r.resolved_at IS NULL)
					EXCEPT SELECT r.endpoint_id FROM incident_requirements r WHERE r.incident_id = @incident AND r.resolved_at IS NULL)) pending`,
		pgx.StrictNamedArgs{
			"team": incident.TeamID, "incident": incident.ID, "since": at.Add(-pendingWithin), "until": at.Add(pendingAhead),
			"asked": incident.TellSince,
		}).Scan(&pending)
	if err != nil {
		return 0, fmt.Errorf("count the looks that incident %d waits for: %w", incident.ID, err)
	}
	return pending, nil
}

// How far back and ahead a look may be due that an incident waits for: one that
// is due for longer has no worker.
const (
	pendingWithin = 15 * time.Minute
	pendingAhead  = time.Minute
)
