package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// listContacts says who the technical contacts are.
func (s *server) listContacts(w http.ResponseWriter, r *http.Request) error {
	return s.showContacts(w, r, http.StatusOK, views.Contacts{Application: "0"})
}

func (s *server) showContacts(w http.ResponseWriter, r *http.Request, status int, model views.Contacts) error {
	model.MayChange = may(r, auth.ChangeChannels)
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		model.Contacts, err = tx.TechnicalContacts(ctx, visitOf(r).session.TeamID)
		return err
	})
	if err != nil {
		return err
	}
	return s.render(w, r, status, views.ContactsPage(s.page(r, "Technical contacts", "/channels"), model))
}

// nameContact names the technical contact of the team or of an application.
func (s *server) nameContact(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeChannels); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	form := views.Contacts{Application: typed(r, "application"), Email: typed(r, "email")}
	application, err := strconv.ParseInt(form.Application, 10, 64)
	switch {
	case err != nil || application < 0:
		form.Faults = views.Faults{{ID: "application", Text: "Choose the team or one of its applications."}}
	case form.Email == "" && application == 0:
		form.Faults = views.Faults{{ID: "email", Text: "Enter the address of somebody who can act for your team."}}
	case form.Email != "":
		form.Faults = channelFaults("email", form.Email)
		for i := range form.Faults {
			form.Faults[i].ID = "email"
		}
	}
	if len(form.Faults) > 0 {
		return s.showContacts(w, r, http.StatusUnprocessableEntity, form)
	}
	team := visitOf(r).session.TeamID
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if application == 0 {
			return tx.SetTeamContact(ctx, s.actor(r), team, form.Email, s.now())
		}
		return tx.SetApplicationContact(ctx, s.actor(r), team, application, form.Email, s.now())
	})
	if errors.Is(err, store.ErrNotFound) && application != 0 {
		form.Faults = views.Faults{{ID: "application", Text: "Choose the team or one of its applications."}}
		return s.showContacts(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, "/contacts?done=contact-named")
}
