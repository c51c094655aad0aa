package web_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// statingSite has one standard application, 1, at noon of 22 November 2026.
func statingSite(t testing.TB) *site {
	t.Helper()
	s := newSite(t)
	s.setClock(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production)
	return s
}

func statementForm(change func(form url.Values)) url.Values {
	form := url.Values{
		"result": {"pass"}, "owner": {"Grace <b>Hopper</b>"}, "stated_on": {"2026-11-20"},
		"evidence": {"https://wiki.example/mfa?a=<b>"}, "note": {"By <script>hand</script>"}, "reason": {""}, "renew_by": {""},
	}
	if change != nil {
		change(form)
	}
	return form
}

func TestStatementIsMadeAndKeepsItsHistory(t *testing.T) {
	t.Parallel()
	s := statingSite(t)
	b := s.signedIn(s.person)
	page := b.get("/applications/1/attestations")
	require.Equal(t, http.StatusOK, page.status)
	require.Equal(t, 29, page.Find("tr[data-requirement]").Length())
	require.Equal(t, "28", page.Find("a[data-state=not_stated] .number").Text())
	require.Equal(t, "1", page.Find("a[data-state=not_applicable] .number").Text(), "A-04 is asked of custom applications")
	require.Contains(t, page.text("main"), "SuperOffice sets no renewal period")
	require.Contains(t, page.text(`tr[data-requirement="A-09"]`), "Must All administrative access goes over an encrypted channel")
	require.Contains(t, page.text(`tr[data-requirement="A-09"]`), "Every 6 months")
	require.Contains(t, page.text(`tr[data-requirement="A-21"]`), "Recommended")

	form := b.get("/applications/1/attestations/A-09")
	require.Equal(t, "ada@example.com", form.Find("#owner").AttrOr("value", ""))
	require.Equal(t, "2026-11-22", form.Find("#stated_on").AttrOr("value", ""))
	require.Zero(t, form.Find("input[name=result][checked]").Length(), "nothing is stated by itself")
	require.Equal(t, "/applications/1/attestations/A-09?done=attestation-stated", b.post("/applications/1/attestations/A-09", statementForm(nil)).location)
	page = b.get("/applications/1/attestations/A-09?done=attestation-stated")
	require.Contains(t, page.text("main"), "The statement is recorded.")
	require.NotContains(t, page.body, "<b>Hopper")
	require.NotContains(t, page.body, "<script>hand")
	require.Contains(t, page.text("tbody"), "2026-11-20 The newest It is so")
	require.Contains(t, page.text("tbody"), "2027-05-20", "our policy sets the day: six months")
	require.Contains(t, page.text("tbody"), "by superoffice-attestations@2026-07")
	require.Contains(t, page.text("h1 + .tags"), "Stated")

	require.Equal(t, http.StatusSeeOther, b.post("/applications/1/attestations/A-09", statementForm(func(form url.Values) {
		form.Set("result", "not_applicable")
		form.Set("reason", "Nobody administers it")
		form.Set("stated_on", "2026-11-22")
	})).status)
	page = b.get("/applications/1/attestations/A-09")
	rows := page.Find("tbody tr")
	require.Equal(t, 2, rows.Length(), "what was stated stays")
	require.Contains(t, rows.First().Text(), "Nobody administers it")
	require.NotContains(t, rows.Last().Text(), "The newest")
	require.Equal(t, "Nobody administers it", page.Find("#reason").Text(), "what is stated anew begins with what it was")
	require.Contains(t, b.get("/audit").text("tbody"), "Stated an attestation")
	require.Equal(t, "2", b.get("/applications/1/attestations").Find("a[data-state=not_applicable] .number").Text())
}

func TestEveryCountOfTheChecklistLeadsToItsList(t *testing.T) {
	t.Parallel()
	s := statingSite(t)
	b := s.signedIn(s.person)
	for requirement, change := range map[string]func(url.Values){
		"A-06": func(form url.Values) { form.Set("renew_by", "2026-11-21"); form.Set("stated_on", "2025-11-01") },
		"A-07": func(form url.Values) { form.Set("renew_by", "2026-12-01") },
		"A-08": func(form url.Values) { form.Set("result", "fail"); form.Set("reason", "One is left") },
		"A-16": nil, // no date ends it
		"A-21": func(form url.Values) { form.Set("result", "not_applicable"); form.Set("reason", "No webhooks") },
	} {
		require.Equal(t, http.StatusSeeOther, b.post("/applications/1/attestations/"+requirement, statementForm(change)).status, requirement)
	}
	page := b.get("/applications/1/attestations")
	counts := map[string]string{}
	page.Find("a[data-state]").Each(func(_ int, counter *selection) {
		state := counter.AttrOr("data-state", "")
		counts[state] = counter.Find(".number").Text()
		list := b.get(counter.AttrOr("href", ""))
		require.Equal(t, counts[state], fmt.Sprint(list.Find("tr[data-requirement]").Length()), state)
		require.Equal(t, state, list.Find("a[data-state][aria-current]").AttrOr("data-state", ""))
		if counts[state] != "0" {
			require.Contains(t, b.get("/applications/1").text("#stated + dl"), counts[state]+" ", state)
		}
	})
	require.Equal(t, map[string]string{"overdue": "1", "not_met": "1", "not_stated": "23", "due_soon": "1", "stated": "1", "not_applicable": "2"}, counts)
	require.Equal(t, http.StatusOK, b.get("/applications/1/attestations?state=%3Cscript%3E").status)
	require.Equal(t, 29, b.get("/applications/1/attestations?state=nothing").Find("tr[data-requirement]").Length())
}

func TestStatementFormSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := statingSite(t)
	b := s.signedIn(s.person)
	for name, one := range map[string]struct{ field, value, says string }{
		"nothing stated":       {"result", "", "Choose what you state."},
		"something else":       {"result", "<script>X</script>", "Choose what you state."},
		"fails for no reason":  {"result", "fail", "Enter why it does not apply, or what is missing."},
		"a reason for a pass":  {"reason", "Because", "Leave this empty where it is so."},
		"too long a reason":    {"reason", strings.Repeat("é", 501), "Write a reason of at most 500 characters."},
		"nobody":               {"owner", " ", "Enter who answers for it, in at most 200 characters."},
		"too long an owner":    {"owner", strings.Repeat("é", 201), "Enter who answers for it"},
		"tomorrow":             {"stated_on", "2026-11-23", "Enter a day up to today, such as 2026-11-22."},
		"long ago":             {"stated_on", "1916-11-22", "Enter a day up to today"},
		"no day":               {"stated_on", "2026-02-30", "Enter a day up to today"},
		"renewed before":       {"renew_by", "2026-11-20", "Enter a day after the statement, at most 3 years after it, such as 2027-05-22"},
		"renewed by nobody":    {"renew_by", "2099-01-01", "Enter a day after the statement"},
		"plain http":           {"evidence", "http://wiki.example/", "Enter a link that begins with https://"},
		"script":               {"evidence", "javascript:alert(1)//", "Enter a link that begins with https://"},
		"no host":              {"evidence", "https:///path", "Enter a link that begins with https://"},
		"a password":           {"evidence", "https://ada:secret@wiki.example/", "Take the user name and password out of the link."},
		"too long a link":      {"evidence", "https://wiki.example/" + strings.Repeat("x", 2048), "Use a link of at most 2,048 characters"},
		"too long a note":      {"note", strings.Repeat("é", 2001), "Write a note of at most 2000 characters."},
		"a control in a note":  {"note", "a\x01b", "Write a note"},
		"a turned line, a bad": {"owner", "a\u0007b", "Enter who answers for it"},
	} {
		form := statementForm(func(form url.Values) { form.Set(one.field, one.value) })
		page := b.post("/applications/1/attestations/A-09", form)
		require.Equal(t, http.StatusUnprocessableEntity, page.status, name)
		require.Contains(t, page.text("#faults"), one.says, name)
		require.Equal(t, 1, page.Find("#faults a").Length(), name)
		require.NotContains(t, page.body, "<script>X", name)
		for _, field := range []string{"owner", "stated_on", "renew_by", "evidence"} {
			require.Equal(t, strings.TrimSpace(form.Get(field)), page.Find("#"+field).AttrOr("value", ""), "%s: %s", name, field)
		}
		for _, field := range []string{"note", "reason"} {
			require.Equal(t, form.Get(field), page.Find("#"+field).Text(), "%s: %s", name, field)
		}
	}
	require.Equal(t, http.StatusUnprocessableEntity, b.post("/applications/1/attestations/A-04", statementForm(nil)).status, "not asked of a standard application")
	for _, path := range []string{"/applications/1/attestations/A-30", "/applications/1/attestations/T-01", "/applications/9/attestations/A-09", "/applications/x/attestations"} {
		require.Equal(t, http.StatusNotFound, b.get(path).status, path)
	}
	require.Equal(t, "0", s.scan(`SELECT count(*)::text FROM attestations`))
}

func TestOnlyItsTeamStates(t *testing.T) {
	t.Parallel()
	s := statingSite(t)
	s.signedIn(s.person).post("/applications/1/attestations/A-09", statementForm(nil))
	stranger := s.signedIn(s.colleague(monitor.Administrator, "eve@example.com", true))
	for _, path := range []string{
		"/applications/1/attestations", "/applications/1/attestations.csv", "/applications/1/attestations/A-09",
		"/applications/1/secrets", "/applications/1/compromise",
	} {
		require.Equal(t, http.StatusNotFound, stranger.get(path).status, path)
	}
	require.Equal(t, http.StatusNotFound, stranger.post("/applications/1/attestations/A-09", statementForm(nil)).status)
	for _, path := range []string{"/fleet/attestations", "/fleet/attestations.csv", "/fleet/compromises"} {
		require.Equal(t, http.StatusForbidden, stranger.get(path).status, path)
		require.Equal(t, http.StatusForbidden, s.signedIn(s.person).get(path).status, path)
	}
	reader := s.signedIn(s.colleague(monitor.Reader, "reader@example.com", false))
	require.Equal(t, http.StatusOK, reader.get("/applications/1/attestations").status)
	require.Zero(t, reader.get("/applications/1/attestations/A-09").Find("main form").Length())
	require.Equal(t, http.StatusForbidden, reader.post("/applications/1/attestations/A-09", statementForm(nil)).status)
	require.Equal(t, http.StatusForbidden, reader.post("/applications/1/secrets", secretForm(nil)).status)
	require.Equal(t, http.StatusForbidden, reader.post("/applications/1/compromise", compromiseForm(nil)).status)
}

func TestChecklistAsCSV(t *testing.T) {
	t.Parallel()
	s := statingSite(t)
	b := s.signedIn(s.person)
	b.post("/applications/1/attestations/A-09", statementForm(func(form url.Values) {
		form.Set("owner", "=HYPERLINK(\"https://evil.example\")")
		form.Set("note", "-1+1\r\nsecond, line \"quoted\"")
	}))
	file := b.get("/applications/1/attestations.csv")
	require.Equal(t, "text/csv; charset=utf-8", file.header.Get("Content-Type"))
	require.Contains(t, file.header.Get("Content-Disposition"), "attachment")
	rows, err := csv.NewReader(strings.NewReader(file.body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 30)
	cell := func(row int, name string) string {
		for i, heading := range rows[0] {
			if heading == name {
				return rows[row][i]
			}
		}
		t.Fatal(name)
		return ""
	}
	require.Equal(t, "A-09", cell(9, "requirement"))
	require.Equal(t, "stated", cell(9, "state"))
	require.Equal(t, `'=HYPERLINK("https://evil.example")`, cell(9, "owner"), "no spreadsheet calculates it")
	require.Equal(t, "'-1+1\nsecond, line \"quoted\"", cell(9, "note"))
	require.Equal(t, "2027-05-20", cell(9, "renew_by"))
	require.Equal(t, "Every 6 months", cell(9, "renewal_policy_of_gradewatch"))
	require.Equal(t, "not_applicable", cell(4, "state"))
	require.Empty(t, cell(10, "owner"))
}

func TestFleetCountsLeadToTheirLists(t *testing.T) {
	t.Parallel()
	s := statingSite(t)
	s.signedIn(s.person).post("/applications/1/attestations/A-09", statementForm(func(form url.Values) {
		form.Set("stated_on", "2026-01-01")
		form.Set("renew_by", "2026-02-01")
	}))
	other := s.colleague(monitor.Administrator, "eve@example.com", true)
	s.sql(`INSERT INTO applications (team_id, name, type, created_at) VALUES ($1, 'Other & <i>app</i>', 'custom', $2)`, other.TeamID, s.now())
	b := s.signedIn(s.colleague(monitor.Operator, "operator@example.com", true))
	page := b.get("/fleet/attestations")
	require.Equal(t, http.StatusOK, page.status)
	require.Equal(t, 2, page.Find("tr[data-team]").Length())
	require.Zero(t, page.Find("#listed").Length())
	followed := 0
	page.Find("a[data-state], tr[data-team] td a").Each(func(_ int, link *selection) {
		count := link.Find(".number").Text()
		if count == "" {
			count = strings.TrimSpace(link.Nodes[0].FirstChild.Data)
		}
		list := b.get(link.AttrOr("href", ""))
		require.Equal(t, count, fmt.Sprint(list.Find("#listed").Parent().Parent().Find("tbody tr").Length()), link.AttrOr("href", ""))
		followed++
	})
	require.Equal(t, 11, followed, "six of all, three of the first team, two of the second")
	list := b.get("/fleet/attestations?state=overdue")
	require.Contains(t, list.text("#listed"), "Overdue")
	require.Contains(t, list.text("main"), "A-09")
	require.NotContains(t, list.body, "<i>app")
	require.Contains(t, b.get("/").text("main"), "Attestations of every team")
	require.NotContains(t, s.signedIn(s.person).get("/").text("main"), "of every team")
	rows, err := csv.NewReader(strings.NewReader(b.get("/fleet/attestations.csv").body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 59)
	require.Equal(t, http.StatusOK, b.get("/fleet/attestations?team=x&state=y").status)
}
