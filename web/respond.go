package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// render writes a whole component, or nothing and an error.
func (s *server) render(w http.ResponseWriter, r *http.Request, status int, component templ.Component) error {
	var buffer bytes.Buffer
	if err := component.Render(r.Context(), &buffer); err != nil {
		return fmt.Errorf("render the page: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := buffer.WriteTo(w)
	if err != nil && r.Context().Err() == nil {
		s.Logger.InfoContext(r.Context(), "the answer was not read to its end", "error", err)
	}
	return nil
}

// page returns what is around the content of a page.
func (s *server) page(r *http.Request, title, nav string) views.Page {
	return views.Page{
		Title: title, Nav: nav, Session: visitOf(r).session, Assets: s.assets, Version: s.Version,
		Notice: notice(r.URL.Query().Get("done")), Paused: s.paused(r), NoMail: s.NoMail,
	}
}

// redirect sends the browser on after a change.
func redirect(w http.ResponseWriter, r *http.Request, path string) error {
	http.Redirect(w, r, auth.LocalPath(path), http.StatusSeeOther) //nolint:gosec // LocalPath leaves nothing that leads to another host
	return nil
}

// asTeam runs do in the team of who is signed in.
func (s *server) asTeam(r *http.Request, do func(context.Context, *store.Tx) error) error {
	session := visitOf(r).session
	if session == nil {
		return auth.ErrNoSession
	}
	return s.Store.AsTeam(r.Context(), session.TeamID, do)
}

// may says whether who is signed in has a permission.
func may(r *http.Request, permission auth.Permission) bool {
	session := visitOf(r).session
	return session != nil && auth.May(session.Role, permission)
}

// permit returns an error that denies the request unless who is signed in has
// a permission.
func permit(r *http.Request, permission auth.Permission) error {
	session := visitOf(r).session
	if session == nil {
		return auth.ErrNoSession
	}
	return auth.Require(session.Role, permission)
}

// actor is who does what a request does, for the audit.
func (s *server) actor(r *http.Request) store.Actor {
	v := visitOf(r)
	actor := store.Actor{Source: "web", Address: s.ClientAddress(r), Destination: r.Host, RequestID: v.requestID}
	if v.session != nil {
		actor.PersonID, actor.Email = v.session.ID, v.session.Email
	}
	return actor
}

// audit writes what who is signed in did, in the transaction that did it.
func (s *server) audit(ctx context.Context, tx *store.Tx, r *http.Request, entry store.AuditEntry) error {
	entry.TeamID, entry.OccurredAt = visitOf(r).session.TeamID, s.now()
	return tx.Audit(ctx, s.actor(r), entry)
}

// pathID reads an id from the path; what is no id is not found.
func pathID(r *http.Request, name string) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	if err != nil || id <= 0 {
		return 0, fmt.Errorf("%s %q: %w", name, r.PathValue(name), store.ErrNotFound)
	}
	return id, nil
}

// parseForm reads the form of a POST.
func parseForm(r *http.Request) error {
	err := r.ParseForm()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return err
	case err != nil:
		return errors.Join(errBadForm, err)
	}
	for _, values := range r.PostForm {
		if slices.ContainsFunc(values, func(value string) bool { return !storable(value) }) {
			return errBadForm
		}
	}
	return nil
}
