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
		Notice: notice(r.URL.Query().Get("done")), Paused: s.paused(r),
	}
}

// notice says what was done before the browser came here. Only words of ours
// are ever shown: the key comes from the address bar.
func notice(key string) string {
	switch key {
	case "application-added":
		return "The application is added. The first looks have started."
	case "urls-added":
		return "The URLs are added. The first looks have started."
	case "application-removed":
		return "The application is removed. Nothing of it is looked at any more."
	case "url-removed":
		return "The URL is removed. It is not looked at any more."
	case "import-applied":
		return "The import is done."
	case "import-discarded":
		return "The import is discarded. It changed nothing."
	case "settings-changed":
		return "The change is saved."
	case "look-asked":
		return "A look has been asked for."
	case "full-look-asked":
		return "A full check has been asked for. It may take a few minutes."
	case "waiver-granted":
		return "The requirement is waived from the next look on. It counts again when the waiver is over."
	case "waiver-ended":
		return "The waiver is over. The requirement counts from the next look on."
	case "profiles-changed":
		return "The change is saved. It counts from the next look on."
	case "attestation-stated":
		return "The statement is recorded."
	case "secret-added":
		return "The date is kept. You are reminded before it."
	case "secret-replaced":
		return "The new date is kept in place of the old one."
	case "secret-removed":
		return "The date is removed. Nobody is reminded of it any more."
	case "compromise-recorded":
		return "The compromise is written down. Tell SuperOffice Online Operations now, if you have not yet."
	case "compromise-noted":
		return "It is written down."
	case "compromise-closed":
		return "The compromise is closed."
	case "intrusive-allowed":
		return "Intrusive probes are allowed. The next full check uses them."
	case "intrusive-forbidden":
		return "The leave is taken back. No check that begins from now on sends anything intrusive."
	case "host-claimed":
		return "There is a token for this host. Put it in one of the places below, then check."
	case "host-given-up":
		return "The token is forgotten."
	case "opt-out-recorded":
		return "The opt-out is recorded. It holds from the next look on."
	case "opt-out-ended":
		return "The opt-out is over. The host is looked at again from the next look on."
	case "incident-acknowledged":
		return "It is yours. Nobody else is called."
	case "incident-unacknowledged":
		return "The acknowledgement is taken back. Somebody else is called if your routes say so."
	case "incident-snoozed":
		return "It is silent until the time below, unless it gets heavier."
	case "incident-unsnoozed":
		return "The snooze is over."
	case "incident-noted":
		return "The note is in the timeline."
	case "maintenance-planned":
		return "The maintenance is planned. What fails in it opens nothing and is told to nobody."
	case "maintenance-ended":
		return "The maintenance is over. What fails from now on counts."
	case "look-running":
		return "A look is under way already."
	case "channel-removed":
		return "The channel is removed. Nothing is sent there any more."
	case "channel-added":
		return "The channel is added."
	case "channel-disabled":
		return "The channel is paused. Nothing is sent there until you resume it."
	case "channel-enabled":
		return "The channel is in use again."
	case "test-sent":
		return "A test is on its way. Its delivery is listed below."
	default:
		return ""
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
