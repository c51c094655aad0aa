package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

const waiverColumns = `id, team_id, endpoint_id, requirement, fact, owner, reason, until, created_by, created_at,
	coalesce(ended_at, '0001-01-01T00:00:00Z') AS ended_at`

// GrantWaiver makes an exception from one requirement for an endpoint, from
// waiver.CreatedAt until waiver.Until, with its audit row. ErrNotFound: there
// is no such endpoint for the transaction's team.
func (tx *Tx) GrantWaiver(ctx context.Context, actor Actor, waiver monitor.Waiver) (monitor.Waiver, error) {
	const insert = `
		INSERT INTO waivers (team_id, endpoint_id, requirement, fact, owner, reason, until, created_by, created_at)
		SELECT team_id, id, @requirement, @fact, @owner, @reason, @until, @by, @at
		FROM endpoints WHERE id = @endpoint AND deleted_at IS NULL
		RETURNING ` + waiverColumns
	rows, _ := tx.Query(ctx, insert, pgx.StrictNamedArgs{
		"endpoint": waiver.EndpointID, "requirement": waiver.Requirement, "fact": waiver.Fact, "owner": waiver.Owner,
		"reason": waiver.Reason, "until": waiver.Until, "by": waiver.CreatedBy, "at": waiver.CreatedAt,
	})
	granted, err := collectOne[monitor.Waiver](rows, ErrNotFound, "waive %s for endpoint %d", waiver.Requirement, waiver.EndpointID)
	if err != nil {
		return granted, err
	}
	return granted, tx.Audit(ctx, actor, AuditEntry{
		TeamID: granted.TeamID, OccurredAt: granted.CreatedAt, Action: "waiver.grant", Object: fmt.Sprintf("endpoint/%d", granted.EndpointID),
		New: auditedWaiver(granted),
	})
}

// EndWaiver ends a waiver before its time, with its audit row. ErrNotFound:
// there is none that stands at at.
func (tx *Tx) EndWaiver(ctx context.Context, actor Actor, id int64, at time.Time) error {
	rows, _ := tx.Query(ctx, `UPDATE waivers SET ended_at = @at WHERE id = @id AND ended_at IS NULL AND until > @at RETURNING `+waiverColumns,
		pgx.StrictNamedArgs{"id": id, "at": at})
	ended, err := collectOne[monitor.Waiver](rows, ErrNotFound, "end waiver %d", id)
	if err != nil {
		return err
	}
	return tx.Audit(ctx, actor, AuditEntry{
		TeamID: ended.TeamID, OccurredAt: at, Action: "waiver.end", Object: fmt.Sprintf("endpoint/%d", ended.EndpointID),
		Old: auditedWaiver(ended),
	})
}

// Waivers lists the waivers of an endpoint, also those that are over, the
// newest first, at most 200.
func (tx *Tx) Waivers(ctx context.Context, endpoint int64) ([]monitor.Waiver, error) {
	rows, _ := tx.Query(ctx, `SELECT `+waiverColumns+` FROM waivers WHERE endpoint_id = @endpoint ORDER BY created_at DESC, id DESC LIMIT 200`,
		pgx.StrictNamedArgs{"endpoint": endpoint})
	return collectAll[monitor.Waiver](rows, "list the waivers of endpoint %d", endpoint)
}

// auditedWaiver is what the audit keeps of a waiver.
func auditedWaiver(waiver monitor.Waiver) map[string]any {
	return map[string]any{
		"id": waiver.ID, "requirement": waiver.Requirement, "fact": waiver.Fact, "owner": waiver.Owner,
		"reason": waiver.Reason, "until": waiver.Until.UTC(),
	}
}
