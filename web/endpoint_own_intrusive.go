package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// ownIntrusiveForm reads an endpoint as an administrator of its team sees it.
func (s *server) ownIntrusiveForm(r *http.Request) (form views.IntrusiveForm, err error) {
	endpoint, err := s.findEndpoint(r)
	if err != nil {
		return form, err
	}
	form = views.IntrusiveForm{OwnTeam: true, Basis: monitor.OnOwnership, Host: endpoint.Host(), Subject: store.LeaveSubject{
		EndpointID: endpoint.ID, TeamID: endpoint.TeamID, ApplicationName: endpoint.ApplicationName, Value: endpoint.Value, URL: endpoint.Subject().URL(),
	}}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if form.Owned, err = tx.OwnsEndpoint(ctx, endpoint.ID); err != nil {
			return err
		}
		form.Leaves, err = tx.IntrusiveLeaves(ctx, endpoint.ID)
		return err
	})
	return form, err
}

// allowOwnIntrusive gives leave on the word of a team whose host it is.
func (s *server) allowOwnIntrusive(w http.ResponseWriter, r *http.Request) error {
	form, err := s.ownIntrusiveForm(r)
	if err != nil {
		return err
	}
	form.Reason = typed(r, "reason")
	if fault := reasonFault(form.Reason); fault != "" {
		form.Faults = views.Faults{{ID: "reason", Text: fault}}
		return s.renderIntrusive(w, r, http.StatusUnprocessableEntity, form)
	}
	leave := monitor.IntrusiveLeave{
		EndpointID: form.Subject.EndpointID, Reason: form.Reason, AllowedBy: visitOf(r).session.Email, AllowedAt: s.now(),
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.AllowOwnIntrusive(ctx, leave); err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{
			Action: "endpoint.intrusive.allow", Object: fmt.Sprintf("endpoint/%d", leave.EndpointID),
			New: map[string]any{"reason": leave.Reason, "basis": monitor.OnOwnership},
		})
	})
	if errors.Is(err, store.ErrNotOwned) { // the page says what to do
		form.Owned = false
		return s.renderIntrusive(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil && !errors.Is(err, store.ErrConflict) { // somebody was faster: it is allowed
		return err
	}
	return redirect(w, r, fmt.Sprintf("/endpoints/%d/intrusive?done=intrusive-allowed", leave.EndpointID))
}

// forbidOwnIntrusive takes back what the team allowed.
func (s *server) forbidOwnIntrusive(w http.ResponseWriter, r *http.Request) error {
	form, err := s.ownIntrusiveForm(r)
	if err != nil {
		return err
	}
	entry := store.AuditEntry{Action: "endpoint.intrusive.forbid", Object: fmt.Sprintf("endpoint/%d", form.Subject.EndpointID)}
	if leave := form.Leave(); leave != nil {
		entry.Old = map[string]any{"reason": leave.Reason, "allowed_by": leave.AllowedBy, "basis": leave.Basis}
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.ForbidOwnIntrusive(ctx, form.Subject.EndpointID); err != nil {
			return err
		}
		return s.audit(ctx, tx, r, entry)
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) { // somebody was faster: it is forbidden
		return err
	}
	return redirect(w, r, fmt.Sprintf("/endpoints/%d/intrusive?done=intrusive-forbidden", form.Subject.EndpointID))
}

// decidesForAll says whether who is signed in decides as an operator, for
// endpoints of every team; otherwise as an administrator, for those of its own.
func decidesForAll(r *http.Request) (bool, error) {
	if may(r, auth.AllowIntrusive) {
		return true, nil
	}
	return false, permit(r, auth.AllowOwnIntrusive)
}
