package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

const slackHook = "https://hooks.slack.com/services/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"

func TestChatChannelShowsItsAddressNever(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	added := b.post("/channels", url.Values{"kind": {"chat"}, "name": {"On call"}, "address": {slackHook}})
	require.Equal(t, "/channels/2?done=channel-added", added.location)
	require.Equal(t, http.StatusUnprocessableEntity, b.post("/channels", url.Values{"kind": {"chat"}, "address": {slackHook}}).status, "there is one")
	b.post("/channels/2/test", nil)
	for _, path := range []string{"/channels", "/channels/2", "/channels/2/remove", "/routes", "/deliveries", "/audit"} {
		page := b.get(path)
		require.Equal(t, http.StatusOK, page.status, path)
		require.NotContains(t, page.body, "SeCrEt", path)
	}
	page := b.get("/channels/2")
	require.Contains(t, page.text("main"), "On call")
	require.Contains(t, page.text(".tags"), "Slack")
	require.Equal(t, "slack://hook:TAAAAAAAA-BBBBBBBBB-SeCrEtSeCrEtSeCrEtSeCrEt@webhook", queried[string](s, `SELECT secret FROM channels WHERE id = 2`))
	require.Equal(t, http.StatusNotFound, b.post("/channels/2/secret", nil).status)
	require.Equal(t, http.StatusNotFound, b.post("/channels/2/rotate", nil).status)
	bad := b.post("/channels", url.Values{"kind": {"chat"}, "address": {"smtp://mail.example.com"}})
	require.Contains(t, bad.text("#address-fault"), "Messages cannot be sent to this service.")
}

func TestSecretIsRotatedWithOverlap(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	first := b.post("/channels", url.Values{"kind": {"webhook"}, "address": {"https://hooks.example.com/in"}}).text("#secret")
	rotated := b.post("/channels/2/rotate", nil)
	second := rotated.text("#secret")
	require.NotEqual(t, first, second)
	require.Contains(t, rotated.text("#overlap"), "signs too until "+s.now().Add(monitor.SecretOverlap).Format("2006-01-02 15:04"))
	require.Equal(t, first, queried[string](s, `SELECT previous_secret FROM channels WHERE id = 2`))
	require.Equal(t, "/channels/2?done=previous-secret-ended", b.post("/channels/2/end-previous", nil).location)
	require.Empty(t, queried[string](s, `SELECT previous_secret FROM channels WHERE id = 2`))
	require.Empty(t, b.get("/channels/2").text("#overlap"))
	developer := s.signedIn(s.colleague(monitor.Developer, "dev@example.com", false))
	require.Equal(t, http.StatusForbidden, developer.post("/channels/2/rotate", nil).status)
	require.Equal(t, http.StatusForbidden, developer.post("/channels/2/end-previous", nil).status)
	audit := b.get("/audit").text("tbody")
	require.Contains(t, audit, "Rotated a signing secret")
	require.Contains(t, audit, "Ended the signing secret before the last rotation")
	require.NotContains(t, queried[string](s, `SELECT string_agg(coalesce(old::text, '') || coalesce(new::text, ''), ' ') FROM audit`), "whsec_")
}

func TestDisabledChannelSaysWhy(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	s.sql(`UPDATE channels SET disabled_at = $1, disabled_reason = 'Nothing got through since then.', failing_since = $1`, s.now())
	require.Contains(t, b.get("/").text("#delivery-trouble"), "1 channel is disabled, because nothing got through to it.")
	require.Contains(t, b.get("/channels").text("tbody"), "Disabled Nothing got through since then.")
	page := b.get("/channels/1")
	require.Contains(t, page.text("main"), "Nothing got through since then. Nothing is sent here until somebody puts it back in use.")
	b.post("/channels/1/enable", nil)
	require.Contains(t, b.get("/channels/1").text(".tags"), "In use")
	require.Empty(t, b.get("/").text("#delivery-trouble"))
}

func TestChannelSettings(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	form := url.Values{"name": {"Ada"}, "digest": {"weekly"}, "digest_hour": {"8"}, "digest_zone": {"Europe/Oslo"}}
	require.Equal(t, "/channels/1?done=settings-changed", b.post("/channels/1/settings", form).location)
	require.Contains(t, b.get("/channels/1").text("main"), "On Mondays at 08:00, Europe/Oslo")
	next := queried[time.Time](s, `SELECT digest_next_at FROM channels`)
	require.True(t, next.After(s.now()))
	for field, wrong := range map[string]string{"digest": "hourly", "digest_hour": "24", "digest_zone": "Europe/Atlantis", "name": strings.Repeat("x", 81)} {
		bad := url.Values{"name": {"Ada"}, "digest": {"weekly"}, "digest_hour": {"8"}, "digest_zone": {"Europe/Oslo"}}
		bad.Set(field, wrong)
		page := b.post("/channels/1/settings", bad)
		require.Equal(t, http.StatusUnprocessableEntity, page.status, field)
		require.NotEmpty(t, page.text("#"+field+"-fault"), field)
	}
}

func TestRoutesSayWhoIsTold(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addEndpoint("Shop", "https://shop.example.com/cb", "Production")
	b := s.signedIn(s.person)
	b.post("/channels", url.Values{"kind": {"email"}, "address": {"oncall@example.com"}})
	before := b.get("/routes")
	require.Contains(t, before.text("main"), "Every channel in use is told everything, at once")
	require.Contains(t, before.text("#told"), "At once ada@example.com oncall@example.com")
	route := func(change func(url.Values)) url.Values {
		form := url.Values{"channel": {"1"}, "least": {"high"}, "environment": {"Production"}, "level": {"0"}, "quiet_zone": {"UTC"}, "quiet_except": {"critical"}}
		if change != nil {
			change(form)
		}
		return form
	}
	require.Equal(t, "/routes?done=route-added", b.post("/routes", route(nil)).location)
	require.Contains(t, before.text("form.card"), "With the first route")
	require.Equal(t, 1, before.Find("#quiet_zone[data-own-zone]").Length(), "quiet hours are the reader's, unless they say otherwise")
	require.Equal(t, "oncall@example.com", b.get("/routes").text("#untold li"), "who stops being told is said")
	second := route(func(f url.Values) {
		f.Set("channel", "2")
		f.Set("level", "1")
		f.Set("after", "15")
		f.Set("application", "1")
	})
	require.Equal(t, "/routes?done=route-added", b.post("/routes", second).location)
	require.Empty(t, b.get("/routes").text("#untold"))
	page := b.get("/routes?application=1&environment=Production&weight=critical")
	require.Contains(t, page.text("#told"), "At once ada@example.com Then, if nobody has acknowledged it after 15 minutes oncall@example.com")
	require.Contains(t, page.text("tbody"), "Shop, Production, high and above")
	require.Contains(t, b.get("/routes?weight=low").text("#told"), "At once Nobody.")
	for field, wrong := range map[string]string{
		"channel": "99", "application": "99", "environment": "Moon", "least": "huge", "level": "9", "after": "soon", "quiet_from": "25:00",
		"quiet_zone": "Europe/Atlantis", "quiet_except": "huge", "quiet_days": "8",
	} {
		bad := b.post("/routes", route(func(f url.Values) { f.Set(field, wrong) }))
		require.Equal(t, http.StatusUnprocessableEntity, bad.status, field)
		require.NotEmpty(t, bad.text("#faults"), field)
		if field != "environment" {
			require.Contains(t, bad.body, `value="Production" selected`, "what was typed is lost")
			require.Zero(t, bad.Find("#quiet_zone[data-own-zone]").Length(), "and a zone that somebody chose stays")
		}
	}
	require.Equal(t, "/routes?done=route-removed", b.post("/routes/1/remove", nil).location)
	require.Equal(t, "/routes?done=route-removed", b.post("/routes/1/remove", nil).location, "twice does no harm")
	reader := s.signedIn(s.colleague(monitor.Reader, "reader@example.com", false))
	require.Equal(t, http.StatusForbidden, reader.post("/routes", route(nil)).status)
	require.Equal(t, http.StatusForbidden, reader.post("/routes/2/remove", nil).status)
}

func TestTechnicalContactTakesTheChannelOver(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addEndpoint("Shop", "https://shop.example.com/cb", "Production")
	b := s.signedIn(s.person)
	b.post("/routes", url.Values{"channel": {"1"}, "level": {"0"}, "quiet_zone": {"UTC"}, "quiet_except": {"critical"}})
	require.Equal(t, "/contacts?done=contact-named", b.post("/contacts", url.Values{"application": {"0"}, "email": {"tech@example.com"}}).location)
	require.Contains(t, b.get("/contacts").text("tbody"), "The team tech@example.com")
	require.Contains(t, b.get("/channels").text("tbody"), "tech@example.com The technical contact Email In use")
	require.NotContains(t, b.get("/channels").text("tbody"), "ada@example.com")
	require.Contains(t, b.get("/routes").text("tbody"), "tech@example.com")
	b.post("/contacts", url.Values{"application": {"1"}, "email": {"shop@example.com"}})
	require.Contains(t, b.get("/contacts").text("tbody"), "Shop shop@example.com")
	for _, bad := range []url.Values{
		{"application": {"0"}, "email": {""}}, {"application": {"0"}, "email": {"nobody"}}, {"application": {"99"}, "email": {"a@example.com"}}, {"application": {"x"}},
	} {
		require.Equal(t, http.StatusUnprocessableEntity, b.post("/contacts", bad).status, bad)
	}
	require.Contains(t, b.get("/audit").text("tbody"), "Named the team's technical contact")
	reader := s.signedIn(s.colleague(monitor.Reader, "reader@example.com", false))
	require.Equal(t, http.StatusForbidden, reader.post("/contacts", url.Values{"application": {"0"}, "email": {"tech@example.com"}}).status)
}

func TestWhatCouldNotBeDeliveredComesFirst(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	var failed []string
	for _, state := range []string{"failed", "failed", "delivered", "withdrawn", "summarized"} {
		id := uuid.NewString()
		s.sql(`INSERT INTO notifications (id, team_id, kind, created_at, payload) VALUES ($1, $2, 'channel.test', $3, '{"title":"A message"}')`, id, s.person.TeamID, s.now())
		s.sql(`INSERT INTO deliveries (id, team_id, notification_id, channel_id, state, created_at) VALUES ($1, $2, $1, 1, $4, $3)`, id, s.person.TeamID, s.now(), state)
		if state == "failed" {
			failed = append(failed, id)
		}
	}
	trouble := b.get("/")
	require.Contains(t, trouble.text("#delivery-trouble"), "2 messages of the last 14 days could not be delivered.")
	link := trouble.Find("#delivery-trouble a").AttrOr("href", "")
	require.Len(t, b.get(link).Find("tr[data-delivery]").Nodes, 2)
	page := b.get("/deliveries")
	require.Contains(t, page.text("[aria-labelledby=undelivered]"), "Could not be delivered All 2 of the last 14 days")
	require.Contains(t, page.text("main"), "Withdrawn")
	require.Contains(t, page.text("main"), "In a summary")

	again := b.post("/deliveries/"+failed[0]+"/resend", nil)
	require.Contains(t, again.location, "?done=sent-again")
	require.Contains(t, b.get(again.location).text("main"), "By hand, after the first delivery")
	require.Contains(t, b.get("/").text("#delivery-trouble"), "1 message of")
	require.Contains(t, b.get("/deliveries/"+failed[0]).text(".tags"), "Sent again")
	conflict := b.post("/deliveries/"+failed[0]+"/resend", nil)
	require.Equal(t, http.StatusConflict, conflict.status)
	require.Contains(t, conflict.text("[role=alert]"), "on its way already")
	require.Equal(t, 1, queried[int](s, `SELECT count(*) FROM river_job WHERE kind = 'deliver'`))
	require.Contains(t, b.get("/audit").text("tbody"), "Sent a message again")
	reader := s.signedIn(s.colleague(monitor.Reader, "reader@example.com", false))
	require.Equal(t, http.StatusForbidden, reader.post("/deliveries/"+failed[1]+"/resend", nil).status)
	require.Empty(t, reader.get("/deliveries/"+failed[1]).text("form[action$=resend]"))
}

func TestCalendarFeed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addEndpoint("Shop", "https://shop.example.com/cb", "Production")
	b := s.signedIn(s.person)
	b.post("/applications/1/secrets", url.Values{
		"environment": {"Production"}, "kind": {"secret"}, "expires_on": {s.now().AddDate(0, 2, 0).Format(time.DateOnly)}, "owner": {"Ada"},
	})
	made := b.post("/calendar/feeds", url.Values{"name": {"Telephone"}})
	require.Equal(t, http.StatusCreated, made.status)
	address, err := url.Parse(made.text("#feed-url"))
	require.NoError(t, err)
	require.NotContains(t, b.get("/calendar/feeds").body, address.Path, "it is shown once")

	stranger := s.browser()
	file := stranger.get(address.Path)
	require.Equal(t, http.StatusOK, file.status)
	require.Equal(t, "text/calendar; charset=utf-8", file.header.Get("Content-Type"))
	require.Equal(t, "private, max-age=3600", file.header.Get("Cache-Control"))
	require.Contains(t, file.body, "REFRESH-INTERVAL;VALUE=DURATION:PT12H\r\n")
	require.Contains(t, file.body, "Shop")
	tag := file.header.Get("ETag")
	require.NotEmpty(t, tag)
	same := stranger.do(http.MethodGet, address.Path, nil, http.Header{"If-None-Match": {`W/"other", ` + tag}})
	require.Equal(t, http.StatusNotModified, same.status)
	require.Empty(t, same.body)
	require.NotContains(t, b.get("/calendar/feeds").text("tbody"), "Never")

	for _, path := range []string{"/calendar/feed/nonsense.ics", strings.TrimSuffix(address.Path, ".ics"), "/calendar/feed/.ics", address.Path[:len(address.Path)-5] + "x.ics"} {
		require.Equal(t, http.StatusNotFound, stranger.get(path).status, path)
	}
	developer := s.signedIn(s.colleague(monitor.Developer, "dev@example.com", false))
	require.Equal(t, http.StatusForbidden, developer.post("/calendar/feeds/1/end", nil).status, "it is somebody else's")
	require.Equal(t, "/calendar/feeds?done=feed-ended", b.post("/calendar/feeds/1/end", nil).location)
	require.Equal(t, "/calendar/feeds?done=feed-ended", b.post("/calendar/feeds/1/end", nil).location, "twice does no harm")
	require.Equal(t, http.StatusNotFound, stranger.get(address.Path).status)

	gone := developer.post("/calendar/feeds", nil).text("#feed-url")
	left, err := url.Parse(gone)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, stranger.get(left.Path).status)
	owner, err := pgx.Connect(t.Context(), s.database.OwnerURL)
	require.NoError(t, err)
	defer owner.Close(t.Context())
	_, err = owner.Exec(t.Context(), `DELETE FROM sessions WHERE person_id = 2; DELETE FROM sign_in_links WHERE person_id = 2; DELETE FROM people WHERE id = 2`)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, stranger.get(left.Path).status, "a person who left has no feed")
	require.NotContains(t, s.log.String(), strings.TrimPrefix(address.Path, "/calendar/feed/"), "the token is in the log")
	require.Contains(t, b.get("/audit").text("tbody"), "Made a calendar address")
}

// queried reads one value, past row-level security of teams.
func queried[T any](s *site, query string) (value T) {
	s.Helper()
	s.one(&value, query)
	return value
}

// TestWithoutMailServer says that nobody is told by email, wherever people
// would count on it, and stops where another channel is in use.
func TestWithoutMailServer(t *testing.T) {
	t.Parallel()
	s := newSiteWithoutMail(t)
	b := s.signedIn(s.person)
	require.Contains(t, b.get("/").text("#delivery-trouble"), "no channel but email")
	for _, path := range []string{"/channels", "/channels/1", "/contacts"} {
		require.Contains(t, b.get(path).text("#no-mail"), "GRADEWATCH_SMTP_URL", path)
	}
	require.Equal(t, http.StatusCreated, b.post("/channels", url.Values{"kind": {"webhook"}, "address": {"https://hooks.example.com/in"}}).status)
	require.Empty(t, b.get("/channels/2").text("#no-mail"), "a webhook needs no mail server")
	require.Empty(t, b.get("/").text("#delivery-trouble"))
	with := newSite(t)
	require.Empty(t, with.signedIn(with.person).get("/channels").text("#no-mail"))
}
