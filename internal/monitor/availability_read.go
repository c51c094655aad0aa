package monitor

import (
	"math"
	"slices"
	"time"
)

// ResponseBuckets returns the upper bounds of the buckets that response times
// are counted in, ascending; one more bucket holds what took longer than the
// last. Ten bounds a power of ten (ISO 3, R10), from 10 ms to 40 s. Stored rows
// rest on them: never change one.
func ResponseBuckets() []time.Duration {
	series := []float64{1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8}
	var bounds []time.Duration
	for power := 10 * time.Millisecond; power <= 10*time.Second; power *= 10 {
		for _, number := range series {
			if bound := time.Duration(number * float64(power)); bound <= 40*time.Second {
				bounds = append(bounds, bound)
			}
		}
	}
	return bounds
}

func responseBucket(response time.Duration) int {
	at, _ := slices.BinarySearch(ResponseBuckets(), response)
	return at
}

// Percentile returns the response time that a share of the answers of days did
// not exceed, 0.95 being p95, within its bucket by interpolation; false where
// no answer was measured. What took longer than the last bound counts as it.
func Percentile(days []AvailabilityDay, share float64) (time.Duration, bool) {
	var counts []int
	for _, day := range days {
		counts = addCounts(counts, day.Responses)
	}
	total := 0
	for _, count := range counts {
		total += count
	}
	if total == 0 {
		return 0, false
	}
	bounds := ResponseBuckets()
	rank := max(math.Ceil(share*float64(total)), 1)
	seen := 0
	for i, count := range counts {
		if float64(seen+count) < rank {
			seen += count
			continue
		}
		if i >= len(bounds) {
			break
		}
		var lower time.Duration
		if i > 0 {
			lower = bounds[i-1]
		}
		return lower + time.Duration(float64(bounds[i]-lower)*(rank-float64(seen))/float64(count)), true
	}
	return bounds[len(bounds)-1], true
}

// AvailabilitySpan is how an endpoint answered from From until now.
type AvailabilitySpan struct {
	Days     int // 1: today and yesterday, so that it is 24 hours at the least
	From     time.Time
	Up, Down time.Duration
	Planned  time.Duration // of Down, in maintenance windows
	Unknown  time.Duration
	Looks    int
	// P95 is the 95th percentile of response times; 0: none was measured.
	P95 time.Duration
}

// Share returns how much of the known time an endpoint was up, planned work left
// out: 0.998 is 99.8 percent. False where nothing is known.
func (s AvailabilitySpan) Share() (float64, bool) {
	counted := s.Up + s.Down - s.Planned
	if counted <= 0 {
		return 0, false
	}
	return float64(s.Up) / float64(counted), true
}

// AvailabilitySpans returns how many days each span of Availability reaches back.
func AvailabilitySpans() []int { return []int{1, 7, 30, 90} }

// Availability returns how an endpoint answered in the last 24 hours, 7, 30 and
// 90 days before at (superoffice.md E-15). Days are whole days of UTC: each span
// begins at midnight, at least that long ago.
func Availability(days []AvailabilityDay, at time.Time) []AvailabilitySpan {
	var spans []AvailabilitySpan
	for _, length := range AvailabilitySpans() {
		span := AvailabilitySpan{Days: length, From: dayOf(at).AddDate(0, 0, -length)}
		var within []AvailabilityDay
		for _, day := range days {
			if day.Day.Before(span.From) || day.Day.After(at) {
				continue
			}
			within = append(within, day)
			span.Up += day.Up
			span.Down += day.Down
			span.Planned += day.Planned
			span.Unknown += day.Unknown
			span.Looks += day.Looks
		}
		span.P95, _ = Percentile(within, 0.95)
		spans = append(spans, span)
	}
	return spans
}
