package monitor

import (
	"cmp"
	"slices"
	"time"
)

// What clocks and calendars on the wall show.
const (
	minutesOfDay = 24 * 60
	daysOfWeek   = 7
)

// set says whether there are any quiet hours.
func (q QuietHours) set() bool { return q.From != q.Until }

// Release returns when a message of some weight that is there at at may go out:
// at itself, or the end of the quiet hours that it falls in. Quiet hours are
// what clocks on the wall show: a change of clocks makes them longer or shorter.
// Those that end when others begin are one.
func (q QuietHours) Release(weight Weight, at time.Time) time.Time {
	if !q.set() || weight.Rank() <= cmp.Or(q.Except, Critical).Rank() {
		return at
	}
	zone := zoneOf(q.Zone)
	for range daysOfWeek {
		until, quiet := q.runs(at, zone)
		if !quiet {
			break
		}
		at = until
	}
	return at
}

// runs returns when the quiet hours end that run at at, if any do.
func (q QuietHours) runs(at time.Time, zone *time.Location) (until time.Time, quiet bool) {
	today := wallOf(at, zone)
	for _, days := range []int{-1, 0} { // those that began yesterday may last until today
		day := wallDay(today, days)
		if len(q.Days) > 0 && !slices.Contains(q.Days, int(day.Weekday())) {
			continue
		}
		from, until := q.on(day, zone)
		if !at.Before(from) && at.Before(until) {
			return until, true
		}
	}
	return at, false
}

// on returns when the quiet hours that begin on a day begin and end. The last
// minute of a day is over when the day is.
func (q QuietHours) on(day time.Time, zone *time.Location) (from, until time.Time) {
	last := q.Until
	if last == minutesOfDay-1 {
		last = minutesOfDay
	}
	if q.Until < q.From {
		last += minutesOfDay
	}
	minute := func(minutes int) time.Time { return wallTime(day.Add(time.Duration(minutes)*time.Minute), zone) }
	return minute(q.From), minute(last)
}

// always says whether quiet hours leave no minute in which anything is told.
func (q QuietHours) always() bool {
	return q.set() && q.From == 0 && q.Until == minutesOfDay-1 && (len(q.Days) == 0 || len(q.Days) == daysOfWeek)
}
