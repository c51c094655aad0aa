package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// remindable says which newest statements and secrets in use have a day that
// is near or past and were not reminded of for the last time.
const (
	remindableSecrets = `s.ended_at IS NULL AND s.expires_on <= @until::date
		AND NOT EXISTS (SELECT FROM reminders r WHERE r.secret_id = s.id AND r.threshold <= @last_secret)`
	remindableAttestations = `s.superseded_at IS NULL AND s.renew_by <= @until::date
		AND NOT EXISTS (SELECT FROM reminders r WHERE r.attestation_id = s.id AND r.threshold <= @last_attestation)`
)

// RemindableApplications lists up to limit applications after the one with the
// id after, by id, that have a day to be reminded of until until at the latest.
func (tx *Tx) RemindableApplications(ctx context.Context, until time.Time, after int64, limit int) ([]monitor.Application, error) {
	rows, _ := tx.Query(ctx, `
		SELECT id, team_id, name, type, created_at FROM applications a
		WHERE deleted_at IS NULL AND id > @after AND (
			EXISTS (SELECT FROM application_secrets s WHERE s.application_id = a.id AND `+remindableSecrets+`)
			OR EXISTS (SELECT FROM attestations s WHERE s.application_id = a.id AND `+remindableAttestations+`))
		ORDER BY id LIMIT @limit`, pgx.StrictNamedArgs{
		"until": until, "after": after, "limit": limit, "last_secret": 0, "last_attestation": -1,
	})
	return collectAll[monitor.Application](rows, "list applications to remind of")
}

// RemindableSecret is a secret with the thresholds that it was reminded by.
type RemindableSecret struct {
	monitor.ApplicationSecret
	Sent []int
}

// RemindableSecrets lists the secrets of an application that have a day to be
// reminded of until until.
func (tx *Tx) RemindableSecrets(ctx context.Context, application int64, until time.Time) ([]RemindableSecret, error) {
	rows, _ := tx.Query(ctx, `SELECT `+secretColumns+`,
			ARRAY(SELECT r.threshold FROM reminders r WHERE r.secret_id = s.id) AS sent
		FROM application_secrets s WHERE s.application_id = @application AND `+remindableSecrets+` ORDER BY s.expires_on, s.id`,
		pgx.StrictNamedArgs{"application": application, "until": until, "last_secret": 0})
	return collectAll[RemindableSecret](rows, "list the secrets of application %d to remind of", application)
}

// RemindableAttestation is a statement with the thresholds that it was reminded by.
type RemindableAttestation struct {
	monitor.Attestation
	Sent []int
}

// RemindableAttestations lists the newest statements about an application that
// have a day to be reminded of until until.
func (tx *Tx) RemindableAttestations(ctx context.Context, application int64, until time.Time) ([]RemindableAttestation, error) {
	rows, _ := tx.Query(ctx, `SELECT `+attestationColumns+`,
			ARRAY(SELECT r.threshold FROM reminders r WHERE r.attestation_id = s.id) AS sent
		FROM attestations s WHERE s.application_id = @application AND `+remindableAttestations+` ORDER BY s.renew_by, s.requirement`,
		pgx.StrictNamedArgs{"application": application, "until": until, "last_attestation": -1})
	return collectAll[RemindableAttestation](rows, "list the statements of application %d to remind of", application)
}

// MarkSecretReminded notes that a secret is reminded of by a threshold. fresh
// is false where that was noted before: then nobody is told again. It is the
// fence: of two workers at once, one waits for the other and finds it noted.
func (tx *Tx) MarkSecretReminded(ctx context.Context, secret monitor.ApplicationSecret, threshold int, at time.Time) (fresh bool, err error) {
	return tx.markReminded(ctx, `INSERT INTO reminders (team_id, secret_id, threshold, reminded_at)
		VALUES (@team, @id, @threshold, @at) ON CONFLICT (secret_id, threshold) DO NOTHING`, secret.TeamID, secret.ID, threshold, at)
}

// MarkAttestationReminded is MarkSecretReminded for a statement.
func (tx *Tx) MarkAttestationReminded(ctx context.Context, statement monitor.Attestation, threshold int, at time.Time) (fresh bool, err error) {
	return tx.markReminded(ctx, `INSERT INTO reminders (team_id, attestation_id, threshold, reminded_at)
		VALUES (@team, @id, @threshold, @at) ON CONFLICT (attestation_id, threshold) DO NOTHING`, statement.TeamID, statement.ID, threshold, at)
}

func (tx *Tx) markReminded(ctx context.Context, statement string, team, id int64, threshold int, at time.Time) (bool, error) {
	tag, err := tx.Exec(ctx, statement, pgx.StrictNamedArgs{"team": team, "id": id, "threshold": threshold, "at": at})
	if err != nil {
		return false, fmt.Errorf("note a reminder of %d: %w", id, err)
	}
	return tag.RowsAffected() == 1, nil
}
