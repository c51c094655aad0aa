package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// showProfiles shows to which second opinions an endpoint is held.
func (s *server) showProfiles(w http.ResponseWriter, r *http.Request) error {
	endpoint, err := s.findEndpoint(r)
	if err != nil {
		return err
	}
	page := views.Profiles{Endpoint: endpoint, MayChange: may(r, auth.ChangeInventory)}
	for _, profile := range policy.SecondOpinions() {
		page.Choices = append(page.Choices, views.ProfileChoice{
			ID: profile.ID, Title: profile.Title, Owner: profile.Owner, Source: profile.Source, Count: len(profile.Requirements),
			Held: slices.Contains(endpoint.Profiles, profile.ID),
		})
	}
	return s.render(w, r, http.StatusOK, views.ProfilesPage(s.page(r, "Second opinions", "/"), page))
}

// changeProfiles holds an endpoint to those profiles that were ticked, and to no
// others.
func (s *server) changeProfiles(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeInventory); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	endpoint, err := s.findEndpoint(r)
	if err != nil {
		return err
	}
	ticked := r.PostForm["profile"]
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		for _, profile := range policy.SecondOpinions() {
			held := store.HeldProfile{EndpointID: endpoint.ID, Profile: profile.ID, AddedBy: visitOf(r).session.Email, AddedAt: s.now()}
			if err := s.hold(ctx, tx, r, held, slices.Contains(ticked, profile.ID)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return redirect(w, r, fmt.Sprintf("/endpoints/%d?done=profiles-changed", endpoint.ID))
}

// hold adds or removes one profile; that it is so already is no fault.
func (s *server) hold(ctx context.Context, tx *store.Tx, r *http.Request, held store.HeldProfile, wanted bool) error {
	if wanted {
		err := tx.AddProfile(ctx, s.actor(r), held)
		if errors.Is(err, store.ErrConflict) {
			return nil
		}
		return err
	}
	return ignoreMissing(tx.RemoveProfile(ctx, s.actor(r), held, s.now()))
}

// ignoreMissing takes 'not found' for an answer.
func ignoreMissing(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
