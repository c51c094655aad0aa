package web_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Every page says when what we see cannot be trusted, and stops saying so.
func TestEveryPageSaysThatAlertingPauses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	require.Contains(t, b.get("/service").text("main"), "has reported yet")
	s.sql(`INSERT INTO vantages (name, seen_at, state, since, reason, checked_at, detail) VALUES
		('arn', $1, 'blind', $2, 'None of the reference targets answers: Gradewatch’s own network is down.', $1,
			'{"References": {"state": "known", "value": false}, "Canaries": [{"url": "https://expired.example/", "fails": "T-09", "Told": true, "Failing": null}], "Hosts": 40, "Turned": 3}'),
		('osl', $1, 'sound', $2, '', $1, NULL), ('old', $3, 'sound', NULL, '', NULL, NULL)`,
		s.now(), s.now().Add(-10*time.Minute), s.now().Add(-time.Hour))
	for _, path := range []string{"/", "/incidents", "/maintenance", "/channels", "/nowhere"} {
		banner := b.get(path).text(".paused")
		require.Contains(t, banner, "Alerting pauses for what is seen from arn: None of the reference targets answers", path)
		require.Contains(t, banner, "what is seen from there opens, changes or resolves no incident", path)
	}
	require.Zero(t, s.browser().get("/probe").Find(".paused").Length(), "strangers read nothing of it")
	page := b.get("/service")
	require.Equal(t, http.StatusOK, page.status)
	blind := page.text(`section[data-vantage=arn]`)
	require.Contains(t, blind, "Blind")
	require.Contains(t, blind, "Reference targets None of them answers")
	require.Contains(t, blind, "https://expired.example/ It fails T-09; the last check saw nothing wrong.")
	require.Contains(t, blind, "Of 40 that answered before and were looked at in the last 10 minutes, 3 stopped answering")
	require.Contains(t, page.text(`section[data-vantage=osl] .card-head`), "Sound")
	require.Contains(t, page.text(`section[data-vantage=old] .card-head`), "Does not run")
	s.sql(`UPDATE vantages SET state = 'sound'`)
	require.Zero(t, b.get("/").Find(".paused").Length())
}

func TestAvailabilityLeadsToTheLooksBehindIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	endpoint := s.addEndpoint("Shop", "https://app.example.com/cb", "Production")
	for i := range 4 {
		s.seedLook(endpoint, look{at: s.now().AddDate(0, 0, -i*5), purpose: monitor.Scheduled})
	}
	require.Zero(t, b.get("/endpoints/1").Find("#availability").Length(), "nothing was counted yet")
	s.sql(`INSERT INTO endpoint_availability (endpoint_id, team_id, day, up_seconds, down_seconds, unknown_seconds, planned_seconds, looks, responses)
		SELECT 1, $1, ($2::timestamptz AT TIME ZONE 'UTC')::date - n, 86400 - 3600 * (n = 3)::int, 3600 * (n = 3)::int, 0, 1800 * (n = 3)::int, 24, array_fill(0, ARRAY[10]) || ARRAY[24]
		FROM generate_series(0, 20) n`, s.person.TeamID, s.now())
	card := b.get("/endpoints/1").Find("section[aria-labelledby=availability]")
	row := func(days int) string { return card.Find(fmt.Sprintf(`tr[data-days="%d"]`, days)).Text() }
	require.Contains(t, row(1), "100%")
	require.Contains(t, row(7), "99.73%", "one hour, half of it planned, of 8 days")
	require.Contains(t, card.Find(`tr[data-days="7"] .fail-text`).Text(), "99.73%", "below what is ours")
	require.Contains(t, row(30), "30 minutes", "planned work is said by itself")
	require.Contains(t, row(7), "ms")
	require.Contains(t, card.Text(), "sets no number for partners")
	require.Equal(t, 90, card.Find("svg.days g").Length())
	require.Contains(t, card.Find("svg.days").AttrOr("aria-label", ""), "21 days with looks, 1 day of them with a time when it was down.")
	require.Equal(t, 1, card.Find("svg.days g .down").Length())

	looks := b.get(card.Find(`tr[data-days="7"] a`).AttrOr("href", ""))
	require.Equal(t, http.StatusOK, looks.status)
	require.Equal(t, 2, looks.Find("tr[data-assessment]").Length(), "those of the last 7 days alone")
	require.Equal(t, http.StatusOK, b.get(card.Find("details a").AttrOr("href", "")).status)
}
