package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// faultsError rolls a transaction back for what only the database knows.
type faultsError struct{ faults views.Faults }

// Error implements error.
func (e *faultsError) Error() string { return fmt.Sprintf("%d faults in the form", len(e.faults)) }

// newApplication shows the empty form.
func (s *server) newApplication(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeInventory); err != nil {
		return err
	}
	return s.showForm(w, r, http.StatusOK, views.ApplicationForm{Rows: []views.URLRow{newRow(nil)}})
}

// createApplication adds an application with its URLs, and asks for the first
// look at each in the same transaction.
func (s *server) createApplication(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeInventory); err != nil {
		return err
	}
	return s.saveForm(w, r, nil, "application-added")
}

// newURLs shows the empty form of more URLs.
func (s *server) newURLs(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeInventory); err != nil {
		return err
	}
	application, err := s.findApplication(r)
	if err != nil {
		return err
	}
	return s.showForm(w, r, http.StatusOK, views.ApplicationForm{Existing: &application, Rows: []views.URLRow{newRow(nil)}})
}

// createURLs adds URLs to an application.
func (s *server) createURLs(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeInventory); err != nil {
		return err
	}
	application, err := s.findApplication(r)
	if err != nil {
		return err
	}
	return s.saveForm(w, r, &application, "urls-added")
}

func (s *server) findApplication(r *http.Request) (application monitor.Application, err error) {
	id, err := pathID(r, "id")
	if err != nil {
		return application, err
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		application, err = tx.Application(ctx, id)
		return err
	})
	return application, err
}

func (s *server) showForm(w http.ResponseWriter, r *http.Request, status int, form views.ApplicationForm) error {
	title := "Add application"
	if form.Existing != nil {
		title = "Add URLs"
	}
	return s.render(w, r, status, views.ApplicationFormPage(s.page(r, title, "/"), form))
}

// saveForm saves what was typed or shows it again, all of it, with what is
// wrong. Buttons that add and take out rows come here too: no script is needed.
func (s *server) saveForm(w http.ResponseWriter, r *http.Request, existing *monitor.Application, done string) error {
	if err := parseForm(r); err != nil {
		return err
	}
	form := readApplicationForm(r, existing)
	if editRows(&form, r.PostForm.Get("do")) {
		return s.showForm(w, r, http.StatusOK, form)
	}
	checked := checkForm(&form)
	s.addHints(&form, checked.application.Type)
	if len(form.Faults) > 0 {
		return s.showForm(w, r, http.StatusUnprocessableEntity, form)
	}
	path, err := s.save(r, checked)
	var faults *faultsError
	if errors.As(err, &faults) {
		form.Faults = faults.faults
		return s.showForm(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, path+"?done="+done)
}

// save writes everything in one transaction and returns the page to go to.
func (s *server) save(r *http.Request, form checkedForm) (path string, err error) {
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		application := form.application
		if application.ID == 0 {
			if application, err = s.saveApplication(ctx, tx, r, form); err != nil {
				return err
			}
		}
		path = fmt.Sprintf("/applications/%d", application.ID)
		if err := checkQuota(ctx, tx, application.TeamID, form); err != nil {
			return err
		}
		var faults views.Faults
		for i, endpoint := range form.endpoints {
			endpoint.ApplicationID = application.ID
			created, err := s.saveEndpoint(ctx, tx, r, endpoint)
			if errors.Is(err, store.ErrConflict) {
				faults = append(faults, views.FieldFault{ID: views.FieldID(form.rows[i], "value"), Text: fmt.Sprintf(
					"%s has this URL%s already.", application.Name, inEnvironment(endpoint.Environment))})
				continue
			}
			if err != nil {
				return err
			}
			if len(form.endpoints) == 1 {
				path = fmt.Sprintf("/endpoints/%d", created.ID)
			}
		}
		if len(faults) > 0 {
			return &faultsError{faults}
		}
		return nil
	})
	return path, err
}

func (s *server) saveApplication(ctx context.Context, tx *store.Tx, r *http.Request, form checkedForm) (monitor.Application, error) {
	application := form.application
	application.TeamID = visitOf(r).session.TeamID
	application, err := tx.CreateApplication(ctx, application, s.now())
	if errors.Is(err, store.ErrConflict) {
		return application, &faultsError{views.Faults{{ID: "name", Text: "Your team has an application of this name already. Choose another name, or add the URLs to that one."}}}
	}
	if err != nil {
		return application, err
	}
	for _, environment := range policy.Environments() {
		if id := form.clientIDs[environment]; id != "" {
			if err := tx.SetClientID(ctx, application, environment, id); err != nil {
				return application, err
			}
		}
	}
	return application, s.audit(ctx, tx, r, store.AuditEntry{
		Action: "application.create", Object: fmt.Sprintf("application/%d", application.ID),
		New: map[string]any{"name": application.Name, "type": application.Type, "client_ids": form.clientIDs},
	})
}

// checkQuota says of all the URLs at once where their hosts would be too many.
func checkQuota(ctx context.Context, tx *store.Tx, team int64, form checkedForm) error {
	hosts := make([]string, 0, len(form.endpoints))
	for _, endpoint := range form.endpoints {
		hosts = append(hosts, endpoint.Host())
	}
	var full *store.HostQuotaError
	err := tx.CheckHostQuota(ctx, team, hosts)
	if !errors.As(err, &full) {
		return err
	}
	row := form.rows[max(slices.Index(hosts, full.Hosts[0]), 0)]
	return &faultsError{views.Faults{{ID: views.FieldID(row, "value"), Text: quotaSentence(full), Path: "/hosts", Label: "Your team's hosts"}}}
}

// quotaSentence says that a team has as many hosts as it may that nobody showed
// to be its own.
func quotaSentence(full *store.HostQuotaError) string {
	const named = 5
	hosts := strings.Join(full.Hosts[:min(len(full.Hosts), named)], ", ")
	if more := len(full.Hosts) - named; more > 0 {
		hosts += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("Your team may have %d %s not verified, and has %d. This would add %s. Verify hosts that are your own, or remove URLs that you do not need.",
		full.Quota, map[bool]string{true: "host that is", false: "hosts that are"}[full.Quota == 1], full.Unverified, hosts)
}

// saveEndpoint adds an endpoint and asks for its first look: row and job stand
// or fall together. The schedule goes on one interval later.
func (s *server) saveEndpoint(ctx context.Context, tx *store.Tx, r *http.Request, endpoint monitor.Endpoint) (monitor.Endpoint, error) {
	now := s.now()
	endpoint.Vantage, endpoint.NextRunAt = s.Vantage, now.Add(endpoint.Interval)
	created, err := tx.CreateEndpoint(ctx, endpoint, now)
	if err != nil {
		return created, err
	}
	err = s.audit(ctx, tx, r, store.AuditEntry{
		Action: "endpoint.create", Object: fmt.Sprintf("endpoint/%d", created.ID),
		New: map[string]any{
			"application": created.ApplicationID, "environment": created.Environment, "kind": created.Kind,
			"value_kind": created.ValueKind, "value": created.Value, "probe_url": created.ProbeURL, "method": created.Method,
			"post_allowed":     created.PostAllowed,
			"interval_seconds": int(created.Interval.Seconds()),
		},
	})
	if err != nil {
		return created, err
	}
	return created, s.askForLook(ctx, tx, created.ID, monitor.First, checks.Quick, now)
}

// askForLook asks for a look at an endpoint that is due now.
func (s *server) askForLook(ctx context.Context, tx *store.Tx, endpoint int64, purpose monitor.Purpose, depth checks.Depth, now time.Time) error {
	assessment, err := tx.RequestAssessment(ctx, endpoint, purpose, depth, now, now)
	if err != nil {
		return err
	}
	return jobs.InsertLook(ctx, s.Jobs, tx.Tx, assessment, now)
}

func inEnvironment(environment policy.Environment) string {
	if environment == "" {
		return ""
	}
	return " in " + string(environment)
}
