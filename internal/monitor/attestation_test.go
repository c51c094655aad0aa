package monitor_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

func TestStateOfAStatement(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 23, 59, 59, 0, time.UTC)
	in := func(days int) time.Time { return time.Date(2026, 11, 22+days, 0, 0, 0, 0, time.UTC) }
	for _, one := range []struct {
		name   string
		result checks.Result
		by     time.Time
		want   monitor.AttestationState
	}{
		{"holds for long", checks.Pass, in(31), monitor.AttestationStated},
		{"no date ends it", checks.Pass, time.Time{}, monitor.AttestationStated},
		{"30 days left", checks.Pass, in(30), monitor.AttestationDueSoon},
		{"the last day", checks.Pass, in(0), monitor.AttestationDueSoon},
		{"the day after", checks.Pass, in(-1), monitor.AttestationOverdue},
		{"not met", checks.Fail, in(100), monitor.AttestationNotMet},
		{"not met, and overdue", checks.Fail, in(-100), monitor.AttestationNotMet},
		{"does not apply", checks.NotApplicable, time.Time{}, monitor.AttestationNotApplicable},
		{"did not apply", checks.NotApplicable, in(-1), monitor.AttestationOverdue},
		{"soon to ask again", checks.NotApplicable, in(3), monitor.AttestationDueSoon},
	} {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			state := monitor.Attestation{Result: one.result, RenewBy: one.by}.StateAt(now)
			require.Equal(t, one.want, state)
			require.Contains(t, monitor.AttestationStates(), state)
		})
	}
}
