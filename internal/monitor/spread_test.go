package monitor_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

func TestSpreadLeavesNoMinuteCrowded(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	const count = 20_000
	minutes, hours := map[time.Time]int{}, map[time.Time]int{}
	for i := range count {
		run, full := monitor.Spread(i, count, time.Hour, at)
		require.False(t, run.Before(at))
		require.True(t, run.Before(at.Add(time.Hour)))
		require.True(t, full.After(run), "the first look is a quick one")
		require.True(t, full.Before(at.Add(26*time.Hour)))
		minutes[run.Truncate(time.Minute)]++
		hours[full.Truncate(time.Hour)]++
	}
	for minute, looks := range minutes {
		require.LessOrEqual(t, looks, 340, minute)
	}
	for hour, looks := range hours {
		require.LessOrEqual(t, looks, 900, hour)
	}
	run, full := monitor.Spread(0, 1, time.Hour, at)
	require.Equal(t, at, run)
	require.Equal(t, at.Add(time.Second), full)
	run, _ = monitor.Spread(4, 5, time.Minute, at)
	require.Equal(t, at.Add(4*time.Second), run, "a few are looked at within seconds")
}

func TestSchedulesOfOneImportStaySpread(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	runs := map[time.Time]int{}
	for i := range 3600 {
		run, _ := monitor.Spread(i, 3600, time.Hour, at)
		endpoint := monitor.Endpoint{ID: int64(i), Interval: time.Hour, CreatedAt: at, Anchor: run}
		next := endpoint.Schedule().Next(run)
		require.False(t, next.Before(run.Add(time.Hour)))
		runs[next.Truncate(10*time.Minute)]++
	}
	for slot, count := range runs {
		require.LessOrEqual(t, count, 800, slot)
	}
}

func TestPlannedFirstFullLookStaysPlanned(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	endpoint := watched(1)
	endpoint.NextFullAt = at.Add(5 * time.Hour)
	plan := monitor.PlanFull(endpoint, monitor.FullQuestion{At: at, Depth: checks.Quick, First: true})
	require.Equal(t, monitor.FullPlan{RunAt: endpoint.NextFullAt}, plan)
	endpoint.NextFullAt = at
	plan = monitor.PlanFull(endpoint, monitor.FullQuestion{At: at, Depth: checks.Quick, First: true})
	require.Equal(t, monitor.FullPlan{DueAt: at, RunAt: at}, plan)
}
