package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// instant is when everything in these tests happens.
var instant = time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC)

// The two teams of a fixture. Ids of their rows are the team's times 100.
const (
	ours   = 1
	theirs = 2
)

// teamRows inserts one row a table for the team $1 at $2, referenced rows first. A
// new table with a team_id needs its line here: a test says so.
var teamRows = []struct{ table, insert string }{
	{"people", `INSERT INTO people (id, team_id, email, role, created_at) OVERRIDING SYSTEM VALUE
		VALUES ($1 * 100, $1, 'person' || $1 || '@example.com', 'administrator', $2)`},
	{"sign_in_links", `INSERT INTO sign_in_links (token_sha256, team_id, person_id, created_at, expires_at)
		VALUES (sha256(($1::text)::bytea), $1, $1 * 100, $2, $2)`},
	{"sessions", `INSERT INTO sessions (token_sha256, team_id, person_id, created_at, last_seen_at, expires_at)
		VALUES (sha256(($1::text)::bytea), $1, $1 * 100, $2, $2, $2)`},
	{"applications", `INSERT INTO applications (id, team_id, name, type, created_at) OVERRIDING SYSTEM VALUE
		VALUES ($1 * 100, $1, 'Shop', 'custom', $2)`},
	{"client_ids", `INSERT INTO client_ids (application_id, team_id, environment, client_id)
		SELECT $1 * 100, $1, 'SOD', 'client' WHERE $2 IS NOT NULL`},
	{"endpoints", `INSERT INTO endpoints (id, team_id, application_id, environment, kind, value_kind, value, host, next_run_at, created_at)
		OVERRIDING SYSTEM VALUE VALUES ($1 * 100, $1, $1 * 100, 'SOD', 'redirect', 'literal', 'https://shop.example/', 'shop.example', $2, $2)`},
	{"host_ownerships", `INSERT INTO host_ownerships (id, team_id, host, token, created_by, created_at, state, method) OVERRIDING SYSTEM VALUE
		VALUES ($1 * 100, $1, 'shop.example', repeat('t', 26), 'b', $2, 'verified', 'file')`},
	{"intrusive_leaves", `INSERT INTO intrusive_leaves (endpoint_id, team_id, basis, reason, allowed_by, allowed_at)
		VALUES ($1 * 100, $1, 'ownership', 'agreed', 'admin@example.com', $2)`},
	{"assessments", `INSERT INTO assessments (id, team_id, endpoint_id, slot, purpose, vantage, depth, requested_at,
			host_look_id, host_look_at, manifest_sha256, verdicts_sha256, grade_sha256)
		OVERRIDING SYSTEM VALUE VALUES ($1 * 100, $1, $1 * 100, $2, 'first', 'local', 'quick', $2,
			$1 * 100, $2, sha256(('manifest' || $1)::bytea), sha256(('verdicts' || $1)::bytea), sha256(('grade' || $1)::bytea))`},
	{"endpoint_status", `INSERT INTO endpoint_status (endpoint_id, team_id, family, depth, manifest_sha256, assessment_id, observed_at)
		VALUES ($1 * 100, $1, 'pki', 'quick', sha256(('look' || $1)::bytea), $1 * 100, $2)`},
	{"requirement_status", `INSERT INTO requirement_status (endpoint_id, team_id, requirement, severity, result, assessment_id, judged_at)
		VALUES ($1 * 100, $1, 'T-01', 'must', 'pass', $1 * 100, $2)`},
	{"endpoint_grades", `INSERT INTO endpoint_grades (endpoint_id, team_id, letter, provisional, grade_sha256, assessment_id, graded_at)
		VALUES ($1 * 100, $1, 'B', false, sha256(('grade' || $1)::bytea), $1 * 100, $2)`},
	{"waivers", `INSERT INTO waivers (id, team_id, endpoint_id, requirement, owner, reason, until, created_by, created_at)
		OVERRIDING SYSTEM VALUE VALUES ($1 * 100, $1, $1 * 100, 'T-01', 'o', 'r', $2::timestamptz + interval '1 day', 'b', $2)`},
	{"endpoint_profiles", `INSERT INTO endpoint_profiles (endpoint_id, team_id, profile, added_by, added_at)
		VALUES ($1 * 100, $1, 'mozilla-intermediate', 'b', $2)`},
	{"imports", `INSERT INTO imports (id, team_id, file_name, format, created_by, created_at, expires_at)
		OVERRIDING SYSTEM VALUE VALUES ($1 * 100, $1, 'urls.csv', 'csv', 'b', $2, $2::timestamptz + interval '1 day')`},
	{"import_rows", `INSERT INTO import_rows (import_id, team_id, ordinal, place, application, type, environment, kind, value_kind, value,
			probe_url, method, interval, post_allowed, client_id)
		SELECT $1 * 100, $1, 1, 'Line 2', 'Shop', '', 'SOD', 'redirect', '', 'https://shop.example/', '', '', '', '', '' WHERE $2 IS NOT NULL`},
	{"attestations", `INSERT INTO attestations (id, team_id, application_id, requirement, catalog, result, owner, stated_on, recorded_by, recorded_at)
		OVERRIDING SYSTEM VALUE VALUES ($1 * 100, $1, $1 * 100, 'A-06', 'c', 'pass', 'o', '2026-11-21', 'b', $2)`},
	{"application_secrets", `INSERT INTO application_secrets (id, team_id, application_id, environment, kind, expires_on, owner, added_by, added_at)
		OVERRIDING SYSTEM VALUE VALUES ($1 * 100, $1, $1 * 100, 'SOD', 'secret', '2027-01-01', 'o', 'b', $2)`},
	{"reminders", `INSERT INTO reminders (team_id, secret_id, threshold, reminded_at) VALUES ($1, $1 * 100, 30, $2)`},
	{"compromises", `INSERT INTO compromises (id, team_id, application_id, what, discovered_at, recorded_by, recorded_at)
		OVERRIDING SYSTEM VALUE VALUES ($1 * 100, $1, $1 * 100, 'w', $2, 'b', $2)`},
	{"compromise_steps", `INSERT INTO compromise_steps (team_id, compromise_id, kind, happened_at, who, recorded_by, recorded_at)
		VALUES ($1, $1 * 100, 'done', $2, 'w', 'b', $2)`},
	{"changes", `INSERT INTO changes (team_id, endpoint_id, assessment_id, previous_assessment_id, occurred_at, class, cause,
			subject, before, after, sentence)
		VALUES ($1, $1 * 100, $1 * 100, $1 * 100, $2, 'drift', 'time', 's', 'b', 'a', 'x')`},
	{"incidents", `INSERT INTO incidents (id, team_id, state, title, cause, opened_at) OVERRIDING SYSTEM VALUE
		VALUES ($1 * 100, $1, 'open', 't', 'c', $2)`},
	{"incident_requirements", `INSERT INTO incident_requirements (incident_id, team_id, endpoint_id, requirement, assessment_id)
		SELECT $1 * 100, $1, $1 * 100, 'T-01', $1 * 100 WHERE $2 IS NOT NULL`},
	{"incident_entries", `INSERT INTO incident_entries (team_id, incident_id, at, kind) VALUES ($1, $1 * 100, $2, 'opened')`},
	{"maintenance_windows", `INSERT INTO maintenance_windows (team_id, reason, starts_at, duration_seconds, created_by, created_at)
		VALUES ($1, 'r', $2, 3600, 'b', $2)`},
	{"calendar_feeds", `INSERT INTO calendar_feeds (team_id, person_id, token_sha256, created_at) VALUES ($1, $1 * 100, sha256(($1::text)::bytea), $2)`},
	{"endpoint_availability", `INSERT INTO endpoint_availability (endpoint_id, team_id, day) SELECT $1 * 100, $1, $2::date`},
	{"notifications", `INSERT INTO notifications (id, team_id, kind, incident_id, created_at, payload)
		VALUES (md5('n' || $1)::uuid, $1, 'incident.opened', $1 * 100, $2, '{}')`},
	{"channels", `INSERT INTO channels (id, team_id, kind, address, created_at) OVERRIDING SYSTEM VALUE
		VALUES ($1 * 100, $1, 'email', 'a@example.com', $2)`},
	{"channel_routes", `INSERT INTO channel_routes (team_id, channel_id, created_by, created_at) VALUES ($1, $1 * 100, 'b', $2)`},
	{"mail_bounces", `INSERT INTO mail_bounces (team_id, channel_id, address, at, permanent) VALUES ($1, $1 * 100, 'a@example.com', $2, true)`},
	{"deliveries", `INSERT INTO deliveries (id, team_id, notification_id, channel_id, state, created_at)
		VALUES (md5('d' || $1)::uuid, $1, md5('n' || $1)::uuid, $1 * 100, 'pending', $2)`},
	{"delivery_attempts", `INSERT INTO delivery_attempts (delivery_id, team_id, attempt, started_at, duration_ms, accepted, answer)
		VALUES (md5('d' || $1)::uuid, $1, 1, $2, 1, true, '250 Ok')`},
	{"audit", `INSERT INTO audit (team_id, occurred_at, event_source, action, object, result)
		VALUES ($1, $2, 'web', 'endpoint.create', 'endpoint/' || $1, 'done')`},
}

// sharedRows inserts what was seen for the team $1: rows that name no team.
var sharedRows = []string{
	`INSERT INTO components (sha256, kind, body, first_seen_at, last_seen_month)
		SELECT sha256((kind || $1)::bytea), kind, (kind || $1)::bytea, $2, '2026-11-01'
		FROM unnest(ARRAY['tls', 'pki', 'verdicts', 'grade']) AS kind`,
	`INSERT INTO manifests (sha256, depth, first_seen_at, last_seen_month)
		SELECT sha256((name || $1)::bytea), 'quick', $2, '2026-11-01' FROM unnest(ARRAY['manifest', 'look']) AS name`,
	`INSERT INTO manifest_entries (manifest_sha256, kind, address, port, component_sha256)
		SELECT sha256(('manifest' || $1)::bytea), 'tls', '192.0.2.1'::inet, 443, sha256(('tls' || $1)::bytea) WHERE $2 IS NOT NULL
		UNION ALL SELECT sha256(('look' || $1)::bytea), 'pki', NULL, NULL, sha256(('pki' || $1)::bytea)`,
	`INSERT INTO host_looks (id, host, port, vantage, depth, manifest_sha256, started_at, duration_ms, connections)
		OVERRIDING SYSTEM VALUE VALUES ($1 * 100, 'shop.example', 443, 'local', 'quick', sha256(('manifest' || $1)::bytea), $2, 1, 1)`,
	`INSERT INTO measurements (host_look_id, started_at, body) VALUES ($1 * 100, $2, '{}')`,
}

// twoTeams returns a database with one row of every table for each team, and a
// connection of the owner, whom row-level security does not bind.
func twoTeams(t *testing.T) (*testdb.Database, *pgx.Conn) {
	t.Helper()
	database := testdb.New(t)
	owner := connectOwner(t, database)
	run := func(statement string, arguments ...any) {
		_, err := owner.Exec(t.Context(), statement, arguments...)
		require.NoError(t, err, statement)
	}
	run(`SELECT ensure_partitions($1, 1)`, instant)
	for _, team := range []int{ours, theirs} {
		run(`INSERT INTO teams (id, name, created_at) OVERRIDING SYSTEM VALUE VALUES ($1, 'team', $2)`, team, instant)
		for _, row := range teamRows {
			run(typed(row.insert), team, instant)
		}
		for _, insert := range sharedRows {
			run(typed(insert), team, instant)
		}
	}
	return database, owner
}

func connectOwner(t *testing.T, database *testdb.Database) *pgx.Conn {
	t.Helper()
	owner, err := pgx.Connect(t.Context(), database.OwnerURL)
	require.NoError(t, err)
	t.Cleanup(func() { _ = owner.Close(context.Background()) })
	return owner
}
