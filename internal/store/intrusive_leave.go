package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

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

// IntrusiveLeaves returns what leave for intrusive probes of an endpoint stands,
// an operator's first: at most one of each basis. One that was given while
// another host was looked at does not stand.
func (tx *Tx) IntrusiveLeaves(ctx context.Context, endpoint int64) ([]monitor.IntrusiveLeave, error) {
	rows, _ := tx.Query(ctx, `SELECT l.endpoint_id, l.basis, l.reason, l.allowed_by, l.allowed_at
		FROM intrusive_leaves l JOIN endpoints e ON e.id = l.endpoint_id
		WHERE l.endpoint_id = @endpoint AND l.host IN ('', e.host) ORDER BY l.basis = 'operator' DESC`, pgx.StrictNamedArgs{"endpoint": endpoint})
	return collectAll[monitor.IntrusiveLeave](rows, "find the leave for intrusive probes of endpoint %d", endpoint)
}

// AllowIntrusive gives leave for intrusive probes of an endpoint, on an
// operator's word. ErrConflict: there is leave already. ErrNotFound: no such
// endpoint. It is for AsOperator: no team may write this.
func (tx *Tx) AllowIntrusive(ctx context.Context, leave monitor.IntrusiveLeave) error {
	if _, err := tx.LeaveSubject(ctx, leave.EndpointID); err != nil {
		return err
	}
	leave.Basis = monitor.OnOperatorsWord
	return tx.allowIntrusive(ctx, leave)
}

// allowIntrusive gives leave for the host that is looked at now. What was given
// for another one makes place.
func (tx *Tx) allowIntrusive(ctx context.Context, leave monitor.IntrusiveLeave) error {
	arguments := pgx.NamedArgs{
		"endpoint": leave.EndpointID, "basis": string(leave.Basis), "reason": leave.Reason, "by": leave.AllowedBy, "at": leave.AllowedAt,
	}
	batch, given := &pgx.Batch{}, int64(0)
	batch.Queue(`DELETE FROM intrusive_leaves l USING endpoints e
		WHERE e.id = l.endpoint_id AND e.id = @endpoint AND l.basis = @basis AND l.host NOT IN ('', e.host)`, arguments)
	batch.Queue(`
		INSERT INTO intrusive_leaves (endpoint_id, team_id, basis, host, reason, allowed_by, allowed_at)
		SELECT id, team_id, @basis, host, @reason, @by, @at FROM endpoints WHERE id = @endpoint AND host <> ''
		ON CONFLICT (endpoint_id, basis) DO NOTHING`, arguments).Exec(func(tag pgconn.CommandTag) error {
		given = tag.RowsAffected()
		return nil
	})
	err := tx.SendBatch(ctx, batch).Close()
	if err == nil && given == 0 {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("allow intrusive probes of endpoint %d: %w", leave.EndpointID, err)
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

// ErrNotOwned is what a method returns where a host is not shown to be the team's.
var ErrNotOwned = errors.New("the host is not shown to be the team's own")

// AllowOwnIntrusive gives leave for intrusive probes of an endpoint on the
// team's own word. It ends with the ownership of its host. ErrNotOwned: the host
// is not shown to be the team's. ErrConflict: there is such leave already.
// ErrNotFound: no such endpoint of the transaction's team.
func (tx *Tx) AllowOwnIntrusive(ctx context.Context, leave monitor.IntrusiveLeave) error {
	owned, err := tx.OwnsEndpoint(ctx, leave.EndpointID)
	if err == nil && !owned {
		err = ErrNotOwned
	}
	if err != nil {
		return fmt.Errorf("allow intrusive probes of endpoint %d: %w", leave.EndpointID, err)
	}
	leave.Basis = monitor.OnOwnership
	return tx.allowIntrusive(ctx, leave)
}

// ForbidOwnIntrusive takes back the leave that the team gave. ErrNotFound: there is none.
func (tx *Tx) ForbidOwnIntrusive(ctx context.Context, endpoint int64) error {
	tag, err := tx.Exec(ctx, `DELETE FROM intrusive_leaves WHERE endpoint_id = @endpoint AND basis = 'ownership'`,
		pgx.StrictNamedArgs{"endpoint": endpoint})
	if err != nil {
		return fmt.Errorf("take back the team's leave for intrusive probes of endpoint %d: %w", endpoint, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("take back the team's leave for intrusive probes of endpoint %d: %w", endpoint, ErrNotFound)
	}
	return nil
}

// OwnsEndpoint says whether the host of an endpoint is shown to be its team's,
// the whole host and not a page of it. ErrNotFound: no such endpoint.
func (tx *Tx) OwnsEndpoint(ctx context.Context, endpoint int64) (owned bool, err error) {
	err = tx.QueryRow(ctx, `SELECT host <> '' AND owns_host(team_id, host, false) FROM endpoints WHERE id = @endpoint AND deleted_at IS NULL`,
		pgx.StrictNamedArgs{"endpoint": endpoint}).Scan(&owned)
	if isNoRows(err) {
		err = ErrNotFound
	}
	if err != nil {
		return false, fmt.Errorf("ask whose the host of endpoint %d is: %w", endpoint, err)
	}
	return owned, nil
}

// endUnownedLeaves ends the leave that a team gave for endpoints whose host is
// not shown to be its own any more, with its audit rows.
func (tx *Tx) endUnownedLeaves(ctx context.Context, actor Actor, team int64, at time.Time) error {
	rows, _ := tx.Query(ctx, `
		DELETE FROM intrusive_leaves l USING endpoints e
		WHERE l.team_id = @team AND l.basis = 'ownership' AND e.id = l.endpoint_id AND NOT owns_host(e.team_id, e.host, false)
		RETURNING l.endpoint_id, l.basis, l.reason, l.allowed_by, l.allowed_at`, pgx.StrictNamedArgs{"team": team})
	ended, err := collectAll[monitor.IntrusiveLeave](rows, "end the leave of team %d for hosts that are not its own", team)
	if err != nil {
		return err
	}
	for _, leave := range ended {
		err := tx.Audit(ctx, actor, AuditEntry{
			TeamID: team, OccurredAt: at, Action: "endpoint.intrusive.lapse", Object: fmt.Sprintf("endpoint/%d", leave.EndpointID),
			Old: map[string]any{"reason": leave.Reason, "allowed_by": leave.AllowedBy},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
