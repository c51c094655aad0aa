package web_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/store"
)

const digestToken = "TOKEN0TOKEN1TOKEN2TOKEN3TO"

// subscribe makes a channel that gets a daily digest.
func (s *site) subscribe() (channel int64) {
	s.Helper()
	require.NoError(s, s.store.AsWorker(s.Context(), func(ctx context.Context, tx *store.Tx) error {
		made, err := tx.CreateChannel(ctx, store.Channel{TeamID: s.person.TeamID, Kind: "email", Address: "list@partner.example"}, "", s.now())
		if err != nil {
			return err
		}
		channel = made.ID
		if _, err := tx.UnsubscribeToken(ctx, channel, digestToken); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE channels SET digest = 'daily', digest_next_at = $1 WHERE id = $2`, s.now(), channel)
		return err
	}))
	return channel
}

// digest says how the channel stands, and how often somebody left.
func (s *site) digest(channel int64) (digest string, audited int) {
	s.Helper()
	require.NoError(s, s.store.AsWorker(s.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT digest || ' next' || CASE WHEN digest_next_at IS NULL THEN ' never' ELSE '' END,
			(SELECT count(*) FROM audit WHERE action = 'channel.unsubscribe') FROM channels WHERE id = $1`, channel).Scan(&digest, &audited)
	}))
	return digest, audited
}

// asStranger asks without cookies, as a mail program does.
func (s *site) asStranger(method, path, kind, body string, header ...string) (status int, text string, answered http.Header) {
	s.Helper()
	request, err := http.NewRequestWithContext(s.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(s, err)
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request) // follows no redirect: RFC 8058 section 3.1 forbids one
	require.NoError(s, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(s, err)
	return response.StatusCode, string(content), response.Header
}

func TestDigestsAreLeftByOneClick(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded"
	for name, post := range map[string][]string{
		"a mail program":              {form, "List-Unsubscribe=One-Click"},
		"another form":                {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"},
		"a mail program in a browser": {form, "List-Unsubscribe=One-Click", "Origin", "https://mail.example", "Sec-Fetch-Site", "cross-site"},
		"nothing in it":               {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			channel := s.subscribe()
			path := "/unsubscribe/" + digestToken

			status, text, _ := s.asStranger(http.MethodGet, path, "", "")
			require.Equal(t, http.StatusOK, status)
			require.Contains(t, text, "Stop these digests?")
			require.Contains(t, text, "list@partner.example")
			digest, _ := s.digest(channel)
			require.Equal(t, "daily next", digest, "opening the link stops nothing: mail scanners do")

			for range 3 { // again and again says the same
				status, text, header := s.asStranger(http.MethodPost, path, post[0], post[1], post[2:]...)
				require.Equal(t, http.StatusOK, status, text)
				require.Contains(t, text, "The digests have stopped")
				require.Empty(t, header["Set-Cookie"])
			}
			digest, audited := s.digest(channel)
			require.Equal(t, "none next never", digest)
			require.Equal(t, 1, audited)
			_, text, _ = s.asStranger(http.MethodGet, path, "", "")
			require.Contains(t, text, "The digests have stopped")
			require.NotContains(t, s.log.String(), digestToken, "the log holds no token")
		})
	}
}

func TestUnknownLinksStopNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	channel := s.subscribe()
	for _, path := range []string{"/unsubscribe/unknown", "/unsubscribe/%27%20OR%201=1", "/unsubscribe/" + strings.Repeat("x", 5000), "/unsubscribe/" + digestToken[1:]} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			status, text, _ := s.asStranger(method, path, "", "")
			require.Equal(t, http.StatusNotFound, status, path)
			require.Contains(t, text, "This link stops nothing")
		}
	}
	digest, audited := s.digest(channel)
	require.Equal(t, "daily next", digest)
	require.Zero(t, audited)

	require.NoError(t, s.store.AsTeam(t.Context(), s.person.TeamID, func(ctx context.Context, tx *store.Tx) error {
		return tx.RemoveChannel(ctx, channel, s.now())
	}))
	status, _, _ := s.asStranger(http.MethodPost, "/unsubscribe/"+digestToken, "", "")
	require.Equal(t, http.StatusNotFound, status, "the channel is gone")
}
