package web

import (
	"context"
	"net/http"
	"slices"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// applicationSize is how many endpoints the page of an application lists.
const applicationSize = 1000

// showApplication shows one application with its URLs.
func (s *server) showApplication(w http.ResponseWriter, r *http.Request) error {
	model, err := s.application(r)
	if err != nil {
		return err
	}
	if err := s.addStatements(r, &model); err != nil {
		return err
	}
	page := s.page(r, model.Name, "/")
	page.Refresh = model.Looking
	return s.render(w, r, http.StatusOK, views.ApplicationPage(page, model))
}

// addStatements reads how the application stands in what nobody sees.
func (s *server) addStatements(r *http.Request, model *views.Application) error {
	return s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		stated, err := tx.Attestations(ctx, model.ID)
		if err != nil {
			return err
		}
		model.Statements = views.CountAttestations(views.AttestationRows(model.Type, stated, s.now()))
		if model.Secrets, err = tx.Secrets(ctx, model.ID); err != nil {
			return err
		}
		model.Open, err = tx.OpenCompromises(ctx)
		model.Open = slices.DeleteFunc(model.Open, func(c store.OpenCompromise) bool { return c.ApplicationID != model.ID })
		return err
	})
}

// showApplicationEndpoints is the part that is polled while looks run.
func (s *server) showApplicationEndpoints(w http.ResponseWriter, r *http.Request) error {
	model, err := s.application(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.ApplicationEndpoints(model))
}

func (s *server) application(r *http.Request) (views.Application, error) {
	model := views.Application{MayChange: may(r, auth.ChangeInventory)}
	id, err := pathID(r, "id")
	if err != nil {
		return model, err
	}
	var endpoints []store.EndpointSummary
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		if model.Application, err = tx.Application(ctx, id); err != nil {
			return err
		}
		if model.ClientIDs, err = tx.ClientIDs(ctx, id); err != nil {
			return err
		}
		endpoints, err = tx.EndpointSummaries(ctx, store.EndpointFilter{Application: id, Limit: applicationSize}, s.now())
		return err
	})
	if err != nil {
		return model, err
	}
	if groups := grouped(endpoints); len(groups) > 0 {
		model.Group = groups[0]
	}
	for _, endpoint := range endpoints {
		model.Looking = model.Looking || endpoint.Looking
	}
	return model, nil
}
