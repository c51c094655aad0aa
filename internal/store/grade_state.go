package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

const gradeState = `
	SELECT g.letter, g.provisional, g.conclusive, coalesce(g.conclusive_since, '0001-01-01T00:00:00Z') AS conclusive_since,
		coalesce(c.body, 'null'::bytea) AS body
	FROM endpoint_grades g LEFT JOIN components c ON c.sha256 = g.grade_sha256 WHERE g.endpoint_id = @endpoint`

func gradeStateOf(rows pgx.Rows, endpoint int64) (monitor.GradeState, error) {
	type row struct {
		Letter          checks.Letter
		Provisional     bool
		Conclusive      checks.Letter
		ConclusiveSince time.Time
		Body            []byte
	}
	found, err := collectAll[row](rows, "read where the grade of endpoint %d stands", endpoint)
	if err != nil || len(found) == 0 {
		return monitor.GradeState{}, err
	}
	state := monitor.GradeState{
		Graded: true, Letter: found[0].Letter, Provisional: found[0].Provisional,
		Conclusive: found[0].Conclusive, ConclusiveSince: found[0].ConclusiveSince,
	}
	var last *Graded
	if err := json.Unmarshal(found[0].Body, &last); err != nil {
		return state, fmt.Errorf("read the last grade of endpoint %d: %w", endpoint, err)
	}
	if last != nil {
		state.Last = &last.Endpoint
	}
	return state, nil
}

// GradeState returns where the grade of an endpoint stands, without the last
// conclusive grade itself where the team may not see it.
func (tx *Tx) GradeState(ctx context.Context, endpoint int64) (monitor.GradeState, error) {
	rows, _ := tx.Query(ctx, `
		SELECT g.letter, g.provisional, g.conclusive, coalesce(g.conclusive_since, '0001-01-01T00:00:00Z') AS conclusive_since,
			coalesce(c.body, 'null'::bytea) AS body
		FROM endpoint_grades g LEFT JOIN team_components c ON c.sha256 = g.grade_sha256 WHERE g.endpoint_id = @endpoint`,
		pgx.StrictNamedArgs{"endpoint": endpoint})
	return gradeStateOf(rows, endpoint)
}

func queueGradeState(batch *pgx.Batch, settlement Settlement) {
	state := settlement.Grade
	var component []byte
	if state.Letter == state.Conclusive && !state.Provisional {
		component = settlement.Seen.Grade
	}
	batch.Queue(`
		INSERT INTO endpoint_grades (endpoint_id, team_id, letter, provisional, conclusive, conclusive_since, grade_sha256, assessment_id, graded_at)
		VALUES (@endpoint, @team, @letter, @provisional, @conclusive, @since, @component, @assessment, @at)
		ON CONFLICT (endpoint_id) DO UPDATE SET letter = excluded.letter, provisional = excluded.provisional,
			conclusive = excluded.conclusive, conclusive_since = excluded.conclusive_since,
			grade_sha256 = coalesce(excluded.grade_sha256, endpoint_grades.grade_sha256),
			assessment_id = excluded.assessment_id, graded_at = excluded.graded_at`,
		pgx.StrictNamedArgs{
			"endpoint": settlement.Assessment.EndpointID, "team": settlement.Assessment.TeamID,
			"letter": string(state.Letter), "provisional": state.Provisional, "conclusive": string(state.Conclusive),
			"since": timeOrNil(state.ConclusiveSince), "component": component,
			"assessment": settlement.Assessment.ID, "at": settlement.At,
		})
}
