// Package lifetime says how long a public certificate may live by the day on
// which it was issued (CA/Browser Forum, Baseline Requirements section 6.3.2).
// It reads no clock; private certificates are none of its business.
package lifetime

import "time"

// Era is a time in which certificates of one longest lifetime may be issued.
type Era struct {
	From   time.Time // notBefore on or after
	Months int       // 0: counted in days
	Days   int       // 0: counted in months
	Source string    // ballot that made it so
}

// Eras returns every era, oldest first. Before the first there was no limit.
func Eras() []Era {
	day := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	return []Era{
		{From: day(2012, 7, 1), Months: 60, Source: "Baseline Requirements 1.0"},
		{From: day(2015, 4, 1), Months: 39, Source: "Baseline Requirements 1.0, section 9.4.1"},
		{From: day(2018, 3, 1), Days: 825, Source: "ballot 193"},
		{From: day(2020, 9, 1), Days: 398, Source: "ballot SC31"},
		{From: day(2026, 3, 15), Days: 200, Source: "ballot SC081v3"},
		{From: day(2027, 3, 15), Days: 100, Source: "ballot SC081v3"},
		{From: day(2029, 3, 15), Days: 47, Source: "ballot SC081v3"},
	}
}

// At returns the era of a certificate issued at notBefore; false before the first.
func At(notBefore time.Time) (Era, bool) {
	eras := Eras()
	for index := len(eras) - 1; index >= 0; index-- {
		if !notBefore.Before(eras[index].From) {
			return eras[index], true
		}
	}
	return Era{}, false
}

// Latest returns the last second at which a certificate of the era may end. Both
// ends are part of the lifetime (RFC 5280 section 4.1.2.5), and a day has 86,400
// seconds (Baseline Requirements section 6.3.2).
func (e Era) Latest(notBefore time.Time) time.Time {
	return notBefore.UTC().AddDate(0, e.Months, 0).Add(time.Duration(e.Days)*24*time.Hour - time.Second)
}

// TooLong says whether a certificate lives longer than the era in which it was
// issued allows.
func TooLong(notBefore, notAfter time.Time) (Era, bool) {
	era, found := At(notBefore)
	return era, found && notAfter.After(era.Latest(notBefore))
}
