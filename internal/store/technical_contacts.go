package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// TechnicalContact is whom SuperOffice and we turn to (superoffice.md A-27).
type TechnicalContact struct {
	ApplicationID int64  // 0: the team's
	Application   string // its name
	Email         string // empty: nobody was named
}

// TechnicalContacts lists the team's contact first, then those of its
// applications by name.
func (tx *Tx) TechnicalContacts(ctx context.Context, team int64) ([]TechnicalContact, error) {
	rows, _ := tx.Query(ctx, `
		SELECT application_id, application, email FROM (
			SELECT 0::bigint AS application_id, '' AS application, technical_contact AS email FROM teams WHERE id = @team
			UNION ALL SELECT id, name, technical_contact FROM applications WHERE team_id = @team AND deleted_at IS NULL) AS named
		ORDER BY application_id <> 0, application, application_id`, pgx.StrictNamedArgs{"team": team})
	return collectAll[TechnicalContact](rows, "list the technical contacts of team %d", team)
}

// SetApplicationContact names the technical contact of an application, with its
// audit row. ErrNotFound: there is no such application.
func (tx *Tx) SetApplicationContact(ctx context.Context, actor Actor, team, application int64, email string, at time.Time) error {
	var before string
	err := tx.QueryRow(ctx, `SELECT technical_contact FROM applications WHERE id = @id AND deleted_at IS NULL FOR UPDATE`,
		pgx.StrictNamedArgs{"id": application}).Scan(&before)
	if isNoRows(err) {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("read the contact of application %d: %w", application, err)
	}
	if before == email {
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE applications SET technical_contact = @email WHERE id = @id`,
		pgx.StrictNamedArgs{"id": application, "email": email}); err != nil {
		return fmt.Errorf("name the contact of application %d: %w", application, err)
	}
	return tx.Audit(ctx, actor, AuditEntry{
		TeamID: team, OccurredAt: at, Action: "application.contact", Object: fmt.Sprintf("application/%d", application),
		Old: map[string]any{"technical_contact": before}, New: map[string]any{"technical_contact": email},
	})
}

// SetTeamContact names the technical contact of a team, with its audit row. The
// channel that led to the one before, where nobody removed it, ends: another, or
// the one that has the address already, takes its routes. A channel's address
// never changes, so that past deliveries say where they went.
func (tx *Tx) SetTeamContact(ctx context.Context, actor Actor, team int64, email string, at time.Time) error {
	if err := tx.lockChannels(ctx, team); err != nil {
		return err
	}
	var before string
	if err := tx.QueryRow(ctx, `SELECT technical_contact FROM teams WHERE id = @team`, pgx.StrictNamedArgs{"team": team}).Scan(&before); err != nil {
		return fmt.Errorf("read the contact of team %d: %w", team, err)
	}
	if before == email {
		return nil
	}
	if _, err := tx.Exec(ctx, `UPDATE teams SET technical_contact = @email WHERE id = @team`, pgx.StrictNamedArgs{"team": team, "email": email}); err != nil {
		return fmt.Errorf("name the contact of team %d: %w", team, err)
	}
	if err := tx.moveDefaultChannel(ctx, team, email, at); err != nil {
		return err
	}
	return tx.Audit(ctx, actor, AuditEntry{
		TeamID: team, OccurredAt: at, Action: "team.contact", Object: fmt.Sprintf("team/%d", team),
		Old: map[string]any{"technical_contact": before}, New: map[string]any{"technical_contact": email},
	})
}

// moveDefaultChannel ends the default channels of a team, and gives their
// routes and digest to the channel of email.
func (tx *Tx) moveDefaultChannel(ctx context.Context, team int64, email string, at time.Time) error {
	rows, _ := tx.Query(ctx, `SELECT `+channelColumns+` FROM channels WHERE is_default AND deleted_at IS NULL AND team_id = @team ORDER BY id`,
		pgx.StrictNamedArgs{"team": team})
	defaults, err := collectAll[Channel](rows, "find the default channel of team %d", team)
	if err != nil || len(defaults) == 0 {
		return err
	}
	old := defaults[0]
	rows, _ = tx.Query(ctx, `
		WITH made AS (
			INSERT INTO channels (team_id, kind, address, created_at, is_default, name, digest, digest_hour, digest_zone, digest_next_at)
			SELECT @team, 'email', @email, @at, true, name, digest, digest_hour, digest_zone, digest_next_at FROM channels WHERE id = @old
				AND NOT EXISTS (SELECT FROM channels WHERE team_id = @team AND kind = 'email' AND address = @email AND deleted_at IS NULL)
			RETURNING id)
		SELECT id FROM made UNION ALL SELECT id FROM channels WHERE team_id = @team AND kind = 'email' AND address = @email AND deleted_at IS NULL`,
		pgx.StrictNamedArgs{"team": team, "email": email, "at": at, "old": old.ID})
	taker, err := collectOne[struct{ ID int64 }](rows, ErrNotFound, "make the default channel of team %d", team)
	if err != nil {
		return err
	}
	for _, channel := range defaults {
		_, err := tx.Exec(ctx, `
			INSERT INTO channel_routes (team_id, channel_id, application_id, environment, least, level, after_seconds, quiet_from, quiet_until,
				quiet_days, quiet_zone, quiet_except, created_by, created_at)
			SELECT team_id, @taker, application_id, environment, least, level, after_seconds, quiet_from, quiet_until,
				quiet_days, quiet_zone, quiet_except, created_by, created_at FROM channel_routes WHERE channel_id = @old`,
			pgx.StrictNamedArgs{"taker": taker.ID, "old": channel.ID})
		if err != nil {
			return fmt.Errorf("move the routes to channel %d: %w", channel.ID, err)
		}
		if err := tx.RemoveChannel(ctx, channel.ID, at); err != nil {
			return err
		}
	}
	return nil
}
