// Package migrations holds the database schema as numbered SQL files and
// applies them: ours first, then River's to a pinned version. It holds no
// other SQL and knows no table by name outside its files.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed *.sql
var files embed.FS

// RiverVersion is the River schema that this code was tested with. A newer
// River module must not change a running database by surprise.
const RiverVersion = 8

// Apply brings the database behind pool to the newest schema. The pool's user
// must own the schema; for another one there must be nothing left to do.
// Processes that start at once wait for each other on a session lock, so pool
// must not go through a transaction pooler.
func Apply(ctx context.Context, pool *pgxpool.Pool, logger *slog.Logger) error {
	owns, err := ownsSchema(ctx, pool)
	if err != nil {
		return err
	}
	if !owns {
		return alreadyApplied(ctx, pool)
	}
	database := stdlib.OpenDBFromPool(pool)
	defer database.Close()
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("prepare the migration lock: %w", err)
	}
	provider, err := newProvider(database, goose.WithSessionLocker(locker), goose.WithSlog(logger))
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("apply migrations: %w", err)
	}
	// A look may be asked for before any worker's upkeep has run.
	if _, err := pool.Exec(ctx, `SELECT ensure_partitions($1, 2)`, time.Now()); err != nil {
		return fmt.Errorf("make the first partitions: %w", err)
	}
	return applyRiver(ctx, database, pool, locker, logger)
}

// ownsSchema says whether the pool's user may change the schema. An empty
// database has none yet: whoever makes it owns it.
func ownsSchema(ctx context.Context, pool *pgxpool.Pool) (owns bool, err error) {
	const question = `SELECT coalesce((SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('goose_db_version')), true)`
	if err := pool.QueryRow(ctx, question).Scan(&owns); err != nil {
		return false, fmt.Errorf("ask who owns the schema: %w", err)
	}
	return owns, nil
}

// alreadyApplied lets a user through that owns nothing, as the application's
// should not: the owner grants and makes partitions each time, this one cannot.
func alreadyApplied(ctx context.Context, pool *pgxpool.Pool) error {
	configuration := pool.Config()
	configuration.AfterConnect = func(ctx context.Context, connection *pgx.Conn) error {
		_, err := connection.Exec(ctx, `SET ROLE gradewatch_app`) // it may not inherit
		return err
	}
	application, err := pgxpool.NewWithConfig(ctx, configuration)
	if err != nil {
		return fmt.Errorf("connect to look for pending migrations: %w", err)
	}
	defer application.Close()
	pending, err := Pending(ctx, application)
	if err != nil {
		return err
	}
	if pending {
		return fmt.Errorf("the database lacks migrations, and the user %q does not own its schema: run 'gradewatch migrate' as the owner", configuration.ConnConfig.User)
	}
	return nil
}

func newProvider(database *sql.DB, options ...goose.ProviderOption) (*goose.Provider, error) {
	provider, err := goose.NewProvider(goose.DialectPostgres, database, files, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}

// applyRiver holds the same lock as goose: River's migrator takes none.
func applyRiver(ctx context.Context, database *sql.DB, pool *pgxpool.Pool, locker lock.SessionLocker, logger *slog.Logger) (err error) {
	connection, err := database.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to apply River's migrations: %w", err)
	}
	defer connection.Close()
	if err := locker.SessionLock(ctx, connection); err != nil {
		return fmt.Errorf("lock River's migrations: %w", err)
	}
	defer func() {
		if unlockErr := locker.SessionUnlock(context.WithoutCancel(ctx), connection); err == nil && unlockErr != nil {
			err = fmt.Errorf("unlock River's migrations: %w", unlockErr)
		}
	}()
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: logger})
	if err != nil {
		return fmt.Errorf("prepare River's migrations: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: RiverVersion}); err != nil {
		return fmt.Errorf("apply River's migrations: %w", err)
	}
	return grantRiver(ctx, connection)
}

// riverGrants lets the roles of our transactions insert jobs beside their
// rows, and the worker's complete them.
const riverGrants = `
DO $$ DECLARE t text; BEGIN
    FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'river\_%' LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO gradewatch_app', t);
    END LOOP;
    FOR t IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND sequencename LIKE 'river\_%' LOOP
        EXECUTE format('GRANT USAGE ON SEQUENCE %I TO gradewatch_app, gradewatch_team, gradewatch_operator, gradewatch_worker', t);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON river_job TO gradewatch_worker;
-- Who only inserts jobs changes none: River's own insert touches kind where a
-- unique job is there already.
REVOKE UPDATE ON river_job FROM gradewatch_team, gradewatch_operator;
GRANT SELECT, INSERT, UPDATE (kind) ON river_job TO gradewatch_team, gradewatch_operator;
GRANT SELECT ON goose_db_version TO gradewatch_app;
REVOKE ALL ON river_queue FROM gradewatch_team, gradewatch_operator;
GRANT SELECT, INSERT, UPDATE ON river_queue TO gradewatch_worker;
DO $$ BEGIN
    IF to_regclass('river_notification') IS NOT NULL THEN
        GRANT SELECT, INSERT, UPDATE ON river_notification TO gradewatch_team, gradewatch_operator, gradewatch_worker;
    END IF;
END $$`

func grantRiver(ctx context.Context, connection *sql.Conn) error {
	if _, err := connection.ExecContext(ctx, riverGrants); err != nil {
		return fmt.Errorf("grant River's tables: %w", err)
	}
	return nil
}

// Pending says whether the database lacks a migration that this program has,
// ours or River's. It changes nothing, and the application's role may ask.
func Pending(ctx context.Context, pool *pgxpool.Pool) (bool, error) {
	var empty bool // goose would make its table to answer
	if err := pool.QueryRow(ctx, `SELECT to_regclass('goose_db_version') IS NULL`).Scan(&empty); err != nil {
		return false, fmt.Errorf("look for pending migrations: %w", err)
	}
	if empty {
		return true, nil
	}
	database := stdlib.OpenDBFromPool(pool)
	defer database.Close()
	provider, err := newProvider(database)
	if err != nil {
		return false, err
	}
	pending, err := provider.HasPending(ctx)
	if err != nil {
		return false, fmt.Errorf("look for pending migrations: %w", err)
	}
	if pending {
		return true, nil
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return false, fmt.Errorf("prepare River's migrations: %w", err)
	}
	result, err := migrator.Validate(ctx, &rivermigrate.ValidateOpts{TargetVersion: RiverVersion})
	if err != nil {
		return false, fmt.Errorf("look for River's pending migrations: %w", err)
	}
	return !result.OK, nil
}
