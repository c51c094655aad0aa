package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// purpose adds to a row what it is for.
func purpose(i, kind string, more ...string) url.Values {
	values := url.Values{"url-" + i + "-purpose": {kind}}
	for at := 0; at+1 < len(more); at += 2 {
		values.Set("url-"+i+"-"+more[at], more[at+1])
	}
	return values
}

func TestEveryKindCanBeRegistered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	typed := form(url.Values{"name": {"Everything"}, "type": {"custom"}, "rows": {strconv.Itoa(len(policy.Kinds()))}, "do": {"save"}})
	for i, kind := range policy.Kinds() {
		number := strconv.Itoa(i)
		typed = form(typed, row(number, "Stage", "literal", "https://app.example.com/"+string(kind), "", "60"), purpose(number, string(kind)))
	}
	typed.Set("url-2-value", "https://app.example.com/panel?ctx=<uctx>&usec=<usid>") // web panel
	typed.Set("url-3-method", "POST")
	typed.Set("url-3-post", "yes") // webhook
	saved := b.post("/applications", typed)
	require.Equal(t, http.StatusSeeOther, saved.status, saved.text("#faults"))
	require.NoError(t, s.store.AsTeam(t.Context(), s.person.TeamID, func(ctx context.Context, tx *store.Tx) error {
		endpoints, err := tx.EndpointSummaries(ctx, store.EndpointFilter{}, s.now())
		require.NoError(t, err)
		require.Len(t, endpoints, len(policy.Kinds()))
		for _, endpoint := range endpoints {
			require.Equal(t, monitor.HasEnvironment(endpoint.Kind), endpoint.Environment == policy.Stage, endpoint.Kind)
			require.Equal(t, endpoint.Kind == policy.Webhook, endpoint.PostAllowed, endpoint.Kind)
			require.Equal(t, endpoint.Kind == policy.Webhook, endpoint.Method == http.MethodPost, endpoint.Kind)
		}
		return nil
	}))
	require.Contains(t, b.get(saved.location).text("main"), "No environment")
	require.Contains(t, b.get("/endpoints/4").text("main"), "Sent, with your team's leave")
}

func TestOnlyTargetsOfEventsTakeALeaveToPost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	refused := b.post("/applications", form(url.Values{"name": {"Shop"}, "type": {"custom"}, "rows": {"1"}, "do": {"save"}},
		row("0", "SOD", "literal", "https://a.example.com/", "", "60"), purpose("0", "redirect", "post", "yes", "method", "PUT")))
	require.Equal(t, http.StatusUnprocessableEntity, refused.status)
	require.Contains(t, refused.text("#url-0-post-fault"), "Only webhooks")
	require.Contains(t, refused.text("#url-0-method-fault"), "GET or POST")
	refused = b.post("/applications", form(url.Values{"name": {"Shop"}, "type": {"custom"}, "rows": {"1"}, "do": {"save"}},
		row("0", "SOD", "literal", "https://a.example.com/", "", "60"), purpose("0", "telepathy")))
	require.Contains(t, refused.text("#url-0-purpose-fault"), "what the URL is for")
}

func TestSettingsOfAPattern(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	b.post("/applications", form(url.Values{"name": {"Shop"}, "type": {"custom"}, "rows": {"2"}, "do": {"save"}},
		row("0", "SOD", "pattern", `^https://[a-z]+\.example\.com/$`, "https://a.example.com/", "60"),
		row("1", "SOD", "literal", "https://hook.example.com/", "", "60"), purpose("1", "webhook")))
	settings := b.get("/endpoints/1/settings").formOf("main form")
	require.Equal(t, "https://a.example.com/", settings.Get("probe"))
	settings.Set("probe", "https://a.example.net/")
	refused := b.post("/endpoints/1/settings", settings)
	require.Equal(t, http.StatusUnprocessableEntity, refused.status)
	require.Contains(t, refused.text("#probe-fault"), "does not match")
	require.Equal(t, "https://a.example.net/", refused.formOf("main form").Get("probe"), "what was typed stays")
	settings.Set("probe", "https://b.example.com/")
	settings.Set("method", "POST")
	require.Equal(t, http.StatusSeeOther, b.post("/endpoints/1/settings", settings).status)
	require.Equal(t, http.StatusSeeOther, b.post("/endpoints/1/settings", settings).status)
	settings.Set("post", "yes")
	require.Equal(t, http.StatusUnprocessableEntity, b.post("/endpoints/1/settings", settings).status)
	require.Equal(t, http.StatusSeeOther, b.post("/endpoints/2/settings", url.Values{"minutes": {"60"}, "method": {"GET"}, "post": {"yes"}}).status)
	require.NoError(t, s.store.AsTeam(t.Context(), s.person.TeamID, func(ctx context.Context, tx *store.Tx) error {
		pattern, err := tx.Endpoint(ctx, 1)
		require.NoError(t, err)
		require.Equal(t, "https://b.example.com/", pattern.ProbeURL)
		require.Equal(t, "POST", pattern.Method)
		hook, err := tx.Endpoint(ctx, 2)
		require.NoError(t, err)
		require.True(t, hook.PostAllowed)
		records, err := tx.AuditRecords(ctx, store.AuditFilter{})
		require.NoError(t, err)
		var changes int
		for _, record := range records {
			if record.Action == "endpoint.change" {
				changes++
			}
		}
		require.Equal(t, 2, changes, "saving what is so already changes nothing")
		return nil
	}))
}
