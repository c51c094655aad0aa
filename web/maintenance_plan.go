package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// Bounds of what the step before saving shows.
const (
	occurrencesShown = 5
	coveredShown     = 200 // URLs
)

const planTitle = "Plan maintenance"

// newMaintenance shows the form that plans work, for what the link was about.
func (s *server) newMaintenance(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.PlanMaintenance); err != nil {
		return err
	}
	query := r.URL.Query()
	form := views.MaintenanceForm{
		Application: query.Get("application"), Environment: query.Get("environment"), Endpoint: query.Get("endpoint"), Host: query.Get("host"),
		Starts: s.now().AddDate(0, 0, 1).Format(time.DateOnly) + "T22:00", Hours: "2", Minutes: "0", Zone: "UTC",
		Repeat: views.RepeatOnce, Nth: "1", Weekday: "SU",
	}
	return s.showPlan(w, r, http.StatusOK, form)
}

func (s *server) showPlan(w http.ResponseWriter, r *http.Request, status int, form views.MaintenanceForm) error {
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		if form.Applications, err = tx.Applications(ctx); err != nil {
			return err
		}
		return nameEndpoint(ctx, tx, &form)
	})
	if err != nil {
		return err
	}
	return s.render(w, r, status, views.PlanMaintenancePage(s.page(r, planTitle, "/incidents"), form))
}

// nameEndpoint fills in the URL that a form is about; one that is not the
// team's is none.
func nameEndpoint(ctx context.Context, tx *store.Tx, form *views.MaintenanceForm) error {
	if form.Endpoint == "" {
		return nil
	}
	id, _ := strconv.ParseInt(form.Endpoint, 10, 64)
	endpoint, err := tx.Endpoint(ctx, id)
	if err := ignoreMissing(err); err != nil {
		return err
	}
	if form.EndpointURL = endpoint.Value; endpoint.ID == 0 {
		form.Endpoint = ""
	}
	return nil
}

// planMaintenance checks what was typed and shows when that is; the step after
// it saves it, as it was shown.
func (s *server) planMaintenance(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.PlanMaintenance); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	form := readMaintenance(r)
	if typed(r, "step") == "change" {
		return s.showPlan(w, r, http.StatusOK, form)
	}
	preview, err := s.previewMaintenance(r, form)
	if err != nil {
		return err
	}
	if len(preview.Form.Faults) > 0 {
		return s.showPlan(w, r, http.StatusUnprocessableEntity, preview.Form)
	}
	if typed(r, "step") != "save" {
		return s.render(w, r, http.StatusOK, views.MaintenancePreviewPage(s.page(r, planTitle, "/incidents"), preview))
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		planned, err := tx.CreateMaintenanceWindow(ctx, preview.Window)
		if err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{
			Action: "maintenance.plan", Object: fmt.Sprintf("maintenance/%d", planned.ID), New: auditedWindow(planned),
		})
	})
	if errors.Is(err, store.ErrTooMany) {
		preview.Form.Faults = views.Faults{{ID: "reason", Text: fmt.Sprintf("End some maintenance first: %d are planned, which is as many as a team can have", store.MostMaintenanceWindows)}}
		return s.showPlan(w, r, http.StatusUnprocessableEntity, preview.Form)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, "/maintenance?done=maintenance-planned")
}

func readMaintenance(r *http.Request) views.MaintenanceForm {
	return views.MaintenanceForm{
		Reason: typed(r, "reason"), Application: typed(r, "application"), Environment: typed(r, "environment"), Host: typed(r, "host"),
		Endpoint: typed(r, "endpoint"), Starts: typed(r, "starts"), Hours: typed(r, "hours"), Minutes: typed(r, "minutes"), Zone: typed(r, "zone"),
		Repeat: typed(r, "repeat"), Days: r.PostForm["day"], Nth: typed(r, "nth"), Weekday: typed(r, "weekday"), Rule: typed(r, "rule"),
		LastDay: typed(r, "last-day"),
	}
}

// previewMaintenance reads a form: what is wrong with it, and what it comes to.
func (s *server) previewMaintenance(r *http.Request, form views.MaintenanceForm) (views.MaintenancePreview, error) {
	window, faults := windowOf(form, s.now())
	window.CreatedBy, window.TeamID = emailOf(r), visitOf(r).session.TeamID
	form.Faults = faults
	preview := views.MaintenancePreview{Form: form, Window: window}
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if window.ApplicationID != 0 {
			_, err := tx.Application(ctx, window.ApplicationID)
			if err := ignoreMissing(err); err != nil {
				return err
			}
			if err != nil {
				preview.Form.Faults = append(preview.Form.Faults, views.FieldFault{ID: "application", Text: "Choose one of your team's applications"})
			}
		}
		if err := nameEndpoint(ctx, tx, &preview.Form); err != nil {
			return err
		}
		if preview.Form.Endpoint != form.Endpoint {
			preview.Form.Faults = append(preview.Form.Faults, views.FieldFault{ID: "application", Text: "Choose what it covers anew: the URL was removed"})
		}
		names, err := windowNames(ctx, tx, []monitor.MaintenanceWindow{window})
		if err != nil || len(preview.Form.Faults) > 0 {
			return err
		}
		preview.Covers = names[window.ID]
		preview.URLs, preview.More, err = coveredBy(ctx, tx, window, s.now())
		return err
	})
	preview.Occurrences, preview.Endless = occurrencesOf(window, s.now())
	return preview, err
}

// coveredBy lists the URLs that a window is about, and says whether there are
// more than are listed.
func coveredBy(ctx context.Context, tx *store.Tx, window monitor.MaintenanceWindow, now time.Time) (covered []store.EndpointSummary, more bool, err error) {
	const page = 1000
	for offset := 0; ; offset += page {
		endpoints, err := tx.EndpointSummaries(ctx, store.EndpointFilter{
			Application: window.ApplicationID, Endpoint: window.EndpointID, Host: window.Host, Limit: page, Offset: offset,
		}, now)
		if err != nil {
			return nil, false, err
		}
		for _, endpoint := range endpoints {
			if !window.Covers(endpoint.Endpoint) {
				continue
			}
			if len(covered) == coveredShown {
				return covered, true, nil
			}
			covered = append(covered, endpoint)
		}
		if len(endpoints) < page {
			return covered, false, nil
		}
	}
}

// occurrencesOf lists the next times of a window, with the one that runs, and
// says whether more come.
func occurrencesOf(window monitor.MaintenanceWindow, now time.Time) (list []views.Occurrence, more bool) {
	if running, runs := window.At(now); runs {
		list = append(list, views.Occurrence{Starts: running.EndsAt.Add(-window.Duration), Ends: running.EndsAt})
	}
	for after := now; ; {
		starts, ends := window.Next(after)
		switch {
		case starts.IsZero():
			return list, false
		case len(list) == occurrencesShown:
			return list, true
		}
		list, after = append(list, views.Occurrence{Starts: starts, Ends: ends}), starts
	}
}

// windowOf reads a form, and says what is wrong with it.
func windowOf(form views.MaintenanceForm, now time.Time) (window monitor.MaintenanceWindow, faults views.Faults) {
	add := func(id, text string) { faults = append(faults, views.FieldFault{ID: id, Text: text}) }
	zone, known := zoneOf(form.Zone)
	window = monitor.MaintenanceWindow{
		Reason: form.Reason, Environment: policy.Environment(form.Environment), Zone: form.Zone, CreatedAt: now,
	}
	window.ApplicationID, _ = strconv.ParseInt(cmp.Or(form.Application, "0"), 10, 64)
	window.EndpointID, _ = strconv.ParseInt(cmp.Or(form.Endpoint, "0"), 10, 64)
	if form.Host != "" {
		host, err := checks.ASCIIHost(strings.ToLower(form.Host))
		if window.Host = host; err != nil || strings.ContainsAny(form.Host, "/:@ ") {
			add("host", "Enter the name of a host alone, such as app.example.com")
		}
	}
	starts, err := time.ParseInLocation(clockTime, form.Starts, zone)
	window.StartsAt = starts
	if err != nil {
		add("starts", "Enter a day and a time, such as "+now.In(zone).AddDate(0, 0, 1).Format(time.DateOnly)+" 22:00")
	}
	hours, wrongHours := strconv.Atoi(cmp.Or(form.Hours, "0"))
	minutes, wrongMinutes := strconv.Atoi(cmp.Or(form.Minutes, "0"))
	if wrongHours != nil || wrongMinutes != nil || hours < 0 || hours > 168 || minutes < 0 || minutes > 59 {
		hours, minutes = 0, 0 // which Validate says something about
	}
	window.Duration = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	var wrong views.Faults
	window.Recurrence, wrong = recurrenceOf(form, zone)
	faults = append(faults, wrong...)
	if len(faults) == 0 || !known {
		faults = append(faults, validated(window, form, known)...)
	}
	return window, faults
}

// validated says what the domain says is wrong with a window, by the fields of
// the form.
func validated(window monitor.MaintenanceWindow, form views.MaintenanceForm, zoneKnown bool) (faults views.Faults) {
	fields := map[string]string{"starts_at": "starts", "duration": "hours", "recurrence": "rule"}
	if form.Repeat != views.RepeatCustom {
		fields["recurrence"] = "starts" // the rule is ours: it is the day that does not fit
	}
	for _, fault := range window.Validate() {
		faults = append(faults, views.FieldFault{ID: cmp.Or(fields[fault.Field], fault.Field), Text: fault.Text})
	}
	if !zoneKnown && faults.Of("zone") == "" {
		faults = append(faults, views.FieldFault{ID: "zone", Text: "Enter a time zone such as Europe/Oslo"})
	}
	return faults
}

// recurrenceOf writes how often work is done as an RRULE (RFC 5545 section
// 3.3.10); empty: once.
func recurrenceOf(form views.MaintenanceForm, zone *time.Location) (rule string, faults views.Faults) {
	add := func(id, text string) { faults = append(faults, views.FieldFault{ID: id, Text: text}) }
	days := []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}
	switch form.Repeat {
	case views.RepeatOnce:
		return "", nil
	case views.RepeatDaily:
		rule = "FREQ=DAILY"
	case views.RepeatWeekly:
		chosen := slices.DeleteFunc(slices.Clone(days), func(day string) bool { return !slices.Contains(form.Days, day) })
		if len(chosen) == 0 {
			add("day-MO", "Choose at least one day of the week")
		}
		rule = "FREQ=WEEKLY;BYDAY=" + strings.Join(chosen, ",")
	case views.RepeatMonthly:
		if !slices.Contains([]string{"1", "2", "3", "4", "-1"}, form.Nth) || !slices.Contains(days, form.Weekday) {
			add("nth", "Choose which day of the month")
		}
		rule = "FREQ=MONTHLY;BYDAY=" + form.Nth + form.Weekday
	case views.RepeatCustom:
		return strings.TrimPrefix(strings.ToUpper(strings.ReplaceAll(form.Rule, " ", "")), "RRULE:"), customFaults(form)
	default:
		add("repeat-"+views.RepeatOnce, "Choose how often")
	}
	if form.LastDay == "" {
		return rule, faults
	}
	last, err := time.ParseInLocation(time.DateOnly, form.LastDay, zone)
	if err != nil {
		add("last-day", "Enter a day, or leave it empty")
	}
	return rule + ";UNTIL=" + last.AddDate(0, 0, 1).Add(-time.Second).UTC().Format("20060102T150405Z"), faults
}

func customFaults(form views.MaintenanceForm) (faults views.Faults) {
	if form.Rule == "" {
		faults = append(faults, views.FieldFault{ID: "rule", Text: "Enter a rule such as FREQ=MONTHLY;BYMONTHDAY=1"})
	}
	if form.LastDay != "" {
		faults = append(faults, views.FieldFault{ID: "last-day", Text: "Write the last day into the rule, as UNTIL"})
	}
	return faults
}
