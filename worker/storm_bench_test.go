package worker_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// stormy is how many endpoints turn bad at once.
const stormy = 10_000

// BenchmarkStorm lets ten thousand endpoints turn bad at once, through River
// and Postgres, by the settings that people have: a certificate authority is
// distrusted over 200 teams, or each endpoint of one team has a fault of its own.
// It reports how long until every look is judged and everything told that may
// be, and what that is. One round takes some minutes: -benchtime 1x.
func BenchmarkStorm(b *testing.B) {
	for name, storm := range map[string]struct {
		teams int
		fact  string
		trust string // version of the trust data once it storms
	}{
		"OneCause":   {200, "addresses[127.0.0.1].certificates", "later"},
		"ManyCauses": {1, "http[127.0.0.1].hops[0].answer.cookies[session].http_only", "now"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				runStorm(b, storm.teams, storm.fact, storm.trust)
			}
		})
	}
}

func runStorm(b *testing.B, teams int, fact, trust string) {
	var bad atomic.Bool
	w := newWorld(b, func(config *worker.Config) {
		config.ClaimEvery, config.Settings = time.Hour, monitor.Settings{}
		config.Connectivity = func(context.Context) checks.Fact[bool] { return checks.KnownFact(true) }
		config.Versions.TrustData = "now"
		config.Judge = func(*checks.Observation, monitor.Endpoint, time.Time) checks.Judgement {
			verdict := checks.Verdict{Requirement: "T-09", Profile: "superoffice@1", Severity: checks.Must, Result: checks.Pass}
			if bad.Load() {
				verdict.Result = checks.Fail
			}
			verdict.Proof = []checks.Proof{{Fact: fact, Text: "It is as it is."}}
			return checks.Judgement{Verdicts: []checks.Verdict{verdict}}
		}
	})
	w.config.Runner = instant(b, w.ca)
	w.manyTeams(teams)

	healthy, err := worker.New(w.config)
	require.NoError(b, err)
	require.NoError(b, healthy.Start(b.Context()))
	w.askAll(healthy)
	w.judged()
	require.NoError(b, healthy.Stop(b.Context()))

	bad.Store(true)
	w.config.Versions.TrustData = trust
	w.start()
	began := time.Now()
	w.askAll(w.worker)
	w.judged()
	b.ReportMetric(time.Since(began).Seconds(), "s-until-judged")
	w.comes("nothing waits to be told", `SELECT NOT EXISTS (SELECT FROM incidents WHERE tell_at IS NOT NULL)
		AND NOT EXISTS (SELECT FROM deliveries WHERE state = 'pending' AND summary_at IS NULL)`)
	b.ReportMetric(time.Since(began).Seconds(), "s-until-told")
	b.ReportMetric(float64(one[int](w, `SELECT count(*) FROM incidents`)), "incidents")
	b.ReportMetric(float64(one[int](w, `SELECT count(*) FROM deliveries WHERE state = 'delivered'`)), "messages")
	b.ReportMetric(float64(one[int](w, `SELECT max(n) FROM (SELECT count(*) AS n FROM deliveries WHERE state = 'delivered' GROUP BY channel_id) AS c`)), "messages/channel")
	b.ReportMetric(float64(one[int](w, `SELECT count(*) FROM deliveries WHERE state = 'pending'`)), "for-the-summary")
	b.ReportMetric(float64(one[int](w, `SELECT max(length(payload::text)) FROM notifications`)), "bytes-at-most")
}

// manyTeams shares the endpoints of a storm among teams, each with a channel and
// an application.
func (w *world) manyTeams(count int) {
	w.t.Helper()
	at := w.clock.now()
	w.exec(`INSERT INTO teams (name, created_at) SELECT 'Partner ' || i, $1 FROM generate_series(2, $2::int) AS i`, at, count)
	w.exec(`INSERT INTO applications (team_id, name, type, created_at) SELECT t.id, 'App', 'custom', $1 FROM teams t
		WHERE NOT EXISTS (SELECT FROM applications a WHERE a.team_id = t.id)`, at)
	w.exec(`INSERT INTO channels (team_id, kind, address, created_at) SELECT t.id, 'email', 'ops@partner.example', $1 FROM teams t
		WHERE NOT EXISTS (SELECT FROM channels c WHERE c.team_id = t.id)`, at)
	w.exec(`INSERT INTO endpoints (team_id, application_id, environment, kind, value_kind, value, host, next_run_at, created_at)
		SELECT a.team_id, a.id, 'SOD', 'redirect', 'literal', 'https://' || a.id || '-' || i || '.app.test/', a.id || '-' || i || '.app.test',
			$1::timestamptz + interval '1 year', $1 FROM applications a, generate_series(1, $2::int) AS i`, at, stormy/count)
	for _, host := range all[string](w, `SELECT host FROM endpoints`) {
		w.names.point(host, "127.0.0.1")
	}
}

// askAll asks for a look at every endpoint.
func (w *world) askAll(by *worker.Worker) {
	w.t.Helper()
	at := w.clock.now()
	for _, team := range all[int64](w, `SELECT id FROM teams ORDER BY id`) {
		require.NoError(w.t, w.database.Store.AsTeam(w.t.Context(), team, func(ctx context.Context, tx *store.Tx) error {
			var asked []monitor.Assessment
			for _, id := range all[int64](w, `SELECT id FROM endpoints WHERE team_id = $1 ORDER BY id`, team) {
				assessment, err := tx.RequestAssessment(ctx, id, monitor.Scheduled, checks.Quick, at, at)
				if err != nil {
					return fmt.Errorf("ask for a look at endpoint %d: %w", id, err)
				}
				asked = append(asked, assessment)
			}
			return jobs.InsertLooks(ctx, by.Client(), tx, asked)
		}))
	}
}

// judged waits until no look is on its way.
func (w *world) judged() {
	w.t.Helper()
	w.comes("every look is judged", `SELECT NOT EXISTS (SELECT FROM assessments WHERE finished_at IS NULL)`)
}

// comes waits for what takes minutes.
func (w *world) comes(what, query string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return one[bool](w, query) }, 30*time.Minute, time.Second, what)
}
