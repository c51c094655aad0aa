package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/internal/testdb"
)

func TestRoleAndTeamEndWithTheTransaction(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	single, err := store.Open(t.Context(), database.AppURL, 1)
	require.NoError(t, err)
	t.Cleanup(single.Close)
	stop := errors.New("stop")
	for _, end := range []error{nil, stop} {
		err := single.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) error {
			require.Equal(t, "gradewatch_team 1", whoAmI(t, tx))
			return end
		})
		require.ErrorIs(t, err, end)
		require.Equal(t, "gradewatch_app ", whoAmI(t, single.Pool()), "the connection must go back clean")
		require.NoError(t, single.AsOperator(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			require.Equal(t, "gradewatch_operator ", whoAmI(t, tx))
			return nil
		}))
	}
}

func whoAmI(t *testing.T, connection interface {
	QueryRow(context.Context, string, ...any) pgx.Row
},
) string {
	t.Helper()
	var role, team string
	require.NoError(t, connection.QueryRow(t.Context(),
		`SELECT current_user::text, coalesce(current_setting('gradewatch.team_id', true), '')`).Scan(&role, &team))
	return role + " " + team
}

// The owner of a given Postgres must not work with the owner's rights.
func TestOpenGivesTheOwnersRightsUp(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	opened, err := store.Open(t.Context(), database.OwnerURL, 2)
	require.NoError(t, err)
	t.Cleanup(opened.Close)
	require.Equal(t, "gradewatch_app ", whoAmI(t, opened.Pool()))
	_, err = opened.Pool().Exec(t.Context(), `SELECT FROM people`)
	require.True(t, denied(err), "%v", err)
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := store.Open(t.Context(), "postgres://[", 1)
	require.ErrorContains(t, err, "read the database URL")
	_, err = store.Open(t.Context(), "postgres://nobody@/nothing?host="+t.TempDir(), 1)
	require.ErrorContains(t, err, "connect to the database")
}

func TestEnsurePartitions(t *testing.T) {
	t.Parallel()
	database := testdb.New(t)
	owner := connectOwner(t, database)
	december := time.Date(2051, time.December, 31, 23, 59, 59, 0, time.UTC)
	ensure := func(months int) error {
		return database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `SELECT ensure_partitions($1, $2)`, december, months)
			return err
		})
	}
	var group errgroup.Group
	for range 4 { // several workers at once
		group.Go(func() error { return ensure(2) })
	}
	require.NoError(t, group.Wait())
	require.NoError(t, ensure(2), "again")
	for _, parent := range []string{"assessments", "host_looks", "measurements"} {
		var names []string
		require.NoError(t, owner.QueryRow(t.Context(), `SELECT array_agg(inhrelid::regclass::text ORDER BY 1)
			FROM pg_inherits WHERE inhparent = $1::text::regclass AND inhrelid::regclass::text ~ '_205[12]_'`, parent).Scan(&names))
		require.Equal(t, []string{parent + "_2051_12", parent + "_2052_01", parent + "_2052_02"}, names)
	}
	insert := func(at time.Time) error {
		_, err := owner.Exec(t.Context(), `INSERT INTO measurements (host_look_id, started_at, body) VALUES (1, $1, '{}')`, at)
		return err
	}
	require.NoError(t, insert(december))
	require.NoError(t, insert(december.Add(time.Second)), "the months must meet")
	require.ErrorContains(t, insert(december.AddDate(0, 3, 0)), "no partition")
	require.ErrorContains(t, ensure(-1), "0 to 24")
	require.ErrorContains(t, ensure(25), "0 to 24")
	_, err := change(t, database.Store, `SELECT ensure_partitions('2026-01-01Z', 0)`)
	require.True(t, denied(err), "only workers make partitions: %v", err)
}

func TestRequestAssessmentTakesASlotOnce(t *testing.T) {
	t.Parallel()
	database, _ := twoTeams(t)
	slot := instant.Add(time.Hour)
	request := func(endpoint int64) (got monitor.Assessment, err error) {
		err = database.Store.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) (err error) {
			got, err = tx.RequestAssessment(ctx, endpoint, monitor.Requested, checks.Quick, slot, instant)
			return err
		})
		return got, err
	}
	got, err := request(ours * 100)
	require.NoError(t, err)
	require.Equal(t, monitor.Assessment{
		ID: got.ID, TeamID: ours, EndpointID: ours * 100, Slot: slot, Purpose: monitor.Requested, Vantage: "local",
		Depth: "quick", RequestedAt: instant, Stage: "queued",
	}, inUTC(got))
	_, err = request(ours * 100)
	require.ErrorIs(t, err, store.ErrConflict)
	_, err = request(theirs * 100)
	require.ErrorIs(t, err, store.ErrNotFound, "another team's endpoint")
	require.NotErrorIs(t, err, store.ErrConflict)
}

func inUTC(a monitor.Assessment) monitor.Assessment {
	for _, at := range []*time.Time{&a.Slot, &a.RequestedAt, &a.StartedAt, &a.FinishedAt} {
		*at = at.UTC()
	}
	return a
}

func TestAuditKeepsEveryColumn(t *testing.T) {
	t.Parallel()
	database, owner := twoTeams(t)
	actor := store.Actor{
		Source: "web", PersonID: 100, Email: "person1@example.com", Address: netip.MustParseAddr("192.0.2.7"),
		Destination: "gradewatch.example:443", RequestID: "r1",
	}
	entry := store.AuditEntry{
		TeamID: ours, OccurredAt: instant, Action: "endpoint.update", Object: "endpoint/100",
		Old: map[string]int{"interval": 60}, New: map[string]int{"interval": 120}, Denied: true,
	}
	write := func(entry store.AuditEntry) error {
		return database.Store.AsTeam(t.Context(), ours, func(ctx context.Context, tx *store.Tx) error {
			return tx.Audit(ctx, actor, entry)
		})
	}
	require.NoError(t, write(entry))
	var row []byte
	require.NoError(t, owner.QueryRow(t.Context(), `SELECT to_jsonb(a) - 'id' FROM audit a WHERE action = 'endpoint.update'`).Scan(&row))
	var got map[string]any
	require.NoError(t, json.Unmarshal(row, &got))
	require.Equal(t, map[string]any{
		"team_id": 1.0, "occurred_at": "2026-11-21T12:00:00+00:00", "event_source": "web", "actor_id": 100.0,
		"actor_email": "person1@example.com", "source_ip": "192.0.2.7", "destination": "gradewatch.example:443",
		"action": "endpoint.update", "object": "endpoint/100", "old": map[string]any{"interval": 60.0},
		"new": map[string]any{"interval": 120.0}, "request_id": "r1", "result": "denied",
	}, got)
	entry.TeamID = theirs
	require.True(t, denied(write(entry)))
	entry.TeamID, entry.New = ours, make(chan int)
	require.ErrorContains(t, write(entry), "for the audit")
}

// Time is a parameter: a statement that asks the database for it cannot be
// tested at another time and disagrees with the process that runs it.
func TestNoStatementAsksForTheTime(t *testing.T) {
	t.Parallel()
	clock := regexp.MustCompile(`(?i)\bnow\(\)|\b(current_(timestamp|date|time)|localtime(stamp)?)\b|\b(statement|transaction|clock)_timestamp\(|timeofday\(|'now'`)
	require.Regexp(t, clock, "select NOW()")
	// The one exception: the least age of an audit row must not be a parameter.
	const floor = `USING (occurred_at < current_timestamp - interval '92 days');`
	for _, pattern := range []string{"*.go", "../../migrations/*.sql", "../../migrations/*.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for number, line := range strings.Split(string(text), "\n") {
				if strings.TrimSpace(line) == floor {
					continue
				}
				if strings.HasPrefix(file, "..") { // whoever applies migrations is a caller, and gives its time
					line = strings.ReplaceAll(line, "time.Now()", "")
				}
				require.NotRegexp(t, clock, line, "%s:%d", file, number+1)
			}
		}
	}
}
