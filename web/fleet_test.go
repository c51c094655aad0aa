package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// addFleet registers count endpoints that pass, with ten looks each.
func (s *site) addFleet(count int) {
	s.Helper()
	s.addEndpoint("Fleet", "https://first.example.com/", "SOD")
	s.sql(`INSERT INTO endpoints (team_id, application_id, environment, kind, value_kind, value, next_run_at, created_at)
		SELECT team_id, application_id, 'Production', kind, value_kind, 'https://host-' || n || '.example.com/', next_run_at, created_at
		FROM endpoints, generate_series(1, $1::int) n`, count-1)
	s.sql(`INSERT INTO requirement_status (endpoint_id, team_id, requirement, severity, result, conclusive, assessment_id, judged_at)
		SELECT id, team_id, 'T-0' || n, 'must', 'pass', 'pass', 1, created_at FROM endpoints, generate_series(1, 9) n`)
	s.sql(`INSERT INTO assessments (team_id, endpoint_id, slot, purpose, vantage, depth, requested_at, finished_at, outcome)
		SELECT team_id, id, created_at - n * interval '1 hour', 'scheduled', 'local', 'quick', created_at, created_at, 'judged'
		FROM endpoints, generate_series(1, 10) n`)
}

// TestLargeFleetIsPaged shows 5,000 endpoints in pages, each within a second
// or two even on a busy machine.
func TestLargeFleetIsPaged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addFleet(5000)
	b := s.signedIn(s.person)
	began := time.Now()
	page := b.get("/")
	took := time.Since(began)
	t.Logf("the overview of 5,000 endpoints took %s", took)
	require.Equal(t, http.StatusOK, page.status)
	require.Equal(t, "5000", page.Find("a[data-state=passing] .number").Text())
	require.Equal(t, 200, page.Find("tr[data-endpoint]").Length())
	require.Less(t, took, 20*time.Second)
	last := b.get("/?page=25&state=passing")
	require.Equal(t, 200, last.Find("tr[data-endpoint]").Length())
	require.Equal(t, "/?page=24&state=passing", last.Find("a[rel=prev]").AttrOr("href", ""))
	require.Zero(t, last.Find("a[rel=next]").Length())
	require.Zero(t, b.get("/?page=26").Find("tr[data-endpoint]").Length())
}
