package web

import (
	"context"
	"net/http"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// showService says whether what we see can be trusted: the places that we look
// from, and what their last checks saw.
func (s *server) showService(w http.ResponseWriter, r *http.Request) error {
	model := views.Service{Now: s.now()}
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		model.Vantages, err = tx.Vantages(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.ServicePage(s.page(r, "Can Gradewatch’s results be trusted?", ""), model))
}

// paused lists the places of which what they see cannot be trusted now. That
// they cannot be read is logged: the page is shown all the same.
func (s *server) paused(r *http.Request) (paused []monitor.VantageHealth) {
	if visitOf(r).session == nil {
		return nil
	}
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		vantages, err := tx.Vantages(ctx)
		for _, vantage := range vantages {
			if !vantage.Trusted() {
				paused = append(paused, vantage.VantageHealth)
			}
		}
		return err
	})
	if err != nil && r.Context().Err() == nil {
		s.Logger.WarnContext(r.Context(), "read whether alerting pauses", "error", err)
	}
	return paused
}
