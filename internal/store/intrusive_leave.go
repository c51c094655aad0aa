package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// LeaveSubject is an endpoint as those see it who may give leave for intrusive
// probes, whichever team it belongs to.
type LeaveSubject struct {
	EndpointID      int64
	TeamID          int64
	TeamName        string
	ApplicationName string
	Value           string
	URL             string // that is looked at
}

// LeaveSubject returns the endpoint that leave is asked for. It is for
// AsOperator, which sees every team.
func (tx *Tx) LeaveSubject(ctx context.Context, endpoint int64) (LeaveSubject, error) {
	rows, _ := tx.Query(ctx, `
		SELECT e.id AS endpoint_id, e.team_id, t.name AS team_name, a.name AS application_name, e.value,
			CASE WHEN e.probe_url <> '' THEN e.probe_url ELSE e.value END AS url
		FROM endpoints e JOIN applications a ON a.id = e.application_id JOIN teams t ON t.id = e.team_id
		WHERE e.id = @endpoint AND e.deleted_at IS NULL`, pgx.StrictNamedArgs{"endpoint": endpoint})
	return collectOne[LeaveSubject](rows, ErrNotFound, "find endpoint %d", endpoint)
}

// IntrusiveLeave returns the leave for intrusive probes of an endpoint.
// ErrNotFound: there is none.
func (tx *Tx) IntrusiveLeave(ctx context.Context, endpoint int64) (monitor.IntrusiveLeave, error) {
	rows, _ := tx.Query(ctx, `SELECT endpoint_id, reason, allowed_by, allowed_at FROM intrusive_leaves
		WHERE endpoint_id = @endpoint ORDER BY allowed_at LIMIT 1`, pgx.StrictNamedArgs{"endpoint": endpoint})
	return collectOne[monitor.IntrusiveLeave](rows, ErrNotFound, "find the leave for intrusive probes of endpoint %d", endpoint)
}

// AllowIntrusive gives leave for intrusive probes of an endpoint, on an
// operator's word. ErrConflict: there is leave already. ErrNotFound: no such
// endpoint. It is for AsOperator: no team may write this.
func (tx *Tx) AllowIntrusive(ctx context.Context, leave monitor.IntrusiveLeave) error {
	if _, err := tx.LeaveSubject(ctx, leave.EndpointID); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO intrusive_leaves (endpoint_id, team_id, basis, reason, allowed_by, allowed_at)
		SELECT id, team_id, 'operator', @reason, @by, @at FROM endpoints WHERE id = @endpoint
		ON CONFLICT (endpoint_id, basis) DO NOTHING`,
		pgx.StrictNamedArgs{"endpoint": leave.EndpointID, "reason": leave.Reason, "by": leave.AllowedBy, "at": leave.AllowedAt})
	if err != nil {
		return fmt.Errorf("allow intrusive probes of endpoint %d: %w", leave.EndpointID, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("allow intrusive probes of endpoint %d: %w", leave.EndpointID, ErrConflict)
	}
	return nil
}

// ForbidIntrusive takes an operator's leave back. What was found by it stays.
// ErrNotFound: there is none.
func (tx *Tx) ForbidIntrusive(ctx context.Context, endpoint int64) error {
	tag, err := tx.Exec(ctx, `DELETE FROM intrusive_leaves WHERE endpoint_id = @endpoint AND basis = 'operator'`,
		pgx.StrictNamedArgs{"endpoint": endpoint})
	if err != nil {
		return fmt.Errorf("take back the leave for intrusive probes of endpoint %d: %w", endpoint, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("take back the leave for intrusive probes of endpoint %d: %w", endpoint, ErrNotFound)
	}
	return nil
}
