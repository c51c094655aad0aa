package monitor_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

func TestStepChannel(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	days := func(n int) time.Time { return start.AddDate(0, 0, n) }
	failed := monitor.ChannelAttempt{At: days(3), Answer: "HTTP 500"}
	last := failed
	last.Last = true
	early := last
	early.At = days(3).Add(-time.Second)
	gone := monitor.ChannelAttempt{At: start, Last: true, Gone: true, Answer: "HTTP 410"}
	failing := monitor.ChannelHealth{FailingSince: start}
	for name, test := range map[string]struct {
		health  monitor.ChannelHealth
		attempt monitor.ChannelAttempt
		want    monitor.ChannelHealth
	}{
		"the first failure":       {monitor.ChannelHealth{}, failed, monitor.ChannelHealth{FailingSince: days(3)}},
		"a further one":           {failing, failed, failing},
		"three days, tried again": {failing, failed, failing},
		"given up before":         {failing, early, failing},
		"given up after three days": {failing, last, monitor.ChannelHealth{
			FailingSince: start, Disabled: true, Reason: "Nothing got through since 2026-11-22 12:00 UTC. The last answer: HTTP 500.",
		}},
		"refused for good, the first time": {monitor.ChannelHealth{}, last, monitor.ChannelHealth{FailingSince: days(3)}},
		"gone": {monitor.ChannelHealth{}, gone, monitor.ChannelHealth{
			FailingSince: start, Disabled: true, Reason: "Its receiver answered that it is gone for good (HTTP 410).",
		}},
		"one got through": {failing, monitor.ChannelAttempt{At: days(4), Accepted: true}, monitor.ChannelHealth{}},
		"disabled already": {
			monitor.ChannelHealth{FailingSince: start, Disabled: true, Reason: "a person"},
			last,
			monitor.ChannelHealth{FailingSince: start, Disabled: true, Reason: "a person"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, monitor.StepChannel(test.health, test.attempt))
		})
	}
}
