package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

const secretColumns = `s.id, s.team_id, s.application_id, s.environment, s.kind, s.description, s.expires_on, s.owner, s.added_by, s.added_at,
	coalesce(s.ended_at, '0001-01-01T00:00:00Z') AS ended_at, s.ended_by, coalesce(s.replaced_by, 0) AS replaced_by`

// AddSecret keeps when a secret of an application of the transaction's team
// expires, with its audit row. ErrNotFound: there is no such application.
func (tx *Tx) AddSecret(ctx context.Context, actor Actor, secret monitor.ApplicationSecret) (monitor.ApplicationSecret, error) {
	added, err := tx.insertSecret(ctx, secret)
	if err != nil {
		return added, err
	}
	return added, tx.Audit(ctx, actor, AuditEntry{
		TeamID: added.TeamID, OccurredAt: added.AddedAt, Action: "secret.add",
		Object: fmt.Sprintf("application/%d", added.ApplicationID), New: auditedSecret(added),
	})
}

func (tx *Tx) insertSecret(ctx context.Context, secret monitor.ApplicationSecret) (monitor.ApplicationSecret, error) {
	const insert = `
		INSERT INTO application_secrets AS s (team_id, application_id, environment, kind, description, expires_on, owner, added_by, added_at)
		SELECT team_id, id, @environment, @kind, @description, @expires::date, @owner, @by, @at
		FROM applications WHERE id = @application AND deleted_at IS NULL
		RETURNING ` + secretColumns
	rows, _ := tx.Query(ctx, insert, pgx.StrictNamedArgs{
		"application": secret.ApplicationID, "environment": string(secret.Environment), "kind": string(secret.Kind),
		"description": secret.Description, "expires": secret.ExpiresOn, "owner": secret.Owner, "by": secret.AddedBy, "at": secret.AddedAt,
	})
	return collectOne[monitor.ApplicationSecret](rows, ErrNotFound, "add a secret of application %d", secret.ApplicationID)
}

// ReplaceSecret ends the secret of application with this id, and keeps next, of
// the same environment and kind, in its place, with one audit row. ErrNotFound:
// the application has no such secret in use.
func (tx *Tx) ReplaceSecret(ctx context.Context, actor Actor, id int64, next monitor.ApplicationSecret) (monitor.ApplicationSecret, error) {
	ended, err := tx.endSecret(ctx, next.ApplicationID, id, next.AddedBy, next.AddedAt)
	if err != nil {
		return next, err
	}
	next.Environment, next.Kind = ended.Environment, ended.Kind
	added, err := tx.insertSecret(ctx, next)
	if err != nil {
		return next, err
	}
	_, err = tx.Exec(ctx, `UPDATE application_secrets SET replaced_by = @next WHERE id = @id`,
		pgx.StrictNamedArgs{"next": added.ID, "id": id})
	if err != nil {
		return next, fmt.Errorf("replace secret %d: %w", id, err)
	}
	return added, tx.Audit(ctx, actor, AuditEntry{
		TeamID: added.TeamID, OccurredAt: added.AddedAt, Action: "secret.replace",
		Object: fmt.Sprintf("application/%d", added.ApplicationID), Old: auditedSecret(ended), New: auditedSecret(added),
	})
}

// RemoveSecret ends a secret of an application without another in its place,
// with its audit row. ErrNotFound: the application has no such secret in use.
func (tx *Tx) RemoveSecret(ctx context.Context, actor Actor, application, id int64, by string, at time.Time) error {
	ended, err := tx.endSecret(ctx, application, id, by, at)
	if err != nil {
		return err
	}
	return tx.Audit(ctx, actor, AuditEntry{
		TeamID: ended.TeamID, OccurredAt: at, Action: "secret.remove",
		Object: fmt.Sprintf("application/%d", ended.ApplicationID), Old: auditedSecret(ended),
	})
}

func (tx *Tx) endSecret(ctx context.Context, application, id int64, by string, at time.Time) (monitor.ApplicationSecret, error) {
	rows, _ := tx.Query(ctx, `UPDATE application_secrets s SET ended_at = @at, ended_by = @by
		WHERE id = @id AND application_id = @application AND ended_at IS NULL RETURNING `+secretColumns,
		pgx.StrictNamedArgs{"id": id, "application": application, "by": by, "at": at})
	return collectOne[monitor.ApplicationSecret](rows, ErrNotFound, "end secret %d", id)
}

// Secrets lists the secrets of an application: first those in use, by expiry,
// then at most 200 that were, the newest first.
func (tx *Tx) Secrets(ctx context.Context, application int64) ([]monitor.ApplicationSecret, error) {
	rows, _ := tx.Query(ctx, `SELECT `+secretColumns+` FROM application_secrets s WHERE application_id = @application
		ORDER BY s.ended_at DESC NULLS FIRST, s.expires_on, s.id LIMIT 400`, pgx.StrictNamedArgs{"application": application})
	return collectAll[monitor.ApplicationSecret](rows, "list the secrets of application %d", application)
}

// DatedSecret is a secret in use with what it belongs to.
type DatedSecret struct {
	monitor.ApplicationSecret
	ApplicationName string
	TeamName        string
}

// SecretsInUse lists the secrets in use that the transaction sees, by expiry.
func (tx *Tx) SecretsInUse(ctx context.Context) ([]DatedSecret, error) {
	rows, _ := tx.Query(ctx, `SELECT `+secretColumns+`, a.name AS application_name, t.name AS team_name
		FROM application_secrets s JOIN applications a ON a.id = s.application_id JOIN teams t ON t.id = s.team_id
		WHERE s.ended_at IS NULL AND a.deleted_at IS NULL ORDER BY s.expires_on, s.id`)
	return collectAll[DatedSecret](rows, "list secrets in use")
}

// auditedSecret is what the audit keeps of a secret: never the secret itself,
// which nobody was asked for.
func auditedSecret(secret monitor.ApplicationSecret) map[string]any {
	return map[string]any{
		"id": secret.ID, "environment": secret.Environment, "kind": secret.Kind, "description": secret.Description,
		"expires_on": secret.ExpiresOn.Format(time.DateOnly), "owner": secret.Owner,
	}
}
