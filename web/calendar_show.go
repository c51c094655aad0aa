package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gradewatch/gradewatch/checks/certs/renewal"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// showCalendar shows what is to come for the certificates of the team.
func (s *server) showCalendar(w http.ResponseWriter, r *http.Request) error {
	return s.renderCalendar(w, r, "/calendar", s.teamCalendar)
}

// showFleetCalendar shows it for those of every team, to operators.
func (s *server) showFleetCalendar(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.SeeFleet); err != nil {
		return err
	}
	return s.renderCalendar(w, r, "/fleet/calendar", func(r *http.Request) (served store.ServedCertificates, known dates, err error) {
		err = s.Store.AsOperator(r.Context(), func(ctx context.Context, tx *store.Tx) error {
			if served, err = tx.ServedCertificatesOfAll(ctx); err != nil {
				return err
			}
			known, err = readDates(ctx, tx)
			return err
		})
		return served, known, err
	})
}

func (s *server) teamCalendar(r *http.Request) (served store.ServedCertificates, known dates, err error) {
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if served, err = tx.ServedCertificates(ctx); err != nil {
			return err
		}
		known, err = readDates(ctx, tx)
		return err
	})
	return served, known, err
}

func (s *server) renderCalendar(w http.ResponseWriter, r *http.Request, path string, read func(*http.Request) (store.ServedCertificates, dates, error)) error {
	served, known, err := read(r)
	if err != nil {
		return err
	}
	model := views.Calendar{
		Path: path, Now: s.now(), Days: horizon(r.URL.Query()), Show: views.CalendarShown(r.URL.Query().Get("show")),
		Fleet: path != "/calendar", MaySeeFleet: may(r, auth.SeeFleet), Endpoints: map[int64]store.ServedChains{},
		OwnTeam: visitOf(r).session.TeamID,
	}
	for _, endpoint := range served.Endpoints {
		model.Endpoints[endpoint.EndpointID] = endpoint
		if len(endpoint.Chains) == 0 {
			model.Unseen++
		}
	}
	model.Entries = s.calendarEntries(served, known, model.Now, model.Now.AddDate(0, 0, model.Days))
	model.Months = months(model)
	return s.render(w, r, http.StatusOK, views.CalendarPage(s.page(r, "Calendar", "/calendar"), model))
}

// horizon is how many days ahead the calendar looks.
func horizon(query url.Values) int {
	days, _ := strconv.Atoi(query.Get("days"))
	if slices.Contains(views.Horizons(), days) {
		return days
	}
	return views.Horizons()[1]
}

// months groups the entries that are shown: first what is past and still
// stands, worst first, then month by month.
func months(model views.Calendar) []views.CalendarMonth {
	var groups []views.CalendarMonth
	standing := views.CalendarMonth{ID: "now", Title: "Now"}
	for _, entry := range model.Entries {
		if model.Show != "" && model.Show != views.ShownOf(entry, model.Now) {
			continue
		}
		if !entry.At.After(model.Now) {
			standing.Entries = append(standing.Entries, entry)
			continue
		}
		id := entry.At.Format("2006-01")
		if n := len(groups); n == 0 || groups[n-1].ID != id {
			groups = append(groups, views.CalendarMonth{ID: id, Title: entry.At.Format("January 2006")})
		}
		month := &groups[len(groups)-1]
		month.Entries = append(month.Entries, entry)
	}
	if len(standing.Entries) == 0 {
		return groups
	}
	slices.SortStableFunc(standing.Entries, func(a, b views.CalendarEntry) int { return cmp.Compare(urgency(a.Kind), urgency(b.Kind)) })
	return append([]views.CalendarMonth{standing}, groups...)
}

func urgency(kind renewal.Kind) int {
	return slices.Index([]renewal.Kind{
		renewal.Expiry, views.SecretExpiry, renewal.AuthorityEnd, renewal.RenewalAsked, renewal.RenewalOverdue, views.StatementRenewal, renewal.RootDistrust, renewal.RenewalDue,
	}, kind)
}

// fileHorizon is how far the file for other calendars looks.
const fileHorizon = 365 * 24 * time.Hour
