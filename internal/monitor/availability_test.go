package monitor_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// answered steps through looks, and returns the days by date.
func answered(looks []time.Time, events []monitor.Looked) map[time.Time]monitor.AvailabilityDay {
	days := map[time.Time]monitor.AvailabilityDay{}
	var state monitor.AvailabilityState
	for i, at := range looks {
		var added []monitor.AvailabilityDay
		state, added = monitor.StepAvailability(state, events[i], at)
		for _, day := range added {
			sum := days[day.Day]
			sum.Day = day.Day
			days[day.Day] = sum.Add(day)
		}
	}
	return days
}

func TestStepAvailability(t *testing.T) {
	t.Parallel()
	up, down, suspected, unknown := monitor.AnswerUp, monitor.AnswerDown, monitor.AnswerSuspected, monitor.AnswerUnknown
	for name, test := range map[string]struct {
		looks   []string
		answers []monitor.Answer
		want    monitor.AvailabilityDay // the sum of all days
		days    int
	}{
		"one look":                      {[]string{"2026-11-22 10:00"}, []monitor.Answer{up}, monitor.AvailabilityDay{}, 1},
		"up":                            {[]string{"2026-11-22 10:00", "2026-11-22 11:00"}, []monitor.Answer{up, up}, monitor.AvailabilityDay{Up: time.Hour}, 1},
		"the look before holds":         {[]string{"2026-11-22 10:00", "2026-11-22 11:00"}, []monitor.Answer{up, down}, monitor.AvailabilityDay{Up: time.Hour}, 1},
		"down":                          {[]string{"2026-11-22 10:00", "2026-11-22 11:00"}, []monitor.Answer{down, up}, monitor.AvailabilityDay{Down: time.Hour}, 1},
		"suspected, and it was":         {[]string{"2026-11-22 10:00", "2026-11-22 10:01"}, []monitor.Answer{suspected, down}, monitor.AvailabilityDay{Down: time.Minute}, 1},
		"suspected, and it was not":     {[]string{"2026-11-22 10:00", "2026-11-22 10:01"}, []monitor.Answer{suspected, up}, monitor.AvailabilityDay{Up: time.Minute}, 1},
		"suspected, and nobody knows":   {[]string{"2026-11-22 10:00", "2026-11-22 10:01"}, []monitor.Answer{suspected, unknown}, monitor.AvailabilityDay{Unknown: time.Minute}, 1},
		"held no longer than two hours": {[]string{"2026-11-22 10:00", "2026-11-22 15:00"}, []monitor.Answer{up, up}, monitor.AvailabilityDay{Up: 2 * time.Hour, Unknown: 3 * time.Hour}, 1},
		"over midnight":                 {[]string{"2026-11-22 23:00", "2026-11-23 00:30"}, []monitor.Answer{down, up}, monitor.AvailabilityDay{Down: 90 * time.Minute}, 2},
		"after days":                    {[]string{"2026-11-22 23:00", "2026-11-25 01:00"}, []monitor.Answer{up, up}, monitor.AvailabilityDay{Up: 2 * time.Hour, Unknown: 48 * time.Hour}, 4},
		"not in order":                  {[]string{"2026-11-22 11:00", "2026-11-22 10:00", "2026-11-22 12:00"}, []monitor.Answer{up, down, up}, monitor.AvailabilityDay{Up: time.Hour}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var looks []time.Time
			var events []monitor.Looked
			for i, at := range test.looks {
				looks, events = append(looks, utc(at)), append(events, monitor.Looked{Answer: test.answers[i]})
			}
			var sum monitor.AvailabilityDay
			days := answered(looks, events)
			for _, day := range days {
				sum = sum.Add(day)
			}
			require.Len(t, days, test.days)
			require.Equal(t, len(looks), sum.Looks)
			require.Equal(t, []time.Duration{test.want.Up, test.want.Down, test.want.Unknown}, []time.Duration{sum.Up, sum.Down, sum.Unknown})
		})
	}
	_, added := monitor.StepAvailability(monitor.AvailabilityState{LookedAt: utc("2026-11-22 10:00"), Answer: down, Planned: true},
		monitor.Looked{Answer: up, Response: 420 * time.Millisecond}, utc("2026-11-22 10:30"))
	require.Equal(t, 30*time.Minute, added[0].Planned)
	require.Equal(t, added[0].Down, added[0].Planned)
	p95, measured := monitor.Percentile(added, 0.95)
	require.True(t, measured)
	require.InDelta(t, 420, p95.Milliseconds(), 80)
}

// A day never has more than its seconds, they are all accounted for, and the
// sum of many pieces is that of one run.
func TestAvailabilityAddsUp(t *testing.T) {
	t.Parallel()
	answers := []monitor.Answer{monitor.AnswerUp, monitor.AnswerDown, monitor.AnswerSuspected, monitor.AnswerUnknown}
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 5)) //nolint:gosec // reproducible
		at := utc("2026-03-27 00:00").Add(time.Duration(random.IntN(86400)) * time.Second)
		looks, events := []time.Time{at}, []monitor.Looked{{}}
		for range 200 {
			at = at.Add(time.Duration(random.IntN(3*3600)) * time.Second)
			looks = append(looks, at)
			events = append(events, monitor.Looked{Answer: answers[random.IntN(4)], Planned: random.IntN(5) == 0, Response: time.Duration(random.IntN(3000)) * time.Millisecond})
		}
		days := answered(looks, events)
		var total time.Duration
		count := 0
		for _, day := range days {
			length := day.Up + day.Down + day.Unknown
			require.LessOrEqual(t, length, 24*time.Hour)
			require.LessOrEqual(t, day.Planned, day.Down)
			total += length
			count += day.Looks
		}
		require.Equal(t, looks[len(looks)-1].Sub(looks[0]), total)
		require.Equal(t, len(looks), count)
		// The same looks in two processes: the second one knows only the state.
		half := len(looks) / 2
		var state monitor.AvailabilityState
		merged := map[time.Time]monitor.AvailabilityDay{}
		for part, from := range []int{0, half} {
			until := []int{half, len(looks)}[part]
			for i := from; i < until; i++ {
				var added []monitor.AvailabilityDay
				state, added = monitor.StepAvailability(state, events[i], looks[i])
				for _, day := range added {
					sum := merged[day.Day]
					sum.Day = day.Day
					merged[day.Day] = day.Add(sum)
				}
			}
		}
		require.Equal(t, days, merged)
	}
}

func TestAvailabilitySpans(t *testing.T) {
	t.Parallel()
	at := utc("2026-11-22 12:00")
	var days []monitor.AvailabilityDay
	for back := range 120 {
		day := monitor.AvailabilityDay{Day: utc("2026-11-22 00:00").AddDate(0, 0, -back), Up: 20 * time.Hour, Looks: 1}
		if back == 1 || back == 40 {
			day.Down, day.Planned, day.Unknown = 2*time.Hour, time.Hour, 2*time.Hour
		}
		days = append(days, day)
	}
	spans := monitor.Availability(days, at)
	require.Len(t, spans, 4)
	require.Equal(t, []int{2, 8, 31, 91}, []int{spans[0].Looks, spans[1].Looks, spans[2].Looks, spans[3].Looks})
	require.Equal(t, utc("2026-11-21 00:00"), spans[0].From)
	require.Equal(t, 2*time.Hour, spans[0].Down)
	require.Equal(t, 4*time.Hour, spans[3].Down)
	share, known := spans[0].Share()
	require.True(t, known)
	require.InDelta(t, 40.0/41, share, 1e-9, "planned work does not count")
	_, known = monitor.Availability(nil, at)[0].Share()
	require.False(t, known)
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	_, measured := monitor.Percentile(nil, 0.95)
	require.False(t, measured)
	bounds := monitor.ResponseBuckets()
	require.IsIncreasing(t, bounds)
	require.Equal(t, 10*time.Millisecond, bounds[0])
	require.Equal(t, 40*time.Second, bounds[len(bounds)-1])
	var days []monitor.AvailabilityDay
	var state monitor.AvailabilityState
	at := utc("2026-11-22 00:00")
	for millisecond := 1; millisecond <= 1000; millisecond++ {
		var added []monitor.AvailabilityDay
		at = at.Add(time.Minute)
		state, added = monitor.StepAvailability(state, monitor.Looked{Answer: monitor.AnswerUp, Response: time.Duration(millisecond) * time.Millisecond}, at)
		days = append(days, added...)
	}
	for _, share := range []float64{0.01, 0.25, 0.5, 0.75, 0.95, 1} {
		got, _ := monitor.Percentile(days, share)
		require.InEpsilon(t, share*1000, float64(got.Milliseconds()), 0.05, share)
	}
	_, slow := monitor.StepAvailability(state, monitor.Looked{Answer: monitor.AnswerUp, Response: time.Hour}, at)
	got, _ := monitor.Percentile(slow, 0.95)
	require.Equal(t, 40*time.Second, got)
	_, refused := monitor.StepAvailability(state, monitor.Looked{Answer: monitor.AnswerDown, Response: time.Second}, at)
	_, measured = monitor.Percentile(refused, 0.95)
	require.False(t, measured, "what is down has no response time")
}

func TestAnswerOf(t *testing.T) {
	t.Parallel()
	connected := monitor.Judged{Connectivity: checks.KnownFact(true)}
	state := func(result, conclusive checks.Result) map[string]monitor.RequirementState {
		return map[string]monitor.RequirementState{monitor.Unreachable: {Result: result, Conclusive: conclusive}}
	}
	for name, test := range map[string]struct {
		states map[string]monitor.RequirementState
		event  monitor.Judged
		want   monitor.Answer
	}{
		"never judged":         {nil, connected, monitor.AnswerUnknown},
		"pass":                 {state(checks.Pass, checks.Pass), connected, monitor.AnswerUp},
		"first pass":           {state(checks.Pass, checks.Fail), connected, monitor.AnswerUp},
		"first fail":           {state(checks.Fail, checks.Pass), connected, monitor.AnswerSuspected},
		"confirmed":            {state(checks.Fail, checks.Fail), connected, monitor.AnswerDown},
		"nobody knows":         {state(checks.ResultInconclusive, checks.Fail), connected, monitor.AnswerUnknown},
		"our own network":      {state(checks.Fail, checks.Fail), monitor.Judged{Connectivity: checks.KnownFact(false)}, monitor.AnswerUnknown},
		"we are not believed":  {state(checks.Fail, checks.Fail), monitor.Judged{Paused: true}, monitor.AnswerUnknown},
		"nobody had to ask it": {state(checks.Pass, checks.Pass), monitor.Judged{}, monitor.AnswerUp},
	} {
		require.Equal(t, test.want, monitor.AnswerOf(test.states, test.event), name)
	}
}

func TestResponseOf(t *testing.T) {
	t.Parallel()
	request := func(hop int, milliseconds int) checks.RequestRecord {
		return checks.RequestRecord{Hop: hop, DNS: time.Millisecond, FirstByte: time.Duration(milliseconds) * time.Millisecond}
	}
	require.Zero(t, monitor.ResponseOf(checks.Measurements{}))
	require.Equal(t, 31*time.Millisecond, monitor.ResponseOf(checks.Measurements{Requests: []checks.RequestRecord{
		request(0, 900), request(1, 5), request(-1, 5), request(0, 30), request(0, 20), {Hop: 0, Reused: true, FirstByte: 1},
	}}))
}
