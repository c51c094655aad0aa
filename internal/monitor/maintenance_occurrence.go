package monitor

import "time"

// Covers says whether the window is about an endpoint.
func (w MaintenanceWindow) Covers(endpoint Endpoint) bool {
	return (w.TeamID == 0 || w.TeamID == endpoint.TeamID) &&
		(w.ApplicationID == 0 || w.ApplicationID == endpoint.ApplicationID) &&
		(w.Environment == "" || w.Environment == endpoint.Environment) &&
		(w.EndpointID == 0 || w.EndpointID == endpoint.ID) &&
		(w.Host == "" || w.Host == endpoint.Host())
}

// At returns the occurrence that runs at at, if one does. Of two that overlap
// it is the one that began last.
func (w MaintenanceWindow) At(at time.Time) (Window, bool) {
	if !w.EndedAt.IsZero() && !at.Before(w.EndedAt) {
		return Window{}, false
	}
	var began time.Time
	w.occurrences(func(start time.Time) bool {
		if start.After(at) {
			return false
		}
		began = start
		return true
	})
	ends := began.Add(w.Duration)
	if began.IsZero() || !at.Before(ends) {
		return Window{}, false
	}
	return Window{ID: w.ID, Reason: w.Reason, EndsAt: w.capped(ends)}, true
}

// Next returns when the first occurrence after after begins and ends; zero when
// there is none.
func (w MaintenanceWindow) Next(after time.Time) (starts, ends time.Time) {
	w.occurrences(func(start time.Time) bool {
		if start.After(after) && (w.EndedAt.IsZero() || start.Before(w.EndedAt)) {
			starts, ends = start, w.capped(start.Add(w.Duration))
		}
		return !start.After(after)
	})
	return starts, ends
}

// capped returns ends, or when the window was ended before.
func (w MaintenanceWindow) capped(ends time.Time) time.Time {
	if !w.EndedAt.IsZero() && w.EndedAt.Before(ends) {
		return w.EndedAt
	}
	return ends
}

// occurrences yields when each occurrence begins, in order. A rule that cannot
// be used, which Validate refuses, is one occurrence.
func (w MaintenanceWindow) occurrences(yield func(time.Time) bool) {
	if w.Recurrence == "" {
		yield(w.StartsAt)
		return
	}
	zone := zoneOf(w.Zone)
	rule, err := parseRecurrence(w.Recurrence, wallOf(w.StartsAt, zone), zone)
	if err != nil {
		yield(w.StartsAt)
		return
	}
	rule.all(func(wall time.Time) bool { return yield(wallTime(wall, zone)) })
}
