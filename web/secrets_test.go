package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

func secretForm(change func(form url.Values)) url.Values {
	form := url.Values{
		"kind": {"secret"}, "environment": {"Stage"}, "expires_on": {"2026-12-02"}, "description": {"In the <i>vault</i>"}, "owner": {"Ada"},
	}
	if change != nil {
		change(form)
	}
	return form
}

func TestSecretIsAddedReplacedAndRemoved(t *testing.T) {
	t.Parallel()
	s := statingSite(t)
	b := s.signedIn(s.person)
	require.Contains(t, b.get("/applications/1").text("#stated + dl"), "Keep the dates on which they expire")
	require.Equal(t, "/applications/1/secrets?done=secret-added", b.post("/applications/1/secrets", secretForm(nil)).location)
	page := b.get("/applications/1/secrets?done=secret-added")
	require.Contains(t, page.text("main"), "You are reminded before it.")
	require.Contains(t, page.text("tr[data-secret]"), "Client secret, Stage: In the <i>vault</i> Expires in 10 days 2026-12-02")
	require.NotContains(t, page.body, "<i>vault")
	require.Contains(t, b.get("/applications/1").text("#stated + dl"), "1 in use The next expires on 2026-12-02")

	form := b.get("/applications/1/secrets/1/replace")
	require.Zero(t, form.Find("#kind, #environment").Length(), "a replacement is of the same kind, for the same place")
	require.Empty(t, form.Find("#expires_on").AttrOr("value", "x"))
	require.Equal(t, "/applications/1/secrets?done=secret-replaced", b.post("/applications/1/secrets/1/replace", url.Values{
		"expires_on": {"2027-12-02"}, "description": {""}, "owner": {"Ada"}, "environment": {"SOD"}, "kind": {"certificate"},
	}).location)
	page = b.get("/applications/1/secrets")
	require.Contains(t, page.text("tr[data-secret]"), "Client secret, Stage 375 days left 2027-12-02")
	require.Contains(t, page.text("#ended"), "Replaced and removed")
	require.Contains(t, page.text("main"), "Replaced 2026-12-02")
	require.Equal(t, http.StatusNotFound, b.get("/applications/1/secrets/1/replace").status)
	require.Equal(t, http.StatusNotFound, b.post("/applications/1/secrets/1/replace", secretForm(nil)).status)

	require.Contains(t, b.get("/applications/1/secrets/2/remove").text("main"), "the client secret for Stage expires on 2027-12-02")
	require.Equal(t, "/applications/1/secrets?done=secret-removed", b.post("/applications/1/secrets/2/remove", nil).location)
	require.Equal(t, http.StatusNotFound, b.post("/applications/1/secrets/2/remove", nil).status)
	require.Contains(t, b.get("/applications/1/secrets").text("main"), "No secret or certificate of this application is known here.")
	audit := b.get("/audit").text("tbody")
	for _, sentence := range []string{"Added a secret's date", "Replaced a secret's date", "Removed a secret's date"} {
		require.Contains(t, audit, sentence)
	}
	for _, path := range []string{"/applications/1/secrets/x/replace", "/applications/1/secrets/99/remove", "/applications/2/secrets"} {
		require.Equal(t, http.StatusNotFound, b.get(path).status, path)
	}
}

func TestSecretFormSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := statingSite(t)
	b := s.signedIn(s.person)
	const secret = "7c9e6679f7424de8944bc07fc1f90ae7"
	for name, one := range map[string]struct{ field, value, says string }{
		"no kind":             {"kind", "", "Choose what it is."},
		"another kind":        {"kind", "<script>X</script>", "Choose what it is."},
		"no environment":      {"environment", "Test", "Choose an environment."},
		"no day":              {"expires_on", "", "Enter the day on which it expires, such as 2027-11-22."},
		"no such day":         {"expires_on", "2027-02-29", "Enter the day on which it expires"},
		"long ago":            {"expires_on", "1999-01-01", "Enter the day on which it expires"},
		"far ahead":           {"expires_on", "9999-12-31", "Enter the day on which it expires"},
		"the secret":          {"description", "It is " + secret, "This looks like a secret, a key or a password."},
		"a password":          {"description", "password: hunter2", "This looks like a secret"},
		"a key":               {"description", "-----BEGIN RSA PRIVATE KEY-----", "This looks like a secret"},
		"too much":            {"description", strings.Repeat("é", 201), "Use a description of at most 200 characters."},
		"nobody":              {"owner", "", "Enter who answers for it"},
		"what nobody can see": {"description", "a\tb", "Use a description"},
	} {
		form := secretForm(func(form url.Values) { form.Set(one.field, one.value) })
		page := b.post("/applications/1/secrets", form)
		require.Equal(t, http.StatusUnprocessableEntity, page.status, name)
		require.Contains(t, page.text("#faults"), one.says, name)
		require.Equal(t, 1, page.Find("#faults a").Length(), name)
		require.Equal(t, "true", page.Find("#"+one.field).AttrOr("aria-invalid", ""), name)
		require.NotContains(t, page.body, "<script>X", name)
		for _, field := range []string{"expires_on", "description", "owner"} {
			want := form.Get(field)
			if field == "description" && strings.HasPrefix(one.says, "This looks") {
				want = "" // what looks like a secret is not sent back either
			}
			require.Equal(t, want, page.Find("#"+field).AttrOr("value", ""), "%s: %s", name, field)
		}
		require.NotContains(t, page.body, secret)
	}
	require.Equal(t, "0", s.scan(`SELECT count(*)::text FROM application_secrets`))
	require.NotContains(t, s.log.String(), secret)
	require.Equal(t, "0", s.scan(`SELECT count(*)::text FROM audit WHERE new::text LIKE '%' || $1::text || '%'`, secret))
	require.Equal(t, http.StatusSeeOther, b.post("/applications/1/secrets", secretForm(func(form url.Values) { form.Set("expires_on", "2026-11-01") })).status, "it may have expired")
	require.Contains(t, b.get("/applications/1/secrets").text("tr[data-secret]"), "Expired")
}

func TestDaysAreOnTheCalendar(t *testing.T) {
	t.Parallel()
	s := statingSite(t)
	b := s.signedIn(s.person)
	for _, day := range []string{"2026-11-20", "2026-11-22", "2026-12-24"} {
		require.Equal(t, http.StatusSeeOther, b.post("/applications/1/secrets", secretForm(func(form url.Values) { form.Set("expires_on", day) })).status)
	}
	for _, requirement := range []string{"A-06", "A-09"} {
		b.post("/applications/1/attestations/"+requirement, statementForm(func(form url.Values) { form.Set("renew_by", "2026-12-30") }))
	}
	b.post("/applications/1/attestations/A-12", statementForm(func(form url.Values) {
		form.Set("stated_on", "2025-01-01")
		form.Set("renew_by", "2026-01-01")
	}))
	page := b.get("/calendar")
	require.Equal(t, []string{"secret_expiry", "secret_expiry", "statement_renewal"}, each(page, `section[data-month=now] tr[data-kind]`, "data-kind"))
	require.Contains(t, page.text("section[data-month=now]"), "The client secret of Shop in Stage has expired")
	require.Contains(t, page.text("section[data-month=now]"), "1 statement is overdue for Shop")
	require.Contains(t, page.text(`section[data-month="2026-12"]`), "2 statements are to be renewed for Shop A-06, A-09.")
	require.Equal(t, []string{"/applications/1/secrets", "/applications/1/attestations"}, each(page, `section[data-month="2026-12"] tr[data-kind] td a`, "href"))
	require.Equal(t, "3", page.Find("a[data-shown=now] .number").Text())
	for _, shown := range []string{"secrets", "statements"} {
		require.Equal(t, "1", page.Find("a[data-shown="+shown+"] .number").Text())
		require.Equal(t, 1, b.get("/calendar?show="+shown).Find("tr[data-kind]").Length())
	}

	file, err := ics.ParseCalendar(strings.NewReader(b.get("/calendar.ics").body))
	require.NoError(t, err)
	var days []string
	for _, event := range file.Events() {
		if strings.Contains(event.GetProperty(ics.ComponentPropertySummary).Value, "Shop") {
			begins, err := event.GetAllDayStartAt()
			require.NoError(t, err)
			days = append(days, begins.Format(time.DateOnly)+" "+event.GetProperty(ics.ComponentPropertyUrl).Value[len(s.url):])
		}
	}
	require.Equal(t, []string{"2026-11-22 /applications/1/secrets", "2026-12-24 /applications/1/secrets", "2026-12-30 /applications/1/attestations"}, days)

	stranger := s.signedIn(s.colleague(monitor.Administrator, "eve@example.com", true))
	require.NotContains(t, stranger.get("/calendar").text("main"), "Shop")
	fleet := s.signedIn(s.colleague(monitor.Operator, "operator@example.com", true)).get("/fleet/calendar")
	require.Contains(t, fleet.text("main"), "The client secret of Shop in Stage expires")
	require.Zero(t, fleet.Find("tr[data-kind=secret_expiry] td a").Length(), "pages of other teams are not an operator's")
}

func TestReminderLeadsToItsPage(t *testing.T) {
	t.Parallel()
	s := statingSite(t)
	s.sql(`INSERT INTO channels (team_id, kind, address, created_at) VALUES ($1, 'email', 'ops@example.com', $2)`, s.person.TeamID, s.now())
	for i, kind := range []monitor.NotificationKind{monitor.SecretExpiring, monitor.AttestationDue} {
		id := fmt.Sprintf("00000000-0000-0000-0000-00000000000%d", i)
		s.sql(`INSERT INTO notifications (id, team_id, kind, application_id, created_at, payload) VALUES ($1, $2, $3, 1, $4, '{"title": "It ends"}')`,
			id, s.person.TeamID, string(kind), s.now())
		s.sql(`INSERT INTO deliveries (id, team_id, notification_id, channel_id, state, created_at) VALUES ($1, $2, $1, 1, 'delivered', $3)`, id, s.person.TeamID, s.now())
		page := s.signedIn(s.person).get("/deliveries/" + id)
		require.Equal(t, []string{"Secret expires", "Attestations due"}[i], page.text("h1"))
		require.Equal(t, []string{"/applications/1/secrets", "/applications/1/attestations"}[i], page.Find(`a:contains("It ends")`).AttrOr("href", ""))
	}
}
