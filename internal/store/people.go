package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

const personColumns = `id, team_id, email, name, role`

// CreateTeam adds a team. Only AsOperator and AsWorker may.
func (tx *Tx) CreateTeam(ctx context.Context, name string, at time.Time) (monitor.Team, error) {
	rows, _ := tx.Query(ctx, `INSERT INTO teams (name, created_at) VALUES (@name, @at) RETURNING id, name, created_at`,
		pgx.StrictNamedArgs{"name": name, "at": at})
	team, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[monitor.Team])
	if err != nil {
		return team, fmt.Errorf("create the team %q: %w", name, err)
	}
	return team, nil
}

// CreateDefaultChannel notes a team's technical contact, and makes the channel
// that a team has without asking: mail to them. Only AsWorker may.
func (tx *Tx) CreateDefaultChannel(ctx context.Context, team int64, contact string, at time.Time) error {
	batch := &pgx.Batch{}
	arguments := pgx.NamedArgs{"team": team, "contact": contact, "at": at}
	batch.Queue(`UPDATE teams SET technical_contact = @contact WHERE id = @team`, arguments)
	batch.Queue(`INSERT INTO channels (team_id, kind, address, created_at, is_default) VALUES (@team, 'email', @contact, @at, true)`, arguments)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("make the default channel of team %d: %w", team, err)
	}
	return nil
}

// CreatePerson adds person to its team. ErrConflict: the email address is taken.
func (tx *Tx) CreatePerson(ctx context.Context, person monitor.Person, at time.Time) (monitor.Person, error) {
	rows, _ := tx.Query(ctx, `
		INSERT INTO people (team_id, email, name, role, created_at) VALUES (@team, @email, @name, @role, @at)
		ON CONFLICT DO NOTHING
		RETURNING `+personColumns,
		pgx.StrictNamedArgs{"team": person.TeamID, "email": person.Email, "name": person.Name, "role": string(person.Role), "at": at})
	return collectOne[monitor.Person](rows, ErrConflict, "create the person %q", person.Email)
}

// PersonByEmail finds who signs in with an email address.
func (tx *Tx) PersonByEmail(ctx context.Context, email string) (monitor.Person, error) {
	rows, _ := tx.Query(ctx, `SELECT `+personColumns+` FROM people WHERE lower(email) = lower(@email)`, pgx.StrictNamedArgs{"email": email})
	return collectOne[monitor.Person](rows, ErrNotFound, "find the person %q", email)
}

// FirstAdministrator returns the administrator that was created first. The
// transaction holds a lock until its end, so that two processes that start at
// once do not both find none.
func (tx *Tx) FirstAdministrator(ctx context.Context) (monitor.Person, error) {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('gradewatch.first_administrator'))`); err != nil {
		return monitor.Person{}, fmt.Errorf("lock the first administrator: %w", err)
	}
	rows, _ := tx.Query(ctx, `SELECT `+personColumns+` FROM people WHERE role = 'administrator' ORDER BY created_at, id LIMIT 1`)
	return collectOne[monitor.Person](rows, ErrNotFound, "find the first administrator")
}

// collectOne reads exactly one row; none there is the error missing.
func collectOne[T any](rows pgx.Rows, missing error, format string, arguments ...any) (T, error) {
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[T])
	if errors.Is(err, pgx.ErrNoRows) {
		return row, fmt.Errorf(format+": %w", append(arguments, missing)...)
	}
	if err != nil {
		return row, fmt.Errorf(format+": %w", append(arguments, err)...)
	}
	return row, nil
}

// collectAll reads every row.
func collectAll[T any](rows pgx.Rows, format string, arguments ...any) ([]T, error) {
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	if err != nil {
		return nil, fmt.Errorf(format+": %w", append(arguments, err)...)
	}
	return all, nil
}
