package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// undeliveredShown is how many of what could not be delivered stand above the rest.
const undeliveredShown = 10

// listDeliveries lists what was sent, and what came of it: first what could not
// be delivered.
func (s *server) listDeliveries(w http.ResponseWriter, r *http.Request) error {
	var model views.Deliveries
	switch state := r.URL.Query().Get("state"); state {
	case "pending", "delivered", "failed", "withdrawn", "summarized", store.Undelivered:
		model.State = state
	}
	var since time.Time
	if days, err := strconv.Atoi(r.URL.Query().Get("days")); err == nil && days > 0 && days <= 400 {
		model.Days, since = days, s.now().AddDate(0, 0, -days)
	}
	before := queryTime(r, "before")
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		if model.State == "" && model.Days == 0 && before.IsZero() {
			if err := s.addUndelivered(ctx, tx, &model); err != nil {
				return err
			}
		}
		model.Deliveries, err = tx.Deliveries(ctx, store.DeliveryFilter{State: model.State, Since: since, Before: before, Limit: pageSize + 1})
		return err
	})
	if err != nil {
		return err
	}
	if len(model.Deliveries) > pageSize {
		model.Deliveries = model.Deliveries[:pageSize]
		model.Older = fmt.Sprintf("/deliveries?before=%s&state=%s&days=%d",
			timeQuery(model.Deliveries[pageSize-1].CreatedAt), url.QueryEscape(model.State), model.Days)
	}
	return s.render(w, r, http.StatusOK, views.DeliveriesPage(s.page(r, "Deliveries", "/deliveries"), model))
}

func (s *server) addUndelivered(ctx context.Context, tx *store.Tx, model *views.Deliveries) (err error) {
	since := s.now().AddDate(0, 0, -views.UndeliveredDays)
	if model.Count, err = tx.CountUndelivered(ctx, since); err != nil || model.Count == 0 {
		return err
	}
	model.Undelivered, err = tx.Deliveries(ctx, store.DeliveryFilter{State: store.Undelivered, Since: since, Limit: undeliveredShown})
	return err
}

// showDelivery shows one delivery with every attempt.
func (s *server) showDelivery(w http.ResponseWriter, r *http.Request) error {
	return s.renderDelivery(w, r, http.StatusOK, "")
}

func (s *server) renderDelivery(w http.ResponseWriter, r *http.Request, status int, fault string) error {
	model := views.Delivery{Fault: fault, MayTell: may(r, auth.ChangeChannels)}
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		if model.DeliverySummary, err = tx.DeliverySummary(ctx, r.PathValue("id")); err != nil {
			return err
		}
		if model.Resends, err = tx.Resends(ctx, model.ID); err != nil {
			return err
		}
		model.Tries, err = tx.DeliveryAttempts(ctx, model.ID)
		return err
	})
	if err != nil {
		return err
	}
	return s.render(w, r, status, views.DeliveryPage(s.page(r, "Delivery", "/deliveries"), model))
}
