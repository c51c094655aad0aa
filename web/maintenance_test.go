package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// plan is a form of maintenance that is right, in part changed.
func (s *site) plan(change url.Values) url.Values {
	starts := s.now().AddDate(0, 0, 7)
	for starts.Weekday() != time.Saturday {
		starts = starts.AddDate(0, 0, 1)
	}
	form := url.Values{
		"reason": {"Patch night"}, "application": {""}, "environment": {"Production"}, "host": {""}, "starts": {starts.Format("2006-01-02") + "T22:00"},
		"hours": {"2"}, "minutes": {"30"}, "zone": {"Europe/Oslo"}, "repeat": {"weekly"}, "day": {"SA"}, "nth": {"1"}, "weekday": {"SU"}, "step": {"check"},
	}
	for field, values := range change {
		form[field] = values
	}
	return form
}

// The next five times are seen before anything is saved, and what is saved is
// what was seen.
func TestMaintenanceIsShownBeforeItIsSaved(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	require.Contains(t, b.get("/maintenance").text(".empty"), "No maintenance is planned.")
	s.addEndpoint("Shop", "https://app.example.com/cb", "Production")
	s.addEndpoint("Shop", "https://app.example.com/cb", "Stage")
	form := s.plan(nil)
	preview := b.post("/maintenance", form)
	require.Equal(t, http.StatusOK, preview.status)
	require.Equal(t, 5, preview.Find("tr[data-occurrence]").Length())
	first := preview.text("tr[data-occurrence]:first-child")
	require.Regexp(t, `^Sat \d{4}-\d\d-\d\d 22:00 CES?T`, first)
	require.Contains(t, preview.text("section[aria-labelledby=next]"), "Every week: Saturday, 2 hours 30 minutes")
	require.Contains(t, preview.text("section[aria-labelledby=covers]"), "The environment Production. 1 URL now https://app.example.com/cb")
	require.Contains(t, b.get("/maintenance").text(".empty"), "No maintenance is planned.", "nothing is saved yet")

	shown := preview.formOf("main form")
	shown.Set("step", "change")
	again := b.post("/maintenance", shown)
	require.Equal(t, "Patch night", again.Find("#reason").AttrOr("value", ""))
	require.Equal(t, "Production", again.Find("#environment option[selected]").Text())
	require.Equal(t, 1, again.Find("#day-SA[checked]").Length())
	shown.Set("step", "save")
	require.Equal(t, "/maintenance?done=maintenance-planned", b.post("/maintenance", shown).location)
	row := b.get("/maintenance").text("section[aria-labelledby=coming] tbody tr")
	require.Contains(t, row, "Patch night End for good : Patch night The environment Production")
	require.Contains(t, row, "Every week: Saturday in Europe/Oslo ada@example.com")
	require.Contains(t, b.get("/audit").text("tbody"), "Planned maintenance")
}

func TestMaintenanceRecursInWordsThatPeopleUse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	for name, test := range map[string]struct {
		change      url.Values
		words       string
		occurrences int
	}{
		"once":               {url.Values{"repeat": {"once"}}, "Once, 2 hours 30 minutes", 1},
		"every day":          {url.Values{"repeat": {"daily"}, "hours": {"0"}}, "Every day, 30 minutes", 5},
		"two days of a week": {url.Values{"day": {"SU", "SA"}}, "Every week: Saturday, Sunday", 5},
		"the last Saturday":  {url.Values{"repeat": {"monthly"}, "nth": {"-1"}, "weekday": {"SA"}, "starts": {lastSaturday(s.now()) + "T22:00"}}, "Every month: last Saturday", 5},
		"a rule":             {url.Values{"repeat": {"custom"}, "rule": {"RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=3"}}, "By the rule FREQ=WEEKLY;INTERVAL=2;COUNT=3", 3},
		"until a day":        {url.Values{"repeat": {"daily"}, "last-day": {s.now().AddDate(0, 0, 7+6+3).Format(time.DateOnly)}}, "Every day, until ", 0},
	} {
		preview := b.post("/maintenance", s.plan(test.change))
		require.Equal(t, http.StatusOK, preview.status, "%s: %s", name, preview.text("#faults"))
		require.Contains(t, preview.text("section[aria-labelledby=next]"), test.words, name)
		if test.occurrences > 0 {
			require.Equal(t, test.occurrences, preview.Find("tr[data-occurrence]").Length(), name)
		}
	}
}

func lastSaturday(now time.Time) string {
	year, month, _ := now.AddDate(0, 0, 40).Date()
	day := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC)
	for day.Weekday() != time.Saturday {
		day = day.AddDate(0, 0, -1)
	}
	return day.Format(time.DateOnly)
}

func TestMaintenanceFaultsKeepTheForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	s.addEndpoint("Shop", "https://app.example.com/cb", "Production")
	for name, test := range map[string]struct {
		change url.Values
		field  string
	}{
		"no reason":               {url.Values{"reason": {""}}, "reason"},
		"no time":                 {url.Values{"starts": {"tonight"}}, "starts"},
		"the past":                {url.Values{"repeat": {"once"}, "starts": {"2020-01-01T10:00"}}, "starts"},
		"a day that fits no rule": {url.Values{"day": {"MO"}}, "starts"},
		"no duration":             {url.Values{"hours": {"0"}, "minutes": {"0"}}, "hours"},
		"over a week":             {url.Values{"repeat": {"once"}, "hours": {"168"}, "minutes": {"1"}}, "hours"},
		"no number":               {url.Values{"hours": {"two"}}, "hours"},
		"no zone":                 {url.Values{"zone": {"Local"}}, "zone"},
		"no day of the week":      {url.Values{"day": nil}, "day-MO"},
		"no rule":                 {url.Values{"repeat": {"custom"}, "rule": {""}}, "rule"},
		"a rule every second":     {url.Values{"repeat": {"custom"}, "rule": {"FREQ=SECONDLY"}}, "rule"},
		"a rule that is none":     {url.Values{"repeat": {"custom"}, "rule": {"every night"}}, "rule"},
		"a URL for a host":        {url.Values{"host": {"https://app.example.com/"}}, "host"},
		"another application":     {url.Values{"application": {"99"}}, "application"},
		"another environment":     {url.Values{"environment": {"Moon"}}, "environment"},
	} {
		page := b.post("/maintenance", s.plan(test.change))
		require.Equal(t, http.StatusUnprocessableEntity, page.status, name)
		require.NotEmpty(t, page.text("#"+test.field+"-fault"), "%s: %s", name, page.text("#faults"))
		require.Equal(t, 1, page.Find("#"+test.field).Length(), "%s: the summary leads to the field", name)
		want := s.plan(test.change)
		require.Equal(t, want.Get("reason"), page.Find("#reason").AttrOr("value", ""), name)
		require.Equal(t, want.Get("starts"), page.Find("#starts").AttrOr("value", ""), name)
		require.Equal(t, want.Get("rule"), page.Find("#rule").AttrOr("value", ""), name)
	}
	var windows int
	s.one(&windows, `SELECT count(*) FROM maintenance_windows`)
	require.Zero(t, windows)
}

func TestRunningMaintenanceStandsWhereItCovers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	incident := s.seedShared(1)
	other := s.addEndpoint("Other", "https://other.example.org/cb", "SOD")
	form := s.plan(url.Values{"repeat": {"once"}, "zone": {"UTC"}, "starts": {s.now().Add(-time.Hour).Format("2006-01-02T15:04")}, "endpoint": {"1"}, "environment": {""}, "step": {"save"}})
	require.Equal(t, "Only this URL: https://app.example.com/callback/0", b.get("/maintenance/new?endpoint=1").text(`label[for=endpoint]`))
	require.Equal(t, "/maintenance?done=maintenance-planned", b.post("/maintenance", form).location)
	require.Contains(t, b.get("/endpoints/1").text(".note.unsure"), "Planned work until")
	require.Contains(t, b.get("/incidents/1").text(".note.unsure"), "Patch night. It covers https://app.example.com/callback/0.")
	require.EqualValues(t, 1, incident)
	require.Zero(t, b.get("/endpoints/2").Find(".note.unsure").Length())
	require.EqualValues(t, 2, other.ID)
	require.Contains(t, b.get("/maintenance").text("section[aria-labelledby=running]"), "Patch night End now")

	stranger := s.signedIn(s.colleague(monitor.Administrator, "eve@example.org", true))
	stranger.post("/maintenance/1/end", nil)
	require.Contains(t, b.get("/maintenance").text("section[aria-labelledby=running]"), "Patch night", "another team ends nothing")
	require.NotContains(t, stranger.get("/maintenance").body, "Patch night")
	require.Equal(t, "/maintenance?done=maintenance-ended", b.post("/maintenance/1/end", nil).location)
	require.Equal(t, "/maintenance?done=maintenance-ended", b.post("/maintenance/1/end", nil).location, "twice is as good as once")
	require.Contains(t, b.get("/maintenance").text("section[aria-labelledby=past]"), "Patch night")
	require.Zero(t, b.get("/endpoints/1").Find(".note.unsure").Length())
	require.Equal(t, 1, strings.Count(b.get("/audit").text("tbody"), "Ended maintenance"))
}

// TestMaintenanceThatIsOverLeavesRoom fills a team's windows with work that is
// over, which takes no place, and then with work to come, which does.
func TestMaintenanceThatIsOverLeavesRoom(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	add := func(starts time.Time, recurrence string) {
		require.NoError(t, s.store.AsTeam(t.Context(), s.person.TeamID, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO maintenance_windows (team_id, reason, starts_at, duration_seconds, recurrence, created_by, created_at)
				SELECT $1, 'Patch night', $2::timestamptz + n * interval '1 minute', 3600, $3, 'ada@example.com', $2 FROM generate_series(1, 200) n`,
				s.person.TeamID, starts, recurrence)
			return err
		}))
	}
	lastYear := s.now().AddDate(-1, 0, 0)
	add(lastYear, "")
	add(lastYear, "FREQ=DAILY;COUNT=3")
	add(lastYear, "")
	planned := s.plan(url.Values{"step": {"save"}})
	require.Equal(t, "/maintenance?done=maintenance-planned", b.post("/maintenance", planned).location)
	require.Contains(t, b.get("/maintenance").text("main"), "Production", "what is to come is listed before what is over")

	add(s.now().AddDate(0, 0, 2), "")
	full := b.post("/maintenance", planned)
	require.Equal(t, 422, full.status)
	require.Contains(t, full.text("#faults"), "End some maintenance first")
	require.Equal(t, "Patch night", full.Find("#reason").AttrOr("value", full.text("#reason")), "what was typed stays")
}
