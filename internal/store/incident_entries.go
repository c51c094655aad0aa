package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// mostEntries bounds what is read of one timeline: the newest.
const mostEntries = 1000

// AddIncidentEntries writes lines of an incident's timeline.
func (tx *Tx) AddIncidentEntries(ctx context.Context, incident monitor.Incident, entries []monitor.IncidentEntry) error {
	const insert = `
		INSERT INTO incident_entries (team_id, incident_id, at, kind, who, text, endpoint_id)
		VALUES (@team, @incident, @at, @kind, @who, @text, nullif(@endpoint::bigint, 0))`
	if len(entries) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	for _, entry := range entries {
		batch.Queue(insert, pgx.StrictNamedArgs{
			"team": incident.TeamID, "incident": incident.ID, "at": entry.At, "kind": string(entry.Kind),
			"who": entry.Who, "text": entry.Text, "endpoint": entry.EndpointID,
		})
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("write what happened to incident %d: %w", incident.ID, err)
	}
	return nil
}

// IncidentEntries lists the newest 1,000 lines of an incident's timeline,
// oldest first.
func (tx *Tx) IncidentEntries(ctx context.Context, incident int64) ([]monitor.IncidentEntry, error) {
	rows, _ := tx.Query(ctx, `
		SELECT at, kind, who, text, endpoint_id FROM (
			SELECT id, at, kind, who, text, coalesce(endpoint_id, 0) AS endpoint_id FROM incident_entries
			WHERE incident_id = @incident ORDER BY id DESC LIMIT @limit) newest
		ORDER BY id`, pgx.StrictNamedArgs{"incident": incident, "limit": mostEntries})
	return collectAll[monitor.IncidentEntry](rows, "list what happened to incident %d", incident)
}
