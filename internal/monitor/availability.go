package monitor

import "time"

// AvailabilityDay is how an endpoint answered on one day of UTC (superoffice.md
// E-15). Time is counted from look to look: until the next one, what a look
// saw holds, for MostHold at the most.
type AvailabilityDay struct {
	Day       time.Time // midnight in UTC
	Up        time.Duration
	Down      time.Duration // confirmed: E-01 fails
	Unknown   time.Duration // we could not tell, or did not look
	Planned   time.Duration // of Down, in maintenance windows
	Looks     int
	Responses []int // counts of response times, by ResponseBuckets
}

// MostHold bounds how long one look speaks for what comes after it.
const MostHold = 2 * time.Hour
