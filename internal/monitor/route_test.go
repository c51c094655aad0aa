package monitor_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

func routed() []monitor.RoutedChannel {
	return []monitor.RoutedChannel{{ID: 1, InUse: true}, {ID: 2, InUse: true}, {ID: 3}, {ID: 4, InUse: true}}
}

func utc(text string) time.Time {
	at, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return at
}

func TestRoute(t *testing.T) {
	t.Parallel()
	at := utc("2026-11-22 02:00")
	mail, page := monitor.ChannelRoute{ChannelID: 1}, monitor.ChannelRoute{ChannelID: 2, Level: 1, After: 15 * time.Minute, Least: monitor.High}
	night := monitor.QuietHours{From: 22 * 60, Until: 7 * 60}
	place := func(application int64, environment policy.Environment) []monitor.RoutePlace {
		return []monitor.RoutePlace{{ApplicationID: application, Environment: environment}}
	}
	for name, test := range map[string]struct {
		routes  []monitor.ChannelRoute
		subject monitor.RouteSubject
		want    []int64
	}{
		"no routes: every channel in use": {nil, monitor.RouteSubject{Kind: monitor.IncidentOpened, Weight: monitor.Low}, []int64{1, 2, 4}},
		"removed channels get nothing":    {[]monitor.ChannelRoute{{ChannelID: 3}}, monitor.RouteSubject{Kind: monitor.IncidentOpened}, nil},
		"opened goes to level 0":          {[]monitor.ChannelRoute{mail, page}, monitor.RouteSubject{Kind: monitor.IncidentOpened, Weight: monitor.High}, []int64{1}},
		"the next level is called alone":  {[]monitor.ChannelRoute{mail, page}, monitor.RouteSubject{Kind: monitor.IncidentUnacknowledged, Weight: monitor.High, Level: 1}, []int64{2}},
		"resolved goes to whoever was told": {
			[]monitor.ChannelRoute{mail, page},
			monitor.RouteSubject{Kind: monitor.IncidentResolved, Weight: monitor.High, Level: 1},
			[]int64{1, 2},
		},
		"resolved spares whom nobody called": {
			[]monitor.ChannelRoute{mail, page},
			monitor.RouteSubject{Kind: monitor.IncidentResolved, Weight: monitor.High},
			[]int64{1},
		},
		"too light": {[]monitor.ChannelRoute{{ChannelID: 1, Least: monitor.High}}, monitor.RouteSubject{Kind: monitor.IncidentOpened, Weight: monitor.Medium}, nil},
		"heavy enough": {
			[]monitor.ChannelRoute{{ChannelID: 1, Least: monitor.High}},
			monitor.RouteSubject{Kind: monitor.IncidentOpened, Weight: monitor.Critical},
			[]int64{1},
		},
		"a reminder counts as medium": {
			[]monitor.ChannelRoute{{ChannelID: 1, Least: monitor.Medium}, {ChannelID: 2, Least: monitor.High}},
			monitor.RouteSubject{Kind: monitor.SecretExpiring, Places: place(7, "")},
			[]int64{1},
		},
		"another application": {
			[]monitor.ChannelRoute{{ChannelID: 1, ApplicationID: 8}, {ChannelID: 2, ApplicationID: 7}},
			monitor.RouteSubject{Kind: monitor.IncidentOpened, Places: place(7, policy.SOD)},
			[]int64{2},
		},
		"another environment": {
			[]monitor.ChannelRoute{{ChannelID: 1, Environment: policy.Production}, {ChannelID: 2, Environment: policy.SOD}},
			monitor.RouteSubject{Kind: monitor.IncidentOpened, Places: place(7, policy.SOD)},
			[]int64{2},
		},
		"one of its endpoints is enough": {
			[]monitor.ChannelRoute{{ChannelID: 1, ApplicationID: 8, Environment: policy.Production}},
			monitor.RouteSubject{Kind: monitor.IncidentOpened, Places: append(place(7, policy.SOD), place(8, policy.Production)...)},
			[]int64{1},
		},
		"application and environment of one endpoint": {
			[]monitor.ChannelRoute{{ChannelID: 1, ApplicationID: 8, Environment: policy.Production}},
			monitor.RouteSubject{Kind: monitor.IncidentOpened, Places: append(place(8, policy.SOD), place(7, policy.Production)...)},
			nil,
		},
		"a notice about the team passes filters": {[]monitor.ChannelRoute{{ChannelID: 1, ApplicationID: 8}}, monitor.RouteSubject{Kind: monitor.ServicePaused}, []int64{1}},
		"a disabled channel is told to somebody": {
			[]monitor.ChannelRoute{{ChannelID: 1, Least: monitor.Critical}},
			monitor.RouteSubject{Kind: monitor.ChannelDisabled},
			[]int64{1, 2, 4},
		},
		"digests go through no route": {nil, monitor.RouteSubject{Kind: monitor.DigestDaily}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.subject.At = at
			var got []int64
			for _, dispatch := range monitor.Route(test.routes, routed(), test.subject) {
				require.Equal(t, at, dispatch.At)
				require.False(t, dispatch.Held)
				got = append(got, dispatch.ChannelID)
			}
			require.Equal(t, test.want, got)
		})
	}
	subject := monitor.RouteSubject{Kind: monitor.IncidentOpened, Weight: monitor.High, At: at}
	held := []monitor.Dispatch{{ChannelID: 1, At: utc("2026-11-22 07:00"), Held: true}}
	require.Equal(t, held, monitor.Route([]monitor.ChannelRoute{{ChannelID: 1, Quiet: night}}, routed(), subject))
	require.Equal(t, []monitor.Dispatch{{ChannelID: 1, At: at}},
		monitor.Route([]monitor.ChannelRoute{{ChannelID: 1, Quiet: night}, {ChannelID: 1, ApplicationID: 7}}, routed(), subject), "the earliest counts")
}

func TestLevels(t *testing.T) {
	t.Parallel()
	routes := []monitor.ChannelRoute{
		{ChannelID: 1},
		{ChannelID: 2, Level: 2, After: 20 * time.Minute},
		{ChannelID: 4, Level: 2, After: 10 * time.Minute},
		{ChannelID: 4, Level: 4, Least: monitor.Critical},
		{ChannelID: 3, Level: 3, After: time.Hour},
	}
	subject := monitor.RouteSubject{Kind: monitor.IncidentOpened, Weight: monitor.High}
	require.Equal(t, 1, monitor.Levels(nil, routed(), subject))
	require.Equal(t, 2, monitor.Levels(routes, routed(), subject), "levels without a route in use do not count")
	require.Equal(t, 10*time.Minute, monitor.EscalateAfter(routes, routed(), subject))
	subject.Level = 1
	require.Zero(t, monitor.EscalateAfter(routes, routed(), subject), "nobody is left to call")
	subject.Kind = monitor.IncidentUnacknowledged
	require.Len(t, monitor.Route(routes, routed(), subject), 2, "the first level above 0 is 2")
	subject.Weight = monitor.Critical
	require.Equal(t, 3, monitor.Levels(routes, routed(), subject))
	require.Equal(t, time.Minute, monitor.EscalateAfter(routes, routed(), subject), "at least a minute")
	subject.Weight = monitor.Low
	require.Equal(t, 1, monitor.Levels(routes, routed(), subject), "what weighs little pages nobody")
}

func TestQuietHours(t *testing.T) {
	t.Parallel()
	night := monitor.QuietHours{From: 22 * 60, Until: 7 * 60, Zone: "Europe/Oslo"}
	noon := monitor.QuietHours{From: 12 * 60, Until: 13 * 60}
	weekend := monitor.QuietHours{From: 0, Until: 23*60 + 59, Days: []int{6, 0}, Zone: "Europe/Oslo"}
	skipped := monitor.QuietHours{From: 60, Until: 2*60 + 30, Zone: "Europe/Oslo"}
	for name, test := range map[string]struct {
		quiet    monitor.QuietHours
		weight   monitor.Weight
		at, want string
	}{
		"none":                       {monitor.QuietHours{From: 60, Until: 60}, monitor.Low, "2026-11-22 01:00", "2026-11-22 01:00"},
		"before":                     {noon, monitor.High, "2026-11-22 11:59", "2026-11-22 11:59"},
		"first minute":               {noon, monitor.High, "2026-11-22 12:00", "2026-11-22 13:00"},
		"last minute":                {noon, monitor.High, "2026-11-22 12:59", "2026-11-22 13:00"},
		"end":                        {noon, monitor.High, "2026-11-22 13:00", "2026-11-22 13:00"},
		"critical waits never":       {noon, monitor.Critical, "2026-11-22 12:00", "2026-11-22 12:00"},
		"another exception":          {monitor.QuietHours{From: 720, Until: 780, Except: monitor.High}, monitor.High, "2026-11-22 12:00", "2026-11-22 12:00"},
		"evening, over midnight":     {night, monitor.High, "2026-11-22 21:30", "2026-11-23 06:00"},
		"morning, over midnight":     {night, monitor.High, "2026-11-23 05:59", "2026-11-23 06:00"},
		"summer":                     {night, monitor.High, "2026-07-01 20:30", "2026-07-02 05:00"},
		"night in which clocks gain": {night, monitor.High, "2026-10-24 20:30", "2026-10-25 06:00"},
		"night in which they lose":   {night, monitor.High, "2026-03-28 21:30", "2026-03-29 05:00"},
		"end that clocks skip":       {skipped, monitor.High, "2026-03-29 00:30", "2026-03-29 01:30"},
		"both shows of one hour":     {skipped, monitor.High, "2026-10-25 00:10", "2026-10-25 00:30"},
		"not twice":                  {skipped, monitor.High, "2026-10-25 01:10", "2026-10-25 01:10"},
		"a weekend is one":           {weekend, monitor.High, "2026-11-21 10:00", "2026-11-22 23:00"},
		"Friday":                     {weekend, monitor.High, "2026-11-20 10:00", "2026-11-20 10:00"},
		"the days are the beginning's": {
			monitor.QuietHours{From: 1320, Until: 420, Days: []int{5}},
			monitor.High,
			"2026-11-21 03:00", "2026-11-21 07:00",
		},
		"zone that nobody knows": {monitor.QuietHours{From: 720, Until: 780, Zone: "Mars/Olympus"}, monitor.High, "2026-11-22 12:00", "2026-11-22 13:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, test.quiet.Release(test.weight, utc(test.at)).UTC().Format("2006-01-02 15:04"))
		})
	}
}

// A release is never before, never over a day away, and quiet no longer.
func FuzzQuietHours(f *testing.F) {
	f.Add(1320, 420, int64(1774744200), 0)
	f.Add(60, 150, int64(1792886400), 1)
	f.Add(0, 1439, int64(1325239200), 2)
	f.Fuzz(func(t *testing.T, from, until int, seconds int64, zone int) {
		zones := []string{"Europe/Oslo", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe", "Asia/Kathmandu", ""}
		quiet := monitor.QuietHours{From: abs(from) % 1440, Until: abs(until) % 1440, Zone: zones[abs(zone)%len(zones)]}
		if quiet.From == 0 && quiet.Until == 1439 {
			return // no time is left: refused
		}
		at := time.Unix(seconds%4102444800, 0)
		released := quiet.Release(monitor.Medium, at)
		require.False(t, released.Before(at))
		require.LessOrEqual(t, released.Sub(at), 49*time.Hour)
		require.True(t, quiet.Release(monitor.Medium, released).Equal(released))
	})
}

func abs(number int) int {
	if number < 0 {
		return -(number + 1)
	}
	return number
}

func TestRouteFaults(t *testing.T) {
	t.Parallel()
	fields := func(faults []monitor.FieldFault) (fields []string) {
		for _, fault := range faults {
			require.NotEmpty(t, fault.Text)
			fields = append(fields, fault.Field)
		}
		return fields
	}
	require.Empty(t, monitor.ChannelRoute{ChannelID: 1}.Validate())
	require.Empty(t, monitor.ChannelRoute{
		ChannelID: 1, Level: 2, After: time.Hour, Least: monitor.High, Environment: policy.SOD,
		Quiet: monitor.QuietHours{From: 1320, Until: 420, Days: []int{0, 6}, Zone: "Europe/Oslo", Except: monitor.High},
	}.Validate())
	require.Equal(t, []string{"channel", "environment", "least", "level"}, fields(monitor.ChannelRoute{Environment: "Test", Least: "heavy", Level: -1}.Validate()))
	require.Equal(t, []string{"after"}, fields(monitor.ChannelRoute{ChannelID: 1, Level: 1}.Validate()))
	require.Equal(t, []string{"after"}, fields(monitor.ChannelRoute{ChannelID: 1, After: time.Hour}.Validate()))
	require.Equal(t, []string{"quiet_from", "quiet_until", "quiet_days", "quiet_zone", "quiet_except"}, fields(monitor.ChannelRoute{
		ChannelID: 1,
		Quiet:     monitor.QuietHours{From: 1440, Until: -1, Days: []int{1, 1}, Zone: "Local", Except: "x"},
	}.Validate()))
	require.Equal(t, []string{"quiet_until"}, fields(monitor.ChannelRoute{ChannelID: 1, Quiet: monitor.QuietHours{Until: 1439}}.Validate()))
}
