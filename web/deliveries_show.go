package web

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// listDeliveries lists what was sent, and what came of it.
func (s *server) listDeliveries(w http.ResponseWriter, r *http.Request) error {
	var model views.Deliveries
	switch state := r.URL.Query().Get("state"); state {
	case "pending", "delivered", "failed":
		model.State = state
	}
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		model.Deliveries, err = tx.Deliveries(ctx, store.DeliveryFilter{
			State: model.State, Before: queryTime(r, "before"), Limit: pageSize + 1,
		})
		return err
	})
	if err != nil {
		return err
	}
	if len(model.Deliveries) > pageSize {
		model.Deliveries = model.Deliveries[:pageSize]
		model.Older = "/deliveries?before=" + timeQuery(model.Deliveries[pageSize-1].CreatedAt) + "&state=" + url.QueryEscape(model.State)
	}
	return s.render(w, r, http.StatusOK, views.DeliveriesPage(s.page(r, "Deliveries", "/deliveries"), model))
}

// showDelivery shows one delivery with every attempt.
func (s *server) showDelivery(w http.ResponseWriter, r *http.Request) error {
	var model views.Delivery
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		if model.DeliverySummary, err = tx.DeliverySummary(ctx, r.PathValue("id")); err != nil {
			return err
		}
		model.Tries, err = tx.DeliveryAttempts(ctx, model.ID)
		return err
	})
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.DeliveryPage(s.page(r, "Delivery", "/deliveries"), model))
}
