package testdb_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

func TestNewGivesEachTestItsOwnMigratedDatabase(t *testing.T) {
	t.Parallel()
	first, second := testdb.New(t), testdb.New(t)
	insert := func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO teams (name, created_at) VALUES ('one', $1)`, time.Unix(0, 0))
		return err
	}
	require.NoError(t, first.Store.AsWorker(t.Context(), insert))
	require.Equal(t, 1, teams(t, first))
	require.Equal(t, 0, teams(t, second), "a test must not see another test's rows")
}

func teams(t *testing.T, database *testdb.Database) (count int) {
	t.Helper()
	require.NoError(t, database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT count(*) FROM teams`).Scan(&count)
	}))
	return count
}
