package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// MostWindows bounds the maintenance windows that are read of a team.
const MostWindows = 1000

const maintenanceColumns = `id, team_id, reason, coalesce(application_id, 0) AS application_id, coalesce(environment, '') AS environment,
	coalesce(endpoint_id, 0) AS endpoint_id, host, starts_at, duration_seconds::bigint * 1000000000 AS duration, recurrence, zone,
	created_by, created_at, coalesce(ended_at, '0001-01-01T00:00:00Z') AS ended_at`

// MaintenanceWindows lists the newest MostWindows windows of the team, those
// that nobody ended first.
func (tx *Tx) MaintenanceWindows(ctx context.Context) ([]monitor.MaintenanceWindow, error) {
	rows, _ := tx.Query(ctx, `SELECT `+maintenanceColumns+` FROM maintenance_windows ORDER BY ended_at IS NOT NULL, id DESC LIMIT @limit`,
		pgx.StrictNamedArgs{"limit": MostWindows})
	return collectAll[monitor.MaintenanceWindow](rows, "list the maintenance windows")
}

// PlanMaintenance writes a window of the transaction's team, made by
// window.CreatedBy at window.CreatedAt, with its audit row. The caller has
// validated it.
func (tx *Tx) PlanMaintenance(ctx context.Context, actor Actor, window monitor.MaintenanceWindow) (monitor.MaintenanceWindow, error) {
	const insert = `
		INSERT INTO maintenance_windows (team_id, reason, application_id, environment, endpoint_id, host, starts_at, duration_seconds, recurrence, zone, created_by, created_at)
		VALUES (current_team(), @reason, nullif(@application::bigint, 0), nullif(@environment, ''), nullif(@endpoint::bigint, 0), @host,
			@starts, @seconds, @recurrence, @zone, @by, @at)
		RETURNING ` + maintenanceColumns
	rows, _ := tx.Query(ctx, insert, pgx.StrictNamedArgs{
		"reason": window.Reason, "application": window.ApplicationID, "environment": string(window.Environment),
		"endpoint": window.EndpointID, "host": window.Host, "starts": window.StartsAt, "seconds": int(window.Duration.Seconds()),
		"recurrence": window.Recurrence, "zone": window.Zone, "by": window.CreatedBy, "at": window.CreatedAt,
	})
	planned, err := collectOne[monitor.MaintenanceWindow](rows, ErrNotFound, "plan maintenance")
	if err != nil {
		return planned, err
	}
	return planned, tx.Audit(ctx, actor, AuditEntry{
		TeamID: planned.TeamID, OccurredAt: planned.CreatedAt, Action: "maintenance.plan", Object: fmt.Sprintf("maintenance/%d", planned.ID),
		New: auditedWindow(planned),
	})
}

// EndMaintenance ends a window before its time, for good, with its audit row.
// ErrNotFound: there is none for the team, or it was ended already.
func (tx *Tx) EndMaintenance(ctx context.Context, actor Actor, id int64, at time.Time) error {
	rows, _ := tx.Query(ctx, `UPDATE maintenance_windows SET ended_at = @at, ended_by = @by WHERE id = @id AND ended_at IS NULL RETURNING `+maintenanceColumns,
		pgx.StrictNamedArgs{"id": id, "at": at, "by": actor.Email})
	ended, err := collectOne[monitor.MaintenanceWindow](rows, ErrNotFound, "end maintenance window %d", id)
	if err != nil {
		return err
	}
	return tx.Audit(ctx, actor, AuditEntry{
		TeamID: ended.TeamID, OccurredAt: at, Action: "maintenance.end", Object: fmt.Sprintf("maintenance/%d", id), Old: auditedWindow(ended),
	})
}

// auditedWindow is what the audit keeps of planned work.
func auditedWindow(window monitor.MaintenanceWindow) map[string]any {
	return map[string]any{
		"reason": window.Reason, "application": window.ApplicationID, "environment": window.Environment, "endpoint": window.EndpointID,
		"host": window.Host, "starts_at": window.StartsAt.UTC(), "duration_seconds": int(window.Duration.Seconds()),
		"recurrence": window.Recurrence, "zone": window.Zone,
	}
}
