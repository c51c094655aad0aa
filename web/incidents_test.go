package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// seedShared opens one incident about one requirement on many endpoints behind
// one host, two addresses each.
func (s *site) seedShared(endpoints int) (incident int64) {
	s.Helper()
	now := s.now()
	s.one(&incident, `INSERT INTO incidents (team_id, state, title, cause, weight, opened_at, turns) VALUES ($1, 'open', 'SSL 3.0 is accepted', 'configuration', 'critical', $2, ARRAY[$2::timestamptz]) RETURNING id`,
		s.person.TeamID, now.Add(-time.Hour))
	failing := checks.Verdict{
		Requirement: "T-02", Profile: "superoffice@2026-07", Result: checks.Fail, Severity: checks.Must, Remedy: "Turn SSL 3.0 off.",
		Proof: []checks.Proof{{Fact: "addresses[192.0.2.10].protocols.SSLv3", Value: "accepted", Text: "192.0.2.10 accepts SSL 3.0."}},
	}
	for i := range endpoints {
		environment := policy.Production
		if i%3 == 1 {
			environment = policy.Stage
		}
		endpoint := s.addEndpoint("Shop", fmt.Sprintf("https://app.example.com/callback/%d", i), environment)
		look := s.seedLook(endpoint, look{
			at: now.Add(-time.Hour), purpose: monitor.Confirm, verdicts: []checks.Verdict{failing},
			changes: []monitor.Change{{Class: monitor.Drift, Cause: checks.CauseConfiguration, Subject: "addresses[192.0.2.10].protocols.SSLv3", Before: "refused", After: "accepted", Sentence: "192.0.2.10 accepts SSL 3.0 now."}},
			states:  []monitor.RequirementState{{Requirement: "T-02", Severity: checks.Must, Result: checks.Fail, Conclusive: checks.Fail, IncidentID: incident}},
		})
		s.sql(`INSERT INTO incident_requirements (incident_id, team_id, endpoint_id, requirement, assessment_id, since, weight) VALUES ($1, $2, $3, 'T-02', $4, $5, 'critical')`,
			incident, s.person.TeamID, endpoint.ID, look, now.Add(-time.Hour))
	}
	s.sql(`INSERT INTO incident_entries (team_id, incident_id, at, kind, text) VALUES ($1, $2, $3, 'opened', 'SSL 3.0 is accepted on 1 URL.')`,
		s.person.TeamID, incident, now.Add(-time.Hour))
	return incident
}

// one reads one value as the database's owner would.
func (s *site) one(into any, statement string, arguments ...any) {
	s.Helper()
	require.NoError(s, s.store.AsWorker(s.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, statement, arguments...).Scan(into)
	}), statement)
}

func (s *site) jobsOf(kind string) (count int) {
	s.Helper()
	require.NoError(s, s.database.Pool.QueryRow(s.Context(), `SELECT count(*) FROM river_job WHERE kind = $1`, kind).Scan(&count))
	return count
}

func TestIncidentsAreNarrowedByLinksWithCounts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	require.Contains(t, b.get("/incidents").text(".empty"), "No incident is open.", "an empty list says what would fill it")
	first := s.seedShared(3)
	other := s.addEndpoint("Invoices", "https://invoices.example.org/cb", policy.SOD)
	second, _ := s.seedIncident(other, "C-01", 1, "ops@example.com")
	s.sql(`UPDATE incidents SET weight = 'low', flapping = true, state = 'snoozed', snoozed_until = $2, snooze_reason = 'Patch night', snoozed_by = 'ada@example.com' WHERE id = $1`,
		second, s.now().Add(time.Hour))
	third, _ := s.seedIncident(other, "T-02", 1, "ops@example.com")
	s.sql(`UPDATE incidents SET state = 'resolved', resolved_at = opened_at, weight = 'medium' WHERE id = $1`, third)

	listed := func(path string) (ids []string) {
		page := b.get(path)
		require.Equal(t, http.StatusOK, page.status, path)
		page.Find("tr[data-incident]").Each(func(_ int, row *selection) { ids = append(ids, row.AttrOr("data-incident", "")) })
		return ids
	}
	id := func(ids ...int64) (text []string) {
		for _, each := range ids {
			text = append(text, fmt.Sprint(each))
		}
		return text
	}
	list := b.get("/incidents")
	require.Equal(t, id(first, second), listed("/incidents"), "the heaviest first")
	require.Contains(t, list.text(fmt.Sprintf(`tr[data-incident="%d"]`, second)), "Snoozed Flapping until")
	require.Contains(t, list.text(fmt.Sprintf(`tr[data-incident="%d"]`, second)), "Patch night")
	require.Contains(t, list.text(fmt.Sprintf(`tr[data-incident="%d"]`, first)), "Open Critical 3 URLs T-02")
	require.Equal(t, id(first, second, third), listed("/incidents?state=all"), "those that are open before those that are not")

	// Every count leads to exactly as many.
	pages := 0
	for _, from := range []string{"/incidents", "/incidents?state=all", "/incidents?state=all&environment=Stage"} {
		page := b.get(from)
		page.Find(".counters a").Each(func(_ int, link *selection) {
			pages++
			require.Len(t, listed(link.AttrOr("href", "")), atoi(t, link.Find(".number").Text()), "%s of %s", link.AttrOr("href", ""), from)
		})
		page.Find(".facets a").Each(func(_ int, link *selection) {
			_, count, counted := strings.Cut(link.Text(), " (")
			if counted {
				pages++
				require.Len(t, listed(link.AttrOr("href", "")), atoi(t, strings.TrimSuffix(count, ")")), "%s of %s", link.AttrOr("href", ""), from)
			}
		})
	}
	require.Greater(t, pages, 25)
	require.Equal(t, id(first), listed("/incidents?weight=critical"))
	require.Equal(t, id(second), listed("/incidents?environment=SOD"))
	require.Equal(t, id(second), listed("/incidents?state=flapping"))
	require.Equal(t, id(second, third), listed(fmt.Sprintf("/incidents?state=all&endpoint=%d", other.ID)))
	require.Contains(t, b.get("/incidents?weight=medium").text(".empty"), "No incident is as you chose.")
	require.Equal(t, http.StatusNotFound, b.get("/incidents?endpoint=9999").status)
	require.Equal(t, id(first, second), listed("/incidents?state=nonsense&weight=heavy&application=x&page=-1"), "what is no choice narrows nothing")
}

func atoi(t *testing.T, text string) (n int) {
	t.Helper()
	_, err := fmt.Sscan(text, &n)
	require.NoError(t, err, text)
	return n
}

func TestIncidentSaysWhatFailsWhereAndWhatToDo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	incident := s.seedShared(40)
	page := b.get(fmt.Sprintf("/incidents/%d", incident))
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.text(".note.first"), "Turn SSL 3.0 off.")
	require.Contains(t, page.text("section[aria-labelledby=about]"), "People cannot use it now")
	require.Contains(t, page.text("section[aria-labelledby=requirements]"), "Turn SSL 3.0 off. Source: ")
	require.Equal(t, 40, page.Find("tr[data-endpoint]").Length())
	require.Contains(t, page.text(`tr[data-endpoint="1"]`), "Fails T-02 Waive")
	require.Contains(t, page.text(`tr[data-endpoint="1"]`), "1 address 192.0.2.10")
	require.Equal(t, 1, page.Find(`section[aria-labelledby=changed] li`).Length(), "what they share changed once")
	require.Contains(t, page.text("section[aria-labelledby=timeline]"), "Opened Gradewatch SSL 3.0 is accepted on 1 URL.")
	waive := page.Find(`tr[data-endpoint="1"] a[href*="waivers"]`).AttrOr("href", "")
	require.Equal(t, http.StatusOK, b.get(waive).status)

	s.sql(`UPDATE incident_requirements SET resolved_at = $1 WHERE endpoint_id > 2`, s.now())
	page = b.get(fmt.Sprintf("/incidents/%d", incident))
	require.Contains(t, page.text(".tags"), "2 of 40 URLs")
	require.Contains(t, page.text("section[aria-labelledby=requirements]"), "2 of 40 URLs")
	require.Equal(t, "1", page.Find("tr[data-endpoint]").First().AttrOr("data-endpoint", ""), "where it fails comes first")
}

func TestIncidentOfManyURLsIsPaged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	incident := s.seedShared(1)
	s.sql(`INSERT INTO endpoints (team_id, application_id, environment, kind, value_kind, value, next_run_at, created_at)
		SELECT team_id, application_id, 'SOD', kind, value_kind, 'https://host-' || n || '.example.com/', next_run_at, created_at FROM endpoints, generate_series(1, 149) n`)
	s.sql(`INSERT INTO incident_requirements (incident_id, team_id, endpoint_id, requirement, assessment_id) SELECT $1, team_id, id, 'T-02', 1 FROM endpoints WHERE id > 1`, incident)
	path := fmt.Sprintf("/incidents/%d", incident)
	page := b.get(path)
	require.Equal(t, 100, page.Find("tr[data-endpoint]").Length())
	next := page.Find(`nav[aria-label="Pages of URLs"] a[rel=next]`).AttrOr("href", "")
	rest := b.get(path + next)
	require.Equal(t, 50, rest.Find("tr[data-endpoint]").Length())
	require.Zero(t, rest.Find(`nav[aria-label="Pages of URLs"] a[rel=next]`).Length())
	require.Equal(t, http.StatusOK, b.get(path+"?page=99").status)
}

// Two people press at once: one of them has it, and the other reads who.
func TestSecondAcknowledgeSaysWhoHasIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	incident := s.seedShared(1)
	path := fmt.Sprintf("/incidents/%d", incident)
	ada, bob := s.signedIn(s.person), s.signedIn(s.colleague(monitor.Developer, "bob@example.com", false))
	require.Equal(t, path+"?done=incident-acknowledged", ada.post(path+"/acknowledge", nil).location)
	second := bob.post(path+"/acknowledge", nil)
	require.Equal(t, http.StatusConflict, second.status)
	require.Contains(t, second.text("#conflict"), "ada@example.com has it already, since ")
	require.Contains(t, second.text("section[aria-labelledby=timeline]"), "Acknowledged ada@example.com")
	require.Equal(t, path+"?done=incident-acknowledged", ada.post(path+"/acknowledge", nil).location, "her own again changes nothing")
	require.Contains(t, bob.get("/incidents?state=acknowledged").text("tr[data-incident]"), "Acknowledged by ada@example.com")

	require.Equal(t, path+"?done=incident-unacknowledged", bob.post(path+"/unacknowledge", nil).location)
	late := ada.post(path+"/unacknowledge", nil)
	require.Equal(t, http.StatusConflict, late.status)
	require.Contains(t, late.text("#conflict"), "Nobody has it any more")
	audit := ada.get("/audit").text("tbody")
	require.Contains(t, audit, "Acknowledged an incident")
	require.Contains(t, audit, "Took an acknowledgement back")

	s.sql(`UPDATE incidents SET state = 'resolved', resolved_at = $1`, s.now())
	s.sql(`UPDATE incident_requirements SET resolved_at = $1`, s.now())
	gone := bob.post(path+"/acknowledge", nil)
	require.Equal(t, http.StatusConflict, gone.status)
	require.Contains(t, gone.text("#conflict"), "It resolved at ")
	require.Zero(t, gone.Find(`form[action$="/acknowledge"], form[action$="/snooze"]`).Length(), "what is resolved offers notes alone")
	require.Equal(t, 1, gone.Find(`form[action$="/notes"]`).Length())
}

func TestSnoozeNeedsAReasonAndAnEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	incident := s.seedShared(1)
	path := fmt.Sprintf("/incidents/%d", incident)
	ahead := func(days int) string { return s.now().AddDate(0, 0, days).Format("2006-01-02T15:04") }
	good := url.Values{"snooze-reason": {"The vendor repairs it tonight"}, "for": {"custom"}, "until": {ahead(3)}, "zone": {"Europe/Oslo"}}
	for name, test := range map[string]struct {
		change url.Values
		field  string
	}{
		"no reason":             {url.Values{"snooze-reason": {" "}}, "snooze-reason"},
		"a reason without end":  {url.Values{"snooze-reason": {strings.Repeat("x", 501)}}, "snooze-reason"},
		"nothing chosen":        {url.Values{"for": {""}}, "for"},
		"a choice of nobody":    {url.Values{"for": {"forever"}}, "for"},
		"the past":              {url.Values{"until": {ahead(-1)}}, "until"},
		"over thirty days":      {url.Values{"until": {ahead(31)}}, "until"},
		"no time":               {url.Values{"until": {"soon"}}, "until"},
		"no zone":               {url.Values{"zone": {"Middle-earth"}}, "zone"},
		"the machine's zone":    {url.Values{"zone": {"Local"}}, "zone"},
		"a zone of a directory": {url.Values{"zone": {"../../etc/passwd"}}, "zone"},
	} {
		typed := url.Values{}
		for field, values := range good {
			typed[field] = values
		}
		for field, values := range test.change {
			typed[field] = values
		}
		page := b.post(path+"/snooze", typed)
		require.Equal(t, http.StatusUnprocessableEntity, page.status, name)
		require.NotEmpty(t, page.text("#"+test.field+"-fault"), name)
		require.Equal(t, strings.TrimSpace(typed.Get("snooze-reason")), page.Find("#snooze-reason").Text(), "%s: what was typed stays", name)
		require.Equal(t, typed.Get("zone"), page.Find("#zone").AttrOr("value", ""), name)
		require.Equal(t, 1, page.Find("details[open] #until").Length(), "%s: the form is not folded away", name)
	}
	require.Zero(t, s.jobsOf("tell"))
	require.Equal(t, path+"?done=incident-snoozed", b.post(path+"/snooze", good).location)
	require.Equal(t, 1, s.jobsOf("tell"), "it is told again when the snooze ends")
	page := b.get(path)
	require.Contains(t, page.text("section[aria-labelledby=about]"), ", by ada@example.com: The vendor repairs it tonight.")
	require.Contains(t, page.text("section[aria-labelledby=timeline]"), "Snoozed ada@example.com Silent until")
	require.Equal(t, path+"?done=incident-unsnoozed", b.post(path+"/unsnooze", nil).location)
	require.Equal(t, http.StatusConflict, b.post(path+"/unsnooze", nil).status)
	require.Contains(t, b.get("/audit").text("tbody"), "Snoozed an incident")

	good.Set("for", "tomorrow")
	good.Set("zone", "America/New_York")
	b.post(path+"/snooze", good)
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	var until time.Time
	s.one(&until, `SELECT snoozed_until FROM incidents WHERE id = $1`, incident)
	require.Equal(t, s.now().In(zone).AddDate(0, 0, 1).Format("2006-01-02")+" 08:00", until.In(zone).Format("2006-01-02 15:04"))
}

func TestNotesStayInTheTimeline(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	path := fmt.Sprintf("/incidents/%d", s.seedShared(1))
	empty := b.post(path+"/notes", url.Values{"note": {" "}})
	require.Equal(t, http.StatusUnprocessableEntity, empty.status)
	require.NotEmpty(t, empty.text("#note-fault"))
	long := b.post(path+"/notes", url.Values{"note": {strings.Repeat("é", 2001)}})
	require.Equal(t, http.StatusUnprocessableEntity, long.status)
	require.Equal(t, strings.Repeat("é", 2001), long.Find("#note").Text(), "what was typed stays")
	require.Equal(t, path+"?done=incident-noted#timeline", b.post(path+"/notes", url.Values{"note": {"<b>The vendor</b> knows."}}).location)
	page := b.get(path)
	require.Contains(t, page.text("section[aria-labelledby=timeline]"), "Note ada@example.com <b>The vendor</b> knows.")
	require.Zero(t, page.Find("section[aria-labelledby=timeline] b").Length())
	require.Contains(t, b.get("/audit").text("tbody"), "Wrote a note on an incident")
}

func TestOperatorsSeeIncidentsOfEveryTeam(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	incident := s.seedShared(3)
	operator := s.signedIn(s.colleague(monitor.Operator, "operator@example.com", true))
	list := operator.get("/fleet/incidents")
	require.Equal(t, http.StatusOK, list.status)
	require.Contains(t, list.text("section[aria-labelledby=groups] tbody"), "First team Configuration 1 of First team: Configuration 3 URLs of First team: Configuration Critical")
	chosen := operator.get(list.Find("section[aria-labelledby=groups] td a").AttrOr("href", ""))
	require.Equal(t, 1, chosen.Find("tr[data-incident]").Length())
	require.Contains(t, operator.get("/fleet/incidents?cause=engine").text("main"), "No incident is as you chose.")
	one := operator.get(fmt.Sprintf("/fleet/incidents/%d", incident))
	require.Equal(t, http.StatusOK, one.status)
	require.Equal(t, 3, one.Find("tr[data-endpoint]").Length())
	require.Zero(t, one.Find("main form").Length(), "operators read what is another team's")
	require.Zero(t, one.Find(`main a[href^="/endpoints/"]`).Length(), "and no link leads to what they cannot see")
	require.Equal(t, http.StatusNotFound, operator.get("/fleet/incidents/999").status)
	require.Equal(t, http.StatusForbidden, s.signedIn(s.person).get("/fleet/incidents").status)
}
