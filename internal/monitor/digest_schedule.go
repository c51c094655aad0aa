package monitor

import "time"

// DigestPeriod is how often a channel gets a digest.
type DigestPeriod string

// The periods.
const (
	NoDigest     DigestPeriod = "none"
	DailyDigest  DigestPeriod = "daily"
	WeeklyDigest DigestPeriod = "weekly" // on Mondays
)

// DigestSchedule is when a channel gets its digest.
type DigestSchedule struct {
	Period DigestPeriod
	Hour   int    // 0 to 23, of what clocks on the wall show in Zone
	Zone   string // IANA time zone; empty: UTC
}

// Kind returns the kind of the schedule's notifications.
func (s DigestSchedule) Kind() NotificationKind {
	if s.Period == WeeklyDigest {
		return DigestWeekly
	}
	return DigestDaily
}

// Validate says what is wrong with a schedule. Fields: digest, digest_hour, digest_zone.
func (s DigestSchedule) Validate() []FieldFault {
	var faults []FieldFault
	if s.Period != NoDigest && s.Period != DailyDigest && s.Period != WeeklyDigest {
		faults = append(faults, FieldFault{Field: "digest", Text: "Choose daily, weekly or no digest"})
	}
	if s.Hour < 0 || s.Hour > 23 {
		faults = append(faults, FieldFault{Field: "digest_hour", Text: "Choose an hour from 0 to 23"})
	}
	if !ZoneKnown(s.Zone) {
		faults = append(faults, FieldFault{Field: "digest_zone", Text: "Enter a time zone such as Europe/Oslo"})
	}
	return faults
}

// NextDigest returns when the first digest after after is due; zero where none
// is. Each day has one, also those on which clocks change.
func NextDigest(schedule DigestSchedule, after time.Time) time.Time {
	return schedule.find(after, 1, func(due time.Time) bool { return due.After(after) })
}

// LastDigest returns when the last digest before before was due; zero where none is.
func LastDigest(schedule DigestSchedule, before time.Time) time.Time {
	return schedule.find(before, -1, func(due time.Time) bool { return due.Before(before) })
}

// find goes from the day of at on, by step days, to the first due time that fits.
func (s DigestSchedule) find(at time.Time, step int, fits func(time.Time) bool) time.Time {
	if s.Period != DailyDigest && s.Period != WeeklyDigest {
		return time.Time{}
	}
	zone := zoneOf(s.Zone)
	wall := wallOf(at, zone)
	for days := 0; ; days += step {
		day := wallDay(wall, days)
		if s.Period == WeeklyDigest && day.Weekday() != time.Monday {
			continue
		}
		if due := wallTime(day.Add(time.Duration(s.Hour)*time.Hour), zone); fits(due) {
			return due.UTC()
		}
	}
}
