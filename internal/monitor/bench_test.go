package monitor_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// BenchmarkStep moves an endpoint with eleven requirements on by one look that
// changed nothing.
func BenchmarkStep(b *testing.B) {
	event := monitor.Judged{At: start, Purpose: monitor.Scheduled, Connectivity: checks.KnownFact(true)}
	for _, requirement := range []string{"T-01", "T-02", "T-03", "T-07", "T-09", "C-01", "C-02", "E-01", "L-01", "L-02", "L-03"} {
		event.Verdicts = append(event.Verdicts, checks.Verdict{Requirement: requirement, Result: checks.Pass, Severity: checks.Must})
	}
	states, _ := monitor.Step(nil, event, monitor.Settings{})
	event.At = start.Add(time.Hour)
	for b.Loop() {
		next, effects := monitor.Step(states, event, monitor.Settings{})
		require.Len(b, next, len(states))
		require.Empty(b, effects)
	}
}
