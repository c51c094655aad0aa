package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

const attestationColumns = `id, team_id, application_id, requirement, catalog, result, owner, reason, evidence, note, stated_on,
	coalesce(renew_by, '0001-01-01') AS renew_by, recorded_by, recorded_at,
	coalesce(superseded_at, '0001-01-01T00:00:00Z') AS superseded_at`

// State records a statement of the transaction's team about one of its
// applications, with its audit row. What was stated of the same requirement
// before is superseded and stays. ErrNotFound: there is no such application for
// the team.
func (tx *Tx) State(ctx context.Context, actor Actor, statement monitor.Attestation) (monitor.Attestation, error) {
	// The lock orders two people who state the same at once.
	application, err := tx.Application(ctx, statement.ApplicationID)
	if err != nil {
		return statement, err
	}
	if err := tx.lockStatement(ctx, statement); err != nil {
		return statement, err
	}
	const supersede = `UPDATE attestations SET superseded_at = @at
		WHERE application_id = @application AND requirement = @requirement AND superseded_at IS NULL RETURNING ` + attestationColumns
	rows, _ := tx.Query(ctx, supersede, pgx.StrictNamedArgs{
		"at": statement.RecordedAt, "application": statement.ApplicationID, "requirement": statement.Requirement,
	})
	before, err := collectAll[monitor.Attestation](rows, "supersede %s of application %d", statement.Requirement, statement.ApplicationID)
	if err != nil {
		return statement, err
	}
	statement.TeamID = application.TeamID
	recorded, err := tx.insertStatement(ctx, statement)
	if err != nil {
		return recorded, err
	}
	entry := AuditEntry{
		TeamID: recorded.TeamID, OccurredAt: recorded.RecordedAt, Action: "attestation.state",
		Object: fmt.Sprintf("application/%d", recorded.ApplicationID), New: auditedStatement(recorded),
	}
	if len(before) > 0 {
		entry.Old = auditedStatement(before[0])
	}
	return recorded, tx.Audit(ctx, actor, entry)
}

func (tx *Tx) lockStatement(ctx context.Context, statement monitor.Attestation) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('gradewatch.attestation ' || @application::bigint || ' ' || @requirement::text, 0))`,
		pgx.StrictNamedArgs{"application": statement.ApplicationID, "requirement": statement.Requirement})
	if err != nil {
		return fmt.Errorf("lock %s of application %d: %w", statement.Requirement, statement.ApplicationID, err)
	}
	return nil
}

func (tx *Tx) insertStatement(ctx context.Context, statement monitor.Attestation) (monitor.Attestation, error) {
	const insert = `
		INSERT INTO attestations (team_id, application_id, requirement, catalog, result, owner, reason, evidence, note,
			stated_on, renew_by, recorded_by, recorded_at)
		VALUES (@team, @application, @requirement, @catalog, @result, @owner, @reason, @evidence, @note,
			@stated::date, @renew::date, @by, @at)
		RETURNING ` + attestationColumns
	rows, _ := tx.Query(ctx, insert, pgx.StrictNamedArgs{
		"team": statement.TeamID, "application": statement.ApplicationID, "requirement": statement.Requirement,
		"catalog": statement.Catalog, "result": string(statement.Result), "owner": statement.Owner, "reason": statement.Reason,
		"evidence": statement.Evidence, "note": statement.Note, "stated": statement.StatedOn, "renew": timeOrNil(statement.RenewBy),
		"by": statement.RecordedBy, "at": statement.RecordedAt,
	})
	return collectOne[monitor.Attestation](rows, ErrNotFound, "state %s of application %d", statement.Requirement, statement.ApplicationID)
}

// Attestations lists the newest statement of each requirement of an
// application that anything was stated of, by requirement.
func (tx *Tx) Attestations(ctx context.Context, application int64) ([]monitor.Attestation, error) {
	rows, _ := tx.Query(ctx, `SELECT `+attestationColumns+` FROM attestations
		WHERE application_id = @application AND superseded_at IS NULL ORDER BY requirement`,
		pgx.StrictNamedArgs{"application": application})
	return collectAll[monitor.Attestation](rows, "list the statements of application %d", application)
}

// AttestationHistory lists what was ever stated of a requirement of an
// application, the newest first, at most 200.
func (tx *Tx) AttestationHistory(ctx context.Context, application int64, requirement string) ([]monitor.Attestation, error) {
	rows, _ := tx.Query(ctx, `SELECT `+attestationColumns+` FROM attestations
		WHERE application_id = @application AND requirement = @requirement ORDER BY recorded_at DESC, id DESC LIMIT 200`,
		pgx.StrictNamedArgs{"application": application, "requirement": requirement})
	return collectAll[monitor.Attestation](rows, "list what was stated of %s of application %d", requirement, application)
}

// StatingApplication is one application with the newest statements about it.
type StatingApplication struct {
	ID           int64
	TeamID       int64
	TeamName     string
	Name         string
	Type         policy.ApplicationType
	Attestations []monitor.Attestation `db:"-"` // by requirement
}

// StatingApplications lists the applications that the transaction sees, each
// with its newest statements, by team and name: its own for a team, all for
// operators.
func (tx *Tx) StatingApplications(ctx context.Context) ([]StatingApplication, error) {
	rows, _ := tx.Query(ctx, `
		SELECT a.id, a.team_id, t.name AS team_name, a.name, a.type FROM applications a JOIN teams t ON t.id = a.team_id
		WHERE a.deleted_at IS NULL ORDER BY lower(t.name), t.id, lower(a.name), a.id`)
	applications, err := collectAll[StatingApplication](rows, "list applications")
	if err != nil {
		return nil, err
	}
	rows, _ = tx.Query(ctx, `SELECT `+attestationColumns+` FROM attestations WHERE superseded_at IS NULL ORDER BY application_id, requirement`)
	all, err := collectAll[monitor.Attestation](rows, "list statements")
	if err != nil {
		return nil, err
	}
	stated := map[int64][]monitor.Attestation{}
	for _, one := range all {
		stated[one.ApplicationID] = append(stated[one.ApplicationID], one)
	}
	for i := range applications {
		applications[i].Attestations = stated[applications[i].ID]
	}
	return applications, nil
}

// auditedStatement is what the audit keeps of a statement.
func auditedStatement(statement monitor.Attestation) map[string]any {
	audited := map[string]any{
		"id": statement.ID, "requirement": statement.Requirement, "result": statement.Result, "owner": statement.Owner,
		"stated_on": statement.StatedOn.Format(time.DateOnly), "catalog": statement.Catalog,
	}
	for name, value := range map[string]string{"reason": statement.Reason, "evidence": statement.Evidence, "note": statement.Note} {
		if value != "" {
			audited[name] = value
		}
	}
	if !statement.RenewBy.IsZero() {
		audited["renew_by"] = statement.RenewBy.Format(time.DateOnly)
	}
	return audited
}
