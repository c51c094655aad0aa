package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

func TestOptOutsOnRecord(t *testing.T) {
	t.Parallel()
	e := newEstate(t, 0)
	record := func(host string, below bool) (recorded monitor.OptOut, err error) {
		err = e.store.AsOperator(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			recorded, err = tx.RecordOptOut(ctx, actor, e.teams[1].ID, monitor.OptOut{
				Host: host, IncludesSubdomains: below, Reason: "asked by mail", Contact: "hostmaster@" + host, RecordedBy: actor.Email, RecordedAt: instant,
			})
			return err
		})
		return recorded, err
	}
	out := func(host string) (out bool) {
		e.asWorker(func(ctx context.Context, tx *store.Tx) (err error) {
			out, err = tx.OptedOut(ctx, host)
			return err
		})
		return out
	}
	wide, err := record("example.com", true)
	require.NoError(t, err)
	_, err = record("only.example.net", false)
	require.NoError(t, err)
	_, err = record("192.0.2.1", false)
	require.NoError(t, err)
	_, err = record("example.com", false)
	require.ErrorIs(t, err, store.ErrConflict)
	for host, want := range map[string]bool{
		"example.com": true, "a.b.example.com": true, "notexample.com": false, "com": false,
		"only.example.net": true, "below.only.example.net": false, "example.net": false, "192.0.2.1": true, "192.0.2.10": false, "2.1": false,
	} {
		require.Equal(t, want, out(host), host)
	}
	end := func() error {
		return e.store.AsOperator(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.EndOptOut(ctx, actor, e.teams[1].ID, wide.ID, instant.Add(time.Hour))
			return err
		})
	}
	require.NoError(t, end())
	require.ErrorIs(t, end(), store.ErrNotFound)
	require.False(t, out("a.b.example.com"))
	_, err = record("example.com", false) // again
	require.NoError(t, err)
	e.asOperator(func(ctx context.Context, tx *store.Tx) error {
		all, err := tx.OptOuts(ctx)
		require.Len(t, all, 4)
		require.Equal(t, wide.ID, all[3].ID, "what is over comes last")
		require.Equal(t, actor.Email, all[3].EndedBy)
		return err
	})
	require.Equal(t, []string{
		"opt_out.record host/example.com", "opt_out.record host/only.example.net", "opt_out.record host/192.0.2.1",
		"opt_out.end host/example.com", "opt_out.record host/example.com",
	}, e.actions(1))
}
