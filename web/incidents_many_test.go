package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// TestManyIncidentsArePaged lists 10,000 incidents of one team, each of one
// URL of 5,000, to people and to operators.
func TestManyIncidentsArePaged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addFleet(5000)
	s.sql(`INSERT INTO incidents (team_id, state, title, cause, weight, opened_at)
		SELECT $1, CASE WHEN n % 3 = 0 THEN 'resolved' ELSE 'open' END, 'Something ' || n, 'trust_data', CASE WHEN n % 2 = 0 THEN 'high' ELSE 'low' END, $2::timestamptz - n * interval '1 minute'
		FROM generate_series(1, 10000) n`, s.person.TeamID, s.now())
	s.sql(`INSERT INTO incident_requirements (incident_id, team_id, endpoint_id, requirement, assessment_id, resolved_at)
		SELECT id, team_id, 1 + id % 5000, 'T-' || id, 1, CASE WHEN state = 'resolved' THEN opened_at END FROM incidents`)
	s.sql(`ANALYZE`) // as autovacuum does within a minute or two
	b := s.signedIn(s.person)
	for _, path := range []string{"/incidents", "/incidents?state=all&page=200", "/incidents?environment=Production&weight=high"} {
		began := time.Now()
		page := b.get(path)
		t.Logf("%s took %s", path, time.Since(began))
		require.Equal(t, http.StatusOK, page.status)
		require.Equal(t, 50, page.Find("tr[data-incident]").Length(), path)
	}
	require.Equal(t, "6667", b.get("/incidents").Find(`a[data-choice=unresolved] .number`).Text())
	operator := s.signedIn(s.colleague(monitor.Operator, "operator@example.com", true))
	began := time.Now()
	fleet := operator.get("/fleet/incidents")
	t.Logf("the fleet's took %s", time.Since(began))
	require.Contains(t, fleet.text("main"), "6667 incidents of 1 team")
	require.Equal(t, 50, fleet.Find("tr[data-incident]").Length())
}
