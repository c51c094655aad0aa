package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/inventory"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

const (
	longestDescription = 200 // of a secret, in characters
	longestLived       = 20  // how far ahead a secret may expire, in years
)

// looksSecret is what is said of words that seem to be a secret.
const looksSecret = "This looks like a secret, a key or a password. Describe it in words instead, and if it is a real one, replace it: it was just sent to us."

// showSecrets lists the secrets of an application, with the form of a new one.
func (s *server) showSecrets(w http.ResponseWriter, r *http.Request) error {
	page, err := s.secrets(r)
	if err != nil {
		return err
	}
	page.Environment, page.Owner = string(policy.Production), visitOf(r).session.Email
	return s.renderSecrets(w, r, http.StatusOK, page)
}

func (s *server) renderSecrets(w http.ResponseWriter, r *http.Request, status int, page views.Secrets) error {
	if page.Replacing != nil {
		return s.render(w, r, status, views.ReplaceSecretPage(s.page(r, "Replace", "/"), page))
	}
	return s.render(w, r, status, views.SecretsPage(s.page(r, "Secrets of "+page.Application.Name, "/"), page))
}

func (s *server) secrets(r *http.Request) (page views.Secrets, err error) {
	if page.Application, err = s.findApplication(r); err != nil {
		return page, err
	}
	page.MayChange, page.Now = may(r, auth.KeepStatements), s.now()
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		all, err := tx.Secrets(ctx, page.Application.ID)
		for _, secret := range all {
			if secret.EndedAt.IsZero() {
				page.InUse = append(page.InUse, secret)
			} else {
				page.Ended = append(page.Ended, secret)
			}
		}
		return err
	})
	return page, err
}

// addSecret keeps the day on which a secret expires. What was typed stays where
// it is wrong, but for what looks like a secret.
func (s *server) addSecret(w http.ResponseWriter, r *http.Request) error {
	page, secret, done, err := s.readSecret(w, r)
	if err != nil || done {
		return err
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AddSecret(ctx, s.actor(r), secret)
		return err
	})
	if err != nil {
		return err
	}
	return redirect(w, r, fmt.Sprintf("/applications/%d/secrets?done=secret-added", page.Application.ID))
}

// showReplaceSecret shows the form that replaces a secret.
func (s *server) showReplaceSecret(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.KeepStatements); err != nil {
		return err
	}
	page, err := s.replaced(r)
	if err != nil {
		return err
	}
	page.Description, page.Owner = page.Replacing.Description, page.Replacing.Owner
	return s.renderSecrets(w, r, http.StatusOK, page)
}

// replaced finds the secret in use that the path names.
func (s *server) replaced(r *http.Request) (views.Secrets, error) {
	page, err := s.secrets(r)
	if err != nil {
		return page, err
	}
	id, err := pathID(r, "secret")
	if err != nil {
		return page, err
	}
	at := slices.IndexFunc(page.InUse, func(secret monitor.ApplicationSecret) bool { return secret.ID == id })
	if at < 0 {
		return page, store.ErrNotFound
	}
	page.Replacing = &page.InUse[at]
	return page, nil
}

// replaceSecret keeps the day of the secret that took another's place.
func (s *server) replaceSecret(w http.ResponseWriter, r *http.Request) error {
	page, secret, done, err := s.readSecret(w, r)
	if err != nil || done {
		return err
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.ReplaceSecret(ctx, s.actor(r), page.Replacing.ID, secret)
		return err
	})
	if err != nil {
		return err
	}
	return redirect(w, r, fmt.Sprintf("/applications/%d/secrets?done=secret-replaced", page.Application.ID))
}

// readSecret reads the form of a secret; where something is wrong with it, it
// shows it again and is done.
func (s *server) readSecret(w http.ResponseWriter, r *http.Request) (page views.Secrets, secret monitor.ApplicationSecret, done bool, err error) {
	if err = permit(r, auth.KeepStatements); err != nil {
		return page, secret, false, err
	}
	if err = parseForm(r); err != nil {
		return page, secret, false, err
	}
	if r.PathValue("secret") == "" {
		page, err = s.secrets(r)
	} else {
		page, err = s.replaced(r)
	}
	if err != nil {
		return page, secret, false, err
	}
	page.Environment, page.Kind, page.Description = typed(r, "environment"), typed(r, "kind"), typed(r, "description")
	page.ExpiresOn, page.Owner = typed(r, "expires_on"), typed(r, "owner")
	secret, page.Faults = checkSecret(&page, s.now())
	if len(page.Faults) > 0 {
		return page, secret, true, s.renderSecrets(w, r, http.StatusUnprocessableEntity, page)
	}
	secret.AddedBy, secret.AddedAt = visitOf(r).session.Email, s.now()
	return page, secret, false, nil
}

// checkSecret says what is wrong with what was typed. What looks like a secret
// is not even shown again.
func checkSecret(page *views.Secrets, now time.Time) (secret monitor.ApplicationSecret, faults views.Faults) {
	add := func(id, text string) {
		if text != "" {
			faults = append(faults, views.FieldFault{ID: id, Text: text})
		}
	}
	secret = monitor.ApplicationSecret{
		ApplicationID: page.Application.ID, Environment: policy.Environment(page.Environment), Kind: monitor.SecretKind(page.Kind),
	}
	if page.Replacing == nil && !slices.Contains(monitor.SecretKinds(), secret.Kind) {
		add("kind", "Choose what it is.")
	}
	if page.Replacing == nil && !slices.Contains(policy.Environments(), secret.Environment) {
		add("environment", "Choose an environment.")
	}
	day, err := time.Parse(time.DateOnly, page.ExpiresOn)
	if err != nil || day.Before(now.AddDate(-oldestDay, 0, 0)) || day.After(now.AddDate(longestLived, 0, 0)) {
		add("expires_on", "Enter the day on which it expires, such as "+now.AddDate(1, 0, 0).Format(time.DateOnly)+".")
	}
	switch {
	case monitor.LooksSecret(page.Description):
		page.Description = ""
		add("description", looksSecret)
	case !inventory.Legible(page.Description) || len([]rune(page.Description)) > longestDescription:
		add("description", fmt.Sprintf("Use a description of at most %d characters.", longestDescription))
	}
	add("owner", ownerFault(page.Owner))
	secret.ExpiresOn, secret.Description, secret.Owner = day, page.Description, page.Owner
	return secret, faults
}

// confirmRemoveSecret asks before a secret is removed.
func (s *server) confirmRemoveSecret(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.KeepStatements); err != nil {
		return err
	}
	page, err := s.replaced(r)
	if err != nil {
		return err
	}
	path := fmt.Sprintf("/applications/%d/secrets", page.Application.ID)
	return s.render(w, r, http.StatusOK, views.Confirm(s.page(r, "Remove the date", "/"), views.Confirmation{
		Heading: "Remove this date?", Button: "Remove", Action: fmt.Sprintf("%s/%d/remove", path, page.Replacing.ID), Back: path,
		Text: fmt.Sprintf("Nobody is reminded any more that the %s for %s expires on %s. It stays in the list of what was.",
			page.Replacing.Kind.Words(), page.Replacing.Environment, page.Replacing.ExpiresOn.Format(time.DateOnly)),
		Crumbs: []views.Crumb{
			{Title: "Overview", Path: "/"},
			{Title: page.Application.Name, Path: fmt.Sprintf("/applications/%d", page.Application.ID)},
			{Title: "Secrets and certificates", Path: path},
		},
	}))
}

// removeSecret forgets that a secret is in use.
func (s *server) removeSecret(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.KeepStatements); err != nil {
		return err
	}
	application, err := pathID(r, "id")
	if err != nil {
		return err
	}
	secret, err := pathID(r, "secret")
	if err != nil {
		return err
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		return tx.RemoveSecret(ctx, s.actor(r), application, secret, visitOf(r).session.Email, s.now())
	})
	if err != nil {
		return err
	}
	return redirect(w, r, fmt.Sprintf("/applications/%d/secrets?done=secret-removed", application))
}
