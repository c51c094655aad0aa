package store_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/internal/testdb"
)

// BenchmarkIncidentMembers lists what one message tells of an incident with
// 10,000 endpoints.
func BenchmarkIncidentMembers(b *testing.B) {
	database := testdb.New(b)
	owner, err := pgx.Connect(b.Context(), database.OwnerURL)
	require.NoError(b, err)
	for _, statement := range []string{
		`SELECT ensure_partitions('2026-11-21', 1)`,
		`INSERT INTO teams (id, name, created_at) OVERRIDING SYSTEM VALUE VALUES (1, 't', '2026-11-21')`,
		`INSERT INTO applications (id, team_id, name, type, created_at) OVERRIDING SYSTEM VALUE VALUES (1, 1, 'a', 'custom', '2026-11-21')`,
		`INSERT INTO endpoints (id, team_id, application_id, kind, value_kind, value, next_run_at, created_at) OVERRIDING SYSTEM VALUE
			SELECT i, 1, 1, 'redirect', 'literal', 'https://' || i || '.example/', '2026-11-21', '2026-11-21' FROM generate_series(1, 10000) i`,
		`INSERT INTO incidents (id, team_id, state, title, cause, opened_at) OVERRIDING SYSTEM VALUE VALUES (1, 1, 'open', 't', 'c', '2026-11-21')`,
		`INSERT INTO manifests (sha256, depth, first_seen_at, last_seen_month) SELECT sha256(i::text::bytea), 'quick', '2026-11-21', '2026-11-01' FROM generate_series(1, 10000) i`,
		`INSERT INTO components (sha256, kind, body, first_seen_at, last_seen_month) VALUES (sha256('c'), 'tls', '{}', '2026-11-21', '2026-11-01'), (sha256('v'), 'verdicts', '[]', '2026-11-21', '2026-11-01')`,
		`INSERT INTO manifest_entries (manifest_sha256, kind, address, port, component_sha256) SELECT sha256(i::text::bytea), 'tls', '192.0.2.1', 443, sha256('c') FROM generate_series(1, 10000) i`,
		`INSERT INTO assessments (id, team_id, endpoint_id, slot, purpose, vantage, depth, requested_at, manifest_sha256, verdicts_sha256) OVERRIDING SYSTEM VALUE
			SELECT i, 1, i, '2026-11-21', 'scheduled', 'local', 'quick', '2026-11-21', sha256(i::text::bytea), sha256('v') FROM generate_series(1, 10000) i`,
		`INSERT INTO incident_requirements (incident_id, team_id, endpoint_id, requirement, assessment_id, since, vantages)
			SELECT 1, 1, i, 'T-09', i, '2026-11-21', '{local}' FROM generate_series(1, 10000) i`,
		`ANALYZE`,
	} {
		_, err := owner.Exec(b.Context(), statement)
		require.NoError(b, err, statement)
	}
	for b.Loop() {
		require.NoError(b, database.Store.AsWorker(b.Context(), func(ctx context.Context, tx *store.Tx) error {
			require.NoError(b, tx.SeeTeam(ctx, 1))
			members, err := tx.IncidentMembers(ctx, 1, monitor.MostAffected)
			require.Len(b, members, monitor.MostAffected)
			require.Equal(b, 1, members[0].Looked)
			return err
		}))
	}
}
