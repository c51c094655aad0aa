package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// listRoutes says who is told what, and who would be told of an incident now.
func (s *server) listRoutes(w http.ResponseWriter, r *http.Request) error {
	return s.showRoutes(w, r, http.StatusOK, views.Routes{Form: views.RouteForm{QuietZone: "UTC", QuietExcept: string(monitor.Critical)}})
}

func (s *server) showRoutes(w http.ResponseWriter, r *http.Request, status int, model views.Routes) error {
	model.MayChange = may(r, auth.ChangeChannels)
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		team := visitOf(r).session.TeamID
		if model.Routes, err = tx.ChannelRoutes(ctx, team); err != nil {
			return err
		}
		if model.Channels, err = tx.Channels(ctx); err != nil {
			return err
		}
		model.Applications, err = tx.Applications(ctx)
		return err
	})
	if err != nil {
		return err
	}
	model.Asked = askedPreview(r.URL.Query(), model.Applications)
	model.Preview = previewRoutes(model, s.now())
	return s.render(w, r, status, views.RoutesPage(s.page(r, "Who is told what", "/channels"), model))
}

// askedPreview reads what a preview is about; what there is not is every one.
func askedPreview(query url.Values, applications []monitor.Application) views.RoutePreview {
	asked := views.RoutePreview{Weight: string(monitor.High)}
	for _, application := range applications {
		if id := strconv.FormatInt(application.ID, 10); query.Get("application") == id {
			asked.Application = id
		}
	}
	if slices.Contains(policy.Environments(), policy.Environment(query.Get("environment"))) {
		asked.Environment = query.Get("environment")
	}
	if slices.Contains(monitor.Weights(), monitor.Weight(query.Get("weight"))) {
		asked.Weight = query.Get("weight")
	}
	return asked
}

// previewRoutes says level by level who would hear of an incident that opened at
// at and that nobody acknowledged.
func previewRoutes(model views.Routes, at time.Time) []views.RouteStep {
	var channels []monitor.RoutedChannel
	for _, channel := range model.Channels {
		channels = append(channels, monitor.RoutedChannel{ID: channel.ID, InUse: channel.InUse()})
	}
	application, _ := strconv.ParseInt(model.Asked.Application, 10, 64)
	subject := monitor.RouteSubject{
		Kind: monitor.IncidentOpened, Weight: monitor.Weight(model.Asked.Weight), At: at,
		Places: []monitor.RoutePlace{{ApplicationID: application, Environment: policy.Environment(model.Asked.Environment)}},
	}
	levels := max(monitor.Levels(model.Routes, channels, subject), 1)
	var steps []views.RouteStep
	for level := range levels {
		step := views.RouteStep{When: "At once"}
		if level > 0 {
			after := monitor.EscalateAfter(model.Routes, channels, subject)
			subject.Kind, subject.At = monitor.IncidentUnacknowledged, subject.At.Add(after)
			step.When = fmt.Sprintf("Then, if nobody has acknowledged it after %s", views.IntervalWords(after))
		}
		subject.Level = level
		for _, dispatch := range monitor.Route(model.Routes, channels, subject) {
			recipient := views.RouteRecipient{ChannelID: dispatch.ChannelID}
			if dispatch.Held {
				recipient.Held = dispatch.At
			}
			for _, channel := range model.Channels {
				if channel.ID == dispatch.ChannelID {
					recipient.Title = views.ChannelTitle(channel)
				}
			}
			step.To = append(step.To, recipient)
		}
		steps = append(steps, step)
	}
	return steps
}

// createRoute adds a route. What was typed stays where it is wrong.
func (s *server) createRoute(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeChannels); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	form := views.RouteForm{
		Channel: typed(r, "channel"), Application: typed(r, "application"), Environment: typed(r, "environment"), Least: typed(r, "least"),
		Level: typed(r, "level"), After: typed(r, "after"), QuietFrom: typed(r, "quiet_from"), QuietUntil: typed(r, "quiet_until"),
		QuietZone: typed(r, "quiet_zone"), QuietExcept: typed(r, "quiet_except"), QuietDays: r.PostForm["quiet_days"],
	}
	route, faults := readRoute(form)
	route.TeamID = visitOf(r).session.TeamID
	if len(faults) > 0 {
		return s.showRoutes(w, r, http.StatusUnprocessableEntity, views.Routes{Form: form, Faults: faults})
	}
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		if route, err = tx.CreateChannelRoute(ctx, route, visitOf(r).session.Email, s.now()); err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{Action: "route.create", Object: fmt.Sprintf("route/%d", route.ID), New: auditedRoute(route)})
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		faults = views.Faults{{ID: "channel", Text: "Choose a channel and an application that your team has."}}
	case errors.Is(err, store.ErrTooMany):
		faults = views.Faults{{ID: "channel", Text: fmt.Sprintf("Your team has %d routes, which is the most. Remove one first.", monitor.MostRoutes)}}
	case err != nil:
		return err
	default:
		return redirect(w, r, "/routes?done=route-added")
	}
	return s.showRoutes(w, r, http.StatusUnprocessableEntity, views.Routes{Form: form, Faults: faults})
}

func auditedRoute(route monitor.ChannelRoute) map[string]any {
	return map[string]any{
		"channel": route.ChannelID, "application": route.ApplicationID, "environment": route.Environment, "least": route.Least,
		"level": route.Level, "after_seconds": int64(route.After / time.Second), "quiet": route.Quiet,
	}
}

// readRoute reads the form of a route, and says what is wrong with it.
func readRoute(form views.RouteForm) (route monitor.ChannelRoute, faults views.Faults) {
	number := func(field, text string) int64 {
		if text == "" {
			return 0
		}
		value, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			faults = append(faults, views.FieldFault{ID: field, Text: "Enter a number."})
		}
		return value
	}
	route = monitor.ChannelRoute{
		ChannelID: number("channel", form.Channel), ApplicationID: number("application", form.Application),
		Environment: policy.Environment(form.Environment), Least: monitor.Weight(form.Least), Level: int(number("level", form.Level)),
		After: time.Duration(number("after", form.After)) * time.Minute,
	}
	route.Quiet = monitor.QuietHours{
		From: minutesOf(form.QuietFrom), Until: minutesOf(form.QuietUntil), Zone: cmp.Or(form.QuietZone, "UTC"), Except: monitor.Weight(form.QuietExcept),
	}
	for _, day := range form.QuietDays {
		route.Quiet.Days = append(route.Quiet.Days, int(number("quiet_days", day)))
	}
	for _, fault := range faultsOf(route.Validate()) {
		if faults.Of(fault.ID) == "" {
			faults = append(faults, fault)
		}
	}
	return route, faults
}

// minutesOf reads a time of day; empty is midnight, and nonsense is no time at all.
func minutesOf(text string) int {
	if text == "" {
		return 0
	}
	at, err := time.Parse("15:04", text)
	if err != nil {
		return -1
	}
	return at.Hour()*60 + at.Minute()
}

// removeRoute removes a route.
func (s *server) removeRoute(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeChannels); err != nil {
		return err
	}
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		route, err := tx.RemoveChannelRoute(ctx, id)
		if err != nil {
			return ignoreMissing(err) // gone already: that is what was asked for
		}
		return s.audit(ctx, tx, r, store.AuditEntry{Action: "route.remove", Object: fmt.Sprintf("route/%d", id), Old: auditedRoute(route)})
	})
	if err != nil {
		return err
	}
	return redirect(w, r, "/routes?done=route-removed")
}
