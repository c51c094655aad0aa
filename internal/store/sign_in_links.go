package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// SignInLink is a link that signs one person in once. Of its token only the
// SHA-256 is kept.
type SignInLink struct {
	TokenSHA256 []byte
	TeamID      int64
	PersonID    int64
	CreatedAt   time.Time
	ExpiresAt   time.Time
	UsedAt      time.Time // zero while unused
}

const signInLinkColumns = `token_sha256, team_id, person_id, created_at, expires_at,
	coalesce(used_at, '0001-01-01T00:00:00Z') AS used_at`

// CreateSignInLink stores link.
func (tx *Tx) CreateSignInLink(ctx context.Context, link SignInLink) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO sign_in_links (token_sha256, team_id, person_id, created_at, expires_at)
		VALUES (@token, @team, @person, @created, @expires)`,
		pgx.StrictNamedArgs{
			"token": link.TokenSHA256, "team": link.TeamID, "person": link.PersonID,
			"created": link.CreatedAt, "expires": link.ExpiresAt,
		})
	if err != nil {
		return fmt.Errorf("create a sign-in link for person %d: %w", link.PersonID, err)
	}
	return nil
}

// SignInLink finds a link, also one that is used or expired.
func (tx *Tx) SignInLink(ctx context.Context, tokenSHA256 []byte) (SignInLink, error) {
	rows, _ := tx.Query(ctx, `SELECT `+signInLinkColumns+` FROM sign_in_links WHERE token_sha256 = @token`,
		pgx.StrictNamedArgs{"token": tokenSHA256})
	return collectOne[SignInLink](rows, ErrNotFound, "find the sign-in link")
}

// UseSignInLink uses a link up, for one caller only. ErrNotFound: it does not
// exist, was used, or is expired at at.
func (tx *Tx) UseSignInLink(ctx context.Context, tokenSHA256 []byte, at time.Time) (SignInLink, error) {
	rows, _ := tx.Query(ctx, `
		UPDATE sign_in_links SET used_at = @at
		WHERE token_sha256 = @token AND used_at IS NULL AND expires_at > @at
		RETURNING `+signInLinkColumns,
		pgx.StrictNamedArgs{"token": tokenSHA256, "at": at})
	return collectOne[SignInLink](rows, ErrNotFound, "use the sign-in link")
}
