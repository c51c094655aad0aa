package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

const optOutColumns = `id, host, includes_subdomains, reason, contact, recorded_by, recorded_at, ended_by,
	coalesce(ended_at, '0001-01-01T00:00:00Z') AS ended_at`

// RecordOptOut notes that whoever runs a host asked not to be looked at, with
// its audit row, which is of the operator's own team. It holds from the next
// look on. ErrConflict: it is on record already. It is for AsOperator.
func (tx *Tx) RecordOptOut(ctx context.Context, actor Actor, team int64, optOut monitor.OptOut) (monitor.OptOut, error) {
	const insert = `
		INSERT INTO opt_outs (host, includes_subdomains, reason, contact, recorded_by, recorded_at)
		VALUES (@host, @below, @reason, @contact, @by, @at)
		ON CONFLICT (host) WHERE ended_at IS NULL DO NOTHING
		RETURNING ` + optOutColumns
	rows, _ := tx.Query(ctx, insert, pgx.StrictNamedArgs{
		"host": optOut.Host, "below": optOut.IncludesSubdomains, "reason": optOut.Reason, "contact": optOut.Contact,
		"by": optOut.RecordedBy, "at": optOut.RecordedAt,
	})
	recorded, err := collectOne[monitor.OptOut](rows, ErrConflict, "record the opt-out of %s", optOut.Host)
	if err != nil {
		return recorded, err
	}
	return recorded, tx.Audit(ctx, actor, AuditEntry{
		TeamID: team, OccurredAt: recorded.RecordedAt, Action: "opt_out.record", Object: "host/" + recorded.Host, New: auditedOptOut(recorded),
	})
}

// EndOptOut ends an opt-out, with its audit row. ErrNotFound: none of this id
// stands. It is for AsOperator.
func (tx *Tx) EndOptOut(ctx context.Context, actor Actor, team, id int64, at time.Time) (monitor.OptOut, error) {
	rows, _ := tx.Query(ctx, `UPDATE opt_outs SET ended_at = @at, ended_by = @by WHERE id = @id AND ended_at IS NULL RETURNING `+optOutColumns,
		pgx.StrictNamedArgs{"id": id, "at": at, "by": actor.Email})
	ended, err := collectOne[monitor.OptOut](rows, ErrNotFound, "end opt-out %d", id)
	if err != nil {
		return ended, err
	}
	return ended, tx.Audit(ctx, actor, AuditEntry{
		TeamID: team, OccurredAt: at, Action: "opt_out.end", Object: "host/" + ended.Host, Old: auditedOptOut(ended),
	})
}

// OptOuts lists what is on record, those that stand first, then the newest
// first, at most 500. It is for AsOperator.
func (tx *Tx) OptOuts(ctx context.Context) ([]monitor.OptOut, error) {
	rows, _ := tx.Query(ctx, `SELECT `+optOutColumns+` FROM opt_outs ORDER BY opt_outs.ended_at IS NOT NULL, recorded_at DESC, id DESC LIMIT 500`)
	return collectAll[monitor.OptOut](rows, "list the opt-outs")
}

// OptedOut says whether an opt-out of a host is on record: of the host itself, or
// of a name above it that includes those below. It is for AsWorker.
func (tx *Tx) OptedOut(ctx context.Context, host string) (out bool, err error) {
	var above []string
	for rest := host; ; {
		_, parent, found := strings.Cut(rest, ".")
		if !found {
			break
		}
		above, rest = append(above, parent), parent
	}
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM opt_outs WHERE ended_at IS NULL
		AND (host = @host OR includes_subdomains AND host = ANY(@above)))`,
		pgx.StrictNamedArgs{"host": host, "above": above}).Scan(&out)
	if err != nil {
		return false, fmt.Errorf("look for an opt-out of %s: %w", host, err)
	}
	return out, nil
}

func auditedOptOut(optOut monitor.OptOut) map[string]any {
	return map[string]any{
		"id": optOut.ID, "includes_subdomains": optOut.IncludesSubdomains, "reason": optOut.Reason, "contact": optOut.Contact,
	}
}
