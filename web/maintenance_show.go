package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// pastMaintenance bounds the planned work of the past that is listed.
const pastMaintenance = 100

// showMaintenance lists planned work: what runs, what comes, what is over.
func (s *server) showMaintenance(w http.ResponseWriter, r *http.Request) error {
	model := views.Maintenance{Now: s.now(), MayPlan: may(r, auth.PlanMaintenance)}
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		windows, err := tx.MaintenanceWindows(ctx, visitOf(r).session.TeamID, model.Now)
		if err != nil {
			return err
		}
		names, err := windowNames(ctx, tx, windows)
		if err != nil {
			return err
		}
		for _, window := range windows {
			placeWindow(&model, views.MaintenanceRow{MaintenanceWindow: window, Covers: names[window.ID]})
		}
		return nil
	})
	if err != nil {
		return err
	}
	byTime := func(a, b views.MaintenanceRow) int {
		return cmp.Or(a.Starts.Compare(b.Starts), a.Ends.Compare(b.Ends), cmp.Compare(a.ID, b.ID))
	}
	slices.SortFunc(model.Running, byTime)
	slices.SortFunc(model.Coming, byTime)
	slices.SortFunc(model.Past, func(a, b views.MaintenanceRow) int { return b.Ends.Compare(a.Ends) })
	model.Past = model.Past[:min(len(model.Past), pastMaintenance)]
	return s.render(w, r, http.StatusOK, views.MaintenancePage(s.page(r, "Maintenance", "/incidents"), model))
}

// placeWindow puts a window where it belongs: what runs, what comes, or what is
// over.
func placeWindow(model *views.Maintenance, row views.MaintenanceRow) {
	if running, runs := row.At(model.Now); runs {
		row.Ends = running.EndsAt
		model.Running = append(model.Running, row)
		return
	}
	if row.Starts, row.Ends = row.Next(model.Now); !row.Starts.IsZero() {
		model.Coming = append(model.Coming, row)
		return
	}
	row.Ends = lastEnd(row.MaintenanceWindow, model.Now)
	model.Past = append(model.Past, row)
}

// lastEnd returns when planned work of the past was over.
func lastEnd(window monitor.MaintenanceWindow, now time.Time) time.Time {
	ended := window.StartsAt.Add(window.Duration)
	for range 1000 { // of work that recurred: the last time of it
		_, ends := window.Next(ended)
		if ends.IsZero() || ends.After(now) {
			break
		}
		ended = ends
	}
	if !window.EndedAt.IsZero() && (window.EndedAt.Before(ended) || window.Recurrence != "") {
		return window.EndedAt
	}
	return ended
}

// windowNames says in words what windows cover, by ID.
func windowNames(ctx context.Context, tx *store.Tx, windows []monitor.MaintenanceWindow) (map[int64]string, error) {
	applications, err := tx.Applications(ctx)
	if err != nil {
		return nil, err
	}
	names := map[int64]string{}
	for _, window := range windows {
		application, endpoint := "that was removed", "a URL that was removed"
		for _, known := range applications {
			if known.ID == window.ApplicationID {
				application = known.Name
			}
		}
		if window.EndpointID != 0 {
			found, err := tx.Endpoint(ctx, window.EndpointID)
			if err := ignoreMissing(err); err != nil {
				return nil, err
			}
			endpoint = cmp.Or(found.Value, endpoint)
		}
		names[window.ID] = views.CoversWords(window, application, endpoint)
	}
	return names, nil
}

// runningWindows lists planned work that runs now at one of some
// endpoints of one team.
func runningWindows(ctx context.Context, tx *store.Tx, endpoints []monitor.Endpoint, now time.Time) ([]views.RunningWindow, error) {
	if len(endpoints) == 0 {
		return nil, nil
	}
	windows, err := tx.MaintenanceWindows(ctx, endpoints[0].TeamID, now)
	if err != nil {
		return nil, err
	}
	var running []monitor.MaintenanceWindow
	var list []views.RunningWindow
	for _, window := range windows {
		occurrence, runs := window.At(now)
		if runs && slices.ContainsFunc(endpoints, window.Covers) {
			running = append(running, window)
			list = append(list, views.RunningWindow{ID: window.ID, Reason: window.Reason, EndsAt: occurrence.EndsAt})
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	names, err := windowNames(ctx, tx, running)
	for i := range list {
		list[i].Covers = names[list[i].ID]
	}
	return list, err
}

// endMaintenance ends planned work before its time, for good.
func (s *server) endMaintenance(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.PlanMaintenance); err != nil {
		return err
	}
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		ended, err := tx.EndMaintenanceWindow(ctx, id, emailOf(r), s.now())
		if err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{
			Action: "maintenance.end", Object: fmt.Sprintf("maintenance/%d", id), Old: auditedWindow(ended),
		})
	})
	if errors.Is(err, store.ErrNotFound) { // over already, which is what was asked for, or not the team's
		err = nil
	}
	if err != nil {
		return err
	}
	return redirect(w, r, "/maintenance?done=maintenance-ended")
}

// auditedWindow is what the audit keeps of planned work.
func auditedWindow(window monitor.MaintenanceWindow) map[string]any {
	return map[string]any{
		"reason": window.Reason, "application": window.ApplicationID, "environment": window.Environment, "endpoint": window.EndpointID,
		"host": window.Host, "starts_at": window.StartsAt.UTC(), "duration_seconds": int(window.Duration.Seconds()),
		"recurrence": window.Recurrence, "zone": window.Zone,
	}
}
