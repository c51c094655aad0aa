package monitor_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

func TestStepBurst(t *testing.T) {
	t.Parallel()
	at := utc("2026-11-22 10:00")
	var burst monitor.Burst
	var decision monitor.BurstDecision
	for range monitor.MostInBurst {
		burst, decision = monitor.StepBurst(burst, monitor.BurstMessage, at)
		require.Equal(t, monitor.BurstDecision{Send: true}, decision)
		at = at.Add(time.Second)
	}
	due := utc("2026-11-22 10:10")
	burst, decision = monitor.StepBurst(burst, monitor.BurstMessage, at)
	require.Equal(t, monitor.BurstDecision{SummaryAt: due, First: true}, decision)
	burst, decision = monitor.StepBurst(burst, monitor.BurstMessage, at.Add(9*time.Minute))
	require.Equal(t, monitor.BurstDecision{SummaryAt: due}, decision, "one summary is enough")
	require.Equal(t, 2, burst.Held)
	_, decision = monitor.StepBurst(burst, monitor.BurstMessage, due.Add(time.Second))
	require.Equal(t, monitor.BurstDecision{SummaryAt: due.Add(time.Second), First: true}, decision, "nobody sent it: asked for anew, and still in order")
	burst, _ = monitor.StepBurst(burst, monitor.BurstSummarized, due)
	require.Zero(t, burst.Held)
	_, decision = monitor.StepBurst(burst, monitor.BurstMessage, due.Add(time.Second))
	require.True(t, decision.Send)
	quiet := monitor.Burst{Sent: []time.Time{at}}
	_, decision = monitor.StepBurst(quiet, monitor.BurstMessage, at.Add(monitor.BurstWithin))
	require.True(t, decision.Send)
	require.Equal(t, []time.Time{at}, quiet.Sent, "a step changes nothing that it is given")
}

// Whatever comes when, no ten minutes have more than ten messages, and what does
// not go out at once waits for a summary.
func TestNoFloodGetsThrough(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 6)) //nolint:gosec // reproducible
		at := utc("2026-11-22 00:00")
		var burst monitor.Burst
		var out []time.Time
		held := 0
		for range 2000 {
			at = at.Add(time.Duration(random.IntN(60)) * time.Second)
			if !burst.SummaryAt.IsZero() && !at.Before(burst.SummaryAt) {
				require.Equal(t, held, burst.Held)
				burst, _ = monitor.StepBurst(burst, monitor.BurstSummarized, at)
				out, held = append(out, at), 0
			}
			var decision monitor.BurstDecision
			burst, decision = monitor.StepBurst(burst, monitor.BurstMessage, at)
			if decision.Send {
				out = append(out, at)
				continue
			}
			require.Equal(t, held == 0, decision.First)
			require.LessOrEqual(t, decision.SummaryAt.Sub(at), monitor.BurstWithin)
			held++
		}
		for i := monitor.MostInBurst; i < len(out); i++ {
			require.GreaterOrEqual(t, out[i].Sub(out[i-monitor.MostInBurst]), monitor.BurstWithin)
		}
	}
}
