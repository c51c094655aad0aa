package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy/attestations"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/inventory"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

const (
	longestNote = 2000 // of what is written about a statement or a compromise, in characters
	// Bounds of days that people type, in years.
	longestRenewal = 3  // after the statement
	oldestDay      = 10 // before today
)

// showAttestation shows one statement, with the form that states it.
func (s *server) showAttestation(w http.ResponseWriter, r *http.Request) error {
	page, err := s.attestation(r)
	if err != nil {
		return err
	}
	page.Owner, page.StatedOn = visitOf(r).session.Email, s.now().Format(time.DateOnly)
	if newest := page.Row.Newest; newest != nil {
		page.Owner, page.Reason, page.Evidence = newest.Owner, newest.Reason, newest.Evidence
	}
	return s.renderAttestation(w, r, http.StatusOK, page)
}

func (s *server) renderAttestation(w http.ResponseWriter, r *http.Request, status int, page views.Attestation) error {
	return s.render(w, r, status, views.AttestationPage(s.page(r, page.Row.ID+" of "+page.Application.Name, "/"), page))
}

// attestation reads one statement of an application.
func (s *server) attestation(r *http.Request) (page views.Attestation, err error) {
	if page.Application, err = s.findApplication(r); err != nil {
		return page, err
	}
	id := r.PathValue("requirement")
	if _, known := attestations.SuperOffice().Statement(id); !known {
		return page, fmt.Errorf("statement %q: %w", id, store.ErrNotFound)
	}
	page.MayChange = may(r, auth.KeepStatements)
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		page.History, err = tx.AttestationHistory(ctx, page.Application.ID, id)
		return err
	})
	newest := slices.DeleteFunc(slices.Clone(page.History), func(a monitor.Attestation) bool { return !a.SupersededAt.IsZero() })
	rows := views.AttestationRows(page.Application.Type, newest, s.now())
	page.Row = rows[slices.IndexFunc(rows, func(row views.AttestationRow) bool { return row.ID == id })]
	return page, err
}

// stateAttestation records a statement. What was typed stays where it is wrong.
func (s *server) stateAttestation(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.KeepStatements); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	page, err := s.attestation(r)
	if err != nil {
		return err
	}
	page.Result, page.Owner, page.Reason = typed(r, "result"), typed(r, "owner"), typed(r, "reason")
	page.Evidence, page.Note = typed(r, "evidence"), typed(r, "note")
	page.StatedOn, page.RenewBy = typed(r, "stated_on"), typed(r, "renew_by")
	statement, faults := readStatement(page, s.now())
	if len(faults) > 0 {
		page.Faults = faults
		return s.renderAttestation(w, r, http.StatusUnprocessableEntity, page)
	}
	statement.RecordedBy, statement.RecordedAt = visitOf(r).session.Email, s.now()
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.State(ctx, s.actor(r), statement)
		return err
	})
	if err != nil {
		return err
	}
	return redirect(w, r, fmt.Sprintf("/applications/%d/attestations/%s?done=attestation-stated", page.Application.ID, page.Row.ID))
}

// readStatement reads what was typed, and says what is wrong with it.
func readStatement(page views.Attestation, now time.Time) (monitor.Attestation, views.Faults) {
	var faults views.Faults
	add := func(id, text string) {
		if text != "" {
			faults = append(faults, views.FieldFault{ID: id, Text: text})
		}
	}
	statement := monitor.Attestation{
		ApplicationID: page.Application.ID, Requirement: page.Row.ID, Catalog: attestations.SuperOffice().Name(),
		Result: checks.Result(page.Result), Owner: page.Owner, Reason: page.Reason, Evidence: page.Evidence, Note: page.Note,
	}
	switch {
	case !page.Row.Asked:
		add("result", "Applications of this type are not asked for this statement.")
	case !slices.Contains([]checks.Result{checks.Pass, checks.Fail, checks.NotApplicable}, statement.Result):
		add("result", "Choose what you state.")
	}
	add("reason", statedReasonFault(statement))
	add("owner", ownerFault(page.Owner))
	var fault string
	statement.StatedOn, fault = readPastDay(page.StatedOn, now)
	add("stated_on", fault)
	if fault == "" {
		statement.RenewBy, fault = readRenewal(page, statement, now)
		add("renew_by", fault)
	}
	add("evidence", evidenceFault(page.Evidence))
	if !prose(page.Note, longestNote) {
		add("note", fmt.Sprintf("Write a note of at most %d characters.", longestNote))
	}
	return statement, faults
}

func statedReasonFault(statement monitor.Attestation) string {
	switch {
	case !prose(statement.Reason, longestReason):
		return fmt.Sprintf("Write a reason of at most %d characters.", longestReason)
	case statement.Result == checks.Pass && statement.Reason != "":
		return "Leave this empty where it is so. What you want to add belongs in the note."
	case (statement.Result == checks.Fail || statement.Result == checks.NotApplicable) && statement.Reason == "":
		return "Enter why it does not apply, or what is missing."
	}
	return ""
}

func ownerFault(owner string) string {
	if owner == "" || utf8.RuneCountInString(owner) > longestOwner || !inventory.Legible(owner) {
		return fmt.Sprintf("Enter who answers for it, in at most %d characters.", longestOwner)
	}
	return ""
}

// prose says whether text can be kept and shown: it may have lines.
func prose(text string, longest int) bool {
	return utf8.RuneCountInString(text) <= longest && inventory.Legible(newlines.Replace(text))
}

// readPastDay reads a day that is not to come.
func readPastDay(text string, now time.Time) (day time.Time, fault string) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || monitor.DaysLeft(day, now) > 0 || day.Before(now.AddDate(-oldestDay, 0, 0)) {
		return day, "Enter a day up to today, such as " + now.Format(time.DateOnly) + "."
	}
	return day, ""
}

// readRenewal reads the last day on which a statement counts. Where none was
// typed, the policy sets it, but not of what is not so or does not apply.
func readRenewal(page views.Attestation, statement monitor.Attestation, now time.Time) (day time.Time, fault string) {
	if page.RenewBy == "" {
		if statement.Result == checks.Pass {
			day = page.Row.Renewal.By(statement.StatedOn)
		}
		return day, ""
	}
	day, err := time.Parse(time.DateOnly, page.RenewBy)
	if err != nil || !day.After(statement.StatedOn) || day.After(statement.StatedOn.AddDate(longestRenewal, 0, 0)) {
		example := cmp.Or(page.Row.Renewal.By(now), now.AddDate(1, 0, 0))
		return day, fmt.Sprintf("Enter a day after the statement, at most %d years after it, such as %s, or leave this empty.", longestRenewal, example.Format(time.DateOnly))
	}
	return day, ""
}

// evidenceFault says what is wrong with a link. It is kept and shown, and never
// opened.
func evidenceFault(link string) string {
	if link == "" {
		return ""
	}
	address, err := url.Parse(link)
	switch {
	case len(link) > inventory.MaxValue || !inventory.Legible(link):
		return "Use a link of at most 2,048 characters that can all be seen."
	case err != nil || address.Scheme != "https" || address.Hostname() == "" || address.Opaque != "":
		return "Enter a link that begins with https://, or leave this empty."
	case address.User != nil:
		return "Take the user name and password out of the link."
	}
	return ""
}
