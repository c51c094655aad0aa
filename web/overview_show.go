package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// overviewSize is how many endpoints a page of the overview lists.
const overviewSize = 200

// showOverview lists the fleet, all of it or one state.
func (s *server) showOverview(w http.ResponseWriter, r *http.Request) error {
	model, err := s.overview(r)
	if err != nil {
		return err
	}
	if err := s.addCompromises(r, &model); err != nil {
		return err
	}
	page := s.page(r, "Overview", "/")
	page.Refresh = model.Counts[store.Looking] > 0
	return s.render(w, r, http.StatusOK, views.OverviewPage(page, model))
}

// addCompromises reads what is open: of the team, and for operators of all.
func (s *server) addCompromises(r *http.Request, model *views.Overview) error {
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		model.OpenCompromises, err = tx.OpenCompromises(ctx)
		return err
	})
	if model.Fleet = may(r, auth.SeeFleet); err != nil || !model.Fleet {
		return err
	}
	return s.Store.AsOperator(r.Context(), func(ctx context.Context, tx *store.Tx) error {
		open, err := tx.OpenCompromises(ctx)
		model.FleetCompromises = len(open)
		return err
	})
}

// showOverviewFleet is the part that is polled while looks run.
func (s *server) showOverviewFleet(w http.ResponseWriter, r *http.Request) error {
	model, err := s.overview(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.OverviewFleet(model))
}

func (s *server) overview(r *http.Request) (views.Overview, error) {
	query := r.URL.Query()
	model := views.Overview{Filter: knownState(query.Get("state")), MayChange: may(r, auth.ChangeInventory)}
	number, _ := strconv.Atoi(query.Get("page"))
	number = min(max(number, 1), 1_000_000)
	var endpoints []store.EndpointSummary
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		if model.Counts, err = tx.CountEndpoints(ctx, s.now()); err != nil {
			return err
		}
		if model.OpenIncidents, err = tx.CountOpenIncidents(ctx); err != nil {
			return err
		}
		if err := s.addDeliveryTrouble(ctx, tx, &model); err != nil {
			return err
		}
		endpoints, err = tx.EndpointSummaries(ctx, store.EndpointFilter{
			State: model.Filter, Limit: overviewSize + 1, Offset: (number - 1) * overviewSize,
		}, s.now())
		return err
	})
	if err != nil {
		return model, err
	}
	if len(endpoints) > overviewSize {
		endpoints = endpoints[:overviewSize]
		model.Next = overviewPath(model.Filter, number+1)
	}
	if number > 1 {
		model.Previous = overviewPath(model.Filter, number-1)
	}
	model.Groups = grouped(endpoints)
	model.Fragment = "/overview" + strings.TrimPrefix(overviewPath(model.Filter, number), "/")
	return model, nil
}

// addDeliveryTrouble counts what could not be delivered, and the channels that
// nothing is sent to because of it.
func (s *server) addDeliveryTrouble(ctx context.Context, tx *store.Tx, model *views.Overview) error {
	var err error
	if model.Undelivered, err = tx.CountUndelivered(ctx, s.now().AddDate(0, 0, -views.UndeliveredDays)); err != nil {
		return err
	}
	channels, err := tx.Channels(ctx)
	for _, channel := range channels {
		if channel.DisabledReason != "" {
			model.DisabledChannels++
		}
		if channel.InUse() {
			model.ChannelsInUse++
			if s.NoMail && channel.Kind == "email" {
				model.ChannelsMute++
			}
		}
	}
	return err
}

func knownState(text string) store.EndpointState {
	switch state := store.EndpointState(text); state {
	case store.Failing, store.Undetermined, store.Passing, store.WithoutNetwork, store.Looking:
		return state
	default:
		return ""
	}
}

func overviewPath(state store.EndpointState, page int) string {
	query := url.Values{"page": {strconv.Itoa(page)}}
	if state != "" {
		query.Set("state", string(state))
	}
	return fmt.Sprintf("/?%s", query.Encode())
}

// grouped puts endpoints, sorted already, under their applications and
// environments.
func grouped(endpoints []store.EndpointSummary) []views.Group {
	var groups []views.Group
	for _, endpoint := range endpoints {
		if n := len(groups); n == 0 || groups[n-1].ID != endpoint.ApplicationID {
			groups = append(groups, views.Group{
				ID: endpoint.ApplicationID, Name: endpoint.ApplicationName, Type: endpoint.ApplicationType,
			})
		}
		group := &groups[len(groups)-1]
		if n := len(group.Environments); n == 0 || group.Environments[n-1].Environment != endpoint.Environment {
			group.Environments = append(group.Environments, views.EnvironmentGroup{Environment: endpoint.Environment})
		}
		environment := &group.Environments[len(group.Environments)-1]
		environment.Endpoints = append(environment.Endpoints, endpoint)
	}
	return groups
}
