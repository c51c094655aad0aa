package content

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWalls(t *testing.T) {
	t.Parallel()
	all, seen := known().walls, map[string]bool{}
	for at, s := range samples(t, "walls.yaml") {
		seen[s.ID] = true
		t.Run(fmt.Sprintf("%s %d", s.ID, at), func(t *testing.T) {
			t.Parallel()
			in, p := s.input(403)
			got := wallNamed(in, p)
			require.Equal(t, s.ID, got.ID)
			require.Equal(t, got.Reason, s.read(403).Wall)
			require.Empty(t, s.Near.read(200).Wall, "a near miss")
		})
	}
	for _, w := range all {
		require.True(t, seen[w.ID], "%s has no sample in testdata/walls.yaml", w.ID)
	}
}

// The application's own pages are no walls, whatever stands on them.
func TestApplicationsAreNoWalls(t *testing.T) {
	t.Parallel()
	for _, s := range samples(t, "walls.yaml") {
		if s.Fields != nil && !strings.Contains(s.Body, "<title>") {
			continue // a field alone is proof
		}
		page := s.answer
		page.Body = article(s.Body)
		page.Fields = nil
		require.Empty(t, page.read(200).Wall, "%s: an article that shows it", s.ID)
		page.Body = s.Body + "<form action=/login><input name=user><input type=password name=password></form>"
		require.Empty(t, page.read(200).Wall, "%s: with a sign-in form", s.ID)
	}
	for status, body := range map[int]string{
		401: "<h1>Unauthorized</h1>", 403: "<h1>403 Forbidden</h1><hr><center>nginx</center>", 404: "<h1>Not found</h1>", 429: "Too many requests",
		500: "<h1>Internal error</h1>", 502: "<h1>502 Bad Gateway</h1>", 503: "<h1>Service Unavailable</h1><p>HTTP Error 503. The service is unavailable.</p>",
	} {
		require.Empty(t, answer{Status: status, Body: body}.read(0).Wall, status)
	}
}
