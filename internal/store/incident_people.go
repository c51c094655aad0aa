package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// ActOnIncident carries out what a person does to an incident, and returns it
// as it stands then, with the times at which it is to be ticked: the caller
// writes the audit row in the same transaction, and inserts the job of each
// with jobs.InsertTell. ErrNotFound: the transaction's team has no such
// incident.
func (tx *Tx) ActOnIncident(ctx context.Context, id int64, event monitor.IncidentEvent, settings monitor.Settings, at time.Time) (acted monitor.Incident, wakes []time.Time, err error) {
	before, err := tx.LockIncident(ctx, id)
	if err != nil {
		return before, nil, err
	}
	acted, entries, effects := monitor.StepIncident(before, event, at, settings)
	if err := tx.saveHandling(ctx, acted); err != nil {
		return before, nil, err
	}
	for _, effect := range effects {
		if wake, is := effect.(monitor.WakeAt); is {
			wakes = append(wakes, wake.At)
		}
	}
	return acted, wakes, tx.AddIncidentEntries(ctx, acted, entries)
}

// saveHandling writes how people handle an incident: the columns that a team may.
func (tx *Tx) saveHandling(ctx context.Context, incident monitor.Incident) error {
	const update = `
		UPDATE incidents SET state = @state, acknowledged_at = @acknowledged_at, acknowledged_by = @acknowledged_by,
			snoozed_until = @snoozed_until, snooze_reason = @snooze_reason, snoozed_by = @snoozed_by,
			tell_at = @tell_at, tell_kind = @tell_kind, tell_since = @tell_since, escalate_at = @escalate_at
		WHERE id = @id`
	all := incidentArguments(incident)
	arguments := pgx.StrictNamedArgs{"id": incident.ID}
	for _, column := range []string{
		"state", "acknowledged_at", "acknowledged_by", "snoozed_until", "snooze_reason", "snoozed_by",
		"tell_at", "tell_kind", "tell_since", "escalate_at",
	} {
		arguments[column] = all[column]
	}
	if _, err := tx.Exec(ctx, update, arguments); err != nil {
		return fmt.Errorf("note how incident %d is handled: %w", incident.ID, err)
	}
	return nil
}

// NoteOnIncident writes what somebody says about an incident into its timeline.
// ErrNotFound: the transaction's team has no such incident.
func (tx *Tx) NoteOnIncident(ctx context.Context, id int64, by, text string, at time.Time) error {
	incident, err := tx.LockIncident(ctx, id)
	if err != nil {
		return err
	}
	return tx.AddIncidentEntries(ctx, incident, []monitor.IncidentEntry{{At: at, Kind: monitor.EntryNote, Who: by, Text: text}})
}

// DueIncidents lists up to limit incidents whose time to be ticked was over by
// before: their job is lost, or late. Those that wait while alerting pauses are
// left out.
func (tx *Tx) DueIncidents(ctx context.Context, before time.Time, limit int) ([]int64, error) {
	rows, _ := tx.Query(ctx, `SELECT i.id FROM incidents i WHERE i.tell_at < @before
			AND NOT EXISTS (SELECT FROM vantages v WHERE v.state <> @sound AND v.name IN (
				SELECT unnest(r.vantages) FROM incident_requirements r WHERE r.incident_id = i.id))
		ORDER BY i.tell_at LIMIT @limit`,
		pgx.StrictNamedArgs{"before": before, "sound": string(monitor.Sound), "limit": limit})
	due, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("list incidents that are late: %w", err)
	}
	return due, nil
}
