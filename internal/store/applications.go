package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

const applicationColumns = `id, team_id, name, type, created_at`

// CreateApplication adds application to its team. ErrConflict: the team has
// one of that name, whatever its case.
func (tx *Tx) CreateApplication(ctx context.Context, application monitor.Application, at time.Time) (monitor.Application, error) {
	rows, _ := tx.Query(ctx, `
		INSERT INTO applications (team_id, name, type, created_at) VALUES (@team, @name, @type, @at)
		ON CONFLICT DO NOTHING
		RETURNING `+applicationColumns,
		pgx.StrictNamedArgs{"team": application.TeamID, "name": application.Name, "type": string(application.Type), "at": at})
	return collectOne[monitor.Application](rows, ErrConflict, "create the application %q", application.Name)
}

// Application returns an application that is not removed.
func (tx *Tx) Application(ctx context.Context, id int64) (monitor.Application, error) {
	rows, _ := tx.Query(ctx, `SELECT `+applicationColumns+` FROM applications WHERE id = @id AND deleted_at IS NULL`,
		pgx.StrictNamedArgs{"id": id})
	return collectOne[monitor.Application](rows, ErrNotFound, "find application %d", id)
}

// Applications returns every application of the team, by name.
func (tx *Tx) Applications(ctx context.Context) ([]monitor.Application, error) {
	rows, _ := tx.Query(ctx, `SELECT `+applicationColumns+` FROM applications WHERE deleted_at IS NULL ORDER BY lower(name)`)
	return collectAll[monitor.Application](rows, "list the applications")
}

// SetClientID sets, or with an empty value removes, the client ID of an
// application in one environment.
func (tx *Tx) SetClientID(ctx context.Context, application monitor.Application, environment policy.Environment, clientID string) error {
	statement := `
		INSERT INTO client_ids (application_id, team_id, environment, client_id) VALUES (@application, @team, @environment, @client)
		ON CONFLICT (application_id, environment) DO UPDATE SET client_id = excluded.client_id`
	if clientID == "" {
		statement = `DELETE FROM client_ids WHERE application_id = @application AND team_id = @team
			AND environment = @environment AND client_id <> @client`
	}
	_, err := tx.Exec(ctx, statement, pgx.StrictNamedArgs{
		"application": application.ID, "team": application.TeamID, "environment": string(environment), "client": clientID,
	})
	if err != nil {
		return fmt.Errorf("set the %s client ID of application %d: %w", environment, application.ID, err)
	}
	return nil
}

// ClientIDs returns the client IDs of an application by environment.
func (tx *Tx) ClientIDs(ctx context.Context, application int64) (map[policy.Environment]string, error) {
	type row struct {
		Environment policy.Environment
		ClientID    string
	}
	rows, _ := tx.Query(ctx, `SELECT environment, client_id FROM client_ids WHERE application_id = @application`,
		pgx.StrictNamedArgs{"application": application})
	all, err := collectAll[row](rows, "list the client IDs of application %d", application)
	ids := make(map[policy.Environment]string, len(all))
	for _, r := range all {
		ids[r.Environment] = r.ClientID
	}
	return ids, err
}

// RemoveApplication removes an application and its endpoints from what is
// watched; what was seen stays.
func (tx *Tx) RemoveApplication(ctx context.Context, id int64, at time.Time) error {
	tag, err := tx.Exec(ctx, `UPDATE applications SET deleted_at = @at WHERE id = @id AND deleted_at IS NULL`,
		pgx.StrictNamedArgs{"id": id, "at": at})
	if err != nil {
		return fmt.Errorf("remove application %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("remove application %d: %w", id, ErrNotFound)
	}
	_, err = tx.Exec(ctx, `UPDATE endpoints SET deleted_at = @at WHERE application_id = @id AND deleted_at IS NULL`,
		pgx.StrictNamedArgs{"id": id, "at": at})
	if err != nil {
		return fmt.Errorf("remove the endpoints of application %d: %w", id, err)
	}
	return tx.resolveRemoved(ctx, at)
}
