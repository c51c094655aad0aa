package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

func queueRequirementState(batch *pgx.Batch, assessment monitor.Assessment, state monitor.RequirementState, at time.Time) {
	const upsert = `
		INSERT INTO requirement_status (endpoint_id, team_id, requirement, severity, result, conclusive, conclusive_since,
			failing_since, inconclusive_since, inconclusive_reason, noticed, waived, incident_id, assessment_id, judged_at,
			recovering_since, spells, flapping, failed_at, cause)
		VALUES (@endpoint, @team, @requirement, @severity, @result, nullif(@conclusive, ''), @conclusive_since,
			@failing_since, @inconclusive_since, @reason, @noticed, @waived, nullif(@incident::bigint, 0), @assessment, @at,
			@recovering_since, coalesce(@spells::timestamptz[], '{}'), @flapping, @failed_at, @cause)
		ON CONFLICT (endpoint_id, requirement) DO UPDATE SET severity = excluded.severity, result = excluded.result,
			conclusive = excluded.conclusive, conclusive_since = excluded.conclusive_since,
			failing_since = excluded.failing_since, inconclusive_since = excluded.inconclusive_since,
			inconclusive_reason = excluded.inconclusive_reason, noticed = excluded.noticed, waived = excluded.waived,
			incident_id = excluded.incident_id, assessment_id = excluded.assessment_id, judged_at = excluded.judged_at,
			recovering_since = excluded.recovering_since, spells = excluded.spells, flapping = excluded.flapping,
			failed_at = excluded.failed_at, cause = excluded.cause`
	batch.Queue(upsert, pgx.StrictNamedArgs{
		"endpoint": assessment.EndpointID, "team": assessment.TeamID, "requirement": state.Requirement,
		"severity": string(state.Severity), "result": string(state.Result), "conclusive": string(state.Conclusive),
		"conclusive_since": timeOrNil(state.ConclusiveSince), "failing_since": timeOrNil(state.FailingSince),
		"inconclusive_since": timeOrNil(state.InconclusiveSince), "reason": state.InconclusiveReason,
		"noticed": state.Noticed, "waived": state.Waived, "incident": state.IncidentID, "assessment": assessment.ID, "at": at,
		"recovering_since": timeOrNil(state.RecoveringSince), "spells": state.Spells, "flapping": state.Flapping,
		"failed_at": timeOrNil(state.FailedAt), "cause": string(state.Cause),
	})
}

// SaveChanges writes what differs from the look before.
func (tx *Tx) SaveChanges(ctx context.Context, assessment monitor.Assessment, previous int64, changes []monitor.Change) error {
	const insert = `
		INSERT INTO changes (team_id, endpoint_id, assessment_id, previous_assessment_id, occurred_at,
			class, weight, cause, subject, before, after, sentence)
		VALUES (@team, @endpoint, @assessment, @previous, @at, @class, coalesce(nullif(@weight, ''), 'low'), @cause, @subject, @before, @after, @sentence)`
	if len(changes) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	for _, change := range changes {
		batch.Queue(insert, pgx.StrictNamedArgs{
			"team": assessment.TeamID, "endpoint": assessment.EndpointID, "assessment": assessment.ID, "previous": previous,
			"at": change.OccurredAt, "class": string(change.Class), "weight": string(change.Weight), "cause": string(change.Cause), "subject": change.Subject,
			"before": change.Before, "after": change.After, "sentence": change.Sentence,
		})
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("store %d changes of endpoint %d: %w", len(changes), assessment.EndpointID, err)
	}
	return nil
}

// ChangesSince returns the changes of an endpoint from since on, oldest first,
// at most 100.
func (tx *Tx) ChangesSince(ctx context.Context, endpoint int64, since time.Time) ([]monitor.Change, error) {
	rows, _ := tx.Query(ctx, `
		SELECT occurred_at, class, weight, cause, subject, before, after, sentence FROM changes
		WHERE endpoint_id = @endpoint AND occurred_at >= @since ORDER BY occurred_at, id LIMIT 100`,
		pgx.StrictNamedArgs{"endpoint": endpoint, "since": since})
	return collectAll[monitor.Change](rows, "list the changes of endpoint %d", endpoint)
}
