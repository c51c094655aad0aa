package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// EndpointState is what one word says about an endpoint.
type EndpointState string

// The states of an endpoint. Looking stands beside the others: an endpoint
// that is looked at keeps the state of its last look.
const (
	Failing        EndpointState = "failing"      // a must or recommended requirement fails, or an incident is open
	Undetermined   EndpointState = "undetermined" // none fails, and one could not be told
	Passing        EndpointState = "passing"
	WithoutNetwork EndpointState = "offline" // passing as far as its text shows: no network can show more
	Total          EndpointState = "total"   // no state: the count of all
	Looking        EndpointState = "looking" // a look is asked for or running, or was never finished yet
)

// EndpointSummary is an endpoint with where it stands.
type EndpointSummary struct {
	monitor.Endpoint
	State        EndpointState // Looking only when it was never judged
	Fails        int           // must and recommended requirements that fail
	Unconfirmed  int           // of them, those seen once only
	Inconclusive int           // musts that could not be told
	Advice       int           // our own advice that is not followed
	LookedAt     time.Time     // when it was judged last; zero: never
	Looking      bool          // a look is due or running now
	LookingStage string        // how far it is
	IncidentID   int64         // an open incident; 0: none
	Letter       checks.Letter // of the grade; empty: none
	Provisional  bool          // facts are missing that could make it another letter
}

// EndpointFilter narrows a list of endpoints; the zero value is all of them.
type EndpointFilter struct {
	State       EndpointState
	Application int64  // 0: of all
	Host        string // that they are on; empty: any, and none
	Endpoint    int64  // 0: all
	Limit       int    // 0: 200
	Offset      int
}

const endpointColumns = `e.id, e.team_id, e.application_id, a.name AS application_name, a.type AS application_type,
	coalesce(e.environment, '') AS environment, e.kind, e.value_kind, e.value, e.probe_url, e.method, e.post_allowed, e.vantage,
	e.interval_seconds::bigint * 1000000000 AS interval, e.next_run_at,
	coalesce(e.next_full_at, '0001-01-01T00:00:00Z') AS next_full_at, coalesce(e.full_looked_at, '0001-01-01T00:00:00Z') AS full_looked_at,
	ARRAY(SELECT p.profile FROM endpoint_profiles p WHERE p.endpoint_id = e.id ORDER BY 1) AS profiles, e.created_at,
	coalesce(e.anchor_at, '0001-01-01T00:00:00Z') AS anchor`

// fleet is every endpoint of the team with its state at @at. Unfinished looks
// and requirements that are not met are few, and have indexes of their own.
const fleet = `
	WITH fleet AS MATERIALIZED (
		SELECT ` + endpointColumns + `,
			CASE WHEN e.looked_at IS NULL AND NOT EXISTS (SELECT FROM requirement_status q WHERE q.endpoint_id = e.id) THEN 'looking' WHEN s.fails > 0 OR s.incident_id IS NOT NULL THEN 'failing' WHEN s.inconclusive > 0 THEN 'undetermined'
				WHEN e.value_kind IN ('native_loopback', 'custom_scheme') THEN 'offline' ELSE 'passing' END AS state,
			s.fails, s.unconfirmed, s.inconclusive, s.advice,
			coalesce(e.looked_at, (SELECT max(q.judged_at) FROM requirement_status q WHERE q.endpoint_id = e.id),
				'0001-01-01T00:00:00Z') AS looked_at, coalesce(s.incident_id, 0) AS incident_id,
			r.stage IS NOT NULL AND r.slot <= @at AS looking, coalesce(r.stage, '') AS looking_stage,
			coalesce(g.letter, '') AS letter, coalesce(g.provisional, false) AS provisional
		FROM endpoints e
		JOIN applications a ON a.id = e.application_id
		CROSS JOIN LATERAL (
			SELECT count(*) FILTER (WHERE binding AND NOT waived AND (result = 'fail' OR result = 'inconclusive' AND conclusive = 'fail')) AS fails,
				count(*) FILTER (WHERE result = 'fail' AND NOT waived AND conclusive IS DISTINCT FROM 'fail') AS unconfirmed,
				count(*) FILTER (WHERE severity = 'must' AND result = 'inconclusive') AS inconclusive,
				count(*) FILTER (WHERE severity = 'advice' AND result = 'fail' AND NOT waived) AS advice,
				max(incident_id) AS incident_id
			FROM (SELECT result, conclusive, waived, severity, severity IN ('must', 'recommended') AS binding, incident_id
				FROM requirement_status
				WHERE endpoint_id = e.id AND (result IN ('fail', 'inconclusive') OR incident_id IS NOT NULL)) q) s
		LEFT JOIN (
			SELECT DISTINCT ON (endpoint_id) endpoint_id, slot, stage FROM assessments
			WHERE finished_at IS NULL ORDER BY endpoint_id, slot) r ON r.endpoint_id = e.id
		LEFT JOIN endpoint_grades g ON g.endpoint_id = e.id
		WHERE e.deleted_at IS NULL AND (@application::bigint = 0 OR e.application_id = @application)
			AND (@endpoint::bigint = 0 OR e.id = @endpoint) AND (@host::text = '' OR e.host = @host)
	)`

// EndpointSummaries lists endpoints by application, environment (SOD, Stage,
// Production) and value, as they stand at at.
func (tx *Tx) EndpointSummaries(ctx context.Context, filter EndpointFilter, at time.Time) ([]EndpointSummary, error) {
	limit := filter.Limit
	if limit <= 0 {
		limit = 200
	}
	rows, _ := tx.Query(ctx, fleet+`
		SELECT id, team_id, application_id, application_name, application_type, environment, kind, value_kind, value,
			probe_url, method, post_allowed, vantage, interval, next_run_at, next_full_at, full_looked_at, profiles, created_at, anchor, state, fails, unconfirmed, inconclusive,
			advice, looked_at, incident_id, looking, looking_stage, letter, provisional
		FROM fleet
		WHERE @state = '' OR state = @state OR (@state = 'looking' AND looking)
		ORDER BY lower(application_name), application_id,
			array_position(ARRAY['SOD', 'Stage', 'Production'], environment) NULLS LAST, kind, value, id
		LIMIT @limit OFFSET @offset`,
		pgx.StrictNamedArgs{
			"at": at, "application": filter.Application, "endpoint": filter.Endpoint, "host": filter.Host, "state": string(filter.State), "limit": limit, "offset": filter.Offset,
		})
	return collectAll[EndpointSummary](rows, "list the endpoints")
}

// CountEndpoints counts the team's endpoints by state at at. Looking counts
// every endpoint that is looked at, whatever its state.
func (tx *Tx) CountEndpoints(ctx context.Context, at time.Time) (map[EndpointState]int, error) {
	type row struct {
		State   EndpointState
		Count   int
		Looking int
	}
	rows, _ := tx.Query(ctx, fleet+`
		SELECT state, count(*) AS count, count(*) FILTER (WHERE looking OR state = 'looking') AS looking FROM fleet GROUP BY state`,
		pgx.StrictNamedArgs{"at": at, "application": 0, "endpoint": 0, "host": ""})
	all, err := collectAll[row](rows, "count the endpoints")
	counts := map[EndpointState]int{}
	for _, r := range all {
		counts[Total] += r.Count
		if r.State != Looking {
			counts[r.State] = r.Count
		}
		counts[Looking] += r.Looking
	}
	return counts, err
}

// Endpoint returns an endpoint that is not removed.
func (tx *Tx) Endpoint(ctx context.Context, id int64) (monitor.Endpoint, error) {
	rows, _ := tx.Query(ctx, `SELECT `+endpointColumns+` FROM endpoints e JOIN applications a ON a.id = e.application_id
		WHERE e.id = @id AND e.deleted_at IS NULL`, pgx.StrictNamedArgs{"id": id})
	return collectOne[monitor.Endpoint](rows, ErrNotFound, "find endpoint %d", id)
}

// RemoveEndpoint removes an endpoint from what is watched; what was seen stays.
func (tx *Tx) RemoveEndpoint(ctx context.Context, id int64, at time.Time) error {
	tag, err := tx.Exec(ctx, `UPDATE endpoints SET deleted_at = @at WHERE id = @id AND deleted_at IS NULL`,
		pgx.StrictNamedArgs{"id": id, "at": at})
	if err != nil {
		return fmt.Errorf("remove endpoint %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("remove endpoint %d: %w", id, ErrNotFound)
	}
	return tx.resolveRemoved(ctx, at)
}

// resolveRemoved closes what is open about removed endpoints: nothing will
// ever show that it recovered, and nobody is told, since a person removed it.
func (tx *Tx) resolveRemoved(ctx context.Context, at time.Time) error {
	// Incidents are locked before anything is counted: a judgement of another
	// endpoint in one of them would count what this closes, and neither resolve it.
	const lock = `
		SELECT FROM incidents i WHERE i.state <> 'resolved' AND EXISTS (
			SELECT FROM incident_requirements r JOIN endpoints e ON e.id = r.endpoint_id
			WHERE r.incident_id = i.id AND r.resolved_at IS NULL AND e.deleted_at IS NOT NULL)
		ORDER BY i.id FOR NO KEY UPDATE`
	if _, err := tx.Exec(ctx, lock); err != nil {
		return fmt.Errorf("lock the incidents of removed endpoints: %w", err)
	}
	const closing = `
		UPDATE incident_requirements r SET resolved_at = @at
		FROM endpoints e WHERE e.id = r.endpoint_id AND e.deleted_at IS NOT NULL AND r.resolved_at IS NULL`
	if _, err := tx.Exec(ctx, closing, pgx.StrictNamedArgs{"at": at}); err != nil {
		return fmt.Errorf("resolve requirements of removed endpoints: %w", err)
	}
	const resolving = `
		WITH over AS (
			UPDATE incidents i SET state = 'resolved', resolved_at = @at, flapping = false,
				tell_at = NULL, tell_kind = '', tell_since = NULL, escalate_at = NULL
			WHERE i.state <> 'resolved'
				AND EXISTS (SELECT FROM incident_requirements r JOIN endpoints e ON e.id = r.endpoint_id
					WHERE r.incident_id = i.id AND e.deleted_at IS NOT NULL)
				AND NOT EXISTS (SELECT FROM incident_requirements r WHERE r.incident_id = i.id AND r.resolved_at IS NULL)
			RETURNING i.id, i.team_id)
		INSERT INTO incident_entries (team_id, incident_id, at, kind, text)
		SELECT team_id, id, @at, @kind, 'What was left in it was removed. Nobody is told: somebody did that.' FROM over`
	if _, err := tx.Exec(ctx, resolving, pgx.StrictNamedArgs{"at": at, "kind": string(monitor.EntryResolved)}); err != nil {
		return fmt.Errorf("resolve incidents of removed endpoints: %w", err)
	}
	return nil
}
