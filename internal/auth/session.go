package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/internal/store"
)

// Defaults of Sessions (superoffice.md S-15).
const (
	DefaultIdle     = 2 * time.Hour
	DefaultAbsolute = 12 * time.Hour
)

// ErrNoSession is what a request without a live session gets.
var ErrNoSession = errors.New("not signed in")

// Sessions opens, resumes and ends sessions. Only Store is required.
type Sessions struct {
	Store    *store.Store
	Idle     time.Duration // ends a session nobody uses; 0: DefaultIdle
	Absolute time.Duration // ends every session; 0: DefaultAbsolute
	Secure   bool          // the base URL is https: cookie __Host-gradewatch with Secure
}

// SignIn uses a link up and opens a new session for its person, in one
// transaction with its audit row; actor's person is filled in. It returns the
// new session's token for Cookie.
func (s Sessions) SignIn(ctx context.Context, linkToken string, actor store.Actor, at time.Time) (token string, err error) {
	if err := CheckLink(ctx, s.Store, linkToken, at); err != nil {
		return "", err
	}
	team, sum, err := parseToken(linkToken)
	if err != nil {
		return "", ErrLinkUnknown
	}
	token = newToken(team)
	_, sessionSum, err := parseToken(token)
	if err != nil {
		return "", err
	}
	err = s.Store.AsTeam(ctx, team, func(ctx context.Context, tx *store.Tx) error {
		link, err := tx.UseSignInLink(ctx, sum, at)
		if errors.Is(err, store.ErrNotFound) {
			return ErrLinkUsed // it stood a moment ago: somebody else was faster
		}
		if err != nil {
			return err
		}
		person, err := tx.Person(ctx, link.PersonID)
		if err != nil {
			return err
		}
		if err := tx.CreateSession(ctx, sessionSum, person, at, at.Add(orDefault(s.Absolute, DefaultAbsolute))); err != nil {
			return err
		}
		actor.PersonID, actor.Email = person.ID, person.Email
		return tx.Audit(ctx, actor, store.AuditEntry{
			TeamID: team, OccurredAt: at, Action: "sign_in", Object: fmt.Sprintf("person/%d", person.ID),
		})
	})
	return token, err
}

// Resume returns the live session of a token, else ErrNoSession. It notes the
// use of the session unless touch is false: a page that polls is nobody's use.
func (s Sessions) Resume(ctx context.Context, token string, at time.Time, touch bool) (session store.Session, err error) {
	team, sum, err := parseToken(token)
	if err != nil {
		return session, ErrNoSession
	}
	err = s.Store.AsTeam(ctx, team, func(ctx context.Context, tx *store.Tx) error {
		session, err = tx.Session(ctx, sum)
		if errors.Is(err, store.ErrNotFound) {
			return ErrNoSession
		}
		if err != nil {
			return err
		}
		if !at.Before(session.ExpiresAt) || at.Sub(session.LastSeenAt) >= orDefault(s.Idle, DefaultIdle) {
			return ErrNoSession
		}
		if touch && at.Sub(session.LastSeenAt) >= time.Minute {
			return tx.TouchSession(ctx, sum, at)
		}
		return nil
	})
	return session, err
}

// SignOut ends the session of a token; one that is gone already is no error.
func (s Sessions) SignOut(ctx context.Context, token string) error {
	team, sum, err := parseToken(token)
	if err != nil {
		return nil //nolint:nilerr // nothing of ours: nothing to end
	}
	return s.Store.AsTeam(ctx, team, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteSession(ctx, sum) })
}

// CookieName returns the name of the session cookie. With https the __Host-
// prefix binds it to this host (RFC 6265bis section 4.1.3.2).
func (s Sessions) CookieName() string {
	if s.Secure {
		return "__Host-gradewatch"
	}
	return "gradewatch"
}

// Cookie returns the cookie that carries token; an empty token removes it. It
// lives as long as the browser does: the server knows the real ends.
func (s Sessions) Cookie(token string) *http.Cookie {
	cookie := &http.Cookie{ //nolint:gosec // Secure is off only where the pages are served over http on loopback
		Name: s.CookieName(), Value: token, Path: "/", HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode,
	}
	if token == "" {
		cookie.MaxAge = -1
	}
	return cookie
}

// Token returns the session token that a request carries, or "".
func (s Sessions) Token(r *http.Request) string {
	cookie, err := r.Cookie(s.CookieName())
	if err != nil {
		return ""
	}
	return cookie.Value
}

// LocalPath returns path if it is a path on this host that a browser cannot
// take for another host, else "/".
func LocalPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}

func orDefault(value, otherwise time.Duration) time.Duration {
	if value <= 0 {
		return otherwise
	}
	return value
}
