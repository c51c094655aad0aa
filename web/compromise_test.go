package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

func compromiseForm(change func(form url.Values)) url.Values {
	form := url.Values{"what": {"The secret stood in a <b>log</b>"}, "environment": {"Production"}, "discovered_at": {"2026-11-22T10:30"}}
	if change != nil {
		change(form)
	}
	return form
}

func stepForm(change func(form url.Values)) url.Values {
	form := url.Values{
		"kind": {"notified"}, "recipient": {"SuperOffice Online Operations"}, "who": {"Ada"},
		"happened_at": {"2026-11-22T10:45"}, "text": {"By mail,\r\nticket 42"},
	}
	if change != nil {
		change(form)
	}
	return form
}

func TestCompromiseFromDiscoveryToItsEnd(t *testing.T) {
	t.Parallel()
	s := statingSite(t)
	s.sql(`INSERT INTO client_ids (application_id, team_id, environment, client_id) VALUES (1, $1, 'Production', 'c0ffee')`, s.person.TeamID)
	b := s.signedIn(s.person)
	operator := s.signedIn(s.colleague(monitor.Operator, "operator@example.com", true))
	page := b.get("/applications/1/compromise")
	require.Equal(t, "mailto:appdev@superoffice.com", page.Find("a[href^=mailto]").AttrOr("href", ""))
	require.Contains(t, page.text("main"), "https://dev.superoffice.com/contact-us")
	require.Contains(t, page.text("main"), "Client ID, Production c0ffee")
	require.Contains(t, page.text("main"), "SuperOffice requires this.")
	require.Equal(t, "2026-11-22T12:00", page.Find("#discovered_at").AttrOr("value", ""))
	require.Contains(t, operator.get("/fleet/compromises").text("main"), "No compromise is open.")

	require.Equal(t, "/applications/1/compromise?done=compromise-recorded", b.post("/applications/1/compromise", compromiseForm(nil)).location)
	page = b.get("/applications/1/compromise?done=compromise-recorded")
	require.Contains(t, page.text("main"), "Tell SuperOffice Online Operations now")
	require.Contains(t, page.text("[data-compromise]"), "Discovered 2026-11-22 10:30 UTC")
	require.NotContains(t, page.body, "<b>log")
	for _, path := range []string{"/", "/applications/1"} {
		require.Contains(t, b.get(path).text(".note.bad"), "Open compromise of Shop The secret stood in a <b>log</b> (nobody was notified yet)", path)
	}
	require.Contains(t, operator.get("/").text("main"), "1 open compromise of every team")
	require.Contains(t, operator.get("/fleet/attestations").text(".note.bad"), "1 open compromise")
	require.Contains(t, operator.get("/fleet/compromises").text("tbody"), "Shop")
	require.Contains(t, operator.get("/fleet/compromises").text("tbody"), "Nobody yet")

	require.Equal(t, "/applications/1/compromise?done=compromise-noted", b.post("/applications/1/compromise/1/steps", stepForm(nil)).location)
	require.Contains(t, b.get("/").text(".note.bad"), "(somebody was notified)")
	require.Equal(t, "/applications/1/compromise?done=compromise-closed", b.post("/applications/1/compromise/1/steps", stepForm(func(form url.Values) {
		form.Set("kind", "closed")
		form.Set("recipient", "")
		form.Set("text", "The new secret is in use")
	})).location)
	page = b.get("/applications/1/compromise")
	require.Contains(t, page.text("ol.done"), "Ada notified SuperOffice Online Operations By mail, ticket 42 2026-11-22 10:45 UTC , recorded by ada@example.com at")
	require.Contains(t, page.text("ol.done"), "Ada closed it The new secret is in use")
	require.Zero(t, page.Find("section[data-compromise] form").Length())
	require.Zero(t, b.get("/").Find(".note.bad[data-compromise]").Length())
	require.Equal(t, http.StatusNotFound, b.post("/applications/1/compromise/1/steps", stepForm(nil)).status, "it is closed")
	audit := b.get("/audit").text("tbody")
	for _, sentence := range []string{"Wrote down a compromise", "Wrote down who was notified of a compromise", "Closed a compromise"} {
		require.Contains(t, audit, sentence)
	}
}

func TestCompromiseFormsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := statingSite(t)
	b := s.signedIn(s.person)
	const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	for name, one := range map[string]struct{ field, value, says string }{
		"nothing":        {"what", " ", "Enter what happened, in at most 500 characters."},
		"too much":       {"what", strings.Repeat("é", 501), "Enter what happened"},
		"the secret":     {"what", "They know " + secret, "This looks like a secret"},
		"no environment": {"environment", "Moon", "Choose an environment."},
		"no time":        {"discovered_at", "soon", "Enter a day and time of UTC up to now, such as 2026-11-22T12:"},
		"to come":        {"discovered_at", "2026-11-22T13:00", "Enter a day and time of UTC up to now"},
		"long ago":       {"discovered_at", "1000-01-01T00:00", "Enter a day and time of UTC up to now"},
	} {
		form := compromiseForm(func(form url.Values) { form.Set(one.field, one.value) })
		page := b.post("/applications/1/compromise", form)
		require.Equal(t, http.StatusUnprocessableEntity, page.status, name)
		require.Contains(t, page.text("#faults"), one.says, name)
		require.Equal(t, form.Get("discovered_at"), page.Find("#discovered_at").AttrOr("value", ""), name)
		require.NotContains(t, page.body, secret)
	}
	require.Equal(t, http.StatusSeeOther, b.post("/applications/1/compromise", compromiseForm(nil)).status)
	for name, one := range map[string]struct{ field, value, says string }{
		"no kind":            {"kind", "<script>X</script>", "Choose what to write down."},
		"nobody notified":    {"recipient", "", "Enter who was notified, in at most 200 characters."},
		"nobody did it":      {"who", "", "Enter who did it"},
		"to come":            {"happened_at", "2027-01-01T00:00", "Enter a day and time of UTC up to now"},
		"the secret":         {"text", "It was " + secret, "This looks like a secret"},
		"too much":           {"text", strings.Repeat("é", 2001), "Write at most 2000 characters."},
		"done, and notified": {"kind", "done", "Leave this empty, or choose that somebody was notified."},
	} {
		form := stepForm(func(form url.Values) { form.Set(one.field, one.value) })
		page := b.post("/applications/1/compromise/1/steps", form)
		require.Equal(t, http.StatusUnprocessableEntity, page.status, name)
		require.Contains(t, page.text("#faults"), one.says, name)
		require.Equal(t, form.Get("who"), page.Find("#who-1").AttrOr("value", ""), name)
		require.Equal(t, form.Get("recipient"), page.Find("#recipient-1").AttrOr("value", ""), name)
		require.NotContains(t, page.body, secret)
		require.NotContains(t, page.body, "<script>X")
	}
	closing := stepForm(func(form url.Values) { form.Set("kind", "closed"); form.Set("recipient", ""); form.Set("text", "") })
	require.Contains(t, b.post("/applications/1/compromise/1/steps", closing).text("#faults"), "Enter what was done, or why it is over.")
	for _, path := range []string{"/applications/1/compromise/9/steps", "/applications/1/compromise/x/steps", "/applications/2/compromise/1/steps"} {
		require.Equal(t, http.StatusNotFound, b.post(path, stepForm(nil)).status, path)
	}
	require.Equal(t, "0", s.scan(`SELECT count(*)::text FROM compromise_steps`))
}
