package store_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/internal/testdb"
)

// watch is one endpoint whose looks a test writes as the worker does.
type watch struct {
	*testing.T
	store    *store.Store
	team     int64
	endpoint int64
}

func newWatch(t *testing.T) *watch {
	t.Helper()
	w := &watch{T: t, store: testdb.New(t).Store}
	require.NoError(t, w.store.AsOperator(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		team, err := tx.CreateTeam(ctx, "Partner", instant)
		w.team = team.ID
		return err
	}))
	require.NoError(t, w.store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error { return tx.EnsurePartitions(ctx, instant, 1) }))
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		application, err := tx.CreateApplication(ctx, monitor.Application{TeamID: w.team, Name: "App", Type: policy.Custom}, instant)
		if err != nil {
			return err
		}
		endpoint, err := tx.CreateEndpoint(ctx, monitor.Endpoint{
			ApplicationID: application.ID, Environment: policy.Production, Kind: policy.Redirect, ValueKind: policy.Literal,
			Value: "https://app.example/cb", Interval: time.Hour, NextRunAt: instant.Add(time.Hour),
		}, instant)
		w.endpoint = endpoint.ID
		return err
	})
	return w
}

func (w *watch) asTeam(do func(context.Context, *store.Tx) error) {
	w.Helper()
	require.NoError(w, w.store.AsTeam(w.Context(), w.team, do))
}

func (w *watch) asWorker(do func(context.Context, *store.Tx) error) {
	w.Helper()
	require.NoError(w, w.store.AsWorker(w.Context(), do))
}

// observed is what a look at 192.0.2.1 saw: every fact of a quick look, and full.
func observed(depth checks.Depth, full checks.FullTLS, certificates ...checks.Certificate) checks.Observation {
	address := netip.MustParseAddr("192.0.2.1")
	return checks.Observation{
		Depth: depth, DNS: checks.DNS{Host: "app.example", Addresses: checks.KnownFact([]netip.Addr{address})},
		Certificates: certificates,
		Addresses: []checks.AddressObservation{{
			Address: address, Port: 443, Full: full,
			TLS: checks.TLS{Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{
				checks.TLSv12: checks.KnownFact(checks.Accepted{Suite: "0xC02B"}),
			}, Chain: checks.KnownFact([]checks.Fingerprint{certificates[0].SHA256})},
			HTTP: checks.HTTP{Hops: []checks.Hop{{Answer: checks.KnownFact(checks.Response{Status: 200})}}, End: checks.KnownFact(200)},
		}},
	}
}

func (w *watch) look(at time.Time, observation checks.Observation) {
	w.Helper()
	w.asWorker(func(ctx context.Context, tx *store.Tx) error {
		assessment, err := tx.RequestAssessment(ctx, w.endpoint, monitor.Scheduled, observation.Depth, at, at)
		if err != nil {
			return err
		}
		seen, err := tx.SaveSeen(ctx, store.Judged{Look: &observation}, at)
		if err != nil {
			return err
		}
		err = tx.FinishAssessment(ctx, assessment, store.Finished{
			At: at, Seen: seen,
			Look: &store.HostLook{Host: "app.example", Port: 443, Vantage: "local", Depth: observation.Depth, StartedAt: at},
		})
		if err != nil {
			return err
		}
		return tx.Settle(ctx, store.Settlement{
			Assessment: assessment, Lease: store.Lease{EndpointID: w.endpoint}, At: at, Observation: &observation, Seen: seen,
		}, at)
	})
}

// newest reads the newest answers as the team, and as the next look of a depth does.
func (w *watch) newest(depth checks.Depth) (asTeam store.NewestAnswers, seen, compared checks.Observation) {
	w.Helper()
	w.asTeam(func(ctx context.Context, tx *store.Tx) (err error) {
		asTeam, err = tx.NewestAnswers(ctx, w.endpoint)
		return err
	})
	seen, err := store.Together(asTeam.Components)
	require.NoError(w, err)
	w.asWorker(func(ctx context.Context, tx *store.Tx) error {
		standing, err := tx.LockStanding(ctx, w.endpoint, depth, "local", instant)
		compared = standing.Newest
		return err
	})
	return asTeam, seen, compared
}

func TestQuickLookHidesNothingThatAFullOneFound(t *testing.T) {
	t.Parallel()
	w := newWatch(t)
	leaf, other := checks.NewCertificate([]byte("ecdsa")), checks.NewCertificate([]byte("rsa"))
	full := checktest.FullFacts([]checks.Fingerprint{leaf.SHA256}, true)
	full.Chains.Served.Value = append(full.Chains.Served.Value, checks.ServedChain{Key: "RSA", SNI: true, Certificates: []checks.Fingerprint{other.SHA256}})
	w.look(instant, observed(checks.Full, full, leaf, other))
	quick := observed(checks.Quick, checks.FullTLS{}, leaf)
	quick.Addresses[0].TLS.Protocols[checks.TLSv13] = checks.KnownFact(checks.Accepted{Suite: "0x1301"})
	w.look(instant.Add(time.Hour), quick)
	w.look(instant.Add(2*time.Hour), quick)

	newest, seen, compared := w.newest(checks.Full)
	require.Len(t, seen.Addresses, 1)
	require.Equal(t, full, seen.Addresses[0].Full)
	require.Equal(t, full, compared.Addresses[0].Full)
	require.Equal(t, checks.Known, seen.Addresses[0].TLS.Protocols[checks.TLSv13].State, "what a quick look asks is the quick look's")
	require.Equal(t, []byte("rsa"), seen.Certificate(other.SHA256), "the full look's chains have their certificates")
	require.Len(t, seen.Certificates, 2, "each once")
	for family, at := range newest.ObservedAt {
		want := instant
		switch family {
		case store.FamilyDNS, store.FamilyTLS, store.FamilyHTTP, store.FamilyCertificates:
			want = instant.Add(2 * time.Hour)
		}
		require.True(t, want.Equal(at), "%s: %s", family, at)
	}
	require.Len(t, newest.ObservedAt, 10)

	_, _, quickly := w.newest(checks.Quick)
	require.Zero(t, quickly.Addresses[0].Full, "a quick look compares only what it carries, and reads no more")
}

func TestFullLookThatCouldNotTellReplacesNothing(t *testing.T) {
	t.Parallel()
	w := newWatch(t)
	leaf := checks.NewCertificate([]byte("ecdsa"))
	full := checktest.FullFacts([]checks.Fingerprint{leaf.SHA256}, true)
	w.look(instant, observed(checks.Full, full, leaf))
	w.look(instant.Add(time.Hour), observed(checks.Full, checktest.FullUnknown(), leaf))
	newest, seen, _ := w.newest(checks.Full)
	require.Equal(t, full, seen.Addresses[0].Full)
	require.True(t, instant.Equal(newest.ObservedAt[store.FamilySuites]))
	require.True(t, instant.Add(time.Hour).Equal(newest.ObservedAt[store.FamilyTLS]))

	// A look without leave for one family, and one that could tell some families only.
	without := checktest.FullFacts([]checks.Fingerprint{leaf.SHA256}, false)
	without.Suites, without.Features = checktest.FullUnknown().Suites, checktest.FullUnknown().Features
	w.look(instant.Add(2*time.Hour), observed(checks.Full, without, leaf))
	newest, seen, _ = w.newest(checks.Full)
	require.Equal(t, full, seen.Addresses[0].Full)
	for family, hours := range map[string]int{
		store.FamilySuites: 0, store.FamilyFeatures: 0, store.FamilyIntrusive: 0,
		store.FamilyChains: 2, store.FamilyVulnerabilities: 2, store.FamilySimulations: 2,
	} {
		require.True(t, instant.Add(time.Duration(hours)*time.Hour).Equal(newest.ObservedAt[family]), "%s: %s", family, newest.ObservedAt[family])
	}
}

func TestAnAnswerThatIsGivenAgainGetsYounger(t *testing.T) {
	t.Parallel()
	w := newWatch(t)
	leaf := checks.NewCertificate([]byte("ecdsa"))
	full := checktest.FullFacts([]checks.Fingerprint{leaf.SHA256}, false)
	w.look(instant, observed(checks.Full, full, leaf))
	w.look(instant.Add(time.Hour), observed(checks.Quick, checks.FullTLS{}, leaf))
	w.look(instant.Add(24*time.Hour), observed(checks.Full, full, leaf))
	newest, _, _ := w.newest(checks.Full)
	for family, at := range newest.ObservedAt {
		require.True(t, instant.Add(24*time.Hour).Equal(at), "%s: %s", family, at)
	}
	w.look(instant.Add(25*time.Hour), observed(checks.Quick, checks.FullTLS{}, leaf))
	newest, _, _ = w.newest(checks.Full)
	require.True(t, instant.Add(24*time.Hour).Equal(newest.ObservedAt[store.FamilySuites]))
	require.True(t, instant.Add(25*time.Hour).Equal(newest.ObservedAt[store.FamilyTLS]))
	var rows int
	w.asWorker(func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT count(*) FROM components WHERE kind NOT IN ('verdicts')`).Scan(&rows)
	})
	require.Equal(t, 9, rows, "what was seen again is stored once, what holds nothing not at all")
}

func TestTeamsCannotGiveLeave(t *testing.T) {
	t.Parallel()
	w := newWatch(t)
	leave := monitor.IntrusiveLeave{EndpointID: w.endpoint, Reason: "mine", AllowedBy: "me@example.com", AllowedAt: instant}
	for name, as := range map[string]func(context.Context, func(context.Context, *store.Tx) error) error{
		"team": func(ctx context.Context, do func(context.Context, *store.Tx) error) error {
			return w.store.AsTeam(ctx, w.team, do)
		},
		"worker": w.store.AsWorker,
	} {
		for _, statement := range []string{
			`INSERT INTO intrusive_leaves (endpoint_id, team_id, basis, reason, allowed_by, allowed_at) VALUES (1, 1, 'operator', 'r', 'b', '2026-11-22')`,
			`INSERT INTO intrusive_leaves (endpoint_id, team_id, basis, reason, allowed_by, allowed_at) VALUES (1, 1, 'ownership', 'r', 'b', '2026-11-22')`,
			`UPDATE intrusive_leaves SET reason = 'other'`,
		} {
			err := as(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, statement)
				return err
			})
			require.True(t, denied(err), "%s: %s: %v", name, statement, err)
		}
	}
	_, err := change(t, w.store, `INSERT INTO endpoints (team_id, application_id, kind, value_kind, value, next_run_at, created_at, full_looked_at)
		VALUES (1, 1, 'redirect', 'literal', 'https://x.example/', '2026-11-22', '2026-11-22', '2026-11-22')`)
	require.True(t, denied(err), "%v", err)
	asOperator := func(do func(context.Context, *store.Tx) error) error { return w.store.AsOperator(t.Context(), do) }
	require.NoError(t, asOperator(func(ctx context.Context, tx *store.Tx) error { return tx.AllowIntrusive(ctx, leave) }))
	require.ErrorIs(t, asOperator(func(ctx context.Context, tx *store.Tx) error { return tx.AllowIntrusive(ctx, leave) }), store.ErrConflict)
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		got, err := tx.IntrusiveLeaves(ctx, w.endpoint)
		require.Len(t, got, 1)
		require.Equal(t, "mine", got[0].Reason)
		return err
	})
	deleted, err := change(t, w.store, `DELETE FROM intrusive_leaves`)
	require.NoError(t, err)
	require.Zero(t, deleted, "an operator's leave is not the team's to take")
	require.NoError(t, asOperator(func(ctx context.Context, tx *store.Tx) error { return tx.ForbidIntrusive(ctx, w.endpoint) }))
	require.ErrorIs(t, asOperator(func(ctx context.Context, tx *store.Tx) error { return tx.ForbidIntrusive(ctx, w.endpoint) }), store.ErrNotFound)
	require.ErrorIs(t, asOperator(func(ctx context.Context, tx *store.Tx) error {
		return tx.AllowIntrusive(ctx, monitor.IntrusiveLeave{EndpointID: 99, Reason: "r", AllowedBy: "b", AllowedAt: instant})
	}), store.ErrNotFound)
}
