package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// longestReason bounds the reason for a leave, in characters.
const longestReason = 500

// showIntrusive shows whether intrusive probes of an endpoint are allowed, and
// the form that changes it: an operator's word, or the team's own.
func (s *server) showIntrusive(w http.ResponseWriter, r *http.Request) error {
	all, err := decidesForAll(r)
	if err != nil {
		return err
	}
	read := s.ownIntrusiveForm
	if all {
		read = s.intrusiveForm
	}
	form, err := read(r)
	if err != nil {
		return err
	}
	return s.renderIntrusive(w, r, http.StatusOK, form)
}

func (s *server) renderIntrusive(w http.ResponseWriter, r *http.Request, status int, form views.IntrusiveForm) error {
	return s.render(w, r, status, views.IntrusivePage(s.page(r, "Intrusive probes", "/"), form))
}

// intrusiveForm reads the endpoint as operators see it: of any team.
func (s *server) intrusiveForm(r *http.Request) (form views.IntrusiveForm, err error) {
	id, err := pathID(r, "id")
	if err != nil {
		return form, err
	}
	err = s.Store.AsOperator(r.Context(), func(ctx context.Context, tx *store.Tx) error {
		if form.Subject, err = tx.LeaveSubject(ctx, id); err != nil {
			return err
		}
		form.Leaves, err = tx.IntrusiveLeaves(ctx, id)
		return err
	})
	form.Basis, form.Owned = monitor.OnOperatorsWord, true
	form.OwnTeam = form.Subject.TeamID == visitOf(r).session.TeamID
	return form, err
}

// intrusiveLeave returns the leave that an endpoint has on operators' word, or
// else on the team's; nil: none.
func intrusiveLeave(ctx context.Context, tx *store.Tx, endpoint int64) (*monitor.IntrusiveLeave, error) {
	leaves, err := tx.IntrusiveLeaves(ctx, endpoint)
	if err != nil || len(leaves) == 0 {
		return nil, err
	}
	return &leaves[0], nil
}

// allowIntrusive gives leave for intrusive probes, with a reason.
func (s *server) allowIntrusive(w http.ResponseWriter, r *http.Request) error {
	all, err := decidesForAll(r)
	if err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	if !all {
		return s.allowOwnIntrusive(w, r)
	}
	form, err := s.intrusiveForm(r)
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
	err = s.changeLeave(r, form.Subject, store.AuditEntry{Action: "endpoint.intrusive.allow", New: map[string]any{"reason": leave.Reason}},
		func(ctx context.Context, tx *store.Tx) error { return tx.AllowIntrusive(ctx, leave) })
	if err != nil && !errors.Is(err, store.ErrConflict) { // somebody was faster: it is allowed
		return err
	}
	return redirect(w, r, fmt.Sprintf("/endpoints/%d/intrusive?done=intrusive-allowed", leave.EndpointID))
}

func reasonFault(reason string) string {
	switch {
	case reason == "":
		return "Enter why these probes may be sent, such as who agreed and when"
	case utf8.RuneCountInString(reason) > longestReason:
		return fmt.Sprintf("Enter a reason of at most %d characters", longestReason)
	default:
		return ""
	}
}

// forbidIntrusive takes the leave back.
func (s *server) forbidIntrusive(w http.ResponseWriter, r *http.Request) error {
	all, err := decidesForAll(r)
	if err != nil {
		return err
	}
	if !all {
		return s.forbidOwnIntrusive(w, r)
	}
	form, err := s.intrusiveForm(r)
	if err != nil {
		return err
	}
	entry := store.AuditEntry{Action: "endpoint.intrusive.forbid"}
	if leave := form.Leave(); leave != nil {
		entry.Old = map[string]any{"reason": leave.Reason, "allowed_by": leave.AllowedBy}
	}
	err = s.changeLeave(r, form.Subject, entry,
		func(ctx context.Context, tx *store.Tx) error { return tx.ForbidIntrusive(ctx, form.Subject.EndpointID) })
	if err != nil && !errors.Is(err, store.ErrNotFound) { // somebody was faster: it is forbidden
		return err
	}
	return redirect(w, r, fmt.Sprintf("/endpoints/%d/intrusive?done=intrusive-forbidden", form.Subject.EndpointID))
}

// changeLeave makes a change as operator, with its row in the audit of the team
// whose endpoint it is.
func (s *server) changeLeave(r *http.Request, subject store.LeaveSubject, entry store.AuditEntry, change func(context.Context, *store.Tx) error) error {
	entry.TeamID, entry.OccurredAt, entry.Object = subject.TeamID, s.now(), fmt.Sprintf("endpoint/%d", subject.EndpointID)
	return s.Store.AsOperator(r.Context(), func(ctx context.Context, tx *store.Tx) error {
		if err := change(ctx, tx); err != nil {
			return err
		}
		return tx.Audit(ctx, s.actor(r), entry)
	})
}
