package monitor_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

func failsBy(requirement string, causes ...checks.Cause) checks.Verdict {
	verdict := checks.Verdict{Requirement: requirement, Result: checks.Fail, Severity: checks.Must}
	for _, cause := range causes {
		verdict.Proof = append(verdict.Proof, checks.Proof{Fact: "addresses[192.0.2.1].certificates", Cause: cause})
	}
	return verdict
}

// TestExpiryJoinsTheOverdueRenewal: a certificate whose overdue renewal was
// told expires three weeks later. Other incidents may be open, and newer.
func TestExpiryJoinsTheOverdueRenewal(t *testing.T) {
	t.Parallel()
	const later = 20 * 24 * time.Hour
	overdue := failsBy("T-20", checks.CauseTime)
	tests := []struct {
		name    string
		renewal checks.Verdict
		expiry  checks.Verdict
		joins   bool
	}{
		{"by time alone", overdue, failsBy("T-09", checks.CauseTime), true},
		{"with proof that names no cause", overdue, failsBy("T-09", checks.CauseTime, ""), true},
		{"for another reason too", overdue, failsBy("T-09", checks.CauseTime, checks.CauseCertificate), false},
		{"for another reason", overdue, failsBy("T-03", checks.CauseConfiguration), false},
		{"without proof", overdue, failsBy("T-09"), false},
		{"beside an incident for another reason", failsBy("T-20", checks.CauseConfiguration), failsBy("T-09", checks.CauseTime), false},
		{"renewed meanwhile", checks.Verdict{Requirement: "T-20", Result: checks.Pass, Severity: checks.Must}, failsBy("T-09", checks.CauseTime), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			states := map[string]monitor.RequirementState{
				"T-20": {Requirement: "T-20", Severity: checks.Must, Conclusive: checks.Fail, ConclusiveSince: at(0), IncidentID: 3},
				"C-01": {Requirement: "C-01", Severity: checks.Must, Conclusive: checks.Fail, ConclusiveSince: at(later / 2), IncidentID: 4},
			}
			event := monitor.Judged{
				At: at(later), Verdicts: []checks.Verdict{failsBy("C-01", checks.CauseConfiguration), test.expiry, test.renewal},
				Connectivity: checks.KnownFact(true), Newest: monitor.Incident{ID: 4, OpenedAt: at(later / 2)},
			}
			states, effects := monitor.Step(states, event, monitor.Settings{})
			require.Contains(t, effects, monitor.ConfirmLook{At: at(later + 30*time.Second), Elsewhere: true})
			event.At, event.Purpose = at(later+30*time.Second), monitor.Confirm
			states, effects = monitor.Step(states, event, monitor.Settings{})
			requirement := test.expiry.Requirement
			want := []monitor.Effect{monitor.OpenIncident{Requirements: []string{requirement}, Since: at(later)}}
			if test.renewal.Result == checks.Pass { // and the second look agreed
				want = append([]monitor.Effect{monitor.CloseRequirements{IncidentID: 3, Requirements: []string{"T-20"}}}, want...)
			}
			if test.joins {
				want = []monitor.Effect{monitor.JoinIncident{IncidentID: 3, Requirements: []string{requirement}}}
				require.Equal(t, int64(3), states[requirement].IncidentID)
			}
			require.Empty(t, cmp.Diff(want, effects))
		})
	}
}
