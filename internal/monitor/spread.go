package monitor

import "time"

// Between the first looks at endpoints that are registered together, while
// there is time for all within an interval.
const (
	firstApart     = time.Second
	firstFullApart = time.Minute
)

// Spread returns when the endpoint i of count that are registered together at
// at is looked at first, and from when on fully: twenty thousand first looks in
// one minute would load us, and servers that have many of them. The first runs
// at once; each run falls into the first interval, each full look into the
// first day.
func Spread(i, count int, interval time.Duration, at time.Time) (run, full time.Time) {
	share := func(apart, within time.Duration) time.Duration {
		whole := min(apart*time.Duration(count), within)
		return time.Duration(float64(whole) * float64(i) / float64(max(count, 1)))
	}
	run = at.Add(share(firstApart, interval)).Truncate(time.Microsecond)
	return run, run.Add(firstApart + share(firstFullApart, FullInterval)).Truncate(time.Microsecond)
}
