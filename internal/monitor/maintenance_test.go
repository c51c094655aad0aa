package monitor_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// window begins on Saturday, 7 March 2026 at 22:00 in Oslo, for two hours.
func window(recurrence string) monitor.MaintenanceWindow {
	return monitor.MaintenanceWindow{
		ID: 3, TeamID: 1, Reason: "Upgrade", StartsAt: utc("2026-03-07 21:00"), Duration: 2 * time.Hour,
		Recurrence: recurrence, Zone: "Europe/Oslo", CreatedAt: utc("2026-03-01 00:00"),
	}
}

func starts(w monitor.MaintenanceWindow, after time.Time, count int) []string {
	var list []string
	for range count {
		start, end := w.Next(after)
		if start.IsZero() {
			break
		}
		list = append(list, start.UTC().Format("2006-01-02 15:04")+"+"+end.Sub(start).String())
		after = start
	}
	return list
}

func TestMaintenanceOccurrences(t *testing.T) {
	t.Parallel()
	early := window("FREQ=DAILY")
	early.StartsAt = utc("2026-03-27 01:30") // 02:30 in Oslo, which clocks skip on the 29th
	double := window("FREQ=DAILY")
	double.StartsAt = utc("2026-10-24 00:30") // 02:30 in Oslo, which they show twice on the 25th
	ended := window("FREQ=WEEKLY;BYDAY=SA")
	ended.EndedAt = utc("2026-03-14 22:00")
	broken := window("FREQ=SECONDLY")
	for name, test := range map[string]struct {
		window monitor.MaintenanceWindow
		want   []string
	}{
		"once": {window(""), []string{"2026-03-07 21:00+2h0m0s"}},
		"weekly keeps its local time": {
			window("FREQ=WEEKLY;BYDAY=SA"),
			[]string{"2026-03-07 21:00+2h0m0s", "2026-03-14 21:00+2h0m0s", "2026-03-21 21:00+2h0m0s", "2026-03-28 21:00+2h0m0s", "2026-04-04 20:00+2h0m0s"},
		},
		"a time that clocks skip": {
			early,
			[]string{"2026-03-27 01:30+2h0m0s", "2026-03-28 01:30+2h0m0s", "2026-03-29 01:30+2h0m0s", "2026-03-30 00:30+2h0m0s", "2026-03-31 00:30+2h0m0s"},
		},
		"a time that they show twice": {
			double,
			[]string{"2026-10-24 00:30+2h0m0s", "2026-10-25 00:30+2h0m0s", "2026-10-26 01:30+2h0m0s", "2026-10-27 01:30+2h0m0s", "2026-10-28 01:30+2h0m0s"},
		},
		"first Saturdays": {
			window("RRULE:FREQ=MONTHLY;BYDAY=1SA"),
			[]string{"2026-03-07 21:00+2h0m0s", "2026-04-04 20:00+2h0m0s", "2026-05-02 20:00+2h0m0s", "2026-06-06 20:00+2h0m0s", "2026-07-04 20:00+2h0m0s"},
		},
		"a count":                {window("freq=weekly;count=2"), []string{"2026-03-07 21:00+2h0m0s", "2026-03-14 21:00+2h0m0s"}},
		"until a day, with it":   {window("FREQ=WEEKLY;UNTIL=20260314"), []string{"2026-03-07 21:00+2h0m0s", "2026-03-14 21:00+2h0m0s"}},
		"until a time in UTC":    {window("FREQ=WEEKLY;UNTIL=20260314T210000Z"), []string{"2026-03-07 21:00+2h0m0s", "2026-03-14 21:00+2h0m0s"}},
		"until just before":      {window("FREQ=WEEKLY;UNTIL=20260314T205959Z"), []string{"2026-03-07 21:00+2h0m0s"}},
		"until a local time":     {window("FREQ=WEEKLY;UNTIL=20260314T220000"), []string{"2026-03-07 21:00+2h0m0s", "2026-03-14 21:00+2h0m0s"}},
		"every other week":       {window("FREQ=WEEKLY;INTERVAL=2;COUNT=2"), []string{"2026-03-07 21:00+2h0m0s", "2026-03-21 21:00+2h0m0s"}},
		"ended while it ran":     {ended, []string{"2026-03-07 21:00+2h0m0s", "2026-03-14 21:00+1h0m0s"}},
		"a rule that is refused": {broken, []string{"2026-03-07 21:00+2h0m0s"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, starts(test.window, utc("2026-03-01 00:00"), 5))
		})
	}
}

func TestMaintenanceAt(t *testing.T) {
	t.Parallel()
	weekly := window("FREQ=WEEKLY;BYDAY=SA")
	for at, ends := range map[string]string{
		"2026-03-07 20:59": "", "2026-03-07 21:00": "2026-03-07 23:00", "2026-03-07 22:59": "2026-03-07 23:00", "2026-03-07 23:00": "",
		"2026-04-04 20:00": "2026-04-04 22:00", "2026-04-04 22:00": "", "2036-03-08 21:00": "2036-03-08 23:00",
	} {
		running, runs := weekly.At(utc(at))
		require.Equal(t, ends != "", runs, at)
		if runs {
			require.Equal(t, monitor.Window{ID: 3, Reason: "Upgrade", EndsAt: utc(ends)}, monitor.Window{ID: running.ID, Reason: running.Reason, EndsAt: running.EndsAt.UTC()})
		}
	}
	weekly.EndedAt = utc("2026-03-07 22:00")
	running, runs := weekly.At(utc("2026-03-07 21:30"))
	require.True(t, runs)
	require.Equal(t, weekly.EndedAt, running.EndsAt)
	_, runs = weekly.At(weekly.EndedAt)
	require.False(t, runs, "it was ended")
	long := window("FREQ=DAILY")
	long.Duration = 30 * time.Hour
	running, runs = long.At(utc("2026-03-08 21:30"))
	require.True(t, runs)
	require.Equal(t, utc("2026-03-10 03:00"), running.EndsAt.UTC(), "of two the later")
}

func TestMaintenanceCovers(t *testing.T) {
	t.Parallel()
	endpoint := monitor.Endpoint{ID: 5, TeamID: 1, ApplicationID: 2, Environment: policy.SOD, Kind: policy.Redirect, ValueKind: policy.Literal, Value: "https://App.example.com/cb"}
	for name, change := range map[string]struct {
		change func(*monitor.MaintenanceWindow)
		want   bool
	}{
		"the team":            {func(*monitor.MaintenanceWindow) {}, true},
		"another team":        {func(w *monitor.MaintenanceWindow) { w.TeamID = 9 }, false},
		"its application":     {func(w *monitor.MaintenanceWindow) { w.ApplicationID = 2 }, true},
		"another application": {func(w *monitor.MaintenanceWindow) { w.ApplicationID = 3 }, false},
		"its environment":     {func(w *monitor.MaintenanceWindow) { w.ApplicationID, w.Environment = 2, policy.SOD }, true},
		"another environment": {func(w *monitor.MaintenanceWindow) { w.ApplicationID, w.Environment = 2, policy.Production }, false},
		"itself":              {func(w *monitor.MaintenanceWindow) { w.EndpointID = 5 }, true},
		"another endpoint":    {func(w *monitor.MaintenanceWindow) { w.EndpointID = 6 }, false},
		"its host":            {func(w *monitor.MaintenanceWindow) { w.Host = "app.example.com" }, true},
		"another host":        {func(w *monitor.MaintenanceWindow) { w.Host = "example.com" }, false},
	} {
		w := window("")
		change.change(&w)
		require.Equal(t, change.want, w.Covers(endpoint), name)
	}
}

func TestMaintenanceFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*monitor.MaintenanceWindow)
		field  string // empty: nothing is wrong
		text   string
	}{
		"fine":             {func(*monitor.MaintenanceWindow) {}, "", ""},
		"weekly":           {func(w *monitor.MaintenanceWindow) { w.Recurrence = "FREQ=WEEKLY;BYDAY=SA" }, "", ""},
		"no reason":        {func(w *monitor.MaintenanceWindow) { w.Reason = "" }, "reason", "Enter what is planned"},
		"too short":        {func(w *monitor.MaintenanceWindow) { w.Duration = time.Second }, "duration", "1 minute to 7 days"},
		"too long":         {func(w *monitor.MaintenanceWindow) { w.Duration = 8 * 24 * time.Hour }, "duration", "is a waiver"},
		"no environment":   {func(w *monitor.MaintenanceWindow) { w.Environment = "Test" }, "environment", "SOD"},
		"no zone":          {func(w *monitor.MaintenanceWindow) { w.Zone = "Norway/Oslo" }, "zone", "Europe/Oslo"},
		"over already":     {func(w *monitor.MaintenanceWindow) { w.CreatedAt = utc("2026-03-07 23:00") }, "starts_at", "not over yet"},
		"runs already":     {func(w *monitor.MaintenanceWindow) { w.CreatedAt = utc("2026-03-07 22:00") }, "", ""},
		"too far":          {func(w *monitor.MaintenanceWindow) { w.StartsAt = utc("2029-03-07 23:00") }, "starts_at", "within two years"},
		"every second":     {func(w *monitor.MaintenanceWindow) { w.Recurrence = "FREQ=SECONDLY" }, "recurrence", "daily, weekly, monthly or yearly"},
		"every hour":       {func(w *monitor.MaintenanceWindow) { w.Recurrence = "FREQ=HOURLY" }, "recurrence", "daily, weekly, monthly or yearly"},
		"every minute":     {func(w *monitor.MaintenanceWindow) { w.Recurrence = "FREQ=DAILY;BYMINUTE=1,2,3" }, "recurrence", "BYMINUTE"},
		"a start":          {func(w *monitor.MaintenanceWindow) { w.Recurrence = "DTSTART=20260101;FREQ=DAILY" }, "recurrence", "DTSTART"},
		"two lines":        {func(w *monitor.MaintenanceWindow) { w.Recurrence = "DTSTART:20260101\nFREQ=DAILY" }, "recurrence", "several lines"},
		"no rule":          {func(w *monitor.MaintenanceWindow) { w.Recurrence = "every Saturday" }, "recurrence", "FREQ=WEEKLY"},
		"no frequency":     {func(w *monitor.MaintenanceWindow) { w.Recurrence = "COUNT=3" }, "recurrence", "FREQ"},
		"a long interval":  {func(w *monitor.MaintenanceWindow) { w.Recurrence = "FREQ=DAILY;INTERVAL=1000" }, "recurrence", "interval"},
		"never":            {func(w *monitor.MaintenanceWindow) { w.Recurrence = "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30" }, "recurrence", "no day ever fits"},
		"never the fifth":  {func(w *monitor.MaintenanceWindow) { w.Recurrence = "FREQ=WEEKLY;BYDAY=SA;BYSETPOS=5" }, "recurrence", "no day ever fits"},
		"the sixth Monday": {func(w *monitor.MaintenanceWindow) { w.Recurrence = "FREQ=MONTHLY;BYDAY=6MO" }, "recurrence", "five of a day"},
		"not on a Sunday":  {func(w *monitor.MaintenanceWindow) { w.Recurrence = "FREQ=WEEKLY;BYDAY=SU" }, "recurrence", "the first is Sunday, 8 March 2026"},
		"over one another": {func(w *monitor.MaintenanceWindow) { w.Recurrence, w.Duration = "FREQ=DAILY", 25*time.Hour }, "recurrence", "do not overlap"},
		"a month of 31":    {func(w *monitor.MaintenanceWindow) { w.Recurrence, w.StartsAt = "FREQ=MONTHLY", utc("2026-03-31 10:00") }, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := window("")
			test.change(&w)
			faults := w.Validate()
			if test.field == "" {
				require.Empty(t, faults)
				return
			}
			require.Len(t, faults, 1)
			require.Equal(t, test.field, faults[0].Field)
			require.Contains(t, faults[0].Text, test.text)
		})
	}
}

// Whatever a rule says, it is refused, or what it says about a time agrees with
// what comes next, soon.
func FuzzMaintenance(f *testing.F) {
	for _, seed := range []string{
		"FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TU;WKST=SU", "FREQ=MONTHLY;BYDAY=-1FR;BYSETPOS=-1", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
		"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;INTERVAL=400", "FREQ=DAILY;COUNT=99999999;UNTIL=99991231", "FREQ=WEEKLY;UNTIL=20260314T210000Z",
		"FREQ=MONTHLY;BYMONTHDAY=-31,31", "FREQ=SECONDLY;INTERVAL=1", "RRULE:FREQ=DAILY;BYDAY=+53SU",
		"FREQ=YEARLY;BYDAY=5MO,-5TU;BYMONTH=2,12", "FREQ=MONTHLY;BYDAY=5MO,-5TU;BYMONTH=1,2,12", "FREQ=DAILY;BYSETPOS=2,-366;INTERVAL=0",
	} {
		f.Add(seed, int64(1774744200), 90)
	}
	f.Fuzz(func(t *testing.T, rule string, seconds int64, minutes int) {
		w := window(rule)
		w.StartsAt, w.Duration = time.Unix(abs64(seconds)%4102444800, 0), time.Duration(abs(minutes)%10080+1)*time.Minute
		w.CreatedAt = w.StartsAt
		if len(w.Validate()) > 0 {
			return
		}
		start, end := w.Next(w.StartsAt.Add(-time.Second))
		require.True(t, start.Equal(w.StartsAt))
		running, runs := w.At(start)
		require.True(t, runs)
		require.False(t, running.EndsAt.Before(end))
		_, runs = w.At(start.Add(-time.Second))
		require.False(t, runs)
		if next, _ := w.Next(start); !next.IsZero() {
			require.True(t, next.After(start))
			_, runs = w.At(next)
			require.True(t, runs)
		}
		w.At(start.AddDate(300, 0, 0))
	})
}

func abs64(number int64) int64 {
	if number < 0 {
		return -(number + 1)
	}
	return number
}

func BenchmarkMaintenanceNever(b *testing.B) {
	w := window("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")
	for b.Loop() {
		w.Next(w.StartsAt)
	}
}

func BenchmarkMaintenanceDailyForTenYears(b *testing.B) {
	w, at := window("FREQ=DAILY"), utc("2036-03-07 21:00")
	for b.Loop() {
		w.At(at)
	}
}
