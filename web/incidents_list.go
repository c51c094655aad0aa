package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// listIncidents lists what is broken, or what was, as the reader narrows it.
func (s *server) listIncidents(w http.ResponseWriter, r *http.Request) error {
	page := pageNumber(r)
	model := views.Incidents{Filter: incidentFilter(r.URL.Query()), Fleet: may(r, auth.SeeFleet)}
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		if model.Filter.Endpoint != 0 {
			endpoint, err := tx.Endpoint(ctx, model.Filter.Endpoint)
			if err != nil {
				return err
			}
			model.Endpoint = endpoint.Value
		}
		if model.Counts, err = tx.CountIncidents(ctx, model.Filter); err != nil {
			return err
		}
		filter := model.Filter
		filter.Limit, filter.Offset = pageSize+1, (page-1)*pageSize
		model.Incidents, err = tx.IncidentPage(ctx, filter)
		return err
	})
	if err != nil {
		return err
	}
	if len(model.Incidents) > pageSize {
		model.Incidents, model.Next = model.Incidents[:pageSize], views.IncidentsPath(model.Filter, page+1)
	}
	if page > 1 {
		model.Previous = views.IncidentsPath(model.Filter, page-1)
	}
	return s.render(w, r, http.StatusOK, views.IncidentsPage(s.page(r, "Incidents", "/incidents"), model))
}

// incidentFilter reads how a list of incidents is narrowed. What is no choice
// narrows nothing. Links of before say all=yes.
func incidentFilter(query url.Values) store.IncidentFilter {
	filter := store.IncidentFilter{Choice: store.Unresolved}
	choices := []store.IncidentChoice{
		store.EveryIncident, store.UnresolvedFlapped, store.IncidentChoice(monitor.IncidentOpen), store.IncidentChoice(monitor.IncidentAcknowledged),
		store.IncidentChoice(monitor.IncidentSnoozed), store.IncidentChoice(monitor.IncidentClosed),
	}
	if choice := store.IncidentChoice(query.Get("state")); slices.Contains(choices, choice) {
		filter.Choice = choice
	} else if query.Get("all") == "yes" {
		filter.Choice = store.EveryIncident
	}
	if weight := monitor.Weight(query.Get("weight")); slices.Contains(monitor.Weights(), weight) {
		filter.Weight = weight
	}
	if environment := policy.Environment(query.Get("environment")); slices.Contains(policy.Environments(), environment) {
		filter.Environment = environment
	}
	filter.Application, _ = strconv.ParseInt(query.Get("application"), 10, 64)
	filter.Endpoint, _ = strconv.ParseInt(query.Get("endpoint"), 10, 64)
	filter.Application, filter.Endpoint = max(filter.Application, 0), max(filter.Endpoint, 0)
	return filter
}

// pageNumber reads which page of a list is asked for, from 1.
func pageNumber(r *http.Request) int {
	number, _ := strconv.Atoi(r.URL.Query().Get("page"))
	return min(max(number, 1), 1_000_000)
}

// showFleetIncidents shows what is unresolved of every team, by team and cause,
// to operators.
func (s *server) showFleetIncidents(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.SeeFleet); err != nil {
		return err
	}
	query, page := r.URL.Query(), pageNumber(r)
	var model views.FleetIncidents
	model.Team, _ = strconv.ParseInt(query.Get("team"), 10, 64)
	if query.Has("cause") {
		cause := checks.Cause(query.Get("cause"))
		model.Cause = &cause
	}
	err := s.Store.AsOperator(r.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		if model.Groups, err = tx.FleetIncidents(ctx); err != nil {
			return err
		}
		model.Listed, err = tx.FleetIncidentPage(ctx, model.Team, model.Cause, pageSize+1, (page-1)*pageSize)
		return err
	})
	if err != nil {
		return err
	}
	if len(model.Listed) > pageSize {
		model.Listed, model.Next = model.Listed[:pageSize], views.FleetIncidentsPath(model.Team, model.Cause, page+1)
	}
	if page > 1 {
		model.Previous = views.FleetIncidentsPath(model.Team, model.Cause, page-1)
	}
	return s.render(w, r, http.StatusOK, views.FleetIncidentsPage(s.page(r, "Incidents of every team", "/incidents"), model))
}
