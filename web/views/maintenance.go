package views

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// Maintenance lists the planned work of a team.
type Maintenance struct {
	Now     time.Time
	Running []MaintenanceRow
	Coming  []MaintenanceRow
	Past    []MaintenanceRow
	MayPlan bool
}

// MaintenanceRow is one window with its occurrence that runs or comes next.
type MaintenanceRow struct {
	monitor.MaintenanceWindow
	Covers string    // in words
	Starts time.Time // zero: it runs, or none comes any more
	Ends   time.Time // of the occurrence that runs or comes; of the past: of the last
}

// The ways in which maintenance recurs.
const (
	RepeatOnce    = "once"
	RepeatDaily   = "daily"
	RepeatWeekly  = "weekly"
	RepeatMonthly = "monthly"
	RepeatCustom  = "custom"
)

// MaintenanceForm plans work. It holds what was typed, as it was typed.
type MaintenanceForm struct {
	Reason      string
	Application string // ID; empty: any
	Environment string
	Host        string
	Endpoint    string // ID; empty: any
	Starts      string // 2006-01-02T15:04
	Hours       string
	Minutes     string
	Zone        string
	Repeat      string
	Days        []string // MO, TU, ...
	Nth         string   // 1, 2, 3, 4, -1
	Weekday     string   // MO, TU, ...
	Rule        string   // RRULE
	LastDay     string   // 2006-01-02; empty: without end

	Applications []monitor.Application
	EndpointURL  string // registered value of Endpoint
	Faults       Faults
}

// Checks says whether a day of the week is ticked.
func (f MaintenanceForm) ticked(day string) bool {
	for _, chosen := range f.Days {
		if chosen == day {
			return true
		}
	}
	return false
}

// MaintenancePreview shows what a form comes to before it is saved.
type MaintenancePreview struct {
	Form        MaintenanceForm
	Window      monitor.MaintenanceWindow
	Covers      string // in words
	URLs        []store.EndpointSummary
	More        bool // there are more URLs than those
	Occurrences []Occurrence
	Endless     bool // there are more occurrences than those
}

// Occurrence is one time of planned work.
type Occurrence struct{ Starts, Ends time.Time }

type fixedField struct{ name, value string }

// fields are those of a form that was checked, for the step that saves it.
func (f MaintenanceForm) fields() []fixedField {
	list := []fixedField{
		{"reason", f.Reason},
		{"application", f.Application},
		{"environment", f.Environment},
		{"host", f.Host},
		{"endpoint", f.Endpoint},
		{"starts", f.Starts},
		{"hours", f.Hours},
		{"minutes", f.Minutes},
		{"zone", f.Zone},
		{"repeat", f.Repeat},
		{"nth", f.Nth},
		{"weekday", f.Weekday},
		{"rule", f.Rule},
		{"last-day", f.LastDay},
	}
	for _, day := range f.Days {
		list = append(list, fixedField{"day", day})
	}
	return list
}

type weekday struct{ code, title string }

func weekdays() []weekday {
	return []weekday{
		{"MO", "Monday"}, {"TU", "Tuesday"}, {"WE", "Wednesday"}, {"TH", "Thursday"}, {"FR", "Friday"}, {"SA", "Saturday"}, {"SU", "Sunday"},
	}
}

func nths() []weekday {
	return []weekday{{"1", "First"}, {"2", "Second"}, {"3", "Third"}, {"4", "Fourth"}, {"-1", "Last"}}
}

func titleOf(list []weekday, code string) string {
	for _, entry := range list {
		if entry.code == code {
			return entry.title
		}
	}
	return ""
}

// CoversWords says in words what a window covers.
func CoversWords(window monitor.MaintenanceWindow, application, endpoint string) string {
	var parts []string
	if window.EndpointID != 0 {
		parts = append(parts, endpoint)
	}
	if window.ApplicationID != 0 {
		parts = append(parts, "the application "+application)
	}
	if window.Environment != "" {
		parts = append(parts, "the environment "+string(window.Environment))
	}
	if window.Host != "" {
		parts = append(parts, "the host "+window.Host)
	}
	if len(parts) == 0 {
		return "everything of your team"
	}
	return strings.Join(parts, ", ")
}

// recurrenceWords says how often planned work is done.
func recurrenceWords(rule string) string {
	if rule == "" {
		return "Once"
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rule, ";") {
		name, value, _ := strings.Cut(part, "=")
		parts[name] = value
	}
	until := ""
	if end, err := time.Parse("20060102T150405Z", parts["UNTIL"]); err == nil {
		until = ", until " + utc(end)
	}
	delete(parts, "UNTIL")
	switch {
	case parts["FREQ"] == "DAILY" && len(parts) == 1:
		return "Every day" + until
	case parts["FREQ"] == "WEEKLY" && len(parts) == 2 && parts["BYDAY"] != "":
		var days []string
		for day := range strings.SplitSeq(parts["BYDAY"], ",") {
			days = append(days, titleOf(weekdays(), day))
		}
		return "Every week: " + joined(days) + until
	case parts["FREQ"] == "MONTHLY" && len(parts) == 2 && len(parts["BYDAY"]) > 2:
		at := len(parts["BYDAY"]) - 2
		nth, day := titleOf(nths(), parts["BYDAY"][:at]), titleOf(weekdays(), parts["BYDAY"][at:])
		if nth != "" && day != "" {
			return fmt.Sprintf("Every month: %s %s%s", strings.ToLower(nth), day, until)
		}
	}
	return "By the rule " + rule
}

// durationWords says how long planned work takes: 2 hours 30 minutes.
func durationWords(d time.Duration) string {
	hours, minutes := int(d/time.Hour), int(d%time.Hour/time.Minute)
	switch {
	case hours == 0:
		return plural(minutes, "minute")
	case minutes == 0:
		return plural(hours, "hour")
	default:
		return plural(hours, "hour") + " " + plural(minutes, "minute")
	}
}

func zoneName(name string) string {
	if name == "" {
		return "UTC"
	}
	return name
}

func applicationID(application monitor.Application) string {
	return strconv.FormatInt(application.ID, 10)
}

func environmentChoices() []policy.Environment { return policy.Environments() }
