package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/browsertest"
)

// seedChannels makes a channel of every kind in every state, routes, and
// deliveries of every state. It returns one that failed.
func (s *site) seedChannels(b *browser) (failed string) {
	s.Helper()
	long := "https://hooks.example.com/" + strings.Repeat("averylongpath", 12)
	s.addEndpoint("Shop", "https://shop.example.com/cb", policy.Production)
	for _, form := range []url.Values{
		{"kind": {"webhook"}, "address": {long}},
		{"kind": {"chat"}, "name": {"On call"}, "address": {slackHook}},
		{"kind": {"webhook"}, "address": {"https://gone.example.com/in"}},
	} {
		b.post("/channels", form)
	}
	b.post("/channels/2/rotate", nil)
	b.post("/channels/1/settings", url.Values{"name": {""}, "digest": {"daily"}, "digest_hour": {"7"}, "digest_zone": {"Europe/Oslo"}})
	s.sql(`UPDATE channels SET failing_since = $1 WHERE id = 3`, s.now())
	s.sql(`UPDATE channels SET disabled_at = $1, failing_since = $1, disabled_reason = 'Its receiver answered that it is gone for good (HTTP 410).' WHERE id = 4`, s.now())
	for _, route := range []url.Values{
		{"channel": {"1"}, "least": {"medium"}},
		{"channel": {"2"}, "environment": {"Production"}},
		{"channel": {"3"}, "application": {"1"}, "level": {"1"}, "after": {"15"}, "quiet_from": {"22:00"}, "quiet_until": {"07:00"}, "quiet_days": {"1", "2"}, "quiet_zone": {"Europe/Oslo"}},
	} {
		require.Equal(s, "/routes?done=route-added", b.post("/routes", route).location)
	}
	b.post("/contacts", url.Values{"application": {"1"}, "email": {"shop@example.com"}})
	for _, state := range []string{"failed", "delivered", "withdrawn", "summarized", "pending"} {
		id := uuid.NewString()
		s.sql(`INSERT INTO notifications (id, team_id, kind, created_at, payload) VALUES ($1, $2, 'channel.test', $3, '{"title":"A message"}')`, id, s.person.TeamID, s.now())
		s.sql(`INSERT INTO deliveries (id, team_id, notification_id, channel_id, state, created_at, held) VALUES ($1, $2, $1, 2, $4, $3, $4 = 'pending')`, id, s.person.TeamID, s.now(), state)
		if state == "failed" {
			failed = id
			s.sql(`INSERT INTO delivery_attempts (delivery_id, team_id, attempt, started_at, duration_ms, accepted, answer) VALUES ($1, $2, 1, $3, 84, false, 'HTTP 500')`, id, s.person.TeamID, s.now())
		}
	}
	b.post("/calendar/feeds", url.Values{"name": {"Telephone"}})
	return failed
}

// A person adds a channel, makes a new secret, adds a route with a fault first,
// and sends again what could not be delivered; then every page of channels, at a
// desk's and a small phone's width, in light and dark.
func TestBrowserChannels(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	failed := s.seedChannels(b)
	ctx := browsertest.Start(t, "/nowhere", "/channels", "/routes", "/contacts", "/calendar/feeds")
	token, err := auth.NewSignInLink(t.Context(), s.store, s.person, s.now())
	require.NoError(t, err)
	require.NoError(t, chromedp.Do(ctx,
		chromedp.Navigate(s.url+"/sign-in/"+token), chromedp.Click(chromedp.CSS("main button")), chromedp.WaitVisible(chromedp.CSS("#delivery-trouble")),
		chromedp.Click(chromedp.CSS("#delivery-trouble a")), chromedp.WaitVisible(chromedp.CSS("tr[data-delivery]")),
		chromedp.Click(chromedp.CSS("tr[data-delivery] a")), chromedp.Click(`//button[.="Send again"]`), chromedp.WaitVisible(chromedp.CSS("[role=status]")),
		chromedp.Click(`//nav//a[.="Channels"]`), chromedp.Click(`//a[.="Who is told what"]`), chromedp.WaitVisible(chromedp.CSS("#preview")),
		chromedp.Click(`//button[.="Add route"]`), chromedp.WaitVisible(chromedp.CSS("#channel-fault")),
		chromedp.Navigate(s.url+"/channels/2"), chromedp.Click(`//button[.="Make a new secret"]`), chromedp.WaitVisible(chromedp.CSS("#secret")),
		chromedp.Navigate(s.url+"/calendar"), chromedp.Click(`//a[.="Subscribe"]`), chromedp.WaitVisible(chromedp.CSS("#name")),
		chromedp.Click(`//button[.="Make an address"]`), chromedp.WaitVisible(chromedp.CSS("#feed-url")),
	))
	s.walkPictures(ctx, map[string]string{
		"channels": "/channels", "channel-webhook": "/channels/2", "channel-chat": "/channels/3", "channel-disabled": "/channels/4",
		"routes": "/routes", "contacts": "/contacts", "feeds": "/calendar/feeds", "deliveries-failed": "/deliveries", "delivery-failed": "/deliveries/" + failed,
		"overview-undelivered": "/",
	}, 1280, 360)
}
