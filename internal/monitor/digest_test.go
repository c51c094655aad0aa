package monitor_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

func TestNextDigest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		schedule          monitor.DigestSchedule
		after, next, last string
	}{
		"later today":           {monitor.DigestSchedule{Period: monitor.DailyDigest, Hour: 7}, "2026-11-22 06:59", "2026-11-22 07:00", "2026-11-21 07:00"},
		"on time":               {monitor.DigestSchedule{Period: monitor.DailyDigest, Hour: 7}, "2026-11-22 07:00", "2026-11-23 07:00", "2026-11-21 07:00"},
		"another zone":          {monitor.DigestSchedule{Period: monitor.DailyDigest, Hour: 7, Zone: "Europe/Oslo"}, "2026-11-22 06:30", "2026-11-23 06:00", "2026-11-22 06:00"},
		"far east":              {monitor.DigestSchedule{Period: monitor.DailyDigest, Hour: 7, Zone: "Pacific/Auckland"}, "2026-11-22 17:00", "2026-11-22 18:00", "2026-11-21 18:00"},
		"before clocks gain":    {monitor.DigestSchedule{Period: monitor.DailyDigest, Hour: 2, Zone: "Europe/Oslo"}, "2026-03-28 01:00", "2026-03-29 01:00", "2026-03-27 01:00"},
		"after they did":        {monitor.DigestSchedule{Period: monitor.DailyDigest, Hour: 2, Zone: "Europe/Oslo"}, "2026-03-29 01:00", "2026-03-30 00:00", "2026-03-28 01:00"},
		"an hour shown twice":   {monitor.DigestSchedule{Period: monitor.DailyDigest, Hour: 2, Zone: "Europe/Oslo"}, "2026-10-25 00:00", "2026-10-26 01:00", "2026-10-24 00:00"},
		"weekly, on a Sunday":   {monitor.DigestSchedule{Period: monitor.WeeklyDigest, Hour: 7}, "2026-11-22 12:00", "2026-11-23 07:00", "2026-11-16 07:00"},
		"weekly, on a Monday":   {monitor.DigestSchedule{Period: monitor.WeeklyDigest, Hour: 7}, "2026-11-23 07:00", "2026-11-30 07:00", "2026-11-16 07:00"},
		"Monday in its zone":    {monitor.DigestSchedule{Period: monitor.WeeklyDigest, Hour: 1, Zone: "Europe/Oslo"}, "2026-11-22 23:59", "2026-11-23 00:00", "2026-11-16 00:00"},
		"a day that was not":    {monitor.DigestSchedule{Period: monitor.DailyDigest, Hour: 7, Zone: "Pacific/Apia"}, "2011-12-29 17:00", "2011-12-30 17:00", "2011-12-28 17:00"},
		"zone nobody knows":     {monitor.DigestSchedule{Period: monitor.DailyDigest, Hour: 7, Zone: "x"}, "2026-11-22 06:59", "2026-11-22 07:00", "2026-11-21 07:00"},
		"none":                  {monitor.DigestSchedule{Period: monitor.NoDigest, Hour: 7}, "2026-11-22 06:59", "", ""},
		"a period nobody knows": {monitor.DigestSchedule{Period: "hourly"}, "2026-11-22 06:59", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			show := func(at time.Time) string {
				if at.IsZero() {
					return ""
				}
				return at.UTC().Format("2006-01-02 15:04")
			}
			require.Equal(t, test.next, show(monitor.NextDigest(test.schedule, utc(test.after))))
			require.Equal(t, test.last, show(monitor.LastDigest(test.schedule, utc(test.after))))
		})
	}
	require.Empty(t, monitor.DigestSchedule{Period: monitor.DailyDigest, Hour: 23, Zone: "Europe/Oslo"}.Validate())
	require.Len(t, monitor.DigestSchedule{Period: "x", Hour: 24, Zone: "x"}.Validate(), 3)
}

// Every day of a year has one daily digest.
func TestEveryDayHasItsDigest(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"UTC", "Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Tehran"} {
		for _, hour := range []int{0, 1, 2, 3, 23} {
			daily := monitor.DigestSchedule{Period: monitor.DailyDigest, Hour: hour, Zone: zone}
			at, days, dates := utc("2025-12-31 00:00"), 0, map[string]bool{}
			location, err := time.LoadLocation(zone)
			require.NoError(t, err)
			for at.Before(utc("2027-01-01 00:00")) {
				next := monitor.NextDigest(daily, at)
				require.InDelta(t, 24, next.Sub(at).Hours(), 24)
				require.True(t, days == 0 || monitor.LastDigest(daily, next).Equal(at))
				at = next
				dates[at.In(location).Format(time.DateOnly)] = true
				days++
			}
			require.Len(t, dates, days, "%s at %d", zone, hour)
			require.InDelta(t, 366, days, 2)
		}
	}
}

func incident(id int64, weight monitor.Weight, opened, resolved string) monitor.DigestIncident {
	one := monitor.DigestIncident{Incident: monitor.Incident{ID: id, Title: fmt.Sprintf("Incident %d", id), Weight: weight, OpenedAt: utc(opened)}, Link: fmt.Sprintf("/incidents/%d", id)}
	if resolved != "" {
		one.ResolvedAt = utc(resolved)
	}
	return one
}

func TestComposeDigest(t *testing.T) {
	t.Parallel()
	change := func(class monitor.ChangeClass, weight monitor.Weight, sentence, place string) monitor.DigestChange {
		return monitor.DigestChange{Change: monitor.Change{OccurredAt: utc("2026-11-21 12:00"), Class: class, Weight: weight, Sentence: sentence}, Place: place, Link: "/endpoints/1"}
	}
	digest, worth := monitor.ComposeDigest(monitor.DigestInput{
		Period: monitor.DailyDigest, From: utc("2026-11-21 07:00"), Until: utc("2026-11-22 07:00"), Endpoints: 12, Failing: 3,
		Grades: map[string]int{"A": 11, "T": 1},
		Incidents: []monitor.DigestIncident{
			incident(1, monitor.Low, "2026-11-21 07:00", ""), incident(2, monitor.Critical, "2026-11-21 08:00", ""),
			incident(3, monitor.High, "2026-11-20 08:00", ""), incident(4, monitor.High, "2026-11-21 09:00", "2026-11-21 10:00"),
			incident(5, monitor.High, "2026-11-10 09:00", "2026-11-12 10:00"),
		},
		Changes: []monitor.DigestChange{
			change(monitor.Drift, monitor.Medium, "The certificate was replaced.", "App, SOD"), change(monitor.Drift, monitor.Medium, "The certificate was replaced.", "App, Stage"),
			change(monitor.Drift, monitor.Low, "The server sends another header.", "App"), change(monitor.Regression, monitor.High, "TLS 1.0 is accepted.", "App"),
			change(monitor.Drift, monitor.High, "The grade fell.", "App"),
		},
		Upcoming: []monitor.DigestLine{{At: utc("2026-11-25 00:00"), Title: "b"}, {At: utc("2026-11-20 00:00"), Title: "a"}},
	})
	require.True(t, worth)
	titles := func(lines []monitor.DigestLine) (titles []string) {
		for _, line := range lines {
			titles = append(titles, line.Title)
		}
		return titles
	}
	require.Equal(t, []string{"Incident 2", "Incident 1"}, titles(digest.Opened))
	require.Equal(t, []string{"Incident 3"}, titles(digest.Open))
	require.Equal(t, []string{"Incident 4"}, titles(digest.Resolved), "what opened and resolved is told once")
	require.Equal(t, utc("2026-11-21 10:00"), digest.Resolved[0].At)
	require.Equal(t, []string{"The grade fell.", "The certificate was replaced (2 times)"}, titles(digest.Changes))
	require.Equal(t, "App, SOD and 1 more", digest.Changes[1].Place)
	require.Equal(t, []string{"a", "b"}, titles(digest.Upcoming))
	require.Equal(t, "2 incidents opened, 1 is still open, 1 resolved, 2 changes, 2 dates ahead", monitor.DigestTitle(digest))
	require.Empty(t, digest.More)
}

func TestDigestIsBoundedAndSilentWhereNothingHappens(t *testing.T) {
	t.Parallel()
	input := monitor.DigestInput{Period: monitor.DailyDigest, From: utc("2026-11-21 07:00"), Until: utc("2026-11-22 07:00"), Endpoints: 5}
	_, worth := monitor.ComposeDigest(input)
	require.False(t, worth)
	input.Period = monitor.WeeklyDigest
	digest, worth := monitor.ComposeDigest(input)
	require.True(t, worth)
	require.Equal(t, "Nothing happened", monitor.DigestTitle(digest))
	for id := range int64(45) {
		input.Incidents = append(input.Incidents, incident(id, monitor.High, "2026-11-21 08:00", ""))
	}
	digest, _ = monitor.ComposeDigest(input)
	require.Len(t, digest.Opened, monitor.MostDigestLines)
	require.Equal(t, map[string]int{"opened": 25}, digest.More)
	require.Equal(t, map[string]int{"opened": 45}, digest.Counts)
	require.Equal(t, "Incident 44", digest.Opened[0].Title, "the newest first")
}
