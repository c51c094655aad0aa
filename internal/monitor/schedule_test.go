package monitor_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

func TestScheduleNext(t *testing.T) {
	t.Parallel()
	anchor := time.Date(2026, 3, 28, 23, 30, 0, 0, time.UTC)
	for _, test := range []struct {
		name     string
		interval time.Duration
		now      time.Time
		slot     int64 // the grid point that Next must lie on
	}{
		{"just created", time.Hour, anchor, 1},
		{"before it was created", time.Hour, anchor.Add(-time.Minute), 1},
		{"on the grid, where a new endpoint runs first", time.Hour, anchor.Add(time.Hour), 2},
		{"half way", time.Hour, anchor.Add(90 * time.Minute), 2},
		{"past the jitter of a slot", time.Hour, anchor.Add(2*time.Hour + 6*time.Minute), 3},
		{"after three days of downtime", time.Hour, anchor.Add(72*time.Hour + 50*time.Minute), 73},
		{"a minute", time.Minute, anchor.Add(10*time.Minute + 30*time.Second), 11},
		{"never under a minute", time.Second, anchor.Add(10*time.Minute + 30*time.Second), 11},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for endpoint := range int64(200) {
				schedule := monitor.Schedule{EndpointID: endpoint, Anchor: anchor, Interval: test.interval}
				interval := max(test.interval, time.Minute)
				next := schedule.Next(test.now)
				grid := anchor.Add(time.Duration(test.slot) * interval)
				require.True(t, next.After(test.now))
				require.False(t, next.Before(grid), "endpoint %d: %s is before %s", endpoint, next, grid)
				require.Less(t, next.Sub(grid), interval/10)
				require.Equal(t, next, schedule.Next(test.now), "the jitter is reproducible")
				require.True(t, schedule.Next(next).After(next.Add(interval/2)), "one run a slot")
			}
		})
	}
}

func TestScheduleDoesNotDriftWhenRunsAreLate(t *testing.T) {
	t.Parallel()
	anchor := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	schedule := monitor.Schedule{EndpointID: 7, Anchor: anchor, Interval: time.Hour}
	run := anchor
	for slot := range 1000 {
		run = schedule.Next(run.Add(10 * time.Minute)) // each is claimed ten minutes late
		late := run.Sub(anchor.Add(time.Duration(slot+1) * time.Hour))
		require.GreaterOrEqual(t, late, time.Duration(0))
		require.Less(t, late, 5*time.Minute)
	}
}

func TestScheduleSpreadsEndpoints(t *testing.T) {
	t.Parallel()
	anchor := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	minutes := map[int]int{}
	for endpoint := range int64(5000) {
		next := monitor.Schedule{EndpointID: endpoint, Anchor: anchor, Interval: time.Hour}.Next(anchor)
		minutes[next.Minute()]++
	}
	require.Len(t, minutes, 5)
	for minute, count := range minutes {
		require.InDelta(t, 1000, count, 150, "minute %d", minute)
	}
}
