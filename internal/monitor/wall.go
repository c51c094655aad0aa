package monitor

import "time"

// zoneOf returns the IANA time zone of a name; UTC for an empty name and for one
// that nobody knows: ZoneKnown says so to who types it.
func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return time.UTC
	}
	return zone
}

// ZoneKnown says whether name is an IANA time zone, such as Europe/Oslo. Empty
// is UTC. What the machine calls its own is none: it differs between machines.
func ZoneKnown(name string) bool {
	if name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

// wallOf returns what clocks on the wall in zone show at a time, as a time in
// UTC: one that days and minutes can be added to without any change of clocks.
func wallOf(at time.Time, zone *time.Location) time.Time {
	local := at.In(zone)
	year, month, day := local.Date()
	return time.Date(year, month, day, local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), time.UTC)
}

// wallTime returns when clocks on the wall in zone show wall, a time in UTC as
// wallOf returns it. Where they show it twice, it is the first time; where they
// skip it, it is as long after the skip as they would have shown it before (RFC
// 5545 section 3.3.5).
func wallTime(wall time.Time, zone *time.Location) time.Time {
	before, after := wall.Add(-offsetAt(wall.AddDate(0, 0, -1), zone)), wall.Add(-offsetAt(wall.AddDate(0, 0, 1), zone))
	if !wallOf(before, zone).Equal(wall) && wallOf(after, zone).Equal(wall) {
		return after.In(zone)
	}
	return before.In(zone)
}

func offsetAt(at time.Time, zone *time.Location) time.Duration {
	_, seconds := at.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// wallDay returns the midnight of wall's day, moved by days.
func wallDay(wall time.Time, days int) time.Time {
	return dayOf(wall).AddDate(0, 0, days)
}
