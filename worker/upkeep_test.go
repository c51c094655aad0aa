package worker_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker"
)

func TestUpkeep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var err error
	w.worker, err = worker.New(w.config)
	require.NoError(t, err)
	now := w.clock.now().UTC()
	day := 24 * time.Hour
	w.exec(`SELECT ensure_partitions($1, 6)`, now.AddDate(0, -6, 0))
	w.exec(`INSERT INTO audit (team_id, occurred_at, event_source, action, object, result)
		SELECT $1, at, 'command', 'test', 'test/1', 'done' FROM unnest($2::timestamptz[]) AS a(at)`,
		w.team.ID, []time.Time{now.Add(-500 * day), now.Add(-100 * day), now.Add(-day)})
	w.exec(`INSERT INTO people (team_id, email, role, created_at) VALUES ($1, 'a@partner.example', 'reader', $2)`, w.team.ID, now)
	for hash, expires := range map[string]time.Time{"old": now.Add(-time.Minute), "new": now.Add(time.Hour)} {
		w.exec(`INSERT INTO sessions (token_sha256, team_id, person_id, created_at, last_seen_at, expires_at)
			SELECT $1, team_id, id, $2, $2, $3 FROM people`, []byte(hash), now, expires)
		w.exec(`INSERT INTO sign_in_links (token_sha256, team_id, person_id, created_at, expires_at)
			SELECT $1, team_id, id, $2, $3 FROM people`, []byte(hash), now, expires)
	}
	sum := func(b byte) []byte { return append(make([]byte, 31), b) }
	w.exec(`INSERT INTO components (sha256, kind, body, first_seen_at, last_seen_month) VALUES ($1, 'dns', '', $3, $3::timestamptz), ($2, 'dns', '', $3, $4::timestamptz)`,
		sum(1), sum(2), now.Add(-800*day), now)
	w.exec(`INSERT INTO manifests (sha256, depth, first_seen_at, last_seen_month) VALUES ($1, 'quick', $2, $2::timestamptz)`, sum(3), now.Add(-800*day))
	w.exec(`INSERT INTO manifest_entries (manifest_sha256, kind, component_sha256) VALUES ($1, 'dns', $2)`, sum(3), sum(1))
	endpoint := w.register("http://app.test/cb")
	lost, waiting := w.ask(endpoint, monitor.Requested), w.ask(endpoint, monitor.Requested)
	w.exec(`UPDATE assessments SET requested_at = $1`, now.Add(-time.Hour))
	w.exec(`UPDATE river_job SET state = 'discarded', finalized_at = $1 WHERE args->>'assessment_id' = $2::bigint::text`, now, lost.ID)
	w.exec(`UPDATE river_job SET state = 'scheduled', scheduled_at = $1 WHERE args->>'assessment_id' = $2::bigint::text`, now.Add(time.Hour), waiting.ID)

	w.start()
	w.waitFor("upkeep ran", `SELECT count(*) > 0 FROM river_job WHERE kind = 'upkeep' AND state = 'completed'`)
	require.Equal(t, 2, one[int](w, `SELECT count(*) FROM audit`), "396 days stay")
	require.Equal(t, []string{"new"}, all[string](w, `SELECT convert_from(token_sha256, 'UTF8') FROM sessions`))
	require.Equal(t, []string{"new"}, all[string](w, `SELECT convert_from(token_sha256, 'UTF8') FROM sign_in_links`))
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM components`))
	require.Zero(t, one[int](w, `SELECT count(*) FROM manifests`))
	require.Equal(t, "dropped", one[string](w, `SELECT outcome FROM assessments WHERE id = $1`, lost.ID))
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM assessments WHERE id = $1 AND finished_at IS NULL`, waiting.ID))
	partition := func(table string, months int) bool {
		first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, months, 0)
		return one[bool](w, `SELECT to_regclass($1) IS NOT NULL`, table+"_"+first.Format("2006_01"))
	}
	require.False(t, partition("measurements", -6), "measurements go after a hundred days")
	require.True(t, partition("measurements", -2))
	require.True(t, partition("assessments", -6), "history stays")
	require.True(t, partition("assessments", 2), "made ahead")
}

func TestNothingYoungerThan92DaysGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	now := w.clock.now().UTC()
	w.exec(`INSERT INTO audit (team_id, occurred_at, event_source, action, object, result) VALUES ($1, $2, 'command', 'a', 'b', 'done')`,
		w.team.ID, now.AddDate(0, 0, -60))
	w.asWorker(func(ctx context.Context, tx *store.Tx) error {
		removed, err := tx.ExpireAudit(ctx, now, time.Hour)
		require.Zero(t, removed)
		return err
	})
	w.exec(`DELETE FROM audit`) // the database refuses by itself, too
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM audit`))
	err := w.database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `SELECT drop_partitions('measurements', $1, interval '30 days')`, now)
		return err
	})
	require.ErrorContains(t, err, "92 days")
	err = w.database.Store.AsTeam(t.Context(), w.team.ID, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM audit`)
		return err
	})
	require.ErrorContains(t, err, "permission denied")
}
