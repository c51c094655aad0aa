package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// requestLook asks for a look now, unless one is under way already: pressing
// often does not load the server that is looked at.
func (s *server) requestLook(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.RequestLook); err != nil {
		return err
	}
	endpoint, err := s.findEndpoint(r)
	if err != nil {
		return err
	}
	done := "look-asked"
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.LockRequests(ctx, endpoint.ID); err != nil {
			return err
		}
		look, err := unfinished(ctx, tx, endpoint.ID)
		if err != nil {
			return err
		}
		if look != nil && !look.Slot.After(s.now()) {
			done = "look-running"
			return nil
		}
		if err := s.askForLook(ctx, tx, endpoint.ID, monitor.Requested, s.now()); err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{Action: "endpoint.look", Object: fmt.Sprintf("endpoint/%d", endpoint.ID)})
	})
	if err != nil {
		return err
	}
	return redirect(w, r, fmt.Sprintf("/endpoints/%d?done=%s", endpoint.ID, done))
}
