package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/inventory"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/internal/testdb"
)

const (
	importedRows = 20_000
	faultyRows   = 37
)

// manyRows are rows of 50 applications. faulty of them are wrong in many ways.
func manyRows(count, faulty int) []inventory.Row {
	rows := make([]inventory.Row, 0, count)
	for i := range count {
		row := inventory.Row{
			Place: fmt.Sprintf("Line %d", i+2), Application: fmt.Sprintf("Shop %d", i%50), Type: "custom", Environment: string(policy.Environments()[i%3]),
			Kind: "redirect", Value: fmt.Sprintf("https://a%d.example.com/callback", i), Interval: "60", ClientID: fmt.Sprintf("client-%d-%d", i%50, i%3),
		}
		if faulty > 0 && i%(count/faulty) == 1 && i/(count/faulty) < faulty {
			switch i / (count / faulty) % 4 {
			case 0:
				row.Value = "no URL at all"
			case 1:
				row.Environment = "moon"
			case 2:
				row.Interval = "0"
			default:
				row.Value, row.Method = rows[i-1].Value, "PUT"
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// importing is a database of two teams whose next ids are over a thousand: the
// fixture chose its own.
func importing(t *testing.T) (*testdb.Database, *pgx.Conn) {
	t.Helper()
	database, owner := twoTeams(t)
	for _, table := range []string{"applications", "endpoints", "imports"} {
		_, err := owner.Exec(t.Context(), `SELECT setval(pg_get_serial_sequence($1, 'id'), 1000)`, table)
		require.NoError(t, err)
	}
	return database, owner
}

func stage(t *testing.T, database *testdb.Database, rows []inventory.Row) (staged store.Import) {
	t.Helper()
	require.NoError(t, database.Store.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) (err error) {
		staged, err = tx.StageImport(ctx, store.Actor{Source: "web", Email: "a@example.com"}, store.Import{
			TeamID: ours, FileName: "urls.csv", Format: inventory.CSV, Notes: []string{"A note."}, CreatedBy: "a@example.com", CreatedAt: instant, ExpiresAt: instant.Add(time.Hour),
		}, rows)
		return err
	}))
	return staged
}

// planOf is what an import would change now.
func planOf(ctx context.Context, tx *store.Tx, id int64) (plan inventory.Plan, err error) {
	rows, err := tx.ImportRows(ctx, id)
	if err != nil {
		return plan, err
	}
	registered, err := tx.Inventory(ctx, 0)
	return inventory.Compare(rows, registered), err
}

// apply does what the page does. inside runs before the transaction ends.
func apply(t *testing.T, database *testdb.Database, id int64, remove bool, inside func(context.Context, *store.Tx) error) (plan inventory.Plan, err error) {
	t.Helper()
	err = database.Store.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) error {
		staged, err := tx.LockImport(ctx, id)
		if err != nil {
			return err
		}
		if plan, err = planOf(ctx, tx, id); err != nil {
			return err
		}
		if err := tx.ApplyImport(ctx, store.Actor{Source: "web", Email: "a@example.com"}, staged, plan, store.ImportOptions{Remove: remove, At: instant}); err != nil {
			return err
		}
		return inside(ctx, tx)
	})
	return plan, err
}

func nothing(context.Context, *store.Tx) error { return nil }

func count(t *testing.T, database *testdb.Database, query string) (number int) {
	t.Helper()
	owner := connectOwner(t, database)
	require.NoError(t, owner.QueryRow(t.Context(), query).Scan(&number), query)
	return number
}

func TestImportOfTwentyThousand(t *testing.T) {
	t.Parallel()
	database, _ := importing(t)
	staged := stage(t, database, manyRows(importedRows, faultyRows))
	const endpoints, audits = `SELECT count(*) FROM endpoints WHERE deleted_at IS NULL`, `SELECT count(*) FROM audit`
	before := count(t, database, endpoints)
	require.Equal(t, 2, before, "nothing is imported until somebody confirms")
	auditsBefore := count(t, database, audits)

	failure := errors.New("the power went out")
	_, err := apply(t, database, staged.ID, false, func(context.Context, *store.Tx) error { return failure })
	require.ErrorIs(t, err, failure)
	require.Equal(t, before, count(t, database, endpoints), "half an import is none")
	require.Equal(t, auditsBefore, count(t, database, audits))
	require.Zero(t, count(t, database, `SELECT count(*) FROM imports WHERE added > 0`))

	plan, err := apply(t, database, staged.ID, false, nothing)
	require.NoError(t, err)
	require.Len(t, plan.Rejected, faultyRows)
	for _, rejection := range plan.Rejected {
		require.NotEmpty(t, rejection.Reasons)
		require.Regexp(t, `^Line \d+$`, rejection.Row.Place)
	}
	require.Equal(t, before+importedRows-faultyRows, count(t, database, endpoints))
	require.Equal(t, auditsBefore+1+50+importedRows-faultyRows, count(t, database, audits), "a row for each change, and one for the import")
	require.Equal(t, 1+150, count(t, database, `SELECT count(*) FROM client_ids WHERE team_id = 1`))
	require.LessOrEqual(t, count(t, database, `SELECT max(n) FROM (SELECT count(*) AS n FROM endpoints GROUP BY date_trunc('minute', next_run_at)) m`), 340)
	require.Zero(t, count(t, database, `SELECT count(*) FROM assessments WHERE endpoint_id > 1000`), "first looks are claimed as they are due")

	_, err = apply(t, database, staged.ID, false, nothing)
	require.ErrorIs(t, err, store.ErrConflict, "it is applied already")

	again := stage(t, database, manyRows(importedRows, faultyRows))
	plan, err = apply(t, database, again.ID, true, nothing)
	require.NoError(t, err)
	require.True(t, plan.Empty(true), "the same import changes nothing")
	require.Len(t, plan.Unchanged, importedRows-faultyRows)
	require.Equal(t, before+importedRows-faultyRows, count(t, database, endpoints))
}

func TestImportChangesAndRemoves(t *testing.T) {
	t.Parallel()
	database, _ := importing(t)
	rows := manyRows(200, 0)
	_, err := apply(t, database, stage(t, database, rows).ID, false, nothing)
	require.NoError(t, err)
	rows = rows[:150]
	for i := range 100 {
		rows[i].Interval, rows[i].Method, rows[i].Type = "5", "POST", "standard"
	}
	for i := 100; i < 150; i++ {
		rows[i].Type = ""
	}
	rows[100].Kind, rows[101].ValueKind, rows[101].ProbeURL = "post_logout", "pattern", "https://a101.example.com/callback"
	plan, err := apply(t, database, stage(t, database, rows).ID, true, nothing)
	require.NoError(t, err)
	require.Empty(t, plan.Rejected)
	require.Len(t, plan.Changed, 101)
	require.Len(t, plan.Added, 1)
	require.Len(t, plan.Missing, 51)
	require.Equal(t, 150, count(t, database, `SELECT count(*) FROM endpoints WHERE deleted_at IS NULL AND id > 1000`))
	require.Equal(t, 100, count(t, database, `SELECT count(*) FROM endpoints WHERE interval_seconds = 300 AND method = 'POST' AND next_run_at <= '2026-11-21 12:05Z'`))
	require.Equal(t, 1, count(t, database, `SELECT count(*) FROM endpoints WHERE value_kind = 'pattern' AND probe_url = 'https://a101.example.com/callback'`))
	require.Equal(t, 50, count(t, database, `SELECT count(*) FROM applications WHERE type = 'standard'`))
	require.Equal(t, 51, count(t, database, `SELECT count(*) FROM audit WHERE action = 'endpoint.remove'`))
	require.Equal(t, 101, count(t, database, `SELECT count(*) FROM audit WHERE action = 'endpoint.change' AND old->>'interval_seconds' = '3600'`))
	require.Equal(t, 1, count(t, database, `SELECT count(*) FROM endpoints WHERE team_id = 1 AND id = 100 AND deleted_at IS NULL`), "other applications are left alone")
}

// Two tabs confirm one import, and another team's person confirms nothing.
func TestImportIsAppliedOnce(t *testing.T) {
	t.Parallel()
	database, _ := importing(t)
	staged := stage(t, database, manyRows(500, 0))
	var group sync.WaitGroup
	results := make([]error, 6)
	for i := range results {
		group.Go(func() { _, results[i] = apply(t, database, staged.ID, false, nothing) })
	}
	group.Wait()
	var done int
	for _, err := range results {
		if err == nil {
			done++
		} else {
			require.ErrorIs(t, err, store.ErrConflict)
		}
	}
	require.Equal(t, 1, done)
	require.Equal(t, 500, count(t, database, `SELECT count(*) FROM endpoints WHERE id > 1000`))
	require.NoError(t, database.Store.AsTeam(t.Context(), theirs, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Import(ctx, staged.ID)
		require.ErrorIs(t, err, store.ErrNotFound)
		require.ErrorIs(t, tx.DiscardImport(ctx, store.Actor{Source: "web"}, staged.ID, instant), store.ErrNotFound)
		rows, err := tx.ImportRows(ctx, staged.ID)
		require.Empty(t, rows)
		return err
	}))
}

// What a plan rests on may change until the moment it is written.
func TestImportOverAChangedInventoryIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"registered meanwhile": `INSERT INTO endpoints (team_id, application_id, environment, kind, value_kind, value, next_run_at, created_at)
			SELECT 1, id, 'SOD', 'redirect', 'literal', 'https://a30.example.com/callback', '2026-11-21', '2026-11-21' FROM applications WHERE name = 'Shop 30'`,
		"changed meanwhile":             `UPDATE endpoints SET interval_seconds = 120 WHERE value = 'https://a0.example.com/callback'`,
		"removed meanwhile":             `UPDATE endpoints SET deleted_at = '2026-11-21' WHERE value = 'https://a0.example.com/callback'`,
		"removed what was to be":        `UPDATE endpoints SET deleted_at = '2026-11-21' WHERE value = 'https://a19.example.com/callback'`,
		"application registered":        `INSERT INTO applications (team_id, name, type, created_at) VALUES (1, 'NEW', 'custom', '2026-11-21')`,
		"application of another type":   `UPDATE applications SET type = 'standard' WHERE name = 'Shop 1'`,
		"application removed meanwhile": `UPDATE applications SET deleted_at = '2026-11-21' WHERE name = 'Shop 30'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database, owner := importing(t)
			_, err := apply(t, database, stage(t, database, manyRows(20, 0)).ID, false, nothing)
			require.NoError(t, err)
			_, err = owner.Exec(t.Context(), `INSERT INTO applications (team_id, name, type, created_at) VALUES (1, 'Shop 30', 'custom', '2026-11-21')`)
			require.NoError(t, err)
			rows := manyRows(31, 0)
			rows[0].Interval, rows[1].Type = "5", "standard"
			rows = append(rows[:19], rows[30:]...)
			rows[19].Environment = "SOD"
			rows = append(rows, rows[19])
			rows[20].Application = "New"
			shop19 := rows[18]
			shop19.Application, shop19.Value = "Shop 19", "https://b.example.com/"
			rows = append(rows, shop19)
			staged := stage(t, database, rows)
			err = database.Store.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) error {
				plan, err := planOf(ctx, tx, staged.ID)
				require.NoError(t, err)
				require.Empty(t, plan.Rejected)
				require.Len(t, plan.Missing, 1)
				_, err = owner.Exec(ctx, change)
				require.NoError(t, err)
				return tx.ApplyImport(ctx, store.Actor{Source: "web"}, staged, plan, store.ImportOptions{Remove: true, At: instant})
			})
			require.ErrorIs(t, err, store.ErrConflict)
			require.Zero(t, count(t, database, `SELECT count(*) FROM endpoints WHERE value = 'https://b.example.com/'`), "nothing of it is done")
		})
	}
}

func TestImportsExpire(t *testing.T) {
	t.Parallel()
	database, _ := importing(t)
	applied, waiting := stage(t, database, manyRows(10, 0)), stage(t, database, manyRows(10, 0))
	_, err := apply(t, database, applied.ID, false, nothing)
	require.NoError(t, err)
	late := waiting.ExpiresAt.Add(time.Second)
	require.True(t, waiting.Waits(instant))
	require.False(t, waiting.Waits(late))
	require.NoError(t, database.Store.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) error {
		err := tx.ApplyImport(ctx, store.Actor{Source: "web"}, waiting, inventory.Plan{}, store.ImportOptions{At: late})
		require.ErrorIs(t, err, store.ErrConflict)
		return nil
	}))
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		removed, err := tx.ExpireImports(ctx, late)
		require.EqualValues(t, 20+1, removed)
		return err
	}))
	require.NoError(t, database.Store.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) error {
		known, err := tx.Import(ctx, applied.ID)
		require.Equal(t, 10, known.Added, "what was applied stays known")
		return err
	}))
}

func TestFewImportsWait(t *testing.T) {
	t.Parallel()
	database, _ := importing(t)
	var last store.Import
	for range store.MostImports - 1 { // the fixture has one
		last = stage(t, database, manyRows(1, 0))
	}
	more := func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.StageImport(ctx, store.Actor{Source: "web"}, store.Import{
			TeamID: ours, FileName: "x", Format: inventory.CSV, CreatedBy: "a", CreatedAt: instant, ExpiresAt: instant.Add(time.Hour),
		}, manyRows(1, 0))
		return err
	}
	require.ErrorIs(t, database.Store.AsTeam(t.Context(), ours, more), store.ErrImportsWait)
	require.NoError(t, database.Store.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) error {
		return tx.DiscardImport(ctx, store.Actor{Source: "web"}, last.ID, instant)
	}))
	require.NoError(t, database.Store.AsTeam(t.Context(), ours, more))
}
