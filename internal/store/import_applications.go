package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/inventory"
)

// applyApplications adds and changes applications with their client IDs, and
// returns the ids of all of them by their names in lower case.
func (tx *Tx) applyApplications(ctx context.Context, team int64, changes []inventory.ApplicationChange, at time.Time) (map[string]int64, error) {
	var added, changed []inventory.ApplicationChange
	ids := make(map[string]int64, len(changes))
	for _, change := range changes {
		switch {
		case change.New():
			added = append(added, change)
		case change.Type != change.OldType:
			changed = append(changed, change)
		}
		ids[strings.ToLower(change.Name)] = change.ID
	}
	if err := tx.createApplications(ctx, team, added, ids, at); err != nil {
		return nil, err
	}
	if err := tx.changeTypes(ctx, changed); err != nil {
		return nil, err
	}
	return ids, tx.setClientIDs(ctx, team, changes, ids)
}

// createApplications adds applications, and their ids to ids.
func (tx *Tx) createApplications(ctx context.Context, team int64, added []inventory.ApplicationChange, ids map[string]int64, at time.Time) error {
	type row struct {
		ID   int64
		Name string
	}
	rows, _ := tx.Query(ctx, `
		INSERT INTO applications (team_id, name, type, created_at)
		SELECT @team, n.name, n.type, @at FROM unnest(@names::text[], @types::text[]) WITH ORDINALITY AS n(name, type, place) ORDER BY n.place
		ON CONFLICT DO NOTHING
		RETURNING id, name`,
		pgx.StrictNamedArgs{
			"team": team, "at": at, "names": columnOf(added, func(c inventory.ApplicationChange) string { return c.Name }),
			"types": columnOf(added, func(c inventory.ApplicationChange) string { return string(c.Type) }),
		})
	created, err := collectAll[row](rows, "create %d applications", len(added))
	for _, one := range created {
		ids[strings.ToLower(one.Name)] = one.ID
	}
	if err == nil && len(created) != len(added) {
		err = fmt.Errorf("create %d applications: %w", len(added), ErrConflict)
	}
	return err
}

func (tx *Tx) changeTypes(ctx context.Context, changed []inventory.ApplicationChange) error {
	tag, err := tx.Exec(ctx, `
		UPDATE applications a SET type = n.type FROM unnest(@ids::bigint[], @types::text[], @olds::text[]) AS n(id, type, old)
		WHERE a.id = n.id AND a.type = n.old AND a.deleted_at IS NULL`,
		pgx.StrictNamedArgs{
			"ids":   columnOf(changed, func(c inventory.ApplicationChange) int64 { return c.ID }),
			"types": columnOf(changed, func(c inventory.ApplicationChange) string { return string(c.Type) }),
			"olds":  columnOf(changed, func(c inventory.ApplicationChange) string { return string(c.OldType) }),
		})
	if err == nil && tag.RowsAffected() != int64(len(changed)) {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("change the type of %d applications: %w", len(changed), err)
	}
	return nil
}

func (tx *Tx) setClientIDs(ctx context.Context, team int64, changes []inventory.ApplicationChange, ids map[string]int64) error {
	var applications []int64
	var environments, clients []string
	for _, change := range changes {
		for _, client := range change.ClientIDs {
			applications = append(applications, ids[strings.ToLower(change.Name)])
			environments, clients = append(environments, string(client.Environment)), append(clients, client.New)
		}
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO client_ids (application_id, team_id, environment, client_id)
		SELECT n.application, @team, n.environment, n.client
		FROM unnest(@applications::bigint[], @environments::text[], @clients::text[]) AS n(application, environment, client)
		ON CONFLICT (application_id, environment) DO UPDATE SET client_id = excluded.client_id`,
		pgx.StrictNamedArgs{"team": team, "applications": applications, "environments": environments, "clients": clients})
	if err != nil {
		return fmt.Errorf("set %d client IDs: %w", len(clients), err)
	}
	return nil
}
