package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// requestLook asks for a look now, quick or full, unless one is under way that
// asks as much: pressing often does not load the server that is looked at.
func (s *server) requestLook(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.RequestLook); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	endpoint, err := s.findEndpoint(r)
	if err != nil {
		return err
	}
	depth, done := checks.Quick, "look-asked"
	if typed(r, "depth") == string(checks.Full) && endpoint.SpeaksTLS() {
		depth, done = checks.Full, "full-look-asked"
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.LockRequests(ctx, endpoint.ID); err != nil {
			return err
		}
		underWay, err := tx.LookUnderWay(ctx, endpoint.ID, depth, s.now())
		if err != nil {
			return err
		}
		if underWay {
			done = "look-running"
			return nil
		}
		if err := s.askForLook(ctx, tx, endpoint.ID, monitor.Requested, depth, s.now()); err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{
			Action: "endpoint.look", Object: fmt.Sprintf("endpoint/%d", endpoint.ID), New: map[string]any{"depth": depth},
		})
	})
	if err != nil {
		return err
	}
	return redirect(w, r, fmt.Sprintf("/endpoints/%d?done=%s", endpoint.ID, done))
}
