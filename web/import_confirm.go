package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/store"
)

// errPlanChanged rolls an import back: it would do something else than was shown.
var errPlanChanged = errors.New("what is registered changed since the import was shown")

// confirmImport does what the page showed, all of it or nothing. When it would
// do anything else by now, the page is shown again as it is now.
func (s *server) confirmImport(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeInventory); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error { return s.applyImport(ctx, tx, r, id) })
	var full *store.HostQuotaError
	switch {
	case errors.As(err, &full):
		model, err := s.importPage(r)
		if err != nil {
			return err
		}
		model.Refused, model.Quota = true, quotaSentence(full)
		return s.renderImport(w, r, http.StatusUnprocessableEntity, model)
	case errors.Is(err, errPlanChanged), errors.Is(err, store.ErrConflict):
		model, err := s.importPage(r)
		if err != nil {
			return err
		}
		model.Stale = model.AppliedAt.IsZero()
		return s.renderImport(w, r, http.StatusConflict, model)
	case err != nil:
		return err
	}
	return redirect(w, r, fmt.Sprintf("/imports/%d?done=import-applied", id))
}

// applyImport applies an import that was not applied yet: a second press of the
// button, or another tab, finds it done.
func (s *server) applyImport(ctx context.Context, tx *store.Tx, r *http.Request, id int64) error {
	staged, err := tx.LockImport(ctx, id)
	if err != nil || !staged.AppliedAt.IsZero() {
		return err
	}
	if !staged.Waits(s.now()) {
		return fmt.Errorf("import %d is expired: %w", id, store.ErrNotFound)
	}
	plan, err := planOf(ctx, tx, id)
	if err != nil {
		return err
	}
	remove, shown := r.PostForm.Get("remove") == "yes", r.PostForm.Get("plan")
	if remove {
		shown = r.PostForm.Get("plan-removing")
	}
	if plan.Fingerprint(remove) != shown {
		return errPlanChanged
	}
	return tx.ApplyImport(ctx, s.actor(r), staged, plan, store.ImportOptions{Remove: remove, Vantage: s.Vantage, At: s.now()})
}

// discardImport forgets an import that nobody confirmed.
func (s *server) discardImport(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeInventory); err != nil {
		return err
	}
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error { return tx.DiscardImport(ctx, s.actor(r), id, s.now()) })
	if err != nil {
		return err
	}
	return redirect(w, r, "/inventory?done=import-discarded")
}
