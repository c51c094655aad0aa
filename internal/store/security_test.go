package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/internal/testdb"
)

// typed tells Postgres the types of the two parameters, which it cannot infer
// where they are only concatenated or compared with NULL.
func typed(statement string) string {
	return strings.NewReplacer("$1", "$1::int", "$2", "$2::timestamptz").Replace(statement)
}

// teamTables asks the catalog, so that a table of tomorrow is held to the rules too.
func teamTables(t *testing.T, owner *pgx.Conn) []string {
	t.Helper()
	rows, _ := owner.Query(t.Context(), `
		SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'team_id' AND NOT a.attisdropped
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1`)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(tables), 20)
	return tables
}

func TestEveryTeamTableForcesRowSecurity(t *testing.T) {
	t.Parallel()
	owner := connectOwner(t, testdb.New(t))
	for _, table := range append(teamTables(t, owner), "teams") {
		var enabled, forced bool
		var ours int
		require.NoError(t, owner.QueryRow(t.Context(), `
			SELECT relrowsecurity, relforcerowsecurity,
				(SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND p.polroles = '{0}'
					AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL)
			FROM pg_class c WHERE oid = $1::text::regclass`, table).Scan(&enabled, &forced, &ours))
		require.True(t, enabled, "%s: ENABLE ROW LEVEL SECURITY is missing", table)
		require.True(t, forced, "%s: FORCE ROW LEVEL SECURITY is missing", table)
		require.Equal(t, 1, ours, "%s: one policy binds everybody", table)
	}
}

// A partition has no policy of its own: whoever could name it would read past
// its parent's.
func TestPartitionsAreReachedThroughTheirParentOnly(t *testing.T) {
	t.Parallel()
	_, owner := twoTeams(t)
	rows, _ := owner.Query(t.Context(), `SELECT relname || ' ' || coalesce(relacl::text, '') FROM pg_class c
		WHERE relispartition AND relkind = 'r' AND relnamespace = 'public'::regnamespace
		AND EXISTS (SELECT FROM aclexplode(relacl) g WHERE g.grantee <> c.relowner)`)
	granted, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, granted)
}

func TestRolesOwnNothingAndBypassNothing(t *testing.T) {
	t.Parallel()
	owner := connectOwner(t, testdb.New(t))
	for _, role := range []string{"gradewatch", "gradewatch_app", "gradewatch_team", "gradewatch_operator", "gradewatch_worker"} {
		var powerful bool
		var owned int
		require.NoError(t, owner.QueryRow(t.Context(), `
			SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication,
				(SELECT count(*) FROM pg_class WHERE relowner = r.oid)
				+ (SELECT count(*) FROM pg_proc WHERE proowner = r.oid)
				+ (SELECT count(*) FROM pg_database WHERE datdba = r.oid)
				+ (SELECT count(*) FROM pg_namespace WHERE nspowner = r.oid)
			FROM pg_roles r WHERE rolname = $1`, role).Scan(&powerful, &owned), role)
		require.False(t, powerful, role)
		require.Zero(t, owned, role)
	}
}

func TestEveryTeamTableHasRowsToTestWith(t *testing.T) {
	t.Parallel()
	var fixed []string
	for _, row := range teamRows {
		fixed = append(fixed, row.table)
	}
	slices.Sort(fixed)
	require.Equal(t, teamTables(t, connectOwner(t, testdb.New(t))), fixed, "add the new table to teamRows")
}

// teamMayChange names one column that a team may change in each table of which
// it may change anything.
var teamMayChange = map[string]string{
	"sign_in_links": "used_at", "sessions": "last_seen_at", "applications": "deleted_at", "client_ids": "client_id",
	"endpoints": "next_run_at", "incidents": "state", "incident_requirements": "resolved_at", "channels": "disabled_at",
	"waivers": "ended_at", "imports": "applied_by", "attestations": "superseded_at", "application_secrets": "replaced_by", "compromises": "closed_by",
	"maintenance_windows": "ended_by", "mail_bounces": "cleared_by", "calendar_feeds": "ended_at",
}

// teamMayDelete names the tables whose rows a team deletes and never changes.
var teamMayDelete = []string{"channel_routes", "endpoint_profiles", "intrusive_leaves", "host_ownerships"}

func TestTeamSeesAndChangesItsOwnRowsOnly(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	for _, table := range teamTables(t, owner) {
		require.Equal(t, []int64{ours}, teamsIn(t, database.Store, table), table)
		_, err := change(t, database.Store, `UPDATE `+table+` SET team_id = 2`)
		require.True(t, denied(err), "%s: a row must not be given away: %v", table, err)
		if slices.Contains(teamMayDelete, table) {
			deleted, err := change(t, database.Store, `DELETE FROM `+table)
			require.NoError(t, err, table)
			require.EqualValues(t, 1, deleted, "%s: a team deletes its own row only", table)
			continue
		}
		column, ok := teamMayChange[table]
		if !ok {
			_, err := change(t, database.Store, `DELETE FROM `+table)
			require.True(t, denied(err), "%s: %v", table, err)
			continue
		}
		changed, err := change(t, database.Store, `UPDATE `+table+` SET `+column+` = `+column)
		require.NoError(t, err, table)
		require.EqualValues(t, 1, changed, "%s: an update must reach one's own row only", table)
	}
	var names int
	require.NoError(t, database.Store.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT count(*) FROM teams`).Scan(&names)
	}))
	require.Equal(t, 1, names)
}

func TestRowsAreInsertedForOnesOwnTeamOnly(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	for _, row := range slices.Backward(teamRows) {
		_, err := owner.Exec(t.Context(), `DELETE FROM `+row.table)
		require.NoError(t, err)
	}
	// Rights aside, so that what is left to refuse a row is row-level security.
	_, err := owner.Exec(t.Context(), `GRANT INSERT ON ALL TABLES IN SCHEMA public TO gradewatch_team`)
	require.NoError(t, err)
	for _, row := range teamRows {
		insert := func(team int) error {
			return database.Store.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, typed(row.insert), team, instant)
				return err
			})
		}
		require.True(t, denied(insert(theirs)), "%s: a row of another team", row.table)
		require.NoError(t, insert(ours), row.table)
	}
}

// What was seen, judged and told is the worker's to write. A team that could
// write it could name what another team saw, and read it through the views.
func TestTeamForgesNothing(t *testing.T) {
	t.Parallel()
	database, _ := twoTeams(t)
	for _, statement := range []string{
		`INSERT INTO assessments (team_id, endpoint_id, slot, purpose, vantage, depth, requested_at, manifest_sha256)
			VALUES (1, 100, now(), 'first', 'local', 'quick', now(), sha256('manifest2'))`,
		`UPDATE assessments SET manifest_sha256 = sha256('manifest2')`,
		`UPDATE assessments SET outcome = 'judged'`,
		`UPDATE requirement_status SET result = 'pass'`,
		`UPDATE endpoint_status SET manifest_sha256 = sha256('manifest2')`,
		`UPDATE endpoint_grades SET grade_sha256 = sha256('grade2')`,
		`INSERT INTO endpoint_grades (endpoint_id, team_id, letter, provisional, assessment_id, graded_at) VALUES (100, 1, 'A+', false, 1, now())`,
		`UPDATE assessments SET grade = 'A+'`,
		`UPDATE waivers SET until = now() + interval '9 years'`,
		`UPDATE waivers SET requirement = 'T-02'`,
		`DELETE FROM waivers`,
		`UPDATE endpoint_profiles SET profile = 'x'`,
		`UPDATE host_ownerships SET state = 'verified'`,
		`INSERT INTO host_ownerships (team_id, host, token, created_by, created_at, state) VALUES (1, 'x.example', repeat('t', 26), 'b', now(), 'verified')`,
		`SELECT FROM opt_outs`,
		`INSERT INTO intrusive_leaves (endpoint_id, team_id, basis, reason, allowed_by, allowed_at) VALUES (100, 1, 'operator', 'r', 'b', now())`,
		`UPDATE attestations SET result = 'pass'`,
		`DELETE FROM attestations`,
		`UPDATE application_secrets SET expires_on = '2030-01-01'`,
		`DELETE FROM application_secrets`,
		`INSERT INTO reminders (team_id, secret_id, threshold, reminded_at) VALUES (1, 100, 1, now())`,
		`DELETE FROM reminders`,
		`UPDATE compromises SET discovered_at = now()`,
		`UPDATE compromise_steps SET text = 'x'`,
		`DELETE FROM compromise_steps`,
		`SELECT FROM regrades`,
		`SELECT FROM regrade_results`,
		`SELECT FROM regrade_endpoints`,
		`INSERT INTO regrades (criteria, from_slot, to_slot, requested_by, requested_at) VALUES ('2009r', '2026-01-01', now(), 'b', now())`,
		`UPDATE notifications SET payload = '{}'`,
		`UPDATE deliveries SET state = 'delivered'`,
		`UPDATE channels SET address = 'else@example.com'`,
		`UPDATE people SET role = 'operator'`,
		`INSERT INTO people (team_id, email, role, created_at) VALUES (1, 'new@example.com', 'operator', now())`,
		`UPDATE sessions SET expires_at = now() + interval '1 year'`,
		`UPDATE sign_in_links SET expires_at = now() + interval '1 year'`,
		`INSERT INTO delivery_attempts (delivery_id, team_id, attempt, started_at, duration_ms, accepted, answer)
			VALUES (md5('d1')::uuid, 1, 9, now(), 0, true, '')`,
		`UPDATE river_job SET args = '{}'`,
		`UPDATE river_job SET state = 'cancelled'`,
		`UPDATE river_queue SET paused_at = now()`,
	} {
		_, err := change(t, database.Store, statement)
		require.True(t, denied(err), "%s: %v", statement, err)
	}
	// Secrets are no operator's to read.
	for _, statement := range []string{`SELECT secret FROM channels`, `SELECT * FROM sessions`, `SELECT * FROM sign_in_links`} {
		err := database.Store.AsOperator(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, statement)
			return err
		})
		require.True(t, denied(err), "%s: %v", statement, err)
	}
}

// Foreign keys look past row-level security: only with the team in them does a
// row of one's own name nothing of another team.
func TestRowsNameRowsOfTheirTeamOnly(t *testing.T) {
	t.Parallel()
	database, _ := twoTeams(t)
	for _, statement := range []string{
		`INSERT INTO deliveries (id, team_id, notification_id, channel_id, state, created_at)
			VALUES (md5('x')::uuid, 1, md5('n1')::uuid, 200, 'pending', now())`,
		`INSERT INTO deliveries (id, team_id, notification_id, channel_id, state, created_at)
			VALUES (md5('x')::uuid, 1, md5('n2')::uuid, 100, 'pending', now())`,
		`INSERT INTO sessions (token_sha256, team_id, person_id, created_at, last_seen_at, expires_at)
			VALUES ('x', 1, 200, now(), now(), now())`,
		`INSERT INTO assessments (team_id, endpoint_id, slot, purpose, vantage, depth, requested_at)
			VALUES (1, 200, '2026-11-21T13:00:00Z', 'first', 'local', 'quick', now())`,
		`INSERT INTO endpoint_grades (endpoint_id, team_id, letter, provisional, assessment_id, graded_at) VALUES (200, 1, 'B', false, 1, now())
			ON CONFLICT (endpoint_id) DO UPDATE SET team_id = excluded.team_id`,
	} {
		err := database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, statement)
			return err
		})
		var fault *pgconn.PgError
		require.ErrorAs(t, err, &fault, statement)
		require.Equal(t, "23503", fault.Code, "%s: %v", statement, err) // foreign_key_violation
	}
}

func TestWithoutATeamThereIsNothing(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	for _, table := range append(teamTables(t, owner), "components", "manifests", "manifest_entries", "host_looks", "measurements",
		"team_components", "team_manifest_entries", "team_measurements") {
		_, err := database.Pool.Exec(t.Context(), `SELECT FROM `+table)
		require.True(t, denied(err), "%s: %v", table, err)
	}
	require.NoError(t, pgx.BeginFunc(t.Context(), database.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `SET LOCAL ROLE gradewatch_team`); err != nil {
			return err
		}
		for _, table := range append(teamTables(t, owner), "teams", "team_components", "team_manifest_entries", "team_measurements") {
			var count int
			require.NoError(t, tx.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&count), table)
			require.Zero(t, count, table)
		}
		return nil
	}))
}

func TestSharedRowsAreReadThroughViews(t *testing.T) {
	t.Parallel()
	database, _ := twoTeams(t)
	for _, table := range []string{"components", "manifests", "manifest_entries", "host_looks", "measurements"} {
		for _, statement := range []string{`SELECT FROM `, `DELETE FROM `} {
			_, err := change(t, database.Store, statement+table)
			require.True(t, denied(err), "%s: %v", table, err)
		}
	}
	for query, want := range map[string][]string{
		`SELECT convert_from(body, 'UTF8') FROM team_components ORDER BY 1`:                                                     {"grade1", "pki1", "tls1", "verdicts1"},
		`SELECT CASE WHEN component_sha256 = sha256('tls1') THEN 'tls1' ELSE 'other' END FROM team_manifest_entries ORDER BY 1`: {"other", "tls1"},
		`SELECT host_look_id::text FROM team_measurements ORDER BY 1`:                                                           {"100"},
	} {
		var got []string
		require.NoError(t, database.Store.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) (err error) {
			rows, _ := tx.Query(ctx, query)
			got, err = pgx.CollectRows(rows, pgx.RowTo[string])
			return err
		}))
		require.Equal(t, want, got, query)
	}
}

func TestOperatorAndWorkerSeeEveryTeam(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	secret := []string{"sessions", "sign_in_links", "calendar_feeds"} // the worker's only
	for role, as := range map[string]func(context.Context, func(context.Context, *store.Tx) error) error{
		"operator": database.Store.AsOperator, "worker": database.Store.AsWorker,
	} {
		for _, table := range append(teamTables(t, owner), "teams", "host_looks", "measurements", "manifests") {
			if role == "operator" && slices.Contains(secret, table) {
				continue
			}
			require.NoError(t, as(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				var count int
				err := tx.QueryRow(ctx, `SELECT count(*) FROM `+table).Scan(&count)
				want := 2
				if table == "manifests" {
					want = 4 // what each team's assessment rests on, and what its look saw
				}
				require.Equal(t, want, count, table)
				return err
			}), table)
		}
	}
}

// Nobody changes an audit row, and only the worker removes any: those that are
// older than S-06 asks for by the database's own clock, whatever it is told.
func TestAuditIsAppendOnly(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	as := map[string]func(context.Context, func(context.Context, *store.Tx) error) error{
		"operator": database.Store.AsOperator, "worker": database.Store.AsWorker,
		"team": func(ctx context.Context, do func(context.Context, *store.Tx) error) error {
			return database.Store.AsTeam(ctx, ours, do)
		},
	}
	for role, run := range as {
		for _, statement := range []string{`UPDATE audit SET action = 'x'`, `TRUNCATE audit`, `DELETE FROM audit`} {
			if role == "worker" && strings.HasPrefix(statement, "DELETE") {
				continue
			}
			err := run(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, statement)
				return err
			})
			require.True(t, denied(err), "%s: %s: %v", role, statement, err)
		}
	}
	_, err := owner.Exec(t.Context(), `DELETE FROM audit`)
	require.NoError(t, err)
	day := 24 * time.Hour
	for _, age := range []time.Duration{0, 91 * day, 93 * day} {
		_, err := owner.Exec(t.Context(), typed(teamRows[len(teamRows)-1].insert), ours, time.Now().Add(-age))
		require.NoError(t, err)
	}
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM audit`)
		require.EqualValues(t, 1, tag.RowsAffected(), "92 days stay")
		return err
	}))
}

// teamsIn returns whose rows of table the team sees.
func teamsIn(t *testing.T, from *store.Store, table string) (teams []int64) {
	t.Helper()
	require.NoError(t, from.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) (err error) {
		rows, _ := tx.Query(ctx, `SELECT team_id FROM `+table)
		teams, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	}), table)
	return teams
}

// change runs statement as our team and returns how many rows it reached.
func change(t *testing.T, in *store.Store, statement string) (rows int64, err error) {
	t.Helper()
	err = in.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) error {
		tag, err := tx.Exec(ctx, statement)
		rows = tag.RowsAffected()
		return err
	})
	return rows, err
}

// denied says whether err is Postgres' insufficient_privilege, which a
// violated policy is too.
func denied(err error) bool {
	var fault *pgconn.PgError
	return errors.As(err, &fault) && fault.Code == "42501"
}
