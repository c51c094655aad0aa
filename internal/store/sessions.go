package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Session is one signed-in browser, with its person.
type Session struct {
	monitor.Person           // ID is the person's
	TeamName       string    // of the person's team
	TokenSHA256    []byte    // the cookie's value is kept as its hash only
	SignedInAt     time.Time // when the person signed in
	LastSeenAt     time.Time // moved at most once a minute
	ExpiresAt      time.Time // absolute
}

// CreateSession stores a session of person until expires.
func (tx *Tx) CreateSession(ctx context.Context, tokenSHA256 []byte, person monitor.Person, at, expires time.Time) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO sessions (token_sha256, team_id, person_id, created_at, last_seen_at, expires_at)
		VALUES (@token, @team, @person, @at, @at, @expires)`,
		pgx.StrictNamedArgs{"token": tokenSHA256, "team": person.TeamID, "person": person.ID, "at": at, "expires": expires})
	if err != nil {
		return fmt.Errorf("create a session of person %d: %w", person.ID, err)
	}
	return nil
}

// Session finds a session by the hash of its token, expired or not.
func (tx *Tx) Session(ctx context.Context, tokenSHA256 []byte) (Session, error) {
	rows, _ := tx.Query(ctx, `
		SELECT p.id, p.team_id, p.email, p.name, p.role, t.name AS team_name,
			s.token_sha256, s.created_at AS signed_in_at, s.last_seen_at, s.expires_at
		FROM sessions s JOIN people p ON p.id = s.person_id JOIN teams t ON t.id = s.team_id
		WHERE s.token_sha256 = @token`,
		pgx.StrictNamedArgs{"token": tokenSHA256})
	return collectOne[Session](rows, ErrNotFound, "find the session")
}

// TouchSession notes that a session was seen at at.
func (tx *Tx) TouchSession(ctx context.Context, tokenSHA256 []byte, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE sessions SET last_seen_at = @at WHERE token_sha256 = @token AND last_seen_at < @at`,
		pgx.StrictNamedArgs{"token": tokenSHA256, "at": at})
	if err != nil {
		return fmt.Errorf("touch the session: %w", err)
	}
	return nil
}

// DeleteSession ends a session; one that is gone already is no error.
func (tx *Tx) DeleteSession(ctx context.Context, tokenSHA256 []byte) error {
	if _, err := tx.Exec(ctx, `DELETE FROM sessions WHERE token_sha256 = @token`, pgx.StrictNamedArgs{"token": tokenSHA256}); err != nil {
		return fmt.Errorf("end the session: %w", err)
	}
	return nil
}

// Person returns a person by id.
func (tx *Tx) Person(ctx context.Context, id int64) (monitor.Person, error) {
	rows, _ := tx.Query(ctx, `SELECT `+personColumns+` FROM people WHERE id = @id`, pgx.StrictNamedArgs{"id": id})
	return collectOne[monitor.Person](rows, ErrNotFound, "find person %d", id)
}
