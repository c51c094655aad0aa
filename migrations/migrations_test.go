package migrations_test

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/gradewatch/gradewatch/internal/pgembed"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/internal/testdb"
	"github.com/gradewatch/gradewatch/migrations"
)

func TestMain(m *testing.M) { testdb.Main(m) }

func TestApplyTwice(t *testing.T) {
	t.Parallel()
	database := testdb.Empty(t)
	requirePending(t, open(t, database.AppURL), true)
	pool := open(t, database.OwnerURL)
	require.Empty(t, objects(t, pool), "asking changes nothing")
	require.NoError(t, migrations.Apply(t.Context(), pool, slog.New(slog.DiscardHandler)))
	before := objects(t, pool)
	requirePending(t, pool, false)
	require.NoError(t, migrations.Apply(t.Context(), pool, slog.New(slog.DiscardHandler)))
	require.Equal(t, before, objects(t, pool))
	requirePending(t, pool, false)
}

func TestApplyAtOnce(t *testing.T) {
	t.Parallel()
	database := testdb.Empty(t)
	var group errgroup.Group
	for range 3 {
		pool := open(t, database.OwnerURL)
		group.Go(func() error { return migrations.Apply(t.Context(), pool, slog.New(slog.DiscardHandler)) })
	}
	require.NoError(t, group.Wait())
	requirePending(t, open(t, database.OwnerURL), false)
}

// A database behind in River's schema is behind, whatever ours says.
func TestPendingKnowsRiver(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	requirePending(t, database.Pool, false) // as the application's role
	pool := open(t, database.OwnerURL)
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	result, err := migrator.Validate(t.Context(), &rivermigrate.ValidateOpts{TargetVersion: migrations.RiverVersion})
	require.NoError(t, err)
	require.True(t, result.OK, result.Messages)
	_, err = migrator.Migrate(t.Context(), rivermigrate.DirectionDown, &rivermigrate.MigrateOpts{MaxSteps: 1})
	require.NoError(t, err)
	requirePending(t, pool, true)
}

// A given Postgres has no superuser for us: an owner who may make roles must do.
func TestApplyAsOrdinaryOwner(t *testing.T) {
	t.Parallel()
	url, _ := ordinaryOwner(t)
	pool := open(t, url)
	require.NoError(t, migrations.Apply(t.Context(), pool, slog.New(slog.DiscardHandler)))
	require.NoError(t, migrations.Apply(t.Context(), pool, slog.New(slog.DiscardHandler)), "again")

	opened, err := store.Open(t.Context(), url, 2)
	require.NoError(t, err)
	t.Cleanup(opened.Close)
	at := time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC)
	require.NoError(t, opened.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT ensure_partitions($1, 1)`, at); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO teams (name, created_at) VALUES ('one', $1), ('two', $1)`, at)
		return err
	}))
	var teams, components int
	require.NoError(t, opened.AsTeam(t.Context(), 1, func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM teams), (SELECT count(*) FROM team_components)`).Scan(&teams, &components)
	}))
	require.Equal(t, 1, teams, "forced row-level security binds the owner too")
	require.Zero(t, components)
}

// ordinaryOwner returns a database whose owner has no special rights, and its URL
// for a superuser, whom row-level security does not bind.
func ordinaryOwner(t *testing.T) (owner, super string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "gwdb")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(folder, 0o711))
	server, err := pgembed.Start(t.Context(), pgembed.Config{DataFolder: folder, FastUnsafe: true})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, server.Stop(context.Background()))
		require.NoError(t, os.RemoveAll(folder))
	})
	superuser := open(t, server.OwnerURL())
	for _, statement := range []string{
		`DROP ROLE gradewatch`, `DROP ROLE gradewatch_app`, // as on a Postgres that was never ours
		`CREATE ROLE given LOGIN CREATEROLE`, `CREATE DATABASE given OWNER given`,
	} {
		_, err := superuser.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	given := func(user string) string {
		return strings.Replace(server.OwnerURL(), "gradewatch_owner@/gradewatch?", user+"@/given?", 1)
	}
	return given("given"), given("gradewatch_owner")
}

// What was told before the release that groups incidents is known after it: one
// that reopens or resolves is told under the next number, and to somebody.
func TestIncidentsOfTheReleaseBeforeAreToldOn(t *testing.T) {
	t.Parallel()
	url, super := ordinaryOwner(t)
	pool := open(t, url)
	provider, err := goose.NewProvider(goose.DialectPostgres, stdlib.OpenDBFromPool(pool), os.DirFS("."))
	require.NoError(t, err)
	_, err = provider.UpTo(t.Context(), 9)
	require.NoError(t, err)
	everything := open(t, super)
	for _, statement := range []string{
		`INSERT INTO teams (id, name, created_at) OVERRIDING SYSTEM VALUE VALUES (1, 'one', '2026-11-20')`,
		`INSERT INTO people (team_id, email, role, created_at) VALUES (1, 'admin@partner.example', 'administrator', '2026-11-20')`,
		`INSERT INTO applications (id, team_id, name, type, created_at) OVERRIDING SYSTEM VALUE VALUES (1, 1, 'a', 'custom', '2026-11-20')`,
		`INSERT INTO endpoints (id, team_id, application_id, kind, value_kind, value, next_run_at, created_at) OVERRIDING SYSTEM VALUE
			VALUES (1, 1, 1, 'redirect', 'literal', 'https://a.example/', '2026-11-20', '2026-11-20')`,
		`INSERT INTO incidents (id, team_id, state, title, cause, opened_at, resolved_at) OVERRIDING SYSTEM VALUE
			VALUES (1, 1, 'open', 't', 'c', '2026-11-20', NULL), (2, 1, 'resolved', 't', 'c', '2026-11-20', '2026-11-21')`,
		`INSERT INTO incident_requirements (incident_id, team_id, endpoint_id, requirement, assessment_id, resolved_at)
			VALUES (1, 1, 1, 'T-01', 1, NULL), (2, 1, 1, 'T-02', 1, '2026-11-21')`,
		`INSERT INTO notifications (id, team_id, kind, incident_id, created_at, payload) VALUES
			(gen_random_uuid(), 1, 'incident.opened', 1, '2026-11-20', '{}'), (gen_random_uuid(), 1, 'incident.opened', 2, '2026-11-20', '{}'),
			(gen_random_uuid(), 1, 'incident.resolved', 2, '2026-11-21', '{}')`,
	} {
		_, err := everything.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	require.NoError(t, migrations.Apply(t.Context(), pool, slog.New(slog.DiscardHandler)))
	var told []string
	require.NoError(t, everything.QueryRow(t.Context(), `SELECT array_agg(concat_ws(' ', i.told_kind, i.messages, i.told_endpoints,
			(SELECT max(n.sequence) FROM notifications n WHERE n.incident_id = i.id)) ORDER BY i.id) FROM incidents i`).Scan(&told))
	require.Equal(t, []string{"incident.opened 1 1 1", "incident.resolved 2 0 2"}, told)
	var contact string
	require.NoError(t, everything.QueryRow(t.Context(), `SELECT address FROM channels WHERE is_default`).Scan(&contact))
	require.Equal(t, "admin@partner.example", contact)
	var unforced int
	require.NoError(t, everything.QueryRow(t.Context(), `SELECT count(*) FROM pg_class WHERE relrowsecurity AND NOT relforcerowsecurity`).Scan(&unforced))
	require.Zero(t, unforced, "the owner is bound again")
}

// `gradewatch serve` may be given the application's own user.
func TestApplyAsApplication(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	login := open(t, database.AppURL)
	quiet := slog.New(slog.DiscardHandler)
	require.NoError(t, migrations.Apply(t.Context(), login, quiet), "there is nothing to do")
	owner := open(t, database.OwnerURL)
	_, err := owner.Exec(t.Context(), `DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`)
	require.NoError(t, err)
	require.ErrorContains(t, migrations.Apply(t.Context(), login, quiet), "run 'gradewatch migrate' as the owner")
}

func open(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

func requirePending(t *testing.T, pool *pgxpool.Pool, want bool) {
	t.Helper()
	pending, err := migrations.Pending(t.Context(), pool)
	require.NoError(t, err)
	require.Equal(t, want, pending)
}

// objects lists everything in the schema, with its privileges.
func objects(t *testing.T, pool *pgxpool.Pool) (list []string) {
	t.Helper()
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT array_agg(relname || ' ' || relkind::text || ' ' || coalesce(relacl::text, '') ORDER BY relname)
		FROM pg_class WHERE relnamespace = 'public'::regnamespace`).Scan(&list))
	return list
}
