package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// longestWaiver bounds how far ahead the last day of an exception may be, in
// years. An exception that nobody looks at for longer than a year is a hole.
const longestWaiver = 1

// longestOwner bounds who answers for a waiver, in characters.
const longestOwner = 200

// showWaivers lists the exceptions of an endpoint, with the form of a new one.
func (s *server) showWaivers(w http.ResponseWriter, r *http.Request) error {
	page, err := s.waiversPage(r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	page.Requirement, page.Fact = query.Get("requirement"), query.Get("fact")
	page.Owner, page.Until = visitOf(r).session.Email, s.now().AddDate(0, 1, 0).UTC().Format(time.DateOnly)
	return s.renderWaivers(w, r, http.StatusOK, page)
}

func (s *server) renderWaivers(w http.ResponseWriter, r *http.Request, status int, page views.Waivers) error {
	return s.render(w, r, status, views.WaiversPage(s.page(r, "Waivers", "/"), page))
}

// waiversPage reads what may be waived, and what is.
func (s *server) waiversPage(r *http.Request) (page views.Waivers, err error) {
	if page.Endpoint, err = s.findEndpoint(r); err != nil {
		return page, err
	}
	page.MayChange, page.Now = may(r, auth.ChangeInventory), s.now()
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if page.Waivers, err = tx.Waivers(ctx, page.Endpoint.ID); err != nil {
			return err
		}
		newest, err := tx.NewestAssessment(ctx, page.Endpoint.ID)
		if err != nil {
			return ignoreMissing(err)
		}
		for _, verdict := range verdictViews(newest.Verdicts, nil, nil) {
			if verdict.Result == checks.Fail && verdict.Severity != checks.Record {
				page.Failing = append(page.Failing, verdict)
			}
		}
		return nil
	})
	return page, err
}

// grantWaiver makes an exception. What was typed stays where it is wrong.
func (s *server) grantWaiver(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeInventory); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	page, err := s.waiversPage(r)
	if err != nil {
		return err
	}
	page.Requirement, page.Fact = views.ReadWaivable(typed(r, "requirement"))
	page.Owner, page.Reason, page.Until = typed(r, "owner"), typed(r, "reason"), typed(r, "until")
	until, faults := waiverFaults(page, s.now())
	if len(faults) > 0 {
		page.Faults = faults
		return s.renderWaivers(w, r, http.StatusUnprocessableEntity, page)
	}
	waiver := monitor.Waiver{
		EndpointID: page.Endpoint.ID, Requirement: page.Requirement, Fact: page.Fact, Owner: page.Owner, Reason: page.Reason,
		Until: until, CreatedBy: visitOf(r).session.Email, CreatedAt: s.now(),
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.GrantWaiver(ctx, s.actor(r), waiver)
		return err
	})
	if err != nil {
		return err
	}
	return redirect(w, r, fmt.Sprintf("/endpoints/%d/waivers?done=waiver-granted", page.Endpoint.ID))
}

// waiverFaults reads the end of an exception, and says what is wrong with it. It
// ends at the end of the day that was typed, in UTC.
func waiverFaults(page views.Waivers, now time.Time) (until time.Time, faults views.Faults) {
	add := func(id, text string) { faults = append(faults, views.FieldFault{ID: id, Text: text}) }
	at := slices.IndexFunc(page.Failing, func(v views.VerdictView) bool { return v.Requirement == page.Requirement })
	switch {
	case at < 0:
		add("requirement", "Choose a requirement that this URL fails now")
	case page.Fact != "" && !slices.ContainsFunc(page.Failing[at].Proof, func(p checks.Proof) bool { return policy.WaivedFact(p.Fact) == page.Fact }):
		add("requirement", "Choose what is to be waived, or all of it")
	}
	if page.Owner == "" || utf8.RuneCountInString(page.Owner) > longestOwner {
		add("owner", fmt.Sprintf("Enter who answers for this, in at most %d characters", longestOwner))
	}
	if page.Reason == "" || utf8.RuneCountInString(page.Reason) > longestReason {
		add("reason", fmt.Sprintf("Enter why this is an exception, in at most %d characters", longestReason))
	}
	day, err := time.Parse(time.DateOnly, page.Until)
	until = day.AddDate(0, 0, 1)
	if err != nil || !until.After(now) || day.After(now.UTC().AddDate(longestWaiver, 0, 0)) {
		add("until", "Enter a day from today on, at most a year ahead, such as "+now.AddDate(0, 1, 0).UTC().Format(time.DateOnly))
	}
	return until, faults
}

// endWaiver ends an exception before its time.
func (s *server) endWaiver(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeInventory); err != nil {
		return err
	}
	endpoint, err := s.findEndpoint(r)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(r.PathValue("waiver"), 10, 64)
	if err != nil {
		return store.ErrNotFound
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		waivers, err := tx.Waivers(ctx, endpoint.ID)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(waivers, func(waiver monitor.Waiver) bool { return waiver.ID == id }) {
			return store.ErrNotFound
		}
		return ignoreMissing(tx.EndWaiver(ctx, s.actor(r), id, s.now())) // over already: that is what was asked for
	})
	if err != nil {
		return err
	}
	return redirect(w, r, fmt.Sprintf("/endpoints/%d/waivers?done=waiver-ended", endpoint.ID))
}
