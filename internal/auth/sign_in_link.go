package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// LinkLifetime is how long a sign-in link works.
const LinkLifetime = 15 * time.Minute

// Faults of a sign-in link, each with its own sentence on the page.
var (
	ErrLinkUnknown = errors.New("no such sign-in link")
	ErrLinkUsed    = errors.New("the sign-in link was used")
	ErrLinkExpired = errors.New("the sign-in link is expired")
)

// NewSignInLink makes the token of a link that signs person in once, within
// LinkLifetime of at. The link is base URL + "/sign-in/" + token.
func NewSignInLink(ctx context.Context, s *store.Store, person monitor.Person, at time.Time) (token string, err error) {
	token = newToken(person.TeamID)
	_, sum, err := parseToken(token)
	if err != nil {
		return "", fmt.Errorf("make a sign-in link for person %d of team %d: %w", person.ID, person.TeamID, err)
	}
	err = s.AsTeam(ctx, person.TeamID, func(ctx context.Context, tx *store.Tx) error {
		return tx.CreateSignInLink(ctx, store.SignInLink{
			TokenSHA256: sum, TeamID: person.TeamID, PersonID: person.ID, CreatedAt: at, ExpiresAt: at.Add(LinkLifetime),
		})
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// CheckLink says whether a link would work at at, without using it up.
func CheckLink(ctx context.Context, s *store.Store, token string, at time.Time) error {
	team, sum, err := parseToken(token)
	if err != nil {
		return ErrLinkUnknown
	}
	return s.AsTeam(ctx, team, func(ctx context.Context, tx *store.Tx) error {
		link, err := tx.SignInLink(ctx, sum)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return ErrLinkUnknown
		case err != nil:
			return err
		case !link.UsedAt.IsZero():
			return ErrLinkUsed
		case !at.Before(link.ExpiresAt):
			return ErrLinkExpired
		}
		return nil
	})
}

// FindPerson finds who signs in with an email address, in whatever team.
func FindPerson(ctx context.Context, s *store.Store, email string) (person monitor.Person, err error) {
	err = s.AsOperator(ctx, func(ctx context.Context, tx *store.Tx) error {
		person, err = tx.PersonByEmail(ctx, email)
		return err
	})
	return person, err
}

// EnsureFirstAdministrator returns the administrator who was there first. If
// there is none it creates one with this email address, and a team for them
// that gets mail there; two callers at once create one.
func EnsureFirstAdministrator(ctx context.Context, s *store.Store, email string, at time.Time) (person monitor.Person, created bool, err error) {
	err = s.AsWorker(ctx, func(ctx context.Context, tx *store.Tx) error {
		person, err = tx.FirstAdministrator(ctx)
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		team, err := tx.CreateTeam(ctx, "First team", at)
		if err != nil {
			return err
		}
		created = true
		person, err = tx.CreatePerson(ctx, monitor.Person{TeamID: team.ID, Email: email, Role: monitor.Administrator}, at)
		if err != nil {
			return err
		}
		if err := tx.CreateDefaultChannel(ctx, team.ID, email, at); err != nil {
			return err
		}
		return tx.Audit(ctx, store.Actor{Source: "command"}, store.AuditEntry{
			TeamID: team.ID, OccurredAt: at, Action: "person.create", Object: fmt.Sprintf("person/%d", person.ID),
			New: map[string]any{"email": person.Email, "role": person.Role},
		})
	})
	if err != nil {
		return monitor.Person{}, false, fmt.Errorf("ensure a first administrator: %w", err)
	}
	return person, created, nil
}
