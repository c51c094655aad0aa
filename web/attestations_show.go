package web

import (
	"context"
	"net/http"
	"slices"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// showAttestations shows the checklist of an application, all of it or one state.
func (s *server) showAttestations(w http.ResponseWriter, r *http.Request) error {
	model, err := s.attestations(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.AttestationsPage(s.page(r, "Attestations of "+model.Application.Name, "/"), model))
}

// sendAttestations sends the checklist of an application as CSV.
func (s *server) sendAttestations(w http.ResponseWriter, r *http.Request) error {
	model, err := s.attestations(r)
	if err != nil {
		return err
	}
	return s.sendTable(w, r, saveAs("attestations", model.Application.Name, "csv"), attestationTable([]views.AttestedApplication{{
		Team: visitOf(r).session.TeamName, Application: model.Application, Rows: model.Rows,
	}}))
}

func (s *server) attestations(r *http.Request) (model views.Attestations, err error) {
	if model.Application, err = s.findApplication(r); err != nil {
		return model, err
	}
	model.Filter, model.MayChange = knownAttestationState(r.URL.Query().Get("state")), may(r, auth.KeepStatements)
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		stated, err := tx.Attestations(ctx, model.Application.ID)
		model.Rows = views.AttestationRows(model.Application.Type, stated, s.now())
		return err
	})
	return model, err
}

func knownAttestationState(text string) monitor.AttestationState {
	if state := monitor.AttestationState(text); slices.Contains(monitor.AttestationStates(), state) {
		return state
	}
	return ""
}
