package monitor

import (
	"slices"
	"time"
)

// Dated is a day that people are reminded of.
type Dated struct {
	ID int64
	On time.Time // the day, in UTC
	// Sent are the thresholds that it was reminded by, in any order.
	Sent []int
}

// Reminder says that a day is to be reminded of now.
type Reminder struct {
	ID        int64
	Threshold int // the narrowest that is reached
	DaysLeft  int // negative: the day is past
}

// SecretThresholds lists how many days before a secret expires people are
// reminded: 0 is on the day.
func SecretThresholds() []int { return []int{30, 14, 7, 1, 0} }

// AttestationThresholds lists how many days before the day to renew a statement
// by people are reminded; -1 is when it is overdue.
func AttestationThresholds() []int { return []int{AttestationSoon, -1} }

// RemindAhead is how many days ahead the widest threshold looks.
const RemindAhead = 30

// DaysLeft returns how many days of UTC lie between now and a day: 0 on the day
// itself, negative after it.
func DaysLeft(day, now time.Time) int {
	return int(dayOf(day).Sub(dayOf(now)) / (24 * time.Hour))
}

func dayOf(at time.Time) time.Time {
	year, month, day := at.UTC().Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// Remind returns what is to be reminded of at now, in the order of dated. Each
// day is reminded of once by each threshold. Where several were reached since
// the last time, as when nobody ran or the day was entered late, only the
// narrowest counts, and no wider one comes after it.
func Remind(dated []Dated, thresholds []int, now time.Time) []Reminder {
	var reminders []Reminder
	for _, one := range dated {
		left := DaysLeft(one.On, now)
		threshold, reached := narrowest(thresholds, left)
		if !reached || slices.ContainsFunc(one.Sent, func(sent int) bool { return sent <= threshold }) {
			continue
		}
		reminders = append(reminders, Reminder{ID: one.ID, Threshold: threshold, DaysLeft: left})
	}
	return reminders
}

// narrowest returns the smallest threshold that left days have reached.
func narrowest(thresholds []int, left int) (threshold int, reached bool) {
	for _, one := range thresholds {
		if left <= one && (!reached || one < threshold) {
			threshold, reached = one, true
		}
	}
	return threshold, reached
}
