package web_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/browsertest"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// seedHandling fills what the pages about incidents show with one of each kind.
func (s *site) seedHandling() (incident int64) {
	s.Helper()
	b := s.signedIn(s.person)
	incident = s.seedShared(6)
	path := fmt.Sprintf("/incidents/%d", incident)
	endpoint := s.endpoint(1)
	other, _ := s.seedIncident(endpoint, "C-01", 1, "grace.hopper.of.the.operations.department@a-very-long-name-of-a-partner.example.com")
	s.sql(`UPDATE incidents SET flapping = true, weight = 'medium' WHERE id = $1`, other)
	s.sql(`UPDATE notifications SET incident_id = $1`, incident)
	s.sql(`UPDATE incident_requirements SET resolved_at = $1 WHERE endpoint_id > 4`, s.now())
	b.post(path+"/notes", url.Values{"note": {"The vendor knows.\nTheir ticket is TLS-4711-with-a-name-that-does-not-end-before-the-edge-of-any-telephone."}})
	b.post(path+"/acknowledge", nil)
	b.post(fmt.Sprintf("/incidents/%d/snooze", other), url.Values{"snooze-reason": {"It flaps until the new balancer is there"}, "for": {"1w"}, "zone": {"Europe/Oslo"}})
	for _, change := range []url.Values{
		{"step": {"save"}},
		{"step": {"save"}, "repeat": {"once"}, "zone": {"UTC"}, "starts": {s.now().Add(-time.Hour).Format("2006-01-02T15:04")}},
		{"step": {"save"}, "repeat": {"monthly"}, "nth": {"-1"}, "weekday": {"SA"}, "starts": {lastSaturday(s.now()) + "T22:00"}, "host": {"app.example.com"}, "environment": {""}},
	} {
		b.post("/maintenance", s.plan(change))
	}
	b.post("/maintenance/1/end", nil)
	s.sql(`INSERT INTO endpoint_availability (endpoint_id, team_id, day, up_seconds, down_seconds, unknown_seconds, planned_seconds, looks, responses)
		SELECT 1, $1, ($2::timestamptz AT TIME ZONE 'UTC')::date - n, 86400 - 7200 * (n % 17 = 3)::int - 40000 * (n = 40)::int, 7200 * (n % 17 = 3)::int, 40000 * (n = 40)::int,
			7200 * (n = 20)::int, 24, array_fill(0, ARRAY[10]) || ARRAY[24] FROM generate_series(0, 80) n`, s.person.TeamID, s.now())
	s.sql(`INSERT INTO vantages (name, seen_at, state, since, reason, checked_at, detail) VALUES
		('osl', $1, 'sound', $2, '', $1, '{"References": {"state": "known", "value": true}, "Canaries": [{"url": "https://expired.example/", "fails": "T-09", "Told": true, "Failing": ["T-09"]}]}')`,
		s.now(), s.now().Add(-10*time.Hour))
	return incident
}

// TestBrowserLinkOfAMessage opens the link of a message signed out, signs in by
// a link, and is where the message led; then acknowledges, snoozes with a fault
// and without, and notes, with the keys alone.
func TestBrowserLinkOfAMessage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	incident := s.seedShared(2)
	ctx := browsertest.Start(t, "/snooze")
	token, err := auth.NewSignInLink(t.Context(), s.store, s.person, s.now())
	require.NoError(t, err)
	path := fmt.Sprintf("/incidents/%d", incident)
	require.NoError(t, chromedp.Do(ctx,
		chromedp.Navigate(s.url+path+"?page=1"),
		chromedp.WaitVisible(`//main[contains(., "you come back to the page you asked for")]`),
		chromedp.Navigate(s.url+"/sign-in/"+token), // as from another mail
		chromedp.Click(chromedp.CSS("main button")),
		chromedp.WaitVisible(`//h1[.="SSL 3.0 is accepted"]`),
	))
	at, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname + location.search`))
	require.NoError(t, err)
	require.Equal(t, path+"?page=1", at)

	require.NoError(t, chromedp.Do(ctx,
		chromedp.Focus(chromedp.CSS(`form[action$="/acknowledge"] button`)), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitVisible(`//*[@role="status" and contains(., "It is yours")]`),
		chromedp.Focus(chromedp.CSS(`section[aria-labelledby=actions] summary`)), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitVisible(chromedp.CSS("#snooze-reason")),
		chromedp.Focus(chromedp.CSS("#snooze-reason")), chromedp.KeyEvent("Patch night"),
		chromedp.Focus(chromedp.CSS(`input[value=custom]`)), chromedp.KeyEvent(" "),
		chromedp.Focus(chromedp.CSS(`form[action$="/snooze"] button`)), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitVisible(chromedp.CSS("#until-fault")),
	))
	typed, err := chromedp.Run(ctx, chromedp.Evaluate[string](
		`document.querySelector("#snooze-reason").value + "|" + document.querySelector("input[name=for]:checked").value + "|" + document.querySelector("#zone").value + "|" + document.activeElement.id`))
	require.NoError(t, err)
	require.Equal(t, "Patch night|custom|Europe/Oslo|faults", typed, "what was typed stays, and the zone is the reader's own")
	s.pictureHere(ctx, "incident-fault")
	require.NoError(t, chromedp.Do(ctx,
		chromedp.Focus(chromedp.CSS(`input[value="4h"]`)), chromedp.KeyEvent(" "),
		chromedp.Focus(chromedp.CSS(`form[action$="/snooze"] button`)), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitVisible(`//section[@aria-labelledby="about"]//dd[contains(., "Patch night")]`),
	))
}

// TestBrowserIncidents takes pictures of what is about incidents, planned work
// and availability at a desk's and two phones' widths, in light and dark.
func TestBrowserIncidents(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	incident := s.seedHandling()
	ctx := browsertest.Start(t, "/maintenance")
	signIn := func(person monitor.Person) {
		token, err := auth.NewSignInLink(t.Context(), s.store, person, s.now())
		require.NoError(t, err)
		require.NoError(t, chromedp.Do(ctx,
			chromedp.Navigate(s.url+"/sign-in/"+token), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(`//h1[.="Overview"]`)))
	}
	signIn(s.person)
	pages := map[string]string{
		"h-incidents": "/incidents?state=all", "h-incidents-none": "/incidents?weight=low", "h-incident": fmt.Sprintf("/incidents/%d", incident),
		"h-incident-snoozed": fmt.Sprintf("/incidents/%d", incident+1), "h-maintenance": "/maintenance", "h-maintenance-new": "/maintenance/new?endpoint=1",
		"h-service": "/service", "h-availability": "/endpoints/1",
	}
	s.walkPictures(ctx, pages, 1280, 360)
	require.NoError(t, chromedp.Do(ctx,
		chromedp.Navigate(s.url+"/maintenance/new"), chromedp.WaitVisible(chromedp.CSS("#reason")),
		chromedp.SendKeys(chromedp.CSS("#reason"), "Patch night"), chromedp.Click(chromedp.CSS("#repeat-weekly")), chromedp.Click(chromedp.CSS("button.primary")),
		chromedp.WaitVisible(chromedp.CSS("#faults")),
	))
	s.pictureHere(ctx, "h-maintenance-fault")
	require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#repeat-daily")), chromedp.Click(chromedp.CSS("button.primary")), chromedp.WaitVisible(chromedp.CSS("tr[data-occurrence]"))))
	s.pictureHere(ctx, "h-maintenance-preview")
	s.sql(`UPDATE vantages SET state = 'blind', reason = 'None of the reference targets answers: Gradewatch’s own network is down.'`)
	s.walkPictures(ctx, map[string]string{"h-paused": "/incidents"}, 1280, 360)
	signIn(s.colleague(monitor.Operator, "operator@example.com", true))
	s.walkPictures(ctx, map[string]string{"h-fleet": "/fleet/incidents", "h-fleet-incident": fmt.Sprintf("/fleet/incidents/%d", incident)}, 1280, 360)
}
