package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// MostMaintenanceWindows bounds the windows of a team that run or are to come.
const MostMaintenanceWindows = 200

// maintenanceWindow is a row of maintenance_windows.
type maintenanceWindow struct {
	ID              int64
	TeamID          int64
	Reason          string
	ApplicationID   int64
	Environment     policy.Environment
	EndpointID      int64
	Host            string
	StartsAt        time.Time
	DurationSeconds int64
	Recurrence      string
	Zone            string
	CreatedBy       string
	CreatedAt       time.Time
	EndedAt         time.Time
}

const maintenanceColumns = `id, team_id, reason, coalesce(application_id, 0) AS application_id, coalesce(environment, '') AS environment,
	coalesce(endpoint_id, 0) AS endpoint_id, host, starts_at, duration_seconds, recurrence, zone, created_by, created_at,
	coalesce(ended_at, '0001-01-01T00:00:00Z') AS ended_at`

func (w maintenanceWindow) window() monitor.MaintenanceWindow {
	return monitor.MaintenanceWindow{
		ID: w.ID, TeamID: w.TeamID, Reason: w.Reason, ApplicationID: w.ApplicationID, Environment: w.Environment, EndpointID: w.EndpointID,
		Host: w.Host, StartsAt: w.StartsAt, Duration: time.Duration(w.DurationSeconds) * time.Second, Recurrence: w.Recurrence, Zone: w.Zone,
		CreatedBy: w.CreatedBy, CreatedAt: w.CreatedAt, EndedAt: w.EndedAt,
	}
}

func readWindows(rows []maintenanceWindow) []monitor.MaintenanceWindow {
	windows := make([]monitor.MaintenanceWindow, 0, len(rows))
	for _, row := range rows {
		windows = append(windows, row.window())
	}
	return windows
}

// CreateMaintenanceWindow adds a window of a team. ErrNotFound: there is no such
// application or endpoint. ErrTooMany: MostMaintenanceWindows of the team run or
// are to come when this one is created. The caller audits it.
func (tx *Tx) CreateMaintenanceWindow(ctx context.Context, window monitor.MaintenanceWindow) (monitor.MaintenanceWindow, error) {
	if err := tx.limitMaintenance(ctx, window.TeamID, window.CreatedAt); err != nil {
		return window, err
	}
	zone := window.Zone
	if zone == "" {
		zone = "UTC"
	}
	const insert = `
		INSERT INTO maintenance_windows (team_id, reason, application_id, environment, endpoint_id, host, starts_at, duration_seconds,
			recurrence, zone, created_by, created_at)
		SELECT @team, @reason, nullif(@application::bigint, 0), nullif(@environment, ''), nullif(@endpoint::bigint, 0), @host, @starts, @duration,
			@recurrence, @zone, @by, @at
		WHERE (@application::bigint = 0 OR EXISTS (SELECT FROM applications WHERE id = @application AND team_id = @team AND deleted_at IS NULL))
			AND (@endpoint::bigint = 0 OR EXISTS (SELECT FROM endpoints WHERE id = @endpoint AND team_id = @team AND deleted_at IS NULL))
		RETURNING ` + maintenanceColumns
	rows, _ := tx.Query(ctx, insert, pgx.StrictNamedArgs{
		"team": window.TeamID, "reason": window.Reason, "application": window.ApplicationID, "environment": string(window.Environment),
		"endpoint": window.EndpointID, "host": window.Host, "starts": window.StartsAt, "duration": int64(window.Duration / time.Second),
		"recurrence": window.Recurrence, "zone": zone, "by": window.CreatedBy, "at": window.CreatedAt,
	})
	created, err := collectOne[maintenanceWindow](rows, ErrNotFound, "create a maintenance window")
	return created.window(), err
}

// limitMaintenance counts the windows of the team that are not over, one
// transaction at a time.
func (tx *Tx) limitMaintenance(ctx context.Context, team int64, at time.Time) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('gradewatch.maintenance_windows'), @team::bigint::integer)`,
		pgx.StrictNamedArgs{"team": team}); err != nil {
		return fmt.Errorf("lock the maintenance windows: %w", err)
	}
	rows, _ := tx.Query(ctx, `SELECT `+maintenanceColumns+` FROM maintenance_windows WHERE team_id = @team AND `+mayRunAgain,
		pgx.StrictNamedArgs{"team": team, "at": at})
	found, err := collectAll[maintenanceWindow](rows, "count the maintenance windows")
	if err != nil {
		return err
	}
	count := 0
	for _, window := range readWindows(found) {
		if _, ends := window.Next(at); !ends.IsZero() {
			count++
		} else if _, runs := window.At(at); runs {
			count++
		}
	}
	if count >= MostMaintenanceWindows {
		return fmt.Errorf("%d maintenance windows: %w", count, ErrTooMany)
	}
	return nil
}

// mayRunAgain are the windows that nobody ended, without those that were to run
// once and did.
const mayRunAgain = `ended_at IS NULL AND (recurrence <> '' OR starts_at + make_interval(secs => duration_seconds) > @at)`

// MaintenanceWindows lists the windows of the team, those that may run at a time
// or after it first, then the newest first, at most 500.
func (tx *Tx) MaintenanceWindows(ctx context.Context, team int64, at time.Time) ([]monitor.MaintenanceWindow, error) {
	rows, _ := tx.Query(ctx, `SELECT `+maintenanceColumns+` FROM maintenance_windows WHERE team_id = @team
		ORDER BY `+mayRunAgain+` DESC, starts_at DESC, id DESC LIMIT 500`, pgx.StrictNamedArgs{"team": team, "at": at})
	found, err := collectAll[maintenanceWindow](rows, "list the maintenance windows")
	return readWindows(found), err
}

// EndMaintenanceWindow ends a window before its time and returns it. ErrNotFound:
// there is none that stands. The caller audits it.
func (tx *Tx) EndMaintenanceWindow(ctx context.Context, id int64, by string, at time.Time) (monitor.MaintenanceWindow, error) {
	rows, _ := tx.Query(ctx, `UPDATE maintenance_windows SET ended_at = @at, ended_by = @by WHERE id = @id AND ended_at IS NULL
		RETURNING `+maintenanceColumns, pgx.StrictNamedArgs{"id": id, "by": by, "at": at})
	ended, err := collectOne[maintenanceWindow](rows, ErrNotFound, "end maintenance window %d", id)
	return ended.window(), err
}
