package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/internal/testdb"
)

// regraded is a database in which a worker judged one URL.
type regraded struct {
	*testdb.Database
	url   string
	owner *pgx.Conn
}

func newRegraded(t *testing.T) regraded {
	t.Helper()
	r := regraded{Database: testdb.New(t), url: fmt.Sprintf("https://%s/", checktest.StartGoServer(t, checktest.GoServerConfig{}))}
	var err error
	r.owner, err = pgx.Connect(t.Context(), r.OwnerURL)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.owner.Close(context.Background()) })
	var team monitor.Team
	require.NoError(t, r.Store.AsOperator(t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		team, err = tx.CreateTeam(ctx, "Partner", time.Now())
		return err
	}))
	require.NoError(t, r.Store.AsTeam(t.Context(), team.ID, func(ctx context.Context, tx *store.Tx) error {
		application, err := tx.CreateApplication(ctx, monitor.Application{TeamID: team.ID, Name: "App", Type: policy.Custom}, time.Now())
		if err != nil {
			return err
		}
		_, err = tx.CreateEndpoint(ctx, monitor.Endpoint{
			ApplicationID: application.ID, Environment: policy.Production, Kind: policy.Redirect, ValueKind: policy.Literal,
			Value: r.url, Interval: time.Hour, NextRunAt: time.Now(),
		}, time.Now())
		return err
	}))
	reference := checktest.StartPeer(t, checktest.CloseOnAccept)
	starting{arguments: []string{"worker"}, environment: []string{
		"DATABASE_URL=" + r.AppURL, "GRADEWATCH_REFERENCES=" + reference.String(), "GRADEWATCH_ALLOW_NETWORKS=127.0.0.0/8",
	}}.start(t)
	// The first look is followed by a full one, and that by none for an hour.
	require.Eventually(t, func() bool {
		return r.count(t, `SELECT count(*) FROM assessments WHERE outcome = 'judged' AND depth = 'full'`) > 0 &&
			r.count(t, `SELECT count(*) FROM assessments WHERE finished_at IS NULL`) == 0
	}, 60*time.Second, 50*time.Millisecond)
	return r
}

func (r regraded) count(t *testing.T, query string, arguments ...any) (count int) {
	t.Helper()
	require.NoError(t, r.owner.QueryRow(t.Context(), query, arguments...).Scan(&count))
	return count
}

// typed runs the program on the database.
func (r regraded) typed(ctx context.Context, arguments ...string) (code int, out, faults string) {
	var stdout, stderr bytes.Buffer
	code = run(ctx, arguments, &terminal{out: &stdout, err: &stderr, env: func(name string) string {
		return map[string]string{"DATABASE_URL": r.AppURL, "GRADEWATCH_REFERENCES": "127.0.0.1:1"}[name]
	}})
	return code, stdout.String(), stderr.String()
}

func (r regraded) ask(t *testing.T, canceled bool) (id int64) {
	t.Helper()
	now := time.Now()
	require.NoError(t, r.Store.AsOperator(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		asked, err := tx.RequestRegrade(ctx, store.Regrade{
			Criteria: "2009r", FromSlot: now.AddDate(0, 0, -1), ToSlot: now, RequestedBy: "o@example.com", RequestedAt: now,
		})
		if id = asked.ID; err != nil || !canceled {
			return err
		}
		return tx.CancelRegrade(ctx, id, now)
	}))
	return id
}

// A URL is looked at and judged by a worker, and then graded again by it.
func TestRegrade(t *testing.T) {
	t.Parallel()
	r := newRegraded(t)
	code, out, faults := r.typed(t.Context(), "regrade", "--criteria", "2009q", "--all")
	require.Equal(t, exitGood, code, faults)
	require.Contains(t, faults, "--resume 1 watches it again")
	require.Contains(t, out, "Regrade 1 under 2009q, finished: ")
	require.Contains(t, out, "\n0 URLs would have another grade.\n")
	require.Regexp(t, r.url+` +T +T +T-`, out, "nobody trusts the certificate, under any criteria")

	code, out, faults = r.typed(t.Context(), "regrade", "--resume", "1")
	require.Equal(t, exitGood, code, faults)
	require.Empty(t, faults)
	require.NotContains(t, out, r.url, "what stays is listed with --all only")

	_, err := r.owner.Exec(t.Context(), `UPDATE assessments SET grade = 'A'`)
	require.NoError(t, err)
	code, out, faults = r.typed(t.Context(), "regrade", "--criteria", "2009r", "--json")
	require.Equal(t, exitGood, code, faults)
	var report regradeReport
	decoder := json.NewDecoder(bytes.NewBufferString(out))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&report))
	require.EqualValues(t, 2, report.ID)
	require.Equal(t, "2009r", report.Criteria)
	require.NotEmpty(t, report.TrustData)
	require.False(t, report.FinishedAt.IsZero())
	require.NotContains(t, out, "canceled_at", "a time that is none is left out")
	require.EqualValues(t, 1, report.Changed)
	require.Equal(t, []regradeCount{{Before: checks.GradeA, After: checks.GradeT, Assessments: report.Assessments}}, report.Counts)
	require.Len(t, report.URLs, 1)
	require.Equal(t, r.url, report.URLs[0].URL)
	require.Equal(t, checks.GradeT, report.URLs[0].After)
	require.Zero(t, r.count(t, `SELECT count(*) FROM assessments WHERE grade <> 'A'`), "stored grades stay")
}

func TestRegradeThatIsNotFinished(t *testing.T) {
	t.Parallel()
	r := regraded{Database: testdb.New(t)}
	canceled, waiting := r.ask(t, true), r.ask(t, false)
	code, out, faults := r.typed(t.Context(), "regrade", "--resume", fmt.Sprint(canceled))
	require.Equal(t, exitFault, code)
	require.Contains(t, out, "ended early: canceled")
	require.Contains(t, faults, "ended early: canceled")

	ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
	defer stop()
	code, out, faults = r.typed(ctx, "regrade", "--resume", fmt.Sprint(waiting))
	require.Equal(t, exitFault, code)
	require.Empty(t, out)
	require.Contains(t, faults, fmt.Sprintf("stopped watching regrade %d, which goes on", waiting))

	code, _, faults = r.typed(t.Context(), "regrade", "--resume", "77")
	require.Equal(t, exitUsage, code)
	require.Contains(t, faults, "there is no regrade 77")
}

func TestRegradeUsage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		arguments []string
		fault     string
	}{
		{nil, "--criteria"},
		{[]string{"--criteria", "2009x"}, "2009x"},
		{[]string{"--criteria", "2009r", "--since=-1h"}, "--since -1h0m0s is not a positive duration"},
		{[]string{"--criteria", "2009r", "--resume", "1"}, "--resume"},
		{[]string{"--resume", "-1"}, "--resume"},
		{[]string{"--resume", "one"}, "--resume"},
	} {
		code, out, faults := typed(t, append([]string{"regrade"}, test.arguments...)...)
		require.Equal(t, exitUsage, code, "%q", test.arguments)
		require.Empty(t, out)
		require.Contains(t, faults, test.fault)
	}
}
