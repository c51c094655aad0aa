package monitor

import (
	"maps"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Answer is what one look says about whether an endpoint is up.
type Answer string

// The answers.
const (
	AnswerUp        Answer = "up"
	AnswerDown      Answer = "down"      // confirmed: E-01 fails
	AnswerSuspected Answer = "suspected" // E-01 fails, and the next look says whether that counts
	AnswerUnknown   Answer = "unknown"   // we could not tell
)

// AnswerOf returns what a judgement says about whether its endpoint is up, by
// where its requirements stand after it. A pass that waits for its confirmation
// is an answer: what an incident does about it is another question.
func AnswerOf(states map[string]RequirementState, event Judged) Answer {
	state, asked := states[Unreachable]
	switch {
	case !asked, event.Paused, event.Connectivity.State == checks.Known && !event.Connectivity.Value:
		return AnswerUnknown
	case state.Result == checks.Pass:
		return AnswerUp
	case state.Result != checks.Fail:
		return AnswerUnknown
	case state.Conclusive == checks.Fail:
		return AnswerDown
	default:
		return AnswerSuspected
	}
}

// AvailabilityState is what StepAvailability knows of the look before. The zero
// value is 'never looked at'.
type AvailabilityState struct {
	LookedAt time.Time
	Answer   Answer
	Planned  bool // it was in a maintenance window
}

// Looked is one look at an endpoint.
type Looked struct {
	Answer   Answer
	Planned  bool          // in a maintenance window
	Response time.Duration // how long the answer took; 0: not measured
}

// StepAvailability returns what a look at at adds to the days of an endpoint,
// oldest first, each to be added to what stands there by AvailabilityDay.Add.
// The time since the look before is what that look saw, for MostHold at the
// most, and unknown from then on. What was suspected is what this look says. A
// look that is not after the one before adds no time.
func StepAvailability(state AvailabilityState, event Looked, at time.Time) (AvailabilityState, []AvailabilityDay) {
	days := map[time.Time]*AvailabilityDay{}
	if !state.LookedAt.IsZero() && at.After(state.LookedAt) {
		answer := state.Answer
		if answer == AnswerSuspected {
			answer = event.Answer
		}
		held := state.LookedAt.Add(min(at.Sub(state.LookedAt), MostHold))
		spend(days, state.LookedAt, held, answer, state.Planned)
		spend(days, held, at, AnswerUnknown, false)
	}
	today := dayIn(days, at)
	today.Looks++
	if event.Response > 0 && event.Answer == AnswerUp {
		today.Responses = make([]int, len(ResponseBuckets())+1)
		today.Responses[responseBucket(event.Response)]++
	}
	if at.After(state.LookedAt) {
		state = AvailabilityState{LookedAt: at, Answer: event.Answer, Planned: event.Planned}
	}
	added := make([]AvailabilityDay, 0, len(days))
	for _, day := range slices.SortedFunc(maps.Keys(days), time.Time.Compare) {
		added = append(added, *days[day])
	}
	return state, added
}

// spend adds the time from from until until to its days.
func spend(days map[time.Time]*AvailabilityDay, from, until time.Time, answer Answer, planned bool) {
	for from.Before(until) {
		ends := dayOf(from).AddDate(0, 0, 1)
		if until.Before(ends) {
			ends = until
		}
		day, length := dayIn(days, from), ends.Sub(from)
		switch answer {
		case AnswerUp:
			day.Up += length
		case AnswerDown:
			day.Down += length
			if planned {
				day.Planned += length
			}
		default:
			day.Unknown += length
		}
		from = ends
	}
}

func dayIn(days map[time.Time]*AvailabilityDay, at time.Time) *AvailabilityDay {
	day := dayOf(at)
	if days[day] == nil {
		days[day] = &AvailabilityDay{Day: day}
	}
	return days[day]
}

// Add returns the sum of two rows of one day.
func (d AvailabilityDay) Add(other AvailabilityDay) AvailabilityDay {
	d.Up += other.Up
	d.Down += other.Down
	d.Unknown += other.Unknown
	d.Planned += other.Planned
	d.Looks += other.Looks
	d.Responses = addCounts(d.Responses, other.Responses)
	return d
}

// addCounts returns the sums of two histograms; either may be empty or shorter.
func addCounts(one, other []int) []int {
	sums := make([]int, max(len(one), len(other)))
	copy(sums, one)
	for i, count := range other {
		sums[i] += count
	}
	return sums
}

// ResponseOf returns how long the answer of an endpoint took to begin, DNS and
// handshakes included, without redirects: the median over its addresses. 0 where
// none was measured.
func ResponseOf(measured checks.Measurements) time.Duration {
	var times []time.Duration
	for _, request := range measured.Requests {
		if request.Hop == 0 && !request.Reused && request.FirstByte > 0 {
			times = append(times, request.DNS+request.Connect+request.TLS+request.FirstByte)
		}
	}
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[(len(times)-1)/2]
}
