package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// failing seeds an endpoint that got worse: a look that passed, and one that
// saw SSL 3.0, confirmed.
func (s *site) failing() (endpoint monitor.Endpoint, passed, failed int64) {
	s.Helper()
	endpoint = s.addEndpoint("Shop", "https://app.example.com/callback", "Production")
	pass := verdict("T-02", checks.Pass, checks.Must, "192.0.2.10 refuses SSL 3.0.")
	fail := verdict("T-02", checks.Fail, checks.Must, "192.0.2.10 accepts SSL 3.0.")
	others := []checks.Verdict{
		verdict("C-01", checks.Pass, checks.Must, "Every cookie has HttpOnly."),
		verdict("C-02", checks.Fail, checks.Recommended, "The cookie session lacks Secure."),
		verdict("T-09", checks.ResultInconclusive, checks.Advice, "Revocation was not asked."),
		verdict("L-03", checks.NotApplicable, checks.Must, "It is not native."),
	}
	now := s.now()
	passed = s.seedLook(endpoint, look{at: now.Add(-time.Hour), purpose: monitor.First, verdicts: append([]checks.Verdict{pass}, others...)})
	failed = s.seedLook(endpoint, look{
		at: now.Add(-time.Minute), purpose: monitor.Scheduled, sslv3: true, verdicts: append(others, fail),
		changes: []monitor.Change{{Class: monitor.Regression, Cause: checks.CauseConfiguration, Subject: "addresses[192.0.2.10].protocols.SSLv3", Before: "refused", After: "accepted", Sentence: "192.0.2.10 accepts SSL 3.0 now."}},
		states: []monitor.RequirementState{
			{Requirement: "T-02", Severity: checks.Must, Result: checks.Fail, Conclusive: checks.Fail, ConclusiveSince: now.Add(-time.Minute)},
			{Requirement: "C-02", Severity: checks.Recommended, Result: checks.Fail, Conclusive: checks.Pass, ConclusiveSince: now.Add(-time.Hour), FailingSince: now.Add(-time.Minute)},
			{Requirement: "C-01", Severity: checks.Must, Result: checks.Pass, Conclusive: checks.Pass},
		},
	})
	return endpoint, passed, failed
}

func TestOverviewCountersLeadToTheirLists(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	s.failing()
	passing := s.addEndpoint("Shop", "https://good.example.com/", "SOD")
	s.seedLook(passing, look{at: s.now(), purpose: monitor.First, states: []monitor.RequirementState{{Requirement: "T-02", Severity: checks.Must, Result: checks.Pass, Conclusive: checks.Pass}}})
	unsure := s.addEndpoint("Bridge", "https://unsure.example.com/", "Stage")
	s.seedLook(unsure, look{at: s.now(), purpose: monitor.First, states: []monitor.RequirementState{{Requirement: "T-02", Severity: checks.Must, Result: checks.ResultInconclusive, Conclusive: checks.Pass}}})
	s.addEndpoint("Bridge", "https://new.example.com/", "SOD")

	page := b.get("/")
	require.Equal(t, 4, page.Find("tr[data-endpoint]").Length())
	require.Equal(t, "Bridge", page.Find("section.card h2").First().Text(), "by name")
	for state, word := range map[string]string{"failing": "Failing", "undetermined": "Could not tell", "passing": "Passing", "looking": "Being looked at"} {
		counter := page.Find("a[data-state=" + state + "]")
		require.Equal(t, "1", counter.Find(".number").Text(), state)
		require.Contains(t, counter.Text(), word)
		list := b.get(counter.AttrOr("href", ""))
		require.Equal(t, 1, list.Find("tr[data-endpoint]").Length(), state)
		require.Contains(t, list.text("tr[data-endpoint]"), word)
		require.Equal(t, "true", list.Find("a[data-state="+state+"]").AttrOr("aria-current", ""))
	}
	require.Equal(t, "0", page.Find("a[data-state=offline] .number").Text())
	require.Contains(t, b.get("/?state=offline").text("main"), "No URL is in this state")
	require.Equal(t, 4, b.get("/?state=nonsense").Find("tr[data-endpoint]").Length())
	require.Regexp(t, `^\d{4}-\d\d-\d\d \d\d:\d\d UTC$`, page.Find("tr[data-endpoint] time").First().Text())
}

func TestEndpointPageTellsWorstFirst(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	endpoint, _, failed := s.failing()
	incident, _ := s.seedIncident(endpoint, "T-02", failed, "ops@example.com")
	page := b.get("/endpoints/1")
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, b.get(fmt.Sprintf("/incidents/%d", incident)).text(".note.first"), "Do what has to be done.")
	require.Contains(t, b.get("/incidents").text("tbody th"), "https://app.example.com/callback", "a title names an address only")
	require.Regexp(t, `^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$`, b.get("/endpoints/1/history").Find("tbody time").First().Text())
	var order []string
	page.Find("li[data-requirement]").Each(func(_ int, item *selection) { order = append(order, item.AttrOr("data-requirement", "")) })
	require.Equal(t, []string{"T-02", "C-02", "C-01", "L-03", "T-09"}, order)
	first := page.text("li[data-requirement=T-02]")
	require.Contains(t, first, "Fails")
	require.Contains(t, first, "Must")
	require.Contains(t, first, "192.0.2.10 accepts SSL 3.0.")
	require.Contains(t, first, "Do what has to be done.")
	require.Contains(t, first, "Fails since")
	require.Contains(t, page.text("li[data-requirement=C-02]"), "Seen once, not confirmed by a second look yet.")
	require.Contains(t, page.text("li[data-requirement=T-09]"), "Our advice")
	row := page.text("table:contains('SSL 3.0') tbody tr")
	require.Equal(t, "192.0.2.10 port 443 Refused Accepted Refused Could not tell : timeout Accepted Accepted", row)
	require.Contains(t, page.text("#certificates + * , section[aria-labelledby=certificates]"), "app.example.com, www.example.com")
	require.Contains(t, page.text("section[aria-labelledby=certificates]"), "2027-03-01 00:00 UTC")
	require.Contains(t, page.text("section[aria-labelledby=cookies] tbody tr"), "session https://app.example.com/callback Secure HttpOnly, SameSite")
	require.Contains(t, page.text("main"), "192.0.2.10 accepts SSL 3.0 now.")
	require.Equal(t, 1, page.Find(fmt.Sprintf(`a[href="/incidents/%d"]`, incident)).Length())
	require.Zero(t, page.Find("#progress").Length())
	require.Zero(t, page.Find("head noscript").Length())
}

func TestLookNowShowsItsProgress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	endpoint, _, _ := s.failing()
	require.Equal(t, "/endpoints/1?done=look-asked", b.post("/endpoints/1/look", nil).location)
	require.Equal(t, "/endpoints/1?done=look-running", b.post("/endpoints/1/look", nil).location, "one at a time")
	page := b.get("/endpoints/1")
	progress := page.Find("#progress")
	require.Equal(t, "every 1s", progress.AttrOr("hx-trigger", ""))
	require.Equal(t, "status", progress.AttrOr("role", ""))
	require.Equal(t, 1, page.Find("head noscript").Length())
	poll := progress.AttrOr("hx-get", "")
	running := b.get(poll)
	require.Empty(t, running.header.Get("HX-Refresh"))
	require.Contains(t, running.text("#progress"), "Asked for: Waiting for its turn")
	s.sql(`UPDATE assessments SET stage = 'tls 1/2', started_at = slot WHERE finished_at IS NULL`)
	require.Contains(t, b.get(poll).text("#progress"), "Asking which TLS versions are accepted, 1 of 2")
	for stage, words := range map[string]string{
		checks.StageSuites: "Asking which cipher suites are accepted, 1 of 2", checks.StageFeatures: "Asking which features are spoken, 1 of 2",
		checks.StageVulnerabilities: "Looking for known vulnerabilities, 1 of 2", checks.StageClients: "Simulating clients, 1 of 2",
		checks.StagePKI: "Asking the certificates' issuers", checks.StageRecords: "Asking DNS for further records",
	} {
		s.sql(`UPDATE assessments SET stage = $1 || ' 1/2' WHERE finished_at IS NULL`, stage)
		require.Contains(t, b.get(poll).text("#progress"), words)
	}
	s.sql(`UPDATE assessments SET finished_at = slot, outcome = 'dropped' WHERE finished_at IS NULL`)
	done := b.get(poll)
	require.Equal(t, "true", done.header.Get("HX-Refresh"))
	require.Zero(t, done.Find("#progress").Length())

	again := s.now().Add(30 * time.Second)
	require.NoError(t, s.store.AsTeam(t.Context(), s.person.TeamID, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.RequestAssessment(ctx, endpoint.ID, monitor.Confirm, checks.Quick, again, s.now())
		return err
	}))
	waiting := b.get("/endpoints/1")
	require.Contains(t, waiting.text("#progress"), "A problem was seen once. Gradewatch looks again at "+again.Format("2006-01-02 15:04 UTC"))
	require.Contains(t, waiting.text("li[data-requirement=C-02]"), "Seen once, looking again at "+again.Format("2006-01-02 15:04 UTC"))
	require.Equal(t, "true", b.get(poll).header.Get("HX-Refresh"), "another look than the one that was polled")
}

// sql arranges what only the worker changes.
func (s *site) sql(statement string, arguments ...any) {
	s.Helper()
	require.NoError(s, s.store.AsWorker(s.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, statement, arguments...)
		return err
	}))
}

func TestHistoryAndOneLook(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	endpoint, passed, failed := s.failing()
	page := b.get("/endpoints/1/history")
	rows := page.Find("tr[data-assessment]")
	require.Equal(t, 2, rows.Length())
	newest := page.text(fmt.Sprintf("tr[data-assessment='%d']", failed))
	require.Contains(t, newest, "Scheduled")
	require.Contains(t, newest, "Fails C-02, T-02; could not tell T-09; 1 pass")
	require.Contains(t, newest, "192.0.2.10 accepts SSL 3.0 now.")
	require.Contains(t, page.text(fmt.Sprintf("tr[data-assessment='%d']", passed)), "Nothing")

	one := b.get(fmt.Sprintf("/endpoints/1/looks/%d", failed))
	require.Equal(t, http.StatusOK, one.status)
	require.Contains(t, one.text("pre"), "hello of TLS 1.2 to 192.0.2.10:443")
	require.Contains(t, one.body, "&lt;script&gt;alert(1)", "what servers say is escaped")
	require.Contains(t, one.text("section[aria-labelledby=did]"), "10.0.0.4:41222")
	require.Contains(t, one.text("main"), "mozilla 2026-10")
	require.Equal(t, 4, one.Find("section[aria-labelledby=components] tbody tr").Length())
	require.Equal(t, http.StatusNotFound, b.get("/endpoints/1/looks/99999").status)
	other := s.addEndpoint("Shop", "https://other.example.com/", "SOD")
	require.Equal(t, http.StatusNotFound, b.get(fmt.Sprintf("/endpoints/%d/looks/%d", other.ID, failed)).status)

	for i := range 60 {
		s.seedLook(endpoint, look{at: s.now().Add(-time.Duration(i+2) * 24 * time.Hour / 10), purpose: monitor.Scheduled})
	}
	long := b.get("/endpoints/1/history")
	require.Equal(t, 50, long.Find("tr[data-assessment]").Length())
	older := b.get(long.Find("a[rel=next]").AttrOr("href", ""))
	require.Equal(t, 12, older.Find("tr[data-assessment]").Length())
	require.Zero(t, older.Find("a[rel=next]").Length())
}

func TestIncidentsAndDeliveries(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	endpoint, _, failed := s.failing()
	incident, delivery := s.seedIncident(endpoint, "T-02", failed, "ops@example.com")
	list := b.get("/incidents")
	require.Contains(t, list.text("tr[data-incident]"), "Open High 1 URL T-02 Configuration")
	page := b.get(fmt.Sprintf("/incidents/%d", incident))
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.text("section[aria-labelledby=requirements]"), "T-02")
	require.Contains(t, page.text("section[aria-labelledby=changed]"), "192.0.2.10 accepts SSL 3.0 now.")
	require.Contains(t, page.text("section[aria-labelledby=timeline]"), "Email: ops@example.com")
	require.Contains(t, b.get("/deliveries").text("tr[data-delivery]"), "250 2.0.0 Ok: queued")
	require.Contains(t, b.get("/deliveries?state=failed").text("main"), "There is no delivery here")
	one := b.get("/deliveries/" + delivery)
	require.Contains(t, one.text("section[aria-labelledby=attempts] tbody"), "Attempt 1")
	require.Contains(t, one.text("section[aria-labelledby=attempts] tbody"), "5000 ms Not accepted no answer in time")
	require.Equal(t, http.StatusNotFound, b.get("/deliveries/nonsense").status)
	require.Equal(t, http.StatusNotFound, b.get("/deliveries/00000000-0000-0000-0000-000000000000").status)
}

func TestChannels(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	for _, bad := range []url.Values{
		{"kind": {"webhook"}, "address": {"ftp://x.example/"}},
		{"kind": {"email"}, "address": {"Bob <bob@example.com>"}},
		{"kind": {"email"}, "address": {"bob"}},
		{"kind": {"pigeon"}, "address": {"bob@example.com"}},
	} {
		page := b.post("/channels", bad)
		require.Equal(t, http.StatusUnprocessableEntity, page.status, bad)
		require.Equal(t, bad.Get("address"), page.Find("#address").AttrOr("value", ""))
	}
	hook := url.Values{"kind": {"webhook"}, "address": {" https://hooks.example.com/in "}}
	created := b.post("/channels", hook)
	require.Equal(t, http.StatusCreated, created.status)
	secret := created.text("#secret")
	require.Regexp(t, `^whsec_[A-Za-z0-9+/]{43}=$`, secret)
	require.Equal(t, http.StatusUnprocessableEntity, b.post("/channels", hook).status, "loading again adds nothing")
	require.NotContains(t, b.get("/channels/2").body, secret)
	require.Equal(t, secret, b.post("/channels/2/secret", nil).text("#secret"))
	plain := b.post("/channels", map[string][]string{"kind": {"webhook"}, "address": {"http://hooks.example.com/in"}})
	require.Equal(t, http.StatusUnprocessableEntity, plain.status)
	require.Contains(t, plain.text("#faults"), "nothing is sent over plain http")

	require.Equal(t, "/channels/2?done=test-sent", b.post("/channels/2/test", nil).location)
	require.Contains(t, b.get("/channels/2").text("tr[data-delivery]"), "Test This is a test of a Gradewatch channel")
	var jobs int
	require.NoError(t, s.database.Pool.QueryRow(t.Context(), `SELECT count(*) FROM river_job WHERE kind = 'deliver' AND queue = 'notify'`).Scan(&jobs))
	require.Equal(t, 1, jobs)
	b.post("/channels/2/disable", nil)
	require.Contains(t, b.get("/channels/2").text(".tags"), "Paused")
	b.post("/channels/2/enable", nil)
	require.Contains(t, b.get("/channels/2").text(".tags"), "In use")

	developer := s.signedIn(s.colleague(monitor.Developer, "dev@example.com", false))
	denied := developer.post("/channels/2/secret", nil)
	require.Equal(t, http.StatusForbidden, denied.status)
	require.Contains(t, denied.text("main"), "see a webhook's signing secret")
	require.Equal(t, "/channels?done=channel-removed", b.post("/channels/2/remove", nil).location)
	require.Equal(t, http.StatusNotFound, b.get("/channels/2").status)
	require.Contains(t, b.get("/deliveries").text("tr[data-delivery]"), "https://hooks.example.com/in", "what was sent stays listed")

	audit := b.get("/audit")
	require.Contains(t, audit.text("tbody"), "Saw a signing secret")
	require.Contains(t, audit.text("tbody"), "Denied")
	require.NotContains(t, audit.body, "whsec_")
	require.Contains(t, b.get("/audit?user=dev%40").text("tbody"), "dev@example.com")
	require.NotContains(t, b.get("/audit?user=dev%40").text("tbody"), "ada@example.com")
	require.Contains(t, b.get("/audit?source=worker").text("main"), "There is no entry here")
	var heads []string
	audit.Find("thead th").Each(func(_ int, head *selection) { heads = append(heads, head.Text()) })
	require.Equal(t, []string{"Timestamp", "User", "Description", "Source"}, heads)
}

func TestReaderChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	endpoint, _, failed := s.failing()
	s.seedIncident(endpoint, "T-02", failed, "ops@example.com")
	b := s.signedIn(s.colleague(monitor.Reader, "reader@example.com", false))
	for _, path := range []string{
		"/applications", "/applications/1/urls", "/applications/1/remove", "/endpoints/1/settings", "/endpoints/1/remove", "/endpoints/1/look",
		"/channels", "/channels/1/test", "/channels/1/disable", "/channels/1/enable", "/channels/1/remove", "/channels/1/secret",
		"/incidents/1/acknowledge", "/incidents/1/unacknowledge", "/incidents/1/snooze", "/incidents/1/unsnooze", "/incidents/1/notes",
		"/maintenance", "/maintenance/1/end",
	} {
		denied := b.post(path, url.Values{"minutes": {"5"}})
		require.Equal(t, http.StatusForbidden, denied.status, path)
		require.Contains(t, denied.text("main"), "Your role is reader. It does not have the permission to", path)
	}
	for _, path := range []string{"/applications/new", "/applications/1/urls/new", "/applications/1/remove", "/endpoints/1/settings", "/endpoints/1/remove", "/channels/1/remove", "/audit", "/maintenance/new", "/fleet/incidents", "/fleet/incidents/1"} {
		require.Equal(t, http.StatusForbidden, b.get(path).status, path)
	}
	for _, path := range []string{"/", "/applications/1", "/endpoints/1", "/endpoints/1/history", "/incidents", "/incidents/1", "/maintenance", "/service", "/deliveries", "/channels", "/channels/1"} {
		page := b.get(path)
		require.Equal(t, http.StatusOK, page.status, path)
		require.Zero(t, page.Find("main form[method=post]").Length(), "%s offers no change", path)
	}
	audit := s.signedIn(s.person).get("/audit?user=reader")
	require.Contains(t, audit.text("tbody"), "POST /endpoints/{id}/look /endpoints/1/look")
}

func TestOtherTeamsAreNotThere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	endpoint, _, failed := s.failing()
	_, delivery := s.seedIncident(endpoint, "T-02", failed, "ops@example.com")
	b := s.signedIn(s.colleague(monitor.Administrator, "eve@example.org", true))
	for _, path := range []string{
		"/applications/1", "/applications/1/endpoints", "/applications/1/urls/new", "/applications/1/remove",
		"/endpoints/1", "/endpoints/1/progress", "/endpoints/1/settings", "/endpoints/1/remove", "/endpoints/1/history",
		fmt.Sprintf("/endpoints/1/looks/%d", failed), "/incidents/1", "/deliveries/" + delivery, "/channels/1", "/channels/1/remove",
		"/endpoints/0", "/endpoints/x", "/endpoints/99999999999999999999",
	} {
		require.Equal(t, http.StatusNotFound, b.get(path).status, path)
	}
	for _, path := range []string{
		"/applications/1/urls", "/applications/1/remove", "/endpoints/1/settings", "/endpoints/1/remove", "/endpoints/1/look",
		"/channels/1/test", "/channels/1/disable", "/channels/1/enable", "/channels/1/remove", "/channels/1/secret",
		"/incidents/1/acknowledge", "/incidents/1/unacknowledge", "/incidents/1/unsnooze", "/incidents/1/notes",
	} {
		answer := b.post(path, form(url.Values{"minutes": {"5"}, "rows": {"1"}, "note": {"Mine."}}, row("0", "SOD", "literal", "https://x.example/", "", "60")))
		require.Equal(t, http.StatusNotFound, answer.status, path)
	}
	for _, path := range []string{"/", "/incidents?all=yes", "/maintenance", "/deliveries", "/channels", "/audit"} {
		page := b.get(path)
		require.Equal(t, http.StatusOK, page.status)
		require.NotContains(t, page.body, "example.com", path)
	}
	require.Equal(t, http.StatusOK, s.signedIn(s.person).get("/endpoints/1").status, "nothing was changed")
}
