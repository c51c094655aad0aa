package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/inventory"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Inventory returns all that the team has registered, or one application of it;
// 0 is all. Endpoints come by application, environment, kind and value, with
// the client ID of their environment, and without where they stand.
func (tx *Tx) Inventory(ctx context.Context, application int64) (inventory.Registered, error) {
	var all inventory.Registered
	applications, err := tx.Applications(ctx)
	if err != nil {
		return all, err
	}
	clients, err := tx.allClientIDs(ctx)
	if err != nil {
		return all, err
	}
	for _, one := range applications {
		if application == 0 || application == one.ID {
			all.Applications = append(all.Applications, inventory.Application{Application: one, ClientIDs: clients[one.ID]})
		}
	}
	rows, _ := tx.Query(ctx, `SELECT `+endpointColumns+` FROM endpoints e JOIN applications a ON a.id = e.application_id
		WHERE e.deleted_at IS NULL AND (@application::bigint = 0 OR e.application_id = @application)
		ORDER BY lower(a.name), a.id, array_position(ARRAY['SOD', 'Stage', 'Production'], e.environment) NULLS LAST, e.kind, e.value, e.id`,
		pgx.StrictNamedArgs{"application": application})
	all.Endpoints, err = collectAll[monitor.Endpoint](rows, "read the inventory")
	for i := range all.Endpoints {
		all.Endpoints[i].ClientID = clients[all.Endpoints[i].ApplicationID][all.Endpoints[i].Environment]
	}
	return all, err
}

// allClientIDs returns the client IDs of every application, by environment.
func (tx *Tx) allClientIDs(ctx context.Context) (map[int64]map[policy.Environment]string, error) {
	type row struct {
		ApplicationID int64
		Environment   policy.Environment
		ClientID      string
	}
	rows, _ := tx.Query(ctx, `SELECT application_id, environment, client_id FROM client_ids`)
	all, err := collectAll[row](rows, "list the client IDs")
	clients := map[int64]map[policy.Environment]string{}
	for _, r := range all {
		if clients[r.ApplicationID] == nil {
			clients[r.ApplicationID] = map[policy.Environment]string{}
		}
		clients[r.ApplicationID][r.Environment] = r.ClientID
	}
	return clients, err
}
