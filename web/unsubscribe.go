package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// unsubscribePath is where the links in digests lead. What follows is a token
// that says who may leave: nobody signs in for it.
const unsubscribePath = "/unsubscribe/"

// showUnsubscribe asks whether digests shall stop. It stops nothing itself: mail
// scanners open links that nobody pressed.
func (s *server) showUnsubscribe(w http.ResponseWriter, r *http.Request) error {
	return s.unsubscription(w, r, func(ctx context.Context, tx *store.Tx, token string) (store.Subscription, error) {
		return tx.Subscription(ctx, token)
	})
}

// unsubscribe stops the digests, for whoever presses the button and for mail
// programs that do so by themselves (RFC 8058 section 3.1: one POST, no cookie,
// no redirect). Doing it again says the same.
func (s *server) unsubscribe(w http.ResponseWriter, r *http.Request) error {
	return s.unsubscription(w, r, func(ctx context.Context, tx *store.Tx, token string) (store.Subscription, error) {
		found, err := tx.Unsubscribe(ctx, s.actor(r), token, s.now())
		found.Digest = "none"
		return found, err
	})
}

func (s *server) unsubscription(w http.ResponseWriter, r *http.Request,
	do func(ctx context.Context, tx *store.Tx, token string) (store.Subscription, error),
) error {
	token := r.PathValue("token")
	model, status := views.Unsubscription{Action: unsubscribePath + token, Known: true}, http.StatusOK
	err := s.Store.AsWorker(r.Context(), func(ctx context.Context, tx *store.Tx) error {
		found, err := do(ctx, tx, token)
		model.Address, model.Team, model.Digest = found.Address, found.Team, found.Digest
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		model, status, err = views.Unsubscription{}, http.StatusNotFound, nil
	}
	if err != nil {
		return err
	}
	page := s.page(r, "Digests", "")
	page.Session = nil // whoever reads the mail need not be who is signed in here
	return s.render(w, r, status, views.UnsubscribePage(page, model))
}
