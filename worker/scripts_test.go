package worker_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/simulator"
	"github.com/gradewatch/gradewatch/internal/store"
)

// heardOf plays a script in the simulator, and lists the kinds of messages that
// a person gets.
func heardOf(t *testing.T, name string) []monitor.NotificationKind {
	t.Helper()
	scripts := simulator.Scripts()
	i := slices.IndexFunc(scripts, func(script simulator.Script) bool { return script.Name == name })
	require.GreaterOrEqual(t, i, 0, "the simulator has no script %q", name)
	result, err := scripts[i].Run(uint64(i)) //nolint:gosec // an index
	require.NoError(t, err)
	var kinds []monitor.NotificationKind
	for _, told := range result.World.Told {
		kinds = append(kinds, told.Kind)
	}
	return kinds
}

// TestScriptsThroughPostgres plays scripts of the simulator with a real server,
// River and Postgres: people hear the same.
func TestScriptsThroughPostgres(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(*breakable){
		"One breaks and is mended": func(b *breakable) {
			b.turn(0)
		},
		"Mended, and broken again within a day": func(b *breakable) {
			b.turn(time.Hour)
			b.turn(time.Hour)
		},
		"Up and down every two hours": func(b *breakable) {
			for range 5 {
				b.turn(2 * time.Hour)
			}
			b.clock.advance(7 * time.Hour)
			b.seen()
			b.seen()
		},
		"Snoozed, and mended meanwhile": func(b *breakable) {
			b.breaks()
			b.seen()
			b.act(monitor.Snooze{By: "kim@partner.example", Reason: "The vendor is on it.", Until: b.clock.now().Add(6 * time.Hour)})
			b.repairs()
			b.clock.advance(time.Hour)
			b.seen()
		},
		"Planned work, and a failure that outlives it": func(b *breakable) {
			b.plan(time.Hour)
			b.breaks()
			b.seen()
			b.clock.advance(61 * time.Minute)
			b.waitFor("an incident opens", `SELECT count(*) = 1 FROM incidents`)
			b.settle()
			b.repairs()
			b.seen()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBreakable(t, nil)
			play(b)
			require.Equal(t, heardOf(t, name), b.sender.kinds())
		})
	}
}

// turn breaks the server and repairs it, with a time after each.
func (b *breakable) turn(each time.Duration) {
	b.t.Helper()
	b.breaks()
	b.seen()
	b.clock.advance(each)
	b.repairs()
	b.seen()
	b.clock.advance(each)
}

// plan plans work on app.test that ends after a time.
func (b *breakable) plan(left time.Duration) (ends time.Time) {
	b.t.Helper()
	ends = b.clock.now().Add(left).UTC().Truncate(time.Microsecond)
	b.asTeam(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO maintenance_windows (team_id, reason, host, starts_at, duration_seconds, created_by, created_at)
			VALUES ($1, 'Move', 'app.test', $2, 7200, 'kim@partner.example', $2)`, b.team.ID, ends.Add(-2*time.Hour))
		return err
	})
	return ends
}
