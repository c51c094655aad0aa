package monitor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// What bounds a rule: its text, its step, and its BYSETPOS, since each day is
// asked of each.
const (
	mostPositions     = 8
	longestRecurrence = 200
	mostInterval      = 400
)

// gregorianCycle is after how many years the calendar repeats, days of the week
// included. The library gives up in the year 9999: a rule that never matches is
// searched until then. Moved ahead by as many cycles as fit, that is at most
// 400 years, whatever the rule.
const gregorianCycle = 400

// recurrence is a rule whose times are what clocks on the wall show, as times
// in UTC (RFC 5545 section 3.3.10: what recurs keeps its local time).
type recurrence struct {
	rule  *rrule.RRule
	moved int // by how many years its times are ahead
}

// recurrenceParts are those of RFC 5545 section 3.3.10 that rules may have.
// Times of the day are the window's: rules that name hours, minutes or seconds
// could recur without end in a day.
func recurrenceParts() []string {
	return []string{"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"}
}

var errRecurrence = errors.New("the rule cannot be used")

// parseRecurrence reads a rule for a window that begins first when clocks in
// zone show wall. Errors are for people.
func parseRecurrence(text string, wall time.Time, zone *time.Location) (recurrence, error) {
	text = strings.ToUpper(strings.TrimPrefix(strings.TrimSpace(text), "RRULE:"))
	if len(text) > longestRecurrence || strings.ContainsAny(text, "\r\n") {
		return recurrence{}, fmt.Errorf("%w: it is longer than %d characters or has several lines", errRecurrence, longestRecurrence)
	}
	for part := range strings.SplitSeq(text, ";") {
		name, _, _ := strings.Cut(part, "=")
		if !slices.Contains(recurrenceParts(), name) {
			return recurrence{}, fmt.Errorf("%w: %.20q is none of %s", errRecurrence, name, strings.Join(recurrenceParts(), ", "))
		}
	}
	options, err := rrule.StrToROptionInLocation(text, time.UTC)
	if err != nil {
		return recurrence{}, fmt.Errorf("%w: %w", errRecurrence, err)
	}
	if options.Freq > rrule.DAILY {
		return recurrence{}, fmt.Errorf("%w: a window recurs daily, weekly, monthly or yearly", errRecurrence)
	}
	if options.Interval < 0 || options.Interval > mostInterval || options.Count < 0 {
		return recurrence{}, fmt.Errorf("%w: its interval is 1 to %d", errRecurrence, mostInterval)
	}
	if slices.ContainsFunc(options.Byweekday, func(day rrule.Weekday) bool { return day.N() < -5 || day.N() > 5 }) {
		return recurrence{}, fmt.Errorf("%w: a month has five of a day of the week at the most", errRecurrence)
	}
	if len(options.Bysetpos) > mostPositions {
		return recurrence{}, fmt.Errorf("%w: it has more than %d positions", errRecurrence, mostPositions)
	}
	return newRecurrence(options, wall, untilOf(text, options.Until, zone))
}

// untilOf returns the last moment of a rule as clocks on the wall show it: of a
// day its end, of a time in UTC what they show then.
func untilOf(text string, until time.Time, zone *time.Location) time.Time {
	_, value, _ := strings.Cut(text, "UNTIL=")
	value, _, _ = strings.Cut(value, ";")
	switch {
	case until.IsZero():
		return until
	case strings.HasSuffix(value, "Z"):
		return wallOf(until, zone)
	case !strings.Contains(value, "T"):
		return until.AddDate(0, 0, 1).Add(-time.Second)
	default:
		return until
	}
}

func newRecurrence(options *rrule.ROption, wall, until time.Time) (recurrence, error) {
	moved := max(rrule.MAXYEAR-1-wall.Year(), 0) / gregorianCycle * gregorianCycle
	options.Dtstart = wall.AddDate(moved, 0, 0)
	if !until.IsZero() {
		options.Until = until.AddDate(moved, 0, 0)
	}
	rule, err := rrule.NewRRule(*options)
	if err != nil {
		return recurrence{}, fmt.Errorf("%w: %w", errRecurrence, err)
	}
	return recurrence{rule: rule, moved: moved}, nil
}

// all yields the times of a rule in order.
func (r recurrence) all(yield func(time.Time) bool) {
	next := r.rule.Iterator()
	for at, ok := next(); ok; at, ok = next() {
		if !yield(at.AddDate(-r.moved, 0, 0)) {
			return
		}
	}
}
