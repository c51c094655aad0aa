package monitor_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

func TestRemind(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 0, 0, 1, 0, time.UTC)
	in := func(days int) time.Time { return time.Date(2026, 11, 22+days, 0, 0, 0, 0, time.UTC) }
	const nothing = 99
	for _, one := range []struct {
		name       string
		thresholds []int
		on         time.Time
		sent       []int
		want       int
	}{
		{"too early", monitor.SecretThresholds(), in(31), nil, nothing},
		{"30 days", monitor.SecretThresholds(), in(30), nil, 30},
		{"30 days, said", monitor.SecretThresholds(), in(30), []int{30}, nothing},
		{"between two", monitor.SecretThresholds(), in(20), []int{30}, nothing},
		{"14 days", monitor.SecretThresholds(), in(14), []int{30}, 14},
		{"entered late", monitor.SecretThresholds(), in(5), nil, 7},
		{"nobody ran for long", monitor.SecretThresholds(), in(1), []int{30}, 1},
		{"no wider one after a narrower", monitor.SecretThresholds(), in(10), []int{7}, nothing},
		{"the day", monitor.SecretThresholds(), in(0), []int{1, 30, 7}, 0},
		{"after the day, not said", monitor.SecretThresholds(), in(-40), []int{1}, 0},
		{"after the day, said", monitor.SecretThresholds(), in(-40), []int{0}, nothing},
		{"a statement in 30 days", monitor.AttestationThresholds(), in(30), nil, 30},
		{"a statement on its last day", monitor.AttestationThresholds(), in(0), []int{30}, nothing},
		{"a statement that is overdue", monitor.AttestationThresholds(), in(-1), []int{30}, -1},
		{"no thresholds", nil, in(-1), nil, nothing},
	} {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			got := monitor.Remind([]monitor.Dated{{ID: 7, On: one.on, Sent: one.sent}}, one.thresholds, now)
			if one.want == nothing {
				require.Empty(t, got)
				return
			}
			require.Equal(t, []monitor.Reminder{{ID: 7, Threshold: one.want, DaysLeft: monitor.DaysLeft(one.on, now)}}, got)
		})
	}
}

// TestRemindersOverYears runs a worker at random times over years, with
// failures and weeks in which it stands still, over secrets that come, are
// replaced and expire. Whatever happens, each threshold is said at most once,
// never early, never after a narrower one, and the last one is said at last.
func TestRemindersOverYears(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 5)) //nolint:gosec // a simulation
		thresholds := monitor.SecretThresholds()
		if seed%2 == 1 {
			thresholds = monitor.AttestationThresholds()
		}
		simulateYears(t, random, thresholds)
	}
}

// simulated is a day with what was said of it.
type simulated struct {
	monitor.Dated
	ended bool
}

func simulateYears(t *testing.T, random *rand.Rand, thresholds []int) {
	t.Helper()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	end := now.AddDate(4, 0, 0)
	var all []*simulated
	for now.Before(end) {
		step := time.Duration(1+random.IntN(90)) * time.Minute
		if random.IntN(400) == 0 {
			step = time.Duration(random.IntN(60*24)) * time.Hour // nobody runs
		}
		now = now.Add(step)
		if random.IntN(200) == 0 {
			on := now.AddDate(0, 0, random.IntN(400)-20)
			all = append(all, &simulated{Dated: monitor.Dated{ID: int64(len(all)), On: on}})
		}
		if len(all) > 0 && random.IntN(2000) == 0 {
			all[random.IntN(len(all))].ended = true
		}
		remindOnce(t, random, thresholds, all, now)
	}
	for range 50 { // in the end one run is not killed
		remindOnce(t, random, thresholds, all, now)
	}
	for _, one := range all {
		if last := slices.Min(thresholds); !one.ended && monitor.DaysLeft(one.On, now) < last {
			require.Contains(t, one.Sent, last, "the last reminder came at last")
		}
	}
}

// remindOnce is one run of the job, which fails now and then before it commits.
func remindOnce(t *testing.T, random *rand.Rand, thresholds []int, all []*simulated, now time.Time) {
	t.Helper()
	reminders := monitor.Remind(standing(all), thresholds, now)
	if random.IntN(5) == 0 {
		return // killed: nothing of it stands
	}
	for _, reminder := range reminders {
		one := all[reminder.ID]
		require.NotContains(t, one.Sent, reminder.Threshold, "said twice")
		require.LessOrEqual(t, reminder.DaysLeft, reminder.Threshold, "said early")
		if len(one.Sent) > 0 {
			require.Less(t, reminder.Threshold, slices.Min(one.Sent), "a wider one after a narrower")
		}
		one.Sent = append(one.Sent, reminder.Threshold)
	}
	require.Empty(t, monitor.Remind(standing(all), thresholds, now), "a second run says nothing more")
}

func standing(all []*simulated) (dated []monitor.Dated) {
	for _, one := range all {
		if !one.ended {
			dated = append(dated, one.Dated)
		}
	}
	return dated
}

// A worker that runs each day says every threshold on its very day.
func TestEveryThresholdOnItsDay(t *testing.T) {
	t.Parallel()
	one := monitor.Dated{ID: 1, On: time.Date(2028, 3, 1, 0, 0, 0, 0, time.UTC)}
	var days []int
	for now := one.On.AddDate(0, 0, -60).Add(7 * time.Hour); now.Before(one.On.AddDate(0, 0, 60)); now = now.Add(24 * time.Hour) {
		for _, reminder := range monitor.Remind([]monitor.Dated{one}, monitor.SecretThresholds(), now) {
			require.Equal(t, reminder.Threshold, reminder.DaysLeft)
			days, one.Sent = append(days, reminder.DaysLeft), append(one.Sent, reminder.Threshold)
		}
	}
	require.Equal(t, monitor.SecretThresholds(), days)
}
