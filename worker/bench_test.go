package worker_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// fleet registers count endpoints that are due at the clock's now.
func (w *world) fleet(count int) {
	w.t.Helper()
	w.exec(`INSERT INTO endpoints (team_id, application_id, environment, kind, value_kind, value, next_run_at, created_at)
		SELECT $1, $2, 'SOD', 'redirect', 'literal', 'https://' || i || '.app.test/', $3, $3 FROM generate_series(1, $4::int) AS i`,
		w.team.ID, w.application.ID, w.clock.now(), count)
}

// BenchmarkClaim claims 5,000 endpoints that are due, in batches of 500, and
// inserts their looks as the claim's job does.
func BenchmarkClaim(b *testing.B) {
	const due = 5000
	w := newWorld(b, func(config *worker.Config) { config.ClaimEvery = time.Hour })
	started, err := worker.New(w.config) // never started: it only inserts
	require.NoError(b, err)
	w.fleet(due)
	at := w.clock.now()
	for b.Loop() {
		at = at.Add(2 * time.Hour)
		for claimed := 0; claimed < due; {
			w.asWorker(func(ctx context.Context, tx *store.Tx) error {
				asked, count, err := tx.ClaimDue(ctx, at, 500)
				require.NotZero(b, count)
				claimed += count
				if err != nil {
					return err
				}
				return jobs.InsertLooks(ctx, started.Client(), tx, asked)
			})
		}
		b.StopTimer()
		w.exec(`UPDATE assessments SET finished_at = $1, outcome = 'dropped' WHERE finished_at IS NULL`, at)
		b.StartTimer()
	}
	b.ReportMetric(float64(due*b.N)/b.Elapsed().Seconds(), "endpoints/s")
}

// BenchmarkUnchangedLook is everything of a look but the network: River's job,
// leases, judging, comparing, and the transaction at the end.
func BenchmarkUnchangedLook(b *testing.B) {
	const endpoints = 200
	w := newWorld(b, func(config *worker.Config) { config.ClaimEvery = time.Hour })
	w.config.Runner = instant(b, w.ca)
	w.config.Connectivity = func(context.Context) checks.Fact[bool] { return checks.KnownFact(true) }
	for i := range endpoints { // hosts of their own: looks at one host wait for each other
		w.names.point(fmt.Sprintf("%d.app.test", i+1), "127.0.0.1")
	}
	w.fleet(endpoints)
	w.exec(`UPDATE endpoints SET next_run_at = $1`, w.clock.now().AddDate(1, 0, 0))
	w.start()
	round := 0
	look := func() {
		round++
		slot := w.clock.now().Add(time.Duration(round) * time.Microsecond)
		for _, id := range all[int64](w, `SELECT id FROM endpoints ORDER BY id`) {
			w.asTeam(func(ctx context.Context, tx *store.Tx) error {
				assessment, err := tx.RequestAssessment(ctx, id, monitor.Scheduled, checks.Quick, slot, slot)
				if err != nil {
					return err
				}
				return jobs.InsertLook(ctx, w.worker.Client(), tx, assessment, time.Now().Add(time.Hour))
			})
		}
	}
	run := func() {
		w.exec(`UPDATE river_job SET state = 'available', scheduled_at = now() WHERE state = 'scheduled'`)
		w.waitFor("every look is judged", `SELECT NOT EXISTS (SELECT FROM assessments WHERE finished_at IS NULL)`)
	}
	look()
	run() // everything is new the first time
	for b.Loop() {
		b.StopTimer()
		look()
		b.StartTimer()
		run()
	}
	require.Zero(b, one[int](w, `SELECT count(*) FROM assessments WHERE outcome <> 'judged'`))
	require.Zero(b, one[int](w, `SELECT count(*) FROM changes`))
	b.ReportMetric(float64(endpoints*b.N)/b.Elapsed().Seconds(), "looks/s")
}

// instant answers as a healthy server does, without asking one.
func instant(b *testing.B, ca *pki.CA) checks.Runner {
	b.Helper()
	certificate := checks.NewCertificate(checktest.Issue(b, ca, pki.Leaf{Names: []string{"*.app.test"}}).Certificate.Certificate[0])
	tls := checks.TLS{Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{}, Chain: checks.KnownFact([]checks.Fingerprint{certificate.SHA256})}
	for _, protocol := range checks.Protocols() {
		tls.Protocols[protocol] = checks.AbsentFact[checks.Accepted]("")
	}
	tls.Protocols[checks.TLSv12] = checks.KnownFact(checks.Accepted{Suite: "0xC02F"})
	tls.Protocols[checks.TLSv13] = checks.KnownFact(checks.Accepted{Suite: "0x1301"})
	http := checks.HTTP{End: checks.KnownFact(200), PlainHTTP: checks.AbsentFact[checks.PlainHTTP](checks.ReasonRefused), Hops: []checks.Hop{{
		URL: "https://app.test/", Scheme: "https", Host: "app.test", SameSite: true,
		Answer: checks.KnownFact(checks.Response{Status: 200, TLS: checks.TLSv13}),
	}}}
	return checks.Runner{
		TLS: func(context.Context, checks.Network, checks.Target, netip.AddrPort) (checks.TLS, []checks.Certificate) {
			return tls, []checks.Certificate{certificate}
		},
		HTTP: func(context.Context, checks.Network, checks.Target, netip.AddrPort) checks.HTTPLook {
			return checks.HTTPLook{HTTP: http}
		},
	}
}
