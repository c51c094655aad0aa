package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

const compromiseColumns = `c.id, c.team_id, c.application_id, coalesce(c.environment, '') AS environment, c.what, c.discovered_at,
	c.recorded_by, c.recorded_at, coalesce(c.closed_at, '0001-01-01T00:00:00Z') AS closed_at, c.closed_by`

// RecordCompromise writes down a compromise of an application of the
// transaction's team, with its audit row. ErrNotFound: there is no such
// application.
func (tx *Tx) RecordCompromise(ctx context.Context, actor Actor, compromise monitor.Compromise) (monitor.Compromise, error) {
	const insert = `
		INSERT INTO compromises AS c (team_id, application_id, environment, what, discovered_at, recorded_by, recorded_at)
		SELECT team_id, id, nullif(@environment::text, ''), @what, @discovered, @by, @at
		FROM applications WHERE id = @application AND deleted_at IS NULL
		RETURNING ` + compromiseColumns
	rows, _ := tx.Query(ctx, insert, pgx.StrictNamedArgs{
		"application": compromise.ApplicationID, "environment": string(compromise.Environment), "what": compromise.What,
		"discovered": compromise.DiscoveredAt, "by": compromise.RecordedBy, "at": compromise.RecordedAt,
	})
	recorded, err := collectOne[monitor.Compromise](rows, ErrNotFound, "record a compromise of application %d", compromise.ApplicationID)
	if err != nil {
		return recorded, err
	}
	return recorded, tx.Audit(ctx, actor, AuditEntry{
		TeamID: recorded.TeamID, OccurredAt: recorded.RecordedAt, Action: "compromise.record",
		Object: fmt.Sprintf("application/%d", recorded.ApplicationID), New: map[string]any{
			"id": recorded.ID, "environment": recorded.Environment, "what": recorded.What, "discovered_at": recorded.DiscoveredAt.UTC(),
		},
	})
}

// AddCompromiseStep writes down what was done about an open compromise of
// application, with its audit row; a step that closes it closes it. ErrNotFound:
// the application has no such compromise that is open.
func (tx *Tx) AddCompromiseStep(ctx context.Context, actor Actor, application int64, step monitor.CompromiseStep) error {
	// The row is locked first: nothing is added once it is closed.
	statement := `UPDATE compromises c SET closed_by = closed_by`
	arguments := pgx.StrictNamedArgs{"id": step.CompromiseID, "application": application}
	if step.Kind == monitor.StepClosed {
		statement = `UPDATE compromises c SET closed_at = @at, closed_by = @by`
		arguments["at"], arguments["by"] = step.RecordedAt, step.RecordedBy
	}
	rows, _ := tx.Query(ctx, statement+` WHERE id = @id AND application_id = @application AND closed_at IS NULL RETURNING `+compromiseColumns, arguments)
	compromise, err := collectOne[monitor.Compromise](rows, ErrNotFound, "add to compromise %d", step.CompromiseID)
	if err != nil {
		return err
	}
	const insert = `
		INSERT INTO compromise_steps (team_id, compromise_id, kind, happened_at, who, recipient, text, recorded_by, recorded_at)
		VALUES (@team, @compromise, @kind, @happened, @who, @recipient, @text, @by, @at)`
	_, err = tx.Exec(ctx, insert, pgx.StrictNamedArgs{
		"team": compromise.TeamID, "compromise": compromise.ID, "kind": string(step.Kind), "happened": step.HappenedAt,
		"who": step.Who, "recipient": step.Recipient, "text": step.Text, "by": step.RecordedBy, "at": step.RecordedAt,
	})
	if err != nil {
		return fmt.Errorf("add to compromise %d: %w", compromise.ID, err)
	}
	return tx.Audit(ctx, actor, AuditEntry{
		TeamID: compromise.TeamID, OccurredAt: step.RecordedAt, Action: "compromise." + string(step.Kind),
		Object: fmt.Sprintf("application/%d", application), New: map[string]any{
			"id": compromise.ID, "happened_at": step.HappenedAt.UTC(), "who": step.Who, "recipient": step.Recipient, "text": step.Text,
		},
	})
}

// Compromises lists the compromises of an application, open ones first, then
// the newest first, at most 100.
func (tx *Tx) Compromises(ctx context.Context, application int64) ([]monitor.Compromise, error) {
	rows, _ := tx.Query(ctx, `SELECT `+compromiseColumns+` FROM compromises c WHERE application_id = @application
		ORDER BY c.closed_at IS NOT NULL, recorded_at DESC, id DESC LIMIT 100`, pgx.StrictNamedArgs{"application": application})
	return collectAll[monitor.Compromise](rows, "list the compromises of application %d", application)
}

// CompromiseSteps lists what was done about the compromises of an application,
// first to last.
func (tx *Tx) CompromiseSteps(ctx context.Context, application int64) ([]monitor.CompromiseStep, error) {
	rows, _ := tx.Query(ctx, `
		SELECT p.id, p.compromise_id, p.kind, p.happened_at, p.who, p.recipient, p.text, p.recorded_by, p.recorded_at
		FROM compromise_steps p JOIN compromises c ON c.id = p.compromise_id
		WHERE c.application_id = @application ORDER BY p.id LIMIT 2000`, pgx.StrictNamedArgs{"application": application})
	return collectAll[monitor.CompromiseStep](rows, "list what was done about compromises of application %d", application)
}

// OpenCompromise is a compromise that is not closed, with what it belongs to.
type OpenCompromise struct {
	monitor.Compromise
	ApplicationName string
	TeamName        string
	Notified        bool // somebody was told of it
}

// OpenCompromises lists the open compromises that the transaction sees, the
// oldest first: its own for a team, all for operators.
func (tx *Tx) OpenCompromises(ctx context.Context) ([]OpenCompromise, error) {
	rows, _ := tx.Query(ctx, `SELECT `+compromiseColumns+`, a.name AS application_name, t.name AS team_name,
			EXISTS (SELECT FROM compromise_steps p WHERE p.compromise_id = c.id AND p.kind = 'notified') AS notified
		FROM compromises c JOIN applications a ON a.id = c.application_id JOIN teams t ON t.id = c.team_id
		WHERE c.closed_at IS NULL AND a.deleted_at IS NULL ORDER BY c.discovered_at, c.id`)
	return collectAll[OpenCompromise](rows, "list open compromises")
}
