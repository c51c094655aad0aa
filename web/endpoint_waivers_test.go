package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// ownFact is one of the two cookies that C-02 of manyVerdicts fails on.
const ownFact = "C-02 cookies[<i>theme</i>]"

func waiverForm(change func(form url.Values)) url.Values {
	form := url.Values{"requirement": {"C-02"}, "owner": {"Grace <b>Hopper</b>"}, "reason": {"The <script>vendor</script> moves"}, "until": {"2027-01-31"}}
	if change != nil {
		change(form)
	}
	return form
}

// richSite has one endpoint with a judgement, at noon of 22 November 2026.
func richSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.setClock(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	s.richly(s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production), s.now())
	return s
}

// setClock moves the clock of the site, which goes on from there.
func (s *site) setClock(at time.Time) {
	s.Helper()
	s.sql(`SELECT ensure_partitions($1, 1)`, at.AddDate(0, -1, 0))
	s.offset.Store(int64(time.Until(at)))
}

func TestWaiverIsGrantedAndEnded(t *testing.T) {
	t.Parallel()
	s := richSite(t)
	b := s.signedIn(s.person)
	require.Equal(t, "None", b.get("/endpoints/1").text(`a[href="/endpoints/1/waivers"]`))
	require.Equal(t, 1, b.get("/endpoints/1").Find(`li[data-requirement=C-02] a[href="/endpoints/1/waivers?requirement=C-02"]`).Length())
	require.Zero(t, b.get("/endpoints/1").Find(`li[data-requirement=T-07] a[href*=waivers]`).Length(), "it is waived already")

	form := b.get("/endpoints/1/waivers?requirement=C-02")
	require.Equal(t, "C-02", form.Find("#requirement option[selected]").AttrOr("value", ""))
	require.Equal(t, "ada@example.com", form.Find("#owner").AttrOr("value", ""))
	require.Equal(t, "2026-12-22", form.Find("#until").AttrOr("value", ""))
	require.Empty(t, b.get("/endpoints/1/waivers").Find("#requirement option[selected]").AttrOr("value", "x"), "nothing is chosen by itself")
	require.Equal(t, []string{"C-02", "C-02 cookies[session]", ownFact}, each(form, `optgroup[label="C-02"] option`, "value"))
	require.Equal(t, "C-02: Every cookie has Secure", form.Find("#requirement option[selected]").Text())
	require.Equal(t, []string{"T-05"}, each(form, `optgroup[label="T-05"] option`, "value"), "one fact is all of it")

	require.Equal(t, "/endpoints/1/waivers?done=waiver-granted", b.post("/endpoints/1/waivers", waiverForm(nil)).location)
	limited := waiverForm(func(form url.Values) { form.Set("requirement", ownFact) })
	require.Equal(t, http.StatusSeeOther, b.post("/endpoints/1/waivers", limited).status)
	page := b.get("/endpoints/1/waivers?done=waiver-granted")
	require.Contains(t, page.text("main"), "The requirement is waived from the next look on.")
	rows := page.Find("tbody tr")
	require.Equal(t, 2, rows.Length())
	require.Contains(t, rows.First().Text(), "Cookie <i>theme</i>", "the newest first")
	require.NotContains(t, page.body, "<i>theme")
	require.NotContains(t, page.body, "<b>Hopper")
	require.NotContains(t, page.body, "<script>vendor")
	require.Contains(t, page.text("tbody"), "Grace <b>Hopper</b>: The <script>vendor</script> moves Granted by ada@example.com at 2026-11-22 12:")
	require.Contains(t, page.text("tbody"), "2027-02-01 00:00 UTC", "to the end of the day")
	require.Equal(t, "2 waivers", b.get("/endpoints/1").text(`a[href="/endpoints/1/waivers"]`))
	require.Equal(t, " cookies[<i>theme</i>]", s.scan(`SELECT string_agg(fact, ' ' ORDER BY id) FROM waivers`))

	require.Equal(t, "/endpoints/1/waivers?done=waiver-ended", b.post("/endpoints/1/waivers/1/end", nil).location)
	require.Equal(t, "/endpoints/1/waivers?done=waiver-ended", b.post("/endpoints/1/waivers/1/end", nil).location, "twice does no harm")
	require.Contains(t, b.get("/endpoints/1/waivers").text("tbody tr:last-child"), "Ended early")
	require.Equal(t, 1, b.get("/endpoints/1/waivers").Find(`form[action$="/end"]`).Length())
	require.Equal(t, "2 1", s.scan(`SELECT count(*) FILTER (WHERE action = 'waiver.grant') || ' ' || count(*) FILTER (WHERE action = 'waiver.end') FROM audit`))
	audit := b.get("/audit").text("tbody")
	require.Contains(t, audit, "Waived a requirement")
	require.Contains(t, audit, "Ended a waiver")
	for _, path := range []string{"/endpoints/1/waivers/99/end", "/endpoints/1/waivers/x/end", "/endpoints/2/waivers/2/end"} {
		require.Equal(t, http.StatusNotFound, b.post(path, nil).status, path)
	}
	other := s.addEndpoint("Shop", "https://other.example.com/", policy.SOD)
	require.EqualValues(t, 2, other.ID)
	require.Equal(t, http.StatusNotFound, b.post("/endpoints/2/waivers/2/end", nil).status, "a waiver of another URL")
	require.Contains(t, b.get("/endpoints/2/waivers").text("main"), "there is nothing to waive")
}

func TestWaiverFormSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := richSite(t)
	b := s.signedIn(s.person)
	for name, one := range map[string]struct{ field, value, says string }{
		"nothing chosen":            {"requirement", "", "Choose a requirement that this URL fails now"},
		"one that passes":           {"requirement", "T-01", "Choose a requirement that this URL fails now"},
		"one that nobody knows":     {"requirement", "<script>X</script>", "Choose a requirement that this URL fails now"},
		"a fact of no requirement":  {"requirement", "C-02 cookies[other]", "Choose what is to be waived, or all of it"},
		"a fact of another":         {"requirement", "T-05 cookies[session]", "Choose what is to be waived, or all of it"},
		"nobody answers":            {"owner", " ", "Enter who answers for this, in at most 200 characters"},
		"too many answer":           {"owner", strings.Repeat("é", 201), "Enter who answers for this"},
		"no reason":                 {"reason", "", "Enter why this is an exception, in at most 500 characters"},
		"too long a reason":         {"reason", strings.Repeat("é", 501), "Enter why this is an exception"},
		"yesterday":                 {"until", "2026-11-21", "Enter a day from today on, at most a year ahead, such as 2026-12-22"},
		"a day more than a year":    {"until", "2027-11-23", "Enter a day from today on"},
		"no day":                    {"until", "soon", "Enter a day from today on"},
		"a day that does not exist": {"until", "2027-02-30", "Enter a day from today on"},
		"the last of all days":      {"until", "9999-12-31", "Enter a day from today on"},
	} {
		form := waiverForm(func(form url.Values) { form.Set(one.field, one.value) })
		page := b.post("/endpoints/1/waivers", form)
		require.Equal(t, http.StatusUnprocessableEntity, page.status, name)
		require.Contains(t, page.text("#faults"), one.says, name)
		require.Equal(t, 1, page.Find("#faults a").Length(), name)
		require.Equal(t, "true", page.Find("#"+one.field).AttrOr("aria-invalid", ""), name)
		require.NotContains(t, page.body, "<script>X", name)
		for _, field := range []string{"owner", "until"} {
			require.Equal(t, strings.TrimSpace(form.Get(field)), page.Find("#"+field).AttrOr("value", ""), "%s: %s", name, field)
		}
		require.Equal(t, form.Get("reason"), page.Find("#reason").Text(), name)
		chosen := page.Find("#requirement option[selected]").AttrOr("value", "none")
		if one.field == "requirement" {
			require.Empty(t, chosen, "%s: nothing else is chosen instead", name)
		} else {
			require.Equal(t, "C-02", chosen, name)
		}
	}
	require.Equal(t, "0", s.scan(`SELECT count(*)::text FROM waivers`))
}

func TestWaiverEndsOnADayWithinAYear(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		now         time.Time
		until, want string
	}{
		"today":               {time.Date(2026, 11, 22, 23, 50, 0, 0, time.UTC), "2026-11-22", "2026-11-23"},
		"a year ahead":        {time.Date(2026, 11, 22, 0, 0, 1, 0, time.UTC), "2027-11-22", "2027-11-23"},
		"across a leap day":   {time.Date(2027, 6, 1, 10, 0, 0, 0, time.UTC), "2028-06-01", "2028-06-02"},
		"the leap day itself": {time.Date(2027, 6, 1, 10, 0, 0, 0, time.UTC), "2028-02-29", "2028-03-01"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := richSite(t)
			s.setClock(one.now)
			require.Equal(t, http.StatusSeeOther, s.signedIn(s.person).post("/endpoints/1/waivers", waiverForm(func(form url.Values) { form.Set("until", one.until) })).status)
			require.Equal(t, one.want, s.scan(`SELECT (until AT TIME ZONE 'UTC')::date::text FROM waivers WHERE extract(hour FROM until AT TIME ZONE 'UTC') = 0`))
		})
	}
}

func TestOnlyItsTeamWaives(t *testing.T) {
	t.Parallel()
	s := richSite(t)
	require.Equal(t, http.StatusSeeOther, s.signedIn(s.person).post("/endpoints/1/waivers", waiverForm(nil)).status)
	reader := s.signedIn(s.colleague(monitor.Reader, "reader@example.com", false))
	require.Equal(t, http.StatusForbidden, reader.post("/endpoints/1/waivers", waiverForm(nil)).status)
	require.Equal(t, http.StatusForbidden, reader.post("/endpoints/1/waivers/1/end", nil).status)
	page := reader.get("/endpoints/1/waivers")
	require.Contains(t, page.text("tbody"), "C-02 Holds", "who may read sees it")
	require.Zero(t, page.Find("main form").Length())
	require.Zero(t, reader.get("/endpoints/1").Find(`li a[href*=waivers]`).Length())

	eve := s.signedIn(s.colleague(monitor.Administrator, "eve@example.org", true))
	require.Equal(t, http.StatusNotFound, eve.get("/endpoints/1/waivers").status)
	require.Equal(t, http.StatusNotFound, eve.post("/endpoints/1/waivers", waiverForm(nil)).status)
	require.Equal(t, http.StatusNotFound, eve.post("/endpoints/1/waivers/1/end", nil).status)
	require.Equal(t, "1", s.scan(`SELECT count(*)::text FROM waivers WHERE ended_at IS NULL`))
}

func TestWaivedAloneLeavesNothingToDo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	endpoint := s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production)
	waived := verdict("T-02", checks.Fail, checks.Must, "192.0.2.10 accepts SSL 3.0.")
	waived.Waived = &checks.Waiver{Owner: "Grace", Reason: "It moves", Until: s.now().AddDate(0, 1, 0)}
	s.judged(endpoint, &checks.Observation{Depth: checks.Quick}, checks.Judgement{Verdicts: []checks.Verdict{waived}}, s.now())
	page := s.signedIn(s.person).get("/endpoints/1")
	require.Contains(t, page.text(".note.first"), "Everything that applies to this URL passes, or is waived.")
	require.Contains(t, page.text("li[data-requirement=T-02]"), "Waived by Grace until")
	require.Contains(t, s.signedIn(s.person).get("/endpoints/1/history").text("tr[data-assessment]"), "Passing Waived T-02")
}

func TestSecondOpinionIsNamedAsOne(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	endpoint := s.addEndpoint("Shop", "https://app.example.com/cb", policy.Production)
	s.judged(endpoint, &checks.Observation{Depth: checks.Quick}, checks.Judgement{Verdicts: []checks.Verdict{
		of("superoffice", "T-01", checks.Pass, checks.Must), of("mozilla-intermediate", "MI-01", checks.Fail, checks.Must),
	}}, s.now())
	first := s.signedIn(s.person).get("/endpoints/1").text(".note.first")
	require.Contains(t, first, "Second opinion: Mozilla")
	require.Contains(t, first, "Nothing that SuperOffice asks for fails here.")
}
