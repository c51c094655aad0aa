package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// Postgres takes neither NUL nor what is no UTF-8: such text is the sender's
// fault, never ours, and must not keep a denial out of the audit.
func TestTextThatPostgresRefusesIsTheSendersFault(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	for _, path := range []string{
		"/audit?user=%00", "/audit?user=%ff", "/audit?source=a%00", "/deliveries/%00", "/deliveries/%ff", "/?state=%00",
	} {
		require.Equal(t, http.StatusBadRequest, b.get(path).status, path)
	}
	for _, text := range []string{"a\x00b", "a\xffb"} {
		for _, field := range []string{"name", "client-SOD", "url-0-value"} {
			form := url.Values{
				"name": {"Shop"}, "type": {"custom"}, "rows": {"1"}, "do": {"save"}, "url-0-environment": {"SOD"},
				"url-0-kind": {"literal"}, "url-0-value": {"https://app.example.com/"}, "url-0-minutes": {"60"},
			}
			form.Set(field, text)
			require.Equal(t, http.StatusBadRequest, b.post("/applications", form).status, "%s %q", field, text)
		}
		require.Equal(t, http.StatusBadRequest, b.post("/channels", url.Values{"kind": {"email"}, "address": {text}}).status)
	}
	form := url.Values{"name": {"Shop\r\nBcc: x"}, "type": {"custom"}, "rows": {"1"}, "do": {"save"}}
	require.Equal(t, http.StatusUnprocessableEntity, b.post("/applications", form).status)
	require.NotContains(t, s.log.String(), "request failed")

	reader := s.signedIn(s.colleague(monitor.Reader, "reader@example.com", false))
	require.Equal(t, http.StatusBadRequest, reader.post("/channels/1%00/test", nil).status)
	require.Equal(t, http.StatusForbidden, reader.post("/channels/1/test", nil).status)
	require.NotContains(t, s.log.String(), "audit a denial")
}

// Whoever adds a channel names any address: without a bound our mail server
// could be had to send mail to strangers without end.
func TestTestsOfChannelsAreBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn(s.person)
	var path string
	for i := range 2 {
		added := b.post("/channels", url.Values{"kind": {"email"}, "address": {strings.Repeat("x", i+1) + "@example.com"}})
		require.Equal(t, http.StatusSeeOther, added.status)
		path, _, _ = strings.Cut(added.location, "?")
		for range store.MostTests / 2 {
			require.Equal(t, http.StatusSeeOther, b.post(path+"/test", nil).status)
		}
	}
	refused := b.post(path+"/test", nil)
	require.Equal(t, http.StatusTooManyRequests, refused.status)
	require.Contains(t, refused.text("main"), "an hour")
	require.NoError(t, s.store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		var sent int
		err := tx.QueryRow(ctx, `SELECT count(*) FROM river_job WHERE kind = 'deliver'`).Scan(&sent)
		require.Equal(t, store.MostTests, sent)
		return err
	}))
	s.offset.Store(int64(store.TestsWithin) + 1e9)
	require.Equal(t, http.StatusSeeOther, s.signedIn(s.person).post(path+"/test", nil).status)
}
