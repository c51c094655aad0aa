package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/inventory"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

const settingsTitle = "Change how we look"

// editSettings shows the form of how a URL is looked at.
func (s *server) editSettings(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeInventory); err != nil {
		return err
	}
	endpoint, err := s.findEndpoint(r)
	if err != nil {
		return err
	}
	form := views.SettingsForm{
		Endpoint: endpoint, Minutes: strconv.Itoa(int(endpoint.Interval.Minutes())), ProbeURL: endpoint.ProbeURL,
		Method: endpoint.Method, PostAllowed: endpoint.PostAllowed,
	}
	return s.render(w, r, http.StatusOK, views.SettingsPage(s.page(r, settingsTitle, "/"), form))
}

// changeSettings changes how a URL is looked at.
func (s *server) changeSettings(w http.ResponseWriter, r *http.Request) error {
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
	form := views.SettingsForm{
		Endpoint: endpoint, Minutes: typed(r, "minutes"), ProbeURL: typed(r, "probe"),
		Method: cmp.Or(typed(r, "method"), endpoint.Method), PostAllowed: typed(r, "post") == "yes",
	}
	settings := checkSettings(&form)
	if len(form.Faults) > 0 {
		return s.render(w, r, http.StatusUnprocessableEntity, views.SettingsPage(s.page(r, settingsTitle, "/"), form))
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		return tx.ChangeSettings(ctx, s.actor(r), endpoint.ID, settings, s.now())
	})
	var full *store.HostQuotaError
	if errors.As(err, &full) {
		form.Faults = views.Faults{{ID: "probe", Text: quotaSentence(full), Path: "/hosts", Label: "Your team's hosts"}}
		return s.render(w, r, http.StatusUnprocessableEntity, views.SettingsPage(s.page(r, settingsTitle, "/"), form))
	}
	if err != nil {
		return err
	}
	return redirect(w, r, fmt.Sprintf("/endpoints/%d?done=settings-changed", endpoint.ID))
}

// checkSettings reads what was typed, and fills in what is wrong with it.
func checkSettings(form *views.SettingsForm) store.EndpointSettings {
	fault := func(id, text string) {
		if text != "" {
			form.Faults = append(form.Faults, views.FieldFault{ID: id, Text: text})
		}
	}
	settings := store.EndpointSettings{Method: form.Method, PostAllowed: form.PostAllowed}
	var wrong string
	settings.Interval, wrong = inventory.ParseMinutes(form.Minutes)
	fault("minutes", wrong)
	if form.Endpoint.ValueKind == policy.Pattern {
		settings.ProbeURL = form.ProbeURL
		fault("probe", inventory.ProbeFault(form.Endpoint.Value, form.ProbeURL))
	}
	fault("method", methodFault(form.Method))
	changed := form.Endpoint
	changed.PostAllowed = form.PostAllowed
	fault("post", postFault(changed))
	return settings
}
