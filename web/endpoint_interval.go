package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// editInterval shows the form of how often a URL is looked at.
func (s *server) editInterval(w http.ResponseWriter, r *http.Request) error {
	if err := require(r, auth.ChangeInventory); err != nil {
		return err
	}
	endpoint, err := s.findEndpoint(r)
	if err != nil {
		return err
	}
	form := views.IntervalForm{Endpoint: endpoint, Minutes: strconv.Itoa(int(endpoint.Interval.Minutes()))}
	return s.render(w, r, http.StatusOK, views.IntervalPage(s.page(r, "Change how often we look", "/"), form))
}

// changeInterval changes how often a URL is looked at.
func (s *server) changeInterval(w http.ResponseWriter, r *http.Request) error {
	if err := require(r, auth.ChangeInventory); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	endpoint, err := s.findEndpoint(r)
	if err != nil {
		return err
	}
	form := views.IntervalForm{Endpoint: endpoint, Minutes: typed(r, "minutes")}
	interval, fault := parseMinutes(form.Minutes)
	if fault != "" {
		form.Faults = views.Faults{{ID: "minutes", Text: fault}}
		return s.render(w, r, http.StatusUnprocessableEntity, views.IntervalPage(s.page(r, "Change how often we look", "/"), form))
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.SetInterval(ctx, endpoint.ID, interval, s.now()); err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{
			Action: "endpoint.interval", Object: fmt.Sprintf("endpoint/%d", endpoint.ID),
			Old: map[string]any{"interval_seconds": int(endpoint.Interval.Seconds())},
			New: map[string]any{"interval_seconds": int(interval.Seconds())},
		})
	})
	if err != nil {
		return err
	}
	return redirect(w, r, fmt.Sprintf("/endpoints/%d?done=interval-changed", endpoint.ID))
}
