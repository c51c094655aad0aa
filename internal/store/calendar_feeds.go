package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// CalendarFeed is an address of the team's calendar, which programs read
// without signing in. Its token is kept as its hash only.
type CalendarFeed struct {
	ID        int64
	TeamID    int64
	PersonID  int64 // whose it is: it ends with them
	Email     string
	Name      string // as its person calls it
	CreatedAt time.Time
	ReadAt    time.Time // when it was last read, to the hour; zero: never
}

// MostCalendarFeeds bounds the feeds of one person.
const MostCalendarFeeds = 10

const calendarFeedColumns = `f.id, f.team_id, f.person_id, p.email, f.name, f.created_at, coalesce(f.read_at, '0001-01-01T00:00:00Z') AS read_at`

// CreateCalendarFeed adds a feed of a person. ErrTooMany: they have
// MostCalendarFeeds. The caller audits it.
func (tx *Tx) CreateCalendarFeed(ctx context.Context, feed CalendarFeed, tokenSHA256 []byte) (CalendarFeed, error) {
	rows, _ := tx.Query(ctx, `
		WITH f AS (
			INSERT INTO calendar_feeds (team_id, person_id, name, token_sha256, created_at)
			SELECT @team, @person, @name, @token, @at
			WHERE (SELECT count(*) FROM calendar_feeds WHERE person_id = @person AND ended_at IS NULL) < @most
			RETURNING id, team_id, person_id, name, created_at, read_at)
		SELECT `+calendarFeedColumns+` FROM f JOIN people p ON p.id = f.person_id`, pgx.StrictNamedArgs{
		"team": feed.TeamID, "person": feed.PersonID, "name": feed.Name, "token": tokenSHA256, "at": feed.CreatedAt, "most": MostCalendarFeeds,
	})
	return collectOne[CalendarFeed](rows, ErrTooMany, "create a calendar feed of person %d", feed.PersonID)
}

// CalendarFeeds lists the feeds of the team that stand.
func (tx *Tx) CalendarFeeds(ctx context.Context) ([]CalendarFeed, error) {
	rows, _ := tx.Query(ctx, `SELECT `+calendarFeedColumns+` FROM calendar_feeds f JOIN people p ON p.id = f.person_id
		WHERE f.ended_at IS NULL ORDER BY f.created_at DESC, f.id DESC LIMIT 500`)
	return collectAll[CalendarFeed](rows, "list the calendar feeds")
}

// EndCalendarFeed ends a feed and returns what it was. ErrNotFound: none stands.
// The caller audits it.
func (tx *Tx) EndCalendarFeed(ctx context.Context, id int64, at time.Time) (CalendarFeed, error) {
	rows, _ := tx.Query(ctx, `
		WITH f AS (UPDATE calendar_feeds SET ended_at = @at WHERE id = @id AND ended_at IS NULL RETURNING id, team_id, person_id, name, created_at, read_at)
		SELECT `+calendarFeedColumns+` FROM f JOIN people p ON p.id = f.person_id`, pgx.StrictNamedArgs{"id": id, "at": at})
	return collectOne[CalendarFeed](rows, ErrNotFound, "end calendar feed %d", id)
}

// FindCalendarFeed finds a feed that stands by the hash of its token, whichever
// team's it is, and notes that it was read, once an hour.
func (tx *Tx) FindCalendarFeed(ctx context.Context, tokenSHA256 []byte, at time.Time) (CalendarFeed, error) {
	rows, _ := tx.Query(ctx, `SELECT `+calendarFeedColumns+` FROM calendar_feeds f JOIN people p ON p.id = f.person_id
		WHERE f.token_sha256 = @token AND f.ended_at IS NULL`, pgx.StrictNamedArgs{"token": tokenSHA256})
	feed, err := collectOne[CalendarFeed](rows, ErrNotFound, "find a calendar feed")
	if err != nil || at.Sub(feed.ReadAt) < time.Hour {
		return feed, err
	}
	if _, err := tx.Exec(ctx, `UPDATE calendar_feeds SET read_at = @at WHERE id = @id`, pgx.StrictNamedArgs{"id": feed.ID, "at": at}); err != nil {
		return feed, fmt.Errorf("note that calendar feed %d was read: %w", feed.ID, err)
	}
	return feed, nil
}
