package worker_test

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs"
	"github.com/gradewatch/gradewatch/checks/certs/appraisal"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/httpsec"
	"github.com/gradewatch/gradewatch/checks/judgement"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/probe"
	"github.com/gradewatch/gradewatch/checks/tlsprobe"
	"github.com/gradewatch/gradewatch/internal/alert"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/internal/testdb"
	"github.com/gradewatch/gradewatch/worker"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// patience bounds every wait: far more than anything takes.
const patience = 60 * time.Second

// world is a database with one team, and what a worker needs to look at
// servers on loopback.
type world struct {
	t           testing.TB
	database    *testdb.Database
	config      worker.Config
	clock       *clock
	sender      *recorder
	names       *names
	ca          *pki.CA
	team        monitor.Team
	application monitor.Application
	worker      *worker.Worker
	slots       atomic.Int64
	resolver    string // host:port of the DNS server that answers names
}

// newWorld arranges a world whose own network works. change may alter the
// worker's configuration.
func newWorld(t testing.TB, change func(*worker.Config)) *world {
	t.Helper()
	w := &world{t: t, database: testdb.New(t), clock: &clock{}, sender: &recorder{}, names: &names{}, ca: checktest.NewCA(t, "Test root")}
	w.resolver = dnsserver.Start(t, w.names.answer).Address()
	reference := checktest.StartPeer(t, checktest.CloseOnAccept)
	trust, err := appraisal.NewTrust(appraisal.Config{PrivateRoots: w.ca.PEM()})
	require.NoError(t, err)
	prober := loopbackProber(w.resolver)
	w.config = worker.Config{
		Store:        w.database.Store,
		Network:      func(limits checks.Limits) checks.Network { return prober.Network(limits) },
		Connectivity: reach(prober, reference.String()),
		Runner:       checks.Runner{TLS: tlsprobe.Quick, HTTP: httpsec.Walk, PKI: new(certs.Collector).Look},
		Judge:        judgeBy(trust, policy.SuperOffice()), Versions: worker.Versions{TrustData: trust.Version()},
		Sender: w.sender, Lead: true,
		Settings:      monitor.Settings{ConfirmAfter: 100 * time.Millisecond, GatherFor: 200 * time.Millisecond},
		Limits:        checks.Limits{Deadline: 9 * time.Second, ConnectTimeout: time.Second, ReadTimeout: time.Second},
		LookTimeout:   10 * time.Second,
		HostLimit:     store.HostLimit{AtOnce: 4, Spacing: time.Nanosecond},
		FetchCooldown: 10 * time.Millisecond,
		Clock:         w.clock.now,
		Logger:        slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&w.config)
	}
	w.arrange()
	return w
}

// judgeBy gives the grade, and the verdicts of some profiles.
func judgeBy(trust *appraisal.Trust, profiles ...*policy.Profile) func(*checks.Observation, monitor.Endpoint, time.Time) checks.Judgement {
	judge := &judgement.Judge{Trust: trust, Profiles: profiles}
	return func(observation *checks.Observation, endpoint monitor.Endpoint, at time.Time) checks.Judgement {
		return judge.Judge(observation, endpoint.Subject(), at)
	}
}

// loopbackProber looks at loopback, and asks resolver.
func loopbackProber(resolver string) *probe.Prober {
	return probe.New(probe.Config{Resolver: resolver, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
}

// reach proves our own connectivity by one host:port.
func reach(prober *probe.Prober, reference string) func(context.Context) checks.Fact[bool] {
	return func(ctx context.Context) checks.Fact[bool] { return prober.Connectivity(ctx, []string{reference}) }
}

func (w *world) arrange() {
	w.t.Helper()
	require.NoError(w.t, w.database.Store.AsOperator(w.t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		w.team, err = tx.CreateTeam(ctx, "Partner", w.clock.now())
		return err
	}))
	w.asTeam(func(ctx context.Context, tx *store.Tx) (err error) {
		w.application, err = tx.CreateApplication(ctx, monitor.Application{TeamID: w.team.ID, Name: "App", Type: policy.Custom}, w.clock.now())
		if err != nil {
			return err
		}
		_, err = tx.CreateChannel(ctx, store.Channel{TeamID: w.team.ID, Kind: "email", Address: "ops@partner.example"}, "", w.clock.now())
		return err
	})
}

// start runs a worker until the end of the test.
func (w *world) start() {
	w.t.Helper()
	w.worker = startWorker(w.t, w.config)
}

func startWorker(t testing.TB, config worker.Config) *worker.Worker {
	t.Helper()
	started, err := worker.New(config)
	require.NoError(t, err)
	require.NoError(t, started.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, started.Stop(ctx))
	})
	return started
}

func (w *world) asTeam(do func(context.Context, *store.Tx) error) {
	w.t.Helper()
	require.NoError(w.t, w.database.Store.AsTeam(w.t.Context(), w.team.ID, do))
}

func (w *world) asWorker(do func(context.Context, *store.Tx) error) {
	w.t.Helper()
	require.NoError(w.t, w.database.Store.AsWorker(w.t.Context(), do))
}

// register adds a redirect URL in production that no schedule touches.
func (w *world) register(url string) monitor.Endpoint {
	w.t.Helper()
	var endpoint monitor.Endpoint
	w.asTeam(func(ctx context.Context, tx *store.Tx) (err error) {
		endpoint, err = tx.CreateEndpoint(ctx, monitor.Endpoint{
			ApplicationID: w.application.ID, Environment: policy.Production, Kind: policy.Redirect, ValueKind: policy.Literal,
			Value: url, Interval: time.Hour, NextRunAt: w.clock.now().AddDate(1, 0, 0),
		}, w.clock.now())
		return err
	})
	return endpoint
}

// ask asks for a quick look and returns its assessment.
func (w *world) ask(endpoint monitor.Endpoint, purpose monitor.Purpose) monitor.Assessment {
	w.t.Helper()
	return w.askDepth(endpoint, purpose, checks.Quick)
}

func (w *world) askDepth(endpoint monitor.Endpoint, purpose monitor.Purpose, depth checks.Depth) monitor.Assessment {
	w.t.Helper()
	var assessment monitor.Assessment
	slot := w.clock.now().Truncate(time.Second).Add(time.Duration(w.slots.Add(1)) * time.Microsecond)
	w.asTeam(func(ctx context.Context, tx *store.Tx) (err error) {
		if assessment, err = tx.RequestAssessment(ctx, endpoint.ID, purpose, depth, slot, w.clock.now()); err != nil {
			return err
		}
		return jobs.InsertLook(ctx, w.worker.Client(), tx, assessment, time.Time{})
	})
	return assessment
}

// look asks for a look and waits until it is judged.
func (w *world) look(endpoint monitor.Endpoint) monitor.Assessment {
	w.t.Helper()
	assessment := w.ask(endpoint, monitor.Requested)
	w.waitFor("the look is judged", `SELECT coalesce(bool_and(outcome = 'judged'), false) FROM assessments WHERE id = $1`, assessment.ID)
	return assessment
}

// settle waits until no look, nothing to be told soon and no delivery is left to do.
func (w *world) settle() {
	w.t.Helper()
	w.waitFor("everything is done", `SELECT NOT EXISTS (SELECT FROM assessments WHERE finished_at IS NULL)
		AND NOT EXISTS (SELECT FROM river_job WHERE kind = 'tell' AND state NOT IN ('completed', 'cancelled', 'discarded')
			AND (scheduled_at < $1 OR state <> 'scheduled'))
		AND NOT EXISTS (SELECT FROM deliveries WHERE state = 'pending' AND NOT held AND summary_at IS NULL)`, time.Now().Add(time.Minute))
}

// waitFor waits until query, as the service, answers true.
func (w *world) waitFor(what, query string, arguments ...any) {
	w.t.Helper()
	w.waitEvery(10*time.Millisecond, what, query, arguments...)
}

// waitEvery waits like waitFor, and asks less often what costs more.
func (w *world) waitEvery(pause time.Duration, what, query string, arguments ...any) {
	w.t.Helper()
	if !assert.Eventually(w.t, func() bool { return one[bool](w, query, arguments...) }, patience, pause, what) {
		w.t.Log(all[string](w, `SELECT kind || ' ' || state || ' ' || args || ' ' || scheduled_at || coalesce(errors::text, '') FROM river_job WHERE state <> 'completed'`))
		w.t.Log(all[string](w, `SELECT state || ' ' || held || coalesce(summary_at::text, '') FROM deliveries`))
		w.t.FailNow()
	}
}

// one reads one value as the service.
func one[T any](w *world, query string, arguments ...any) T {
	w.t.Helper()
	var value T
	w.asWorker(func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, query, arguments...).Scan(&value)
	})
	return value
}

// all reads one column as the service.
func all[T any](w *world, query string, arguments ...any) []T {
	w.t.Helper()
	var values []T
	w.asWorker(func(ctx context.Context, tx *store.Tx) error {
		rows, err := tx.Query(ctx, query, arguments...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var value T
			if err := rows.Scan(&value); err != nil {
				return err
			}
			values = append(values, value)
		}
		return rows.Err()
	})
	return values
}

// exec changes the database as the service.
func (w *world) exec(statement string, arguments ...any) {
	w.t.Helper()
	w.asWorker(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, statement, arguments...)
		return err
	})
}

// incidents lists every incident with its requirements: 'open E-01'.
func (w *world) incidents() []string {
	w.t.Helper()
	return all[string](w, `SELECT i.state || ' ' || string_agg(r.requirement, ',' ORDER BY r.requirement)
		FROM incidents i JOIN incident_requirements r ON r.incident_id = i.id GROUP BY i.id ORDER BY i.id`)
}

// clock is the worker's clock: the real one, moved.
type clock struct{ moved atomic.Int64 }

func (c *clock) now() time.Time           { return time.Now().Add(time.Duration(c.moved.Load())) }
func (c *clock) advance(by time.Duration) { c.moved.Add(int64(by)) }

// names is a DNS zone that tests change.
type names struct {
	mu      sync.Mutex
	answers map[string]func() dnsserver.Answer
}

func (n *names) set(name string, answer func() dnsserver.Answer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.answers == nil {
		n.answers = map[string]func() dnsserver.Answer{}
	}
	n.answers[name] = answer
}

func (n *names) point(name string, addresses ...string) {
	n.set(name, func() dnsserver.Answer { return dnsserver.Addresses(addresses...) })
}

func (n *names) answer(name string, _ uint16) dnsserver.Answer {
	n.mu.Lock()
	answer := n.answers[name]
	n.mu.Unlock()
	if answer == nil {
		return dnsserver.NXDOMAIN()
	}
	return answer()
}

// sent is one message that went out.
type sent struct {
	channel  alert.Channel
	delivery uuid.UUID
	message  monitor.Message
}

// recorder is a Sender that keeps what it was given. outcomes are answered
// first to last; then everything is accepted.
type recorder struct {
	mu       sync.Mutex
	sent     []sent
	outcomes []alert.Outcome
}

func (r *recorder) Send(_ context.Context, channel alert.Channel, delivery uuid.UUID, message monitor.Message) (alert.Outcome, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, sent{channel, delivery, message})
	if len(r.outcomes) == 0 {
		return alert.Outcome{Accepted: true, Answer: "250 ok"}, nil
	}
	outcome := r.outcomes[0]
	r.outcomes = r.outcomes[1:]
	return outcome, nil
}

func (r *recorder) messages() []monitor.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	var messages []monitor.Message
	for _, s := range r.sent {
		messages = append(messages, s.message)
	}
	return messages
}

func (r *recorder) kinds() []monitor.NotificationKind {
	var kinds []monitor.NotificationKind
	for _, message := range r.messages() {
		kinds = append(kinds, message.Kind)
	}
	return kinds
}

func (r *recorder) deliveries() []uuid.UUID {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []uuid.UUID
	for _, s := range r.sent {
		ids = append(ids, s.delivery)
	}
	return ids
}
