package monitor

import (
	"slices"
	"time"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/checks/policy"
)

// longestMaintenanceReason bounds the reason of a window, in characters, and
// maintenanceAhead how far ahead its first occurrence may be.
const (
	longestMaintenanceReason = 500
	maintenanceAhead         = 2 * 366 * 24 * time.Hour
)

// Validate says what is wrong with a window that is made at CreatedAt. Fields:
// reason, environment, starts_at, duration, recurrence, zone.
func (w MaintenanceWindow) Validate() []FieldFault {
	var faults []FieldFault
	add := func(wrong bool, field, text string) {
		if wrong {
			faults = append(faults, FieldFault{Field: field, Text: text})
		}
	}
	add(w.Reason == "" || utf8.RuneCountInString(w.Reason) > longestMaintenanceReason, "reason", "Enter what is planned, in at most 500 characters")
	add(w.Environment != "" && !slices.Contains(policy.Environments(), w.Environment), "environment", "Choose SOD, Stage or Production, or all of them")
	add(w.Duration < time.Minute || w.Duration > MostMaintenance, "duration",
		"Enter how long it takes: 1 minute to 7 days. What is to be silent for longer is a waiver")
	add(!ZoneKnown(w.Zone), "zone", "Enter a time zone such as Europe/Oslo")
	if w.StartsAt.Year() < 2000 || w.StartsAt.After(w.CreatedAt.Add(maintenanceAhead)) {
		add(true, "starts_at", "Enter a day and time within two years")
		return faults
	}
	if text := w.recurrenceFault(); text != "" {
		add(true, "recurrence", text)
	} else if len(faults) == 0 {
		_, runs := w.At(w.CreatedAt)
		next, _ := w.Next(w.CreatedAt)
		add(!runs && next.IsZero(), "starts_at", "Enter a time that is not over yet: what failed in the past stays as it was seen")
	}
	return faults
}

// recurrenceFault says what is wrong with the rule; nothing where there is none.
func (w MaintenanceWindow) recurrenceFault() string {
	if w.Recurrence == "" {
		return ""
	}
	zone := zoneOf(w.Zone)
	wall := wallOf(w.StartsAt, zone)
	rule, err := parseRecurrence(w.Recurrence, wall, zone)
	if err != nil {
		return "Enter a rule such as FREQ=WEEKLY;BYDAY=SA or FREQ=MONTHLY;BYDAY=1SU: " + err.Error()
	}
	var first, second time.Time
	rule.all(func(at time.Time) bool {
		if first.IsZero() {
			first = at
			return true
		}
		second = at
		return false
	})
	switch {
	case first.IsZero():
		return "Enter a rule that happens: no day ever fits this one"
	case !first.Equal(wall):
		return "Begin on a day that fits the rule: the first is " + first.Format("Monday, 2 January 2006")
	case !second.IsZero() && second.Before(first.Add(w.Duration)):
		return "Enter a rule whose times do not overlap: each lasts longer than until the next"
	default:
		return ""
	}
}
