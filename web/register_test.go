package web_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// row returns the fields of one URL of the form.
func row(i, environment, kind, value, probe, minutes string) url.Values {
	prefix := "url-" + i + "-"
	return url.Values{
		prefix + "environment": {environment}, prefix + "kind": {kind}, prefix + "value": {value},
		prefix + "probe": {probe}, prefix + "minutes": {minutes},
	}
}

func form(parts ...url.Values) url.Values {
	all := url.Values{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

func TestAddApplicationWithURLs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	require.Contains(t, b.get("/").text("main"), "Nothing is watched yet")
	require.Equal(t, http.StatusOK, b.get("/applications/new").status)
	saved := b.post("/applications", form(
		url.Values{"name": {"  CRM bridge\t"}, "type": {"standard"}, "client-SOD": {"0123456789abcdef"}, "rows": {"4"}, "do": {"save"}},
		row("0", "Production", "literal", " https://app.example.com/callback \n", "", "60"),
		row("1", "SOD", "pattern", `^https://[a-z]+\.example\.com/cb$`, "https://sod.example.com/cb", "1"),
		row("2", "Stage", "native_loopback", `^http://127.0.0.1\:\d{4,10}$`, "", "1440"),
		row("3", "SOD", "custom_scheme", "vscode://superoffice.dx/auth", "", "5"),
	))
	require.Equal(t, http.StatusSeeOther, saved.status, saved.text("main"))
	require.Equal(t, "/applications/1?done=application-added", saved.location)

	page := b.get(saved.location)
	require.Equal(t, "CRM bridge", page.text("h1"))
	require.Contains(t, page.text("main"), "The first looks have started")
	require.Contains(t, page.text("main"), "0123456789abcdef")
	require.Equal(t, 4, page.Find("tr[data-endpoint]").Length())
	var environments []string
	page.Find("tr.group").Each(func(_ int, group *selection) { environments = append(environments, strings.TrimSpace(group.Text())) })
	require.Equal(t, []string{"SOD", "Stage", "Production"}, environments)
	require.Equal(t, "every 2s", page.Find("#endpoints").AttrOr("hx-trigger", ""))
	require.Equal(t, 1, page.Find("head noscript").Length(), "works without JavaScript")

	require.NoError(t, s.store.AsTeam(t.Context(), s.person.TeamID, func(ctx context.Context, tx *store.Tx) error {
		endpoints, err := tx.EndpointSummaries(ctx, store.EndpointFilter{}, s.now())
		require.NoError(t, err)
		for _, endpoint := range endpoints {
			require.Equal(t, store.Looking, endpoint.State)
			look, err := tx.UnfinishedAssessment(ctx, endpoint.ID)
			require.NoError(t, err)
			require.Equal(t, monitor.First, look.Purpose)
			require.True(t, endpoint.NextRunAt.Equal(look.Slot.Add(endpoint.Interval)))
		}
		audit, err := tx.AuditRecords(ctx, store.AuditFilter{Source: "web"})
		require.NoError(t, err)
		require.Len(t, audit, 6, "sign-in, application, 4 URLs")
		require.Equal(t, "ada@example.com", audit[0].ActorEmail)
		require.NotEmpty(t, audit[0].RequestID)
		return nil
	}))
	var jobs int
	require.NoError(t, s.database.Pool.QueryRow(t.Context(), `SELECT count(*) FROM river_job WHERE kind = 'look' AND queue = 'vantage_local'`).Scan(&jobs))
	require.Equal(t, 4, jobs)
}

func TestFormKeepsEverythingTyped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	typed := form(
		url.Values{"name": {"  "}, "client-SOD": {"two words"}, "client-Stage": {"s"}, "client-Production": {""}, "rows": {"6"}, "do": {"save"}},
		row("0", "Stage", "literal", "app.example.com/callback", "", "60"),
		row("1", "SOD", "pattern", `^https://a\.example$`, "https://b.example/", "15"),
		row("2", "SOD", "native_loopback", "http://app.example.com/", "", "7"),
		row("3", "SOD", "custom_scheme", "javascript:alert(1)", "", "0"),
		row("4", "Production", "literal", "https://same.example/", "", "60"),
		row("5", "Production", "literal", "https://same.example/", "", "60"),
	)
	page := b.post("/applications", typed)
	require.Equal(t, http.StatusUnprocessableEntity, page.status)
	for field, sentence := range map[string]string{
		"name":        "Enter the application's name.",
		"type":        "Choose whether it is a standard or a custom application.",
		"client-SOD":  "has no spaces",
		"url-0-value": "has no scheme; start it with https:// or http://.",
		"url-1-probe": "The pattern does not match this probe URL.",
		"url-2-value": "choose “Web URL”.",
		"url-3-value": "cannot receive a redirect",
		"url-5-value": "URL 6 is the same as URL 5.",
	} {
		require.Contains(t, page.text("#"+field+"-fault"), sentence, field)
		require.Equal(t, 1, page.Find(`#faults a[href="#`+field+`"]`).Length(), "the summary links to %s", field)
		require.Equal(t, 1, page.Find("#"+field).Length(), "the link has a target: %s", field)
	}
	require.Equal(t, "true", page.Find("#url-0-value").AttrOr("aria-invalid", ""))
	require.Contains(t, page.Find("#url-0-value").AttrOr("aria-describedby", ""), "url-0-value-fault")
	kept := page.formOf("main form")
	for name := range typed {
		if name == "do" || name == "url-3-minutes" { // an interval that cannot be chosen
			continue
		}
		require.Equal(t, strings.TrimSpace(typed.Get(name)), kept.Get(name), name)
	}
	require.Contains(t, b.get("/").text("main"), "Nothing is watched yet", "nothing was saved")
}

func TestRowsComeAndGoWithoutScript(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	typed := form(url.Values{"name": {"Half"}, "rows": {"1"}, "do": {"add"}}, row("0", "SOD", "literal", "not a url", "", "5"))
	page := b.post("/applications", typed)
	require.Equal(t, http.StatusOK, page.status)
	require.Zero(t, page.Find("#faults").Length(), "nobody asked to save yet")
	kept := page.formOf("main form")
	require.Equal(t, "2", kept.Get("rows"))
	require.Equal(t, "not a url", kept.Get("url-0-value"))
	require.Equal(t, "SOD", kept.Get("url-1-environment"), "a new row starts like the one before")
	kept.Set("url-1-value", "https://b.example/")
	kept.Set("do", "drop-0")
	dropped := b.post("/applications", kept).formOf("main form")
	require.Equal(t, "1", dropped.Get("rows"))
	require.Equal(t, "https://b.example/", dropped.Get("url-0-value"))
	require.Equal(t, "Half", dropped.Get("name"))
	many := b.post("/applications", url.Values{"rows": {"99999999"}, "do": {"add"}}).formOf("main form")
	require.Equal(t, "100", many.Get("rows"))
}

func TestDuplicatesAreNamed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	endpoint := s.addEndpoint("Shop", "https://shop.example.com/cb", "Production")
	page := b.post("/applications", form(url.Values{"name": {"SHOP"}, "type": {"custom"}, "rows": {"1"}}, row("0", "SOD", "literal", "https://x.example/", "", "60")))
	require.Equal(t, http.StatusUnprocessableEntity, page.status)
	require.Contains(t, page.text("#name-fault"), "has an application of this name already")

	urls := form(url.Values{"rows": {"2"}}, row("0", "SOD", "literal", "https://shop.example.com/cb", "", "60"), row("1", "Production", "literal", "https://shop.example.com/cb", "", "60"))
	page = b.post("/applications/1/urls", urls)
	require.Equal(t, http.StatusUnprocessableEntity, page.status)
	require.Contains(t, page.text("#url-1-value-fault"), "Shop has this URL in Production already.")
	require.Equal(t, 1, b.get("/applications/1").Find("tr[data-endpoint]").Length(), "all or nothing")
	urls.Set("url-1-value", "")
	saved := b.post("/applications/1/urls", urls)
	require.Equal(t, http.StatusSeeOther, saved.status)
	require.Equal(t, "/endpoints/4?done=urls-added", saved.location, "ids 2 and 3 were rolled back")
	require.Contains(t, b.get(saved.location).text("#progress"), "First look: Waiting for its turn")
	_ = endpoint
}

func TestHintsAreNoObstacle(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	typed := form(url.Values{"name": {""}, "type": {"custom"}, "rows": {"2"}},
		row("0", "SOD", "literal", "https://partner.superoffice.com/cb", "", "60"),
		row("1", "SOD", "pattern", `^https://(?!evil)a\.example/$`, "https://a.example/", "60"))
	page := b.post("/applications", typed)
	require.Contains(t, page.text(".advice-hint"), "SuperOffice's own")
	require.Contains(t, page.text(".advice-hint"), "RE2")
	typed.Set("name", "Now named")
	require.Equal(t, http.StatusSeeOther, b.post("/applications", typed).status)
}

func TestIntervalAndRemoval(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	endpoint := s.addEndpoint("Shop", "https://shop.example.com/cb", "Production")
	require.Equal(t, "60", b.get("/endpoints/1/settings").formOf("main form").Get("minutes"))
	for _, minutes := range []string{"0", "1441", "abc", "-5", "", "99999999999999999999"} {
		require.Equal(t, http.StatusUnprocessableEntity, b.post("/endpoints/1/settings", url.Values{"minutes": {minutes}}).status, minutes)
	}
	require.Equal(t, "/endpoints/1?done=settings-changed", b.post("/endpoints/1/settings", url.Values{"minutes": {"1"}}).location)
	page := b.get("/endpoints/1")
	require.Contains(t, page.text("main"), "1 minute")
	require.NoError(t, s.store.AsTeam(t.Context(), s.person.TeamID, func(ctx context.Context, tx *store.Tx) error {
		changed, err := tx.Endpoint(ctx, endpoint.ID)
		require.True(t, changed.NextRunAt.Before(endpoint.NextRunAt), "the next look moves closer")
		return err
	}))

	id := s.seedLook(endpoint, look{at: s.now(), purpose: monitor.First})
	incident, _ := s.seedIncident(endpoint, "T-02", id, "ops@example.com")
	require.Contains(t, b.get("/endpoints/1/remove").text("h1"), "https://shop.example.com/cb")
	require.Equal(t, "/applications/1?done=url-removed", b.post("/endpoints/1/remove", nil).location)
	require.Equal(t, http.StatusNotFound, b.get("/endpoints/1").status)
	require.Equal(t, http.StatusNotFound, b.post("/endpoints/1/remove", nil).status)
	require.Contains(t, b.get("/incidents").text("main"), "No incident is open")
	require.Contains(t, b.get("/incidents?all=yes").text("main"), "Resolved")
	require.EqualValues(t, 1, incident)

	require.Equal(t, "/?done=application-removed", b.post("/applications/1/remove", nil).location)
	require.Equal(t, http.StatusNotFound, b.get("/applications/1").status)
	require.Contains(t, b.get("/?done=application-removed").text("main"), "The application is removed.")
}

func TestOversizedFormIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	page := b.post("/applications", url.Values{"name": {strings.Repeat("x", 2<<20)}})
	require.Equal(t, http.StatusRequestEntityTooLarge, page.status)
	long := b.post("/applications", form(url.Values{"name": {strings.Repeat("ä", 201)}, "type": {"custom"}, "rows": {"1"}}, row("0", "SOD", "literal", "https://a.example/"+strings.Repeat("x", 2048), "", "60")))
	require.Equal(t, http.StatusUnprocessableEntity, long.status)
	require.Equal(t, 2, long.Find("#faults li").Length())
}

// What nobody can see in a field is a fault of the form. What Postgres cannot
// store at all is no form: nobody typed that.
func TestTextThatCannotBeSeenIsAFault(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	for _, text := range []string{"a\x1b[2Jb", "a\ab", "a\u007fb"} {
		page := b.post("/applications", form(
			url.Values{"name": {text}, "type": {"standard"}, "client-SOD": {text}, "rows": {"1"}, "do": {"save"}},
			row("0", "SOD", "custom_scheme", "com.example:/"+text, "", "5"),
		))
		require.Equal(t, http.StatusUnprocessableEntity, page.status, "%q", text)
		for _, field := range []string{"name", "client-SOD", "url-0-value"} {
			require.NotEmpty(t, page.text("#"+field+"-fault"), "%s %q", field, text)
		}
		page = b.post("/channels", url.Values{"kind": {"webhook"}, "address": {"https://hooks.example.com/" + text}})
		require.Equal(t, http.StatusUnprocessableEntity, page.status, "%q", text)
		page = b.post("/channels", url.Values{"kind": {"email"}, "address": {text + "@example.com"}})
		require.Equal(t, http.StatusUnprocessableEntity, page.status, "%q", text)
	}
}
