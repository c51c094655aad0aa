package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// signOut ends the session and has the browser forget what it holds (S-16).
func (s *server) signOut(w http.ResponseWriter, r *http.Request) error {
	session := visitOf(r).session
	if session != nil {
		err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.DeleteSession(ctx, session.TokenSHA256); err != nil {
				return err
			}
			return s.audit(ctx, tx, r, store.AuditEntry{Action: "sign_out", Object: fmt.Sprintf("person/%d", session.ID)})
		})
		if err != nil {
			return err
		}
	}
	http.SetCookie(w, s.sessions.Cookie(""))
	w.Header().Set("Clear-Site-Data", `"cache", "cookies", "storage"`)
	return redirect(w, r, "/signed-out")
}

// showSignedOut confirms it.
func (s *server) showSignedOut(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, views.SignedOutPage(s.page(r, "Signed out", "")))
}
