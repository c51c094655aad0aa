package web

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// fleetListed bounds the statements that the fleet's page lists.
const fleetListed = 500

// showFleetAttestations counts what every team states, for operators, and lists
// the statements of a team or in a state.
func (s *server) showFleetAttestations(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.SeeFleet); err != nil {
		return err
	}
	applications, open, err := s.fleetStatements(r)
	if err != nil {
		return err
	}
	model := views.FleetAttestations{State: knownAttestationState(r.URL.Query().Get("state")), Open: len(open)}
	model.Team, _ = strconv.ParseInt(r.URL.Query().Get("team"), 10, 64)
	for _, application := range applications {
		rows := views.AttestationRows(application.Type, application.Attestations, s.now())
		countTeam(&model, application, rows)
		listStatements(&model, application, rows)
	}
	return s.render(w, r, http.StatusOK, views.FleetAttestationsPage(s.page(r, "Attestations of every team", "/"), model))
}

// fleetStatements reads what every team states, and its open compromises.
func (s *server) fleetStatements(r *http.Request) (applications []store.StatingApplication, open []store.OpenCompromise, err error) {
	err = s.Store.AsOperator(r.Context(), func(ctx context.Context, tx *store.Tx) error {
		if applications, err = tx.StatingApplications(ctx); err != nil {
			return err
		}
		open, err = tx.OpenCompromises(ctx)
		return err
	})
	return applications, open, err
}

func countTeam(model *views.FleetAttestations, application store.StatingApplication, rows []views.AttestationRow) {
	if n := len(model.Teams); n == 0 || model.Teams[n-1].ID != application.TeamID {
		model.Teams = append(model.Teams, views.TeamAttestations{
			ID: application.TeamID, Name: application.TeamName, Counts: map[monitor.AttestationState]int{},
		})
	}
	team := &model.Teams[len(model.Teams)-1]
	team.Applications++
	for state, count := range views.CountAttestations(rows) {
		team.Counts[state] += count
	}
}

// listStatements lists what was chosen: of a team, or in a state, or both.
func listStatements(model *views.FleetAttestations, application store.StatingApplication, rows []views.AttestationRow) {
	if model.Team == 0 && model.State == "" || model.Team != 0 && model.Team != application.TeamID {
		return
	}
	for _, row := range rows {
		switch {
		case model.State != "" && model.State != row.State:
		case len(model.Listed) == fleetListed:
			model.More++
		default:
			model.Listed = append(model.Listed, views.FleetAttestation{
				AttestationRow: row, TeamName: application.TeamName, ApplicationName: application.Name,
			})
		}
	}
}

// sendFleetAttestations sends what every team states as CSV, to operators.
func (s *server) sendFleetAttestations(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.SeeFleet); err != nil {
		return err
	}
	applications, _, err := s.fleetStatements(r)
	if err != nil {
		return err
	}
	attested := make([]views.AttestedApplication, 0, len(applications))
	for _, application := range applications {
		attested = append(attested, views.AttestedApplication{
			Team: application.TeamName, Application: monitor.Application{Name: application.Name, Type: application.Type},
			Rows: views.AttestationRows(application.Type, application.Attestations, s.now()),
		})
	}
	return s.sendTable(w, r, saveAs("attestations-of-every-team", "", "csv"), attestationTable(attested))
}

// showFleetCompromises lists the open compromises of every team, to operators.
func (s *server) showFleetCompromises(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.SeeFleet); err != nil {
		return err
	}
	_, open, err := s.fleetStatements(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.FleetCompromisesPage(s.page(r, "Open compromises of every team", "/"), open))
}
