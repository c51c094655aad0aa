package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// feedPath is before the token of a calendar's address.
const feedPath = "/calendar/feed/"

// feedRefresh is how often a program is asked to read a calendar, as RFC 7986
// section 5.7 writes it.
const feedRefresh = "PT12H"

// listCalendarFeeds lists the addresses of the calendar.
func (s *server) listCalendarFeeds(w http.ResponseWriter, r *http.Request) error {
	return s.showCalendarFeeds(w, r, http.StatusOK, views.CalendarFeeds{})
}

func (s *server) showCalendarFeeds(w http.ResponseWriter, r *http.Request, status int, model views.CalendarFeeds) error {
	model.Person, model.All = visitOf(r).session.ID, may(r, auth.ShowSecret)
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		model.Feeds, err = tx.CalendarFeeds(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return s.render(w, r, status, views.CalendarFeedsPage(s.page(r, "Subscribe to the calendar", "/calendar"), model))
}

// createCalendarFeed makes an address, and shows it in the answer: it is kept as
// a hash only.
func (s *server) createCalendarFeed(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	form := views.CalendarFeeds{Name: typed(r, "name")}
	if !nameFits(form.Name) {
		form.Faults = views.Faults{{ID: "name", Text: fmt.Sprintf("Enter a name of at most %d characters.", longestChannelName)}}
		return s.showCalendarFeeds(w, r, http.StatusUnprocessableEntity, form)
	}
	session := visitOf(r).session
	token, sum := auth.NewCalendarToken(session.TeamID)
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		feed, err := tx.CreateCalendarFeed(ctx, store.CalendarFeed{
			TeamID: session.TeamID, PersonID: session.ID, Name: form.Name, CreatedAt: s.now(),
		}, sum)
		if err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{
			Action: "calendar_feed.create", Object: fmt.Sprintf("calendar_feed/%d", feed.ID), New: map[string]any{"name": feed.Name},
		})
	})
	if errors.Is(err, store.ErrTooMany) {
		form.Faults = views.Faults{{ID: "name", Text: fmt.Sprintf("You have %d addresses, which is the most. End one first.", store.MostCalendarFeeds)}}
		return s.showCalendarFeeds(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	return s.showCalendarFeeds(w, r, http.StatusCreated, views.CalendarFeeds{URL: s.BaseURL + feedPath + token + ".ics"})
}

// endCalendarFeed ends an address: one's own, or as an administrator that of
// anybody on the team.
func (s *server) endCalendarFeed(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	session := visitOf(r).session
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		feeds, err := tx.CalendarFeeds(ctx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(feeds, func(feed store.CalendarFeed) bool { return feed.ID == id })
		if at < 0 {
			return nil // ended already: that is what was asked for
		}
		if feeds[at].PersonID != session.ID {
			if err := permit(r, auth.ShowSecret); err != nil {
				return err
			}
		}
		feed, err := tx.EndCalendarFeed(ctx, id, s.now())
		if err != nil {
			return ignoreMissing(err)
		}
		return s.audit(ctx, tx, r, store.AuditEntry{
			Action: "calendar_feed.end", Object: fmt.Sprintf("calendar_feed/%d", id), Old: map[string]any{"name": feed.Name, "of": feed.Email},
		})
	})
	if err != nil {
		return err
	}
	return redirect(w, r, "/calendar/feeds?done=feed-ended")
}

// sendCalendarFeed sends the calendar of a team to whoever has an address of
// it. Within a day only what is new in it makes another file.
func (s *server) sendCalendarFeed(w http.ResponseWriter, r *http.Request) error {
	token, isFile := strings.CutSuffix(r.PathValue("file"), ".ics")
	sum, err := auth.CalendarToken(token)
	if err != nil || !isFile {
		return store.ErrNotFound
	}
	var feed store.CalendarFeed
	err = s.Store.AsWorker(r.Context(), func(ctx context.Context, tx *store.Tx) error {
		feed, err = tx.FindCalendarFeed(ctx, sum, s.now())
		return err
	})
	if err != nil {
		return err
	}
	var served store.ServedCertificates
	var known dates
	err = s.Store.AsTeam(r.Context(), feed.TeamID, func(ctx context.Context, tx *store.Tx) error {
		if served, err = tx.ServedCertificates(ctx); err != nil {
			return err
		}
		known, err = readDates(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	file := s.calendarFile(served, known, s.now().Truncate(24*time.Hour))
	file.SetName("Gradewatch")
	file.SetXWRCalName("Gradewatch")
	file.SetRefreshInterval(feedRefresh)
	file.SetXPublishedTTL(feedRefresh)
	body := sha256.Sum256([]byte(file.Serialize(ics.WithNewLineWindows)))
	tag := `"` + hex.EncodeToString(body[:16]) + `"`
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "private, max-age=3600")
	if matchesTag(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	s.writeCalendar(w, r, file)
	return nil
}

// matchesTag reads If-None-Match (RFC 9110 section 13.1.2), which compares weakly.
func matchesTag(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimSpace(part)
		if part == "*" || strings.TrimPrefix(part, "W/") == tag {
			return true
		}
	}
	return false
}
