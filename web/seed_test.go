package web_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"math/big"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

type syncBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *syncBuffer) Write(content []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(content)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// addEndpoint registers a URL through the store, without a look.
func (s *site) addEndpoint(application, value string, environment policy.Environment) (endpoint monitor.Endpoint) {
	s.Helper()
	require.NoError(s, s.store.AsTeam(s.Context(), s.person.TeamID, func(ctx context.Context, tx *store.Tx) error {
		all, err := tx.Applications(ctx)
		if err != nil {
			return err
		}
		var owner monitor.Application
		for _, known := range all {
			if known.Name == application {
				owner = known
			}
		}
		if owner.ID == 0 {
			owner, err = tx.CreateApplication(ctx, monitor.Application{TeamID: s.person.TeamID, Name: application, Type: policy.Standard}, s.now())
			if err != nil {
				return err
			}
		}
		endpoint, err = tx.CreateEndpoint(ctx, monitor.Endpoint{
			ApplicationID: owner.ID, Environment: environment, Kind: policy.Redirect, ValueKind: policy.Literal,
			Value: value, Interval: time.Hour, NextRunAt: s.now().Add(time.Hour),
		}, s.now())
		return err
	}))
	return endpoint
}

// look is what seedLook writes as a worker would.
type look struct {
	at       time.Time
	purpose  monitor.Purpose
	verdicts []checks.Verdict
	changes  []monitor.Change
	sslv3    bool
	requests []checks.RequestRecord
	states   []monitor.RequirementState
}

func verdict(id string, result checks.Result, severity checks.Severity, text string) checks.Verdict {
	v := checks.Verdict{
		Requirement: id, Profile: "superoffice@2026-07", Result: result, Severity: severity,
		Proof: []checks.Proof{{Fact: "addresses", Value: "x", Text: text}},
	}
	if result == checks.Fail {
		v.Remedy = "Do what has to be done."
	}
	return v
}

// certificate is one for both names below, made once.
var certificate = sync.OnceValue(func() checks.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "app.example.com"},
		DNSNames: []string{"app.example.com", "www.example.com"}, NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter: time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return checks.NewCertificate(der)
})

func protocols(sslv3 bool) map[checks.Protocol]checks.Fact[checks.Accepted] {
	facts := map[checks.Protocol]checks.Fact[checks.Accepted]{
		checks.SSLv2: checks.AbsentFact[checks.Accepted](""), checks.SSLv3: checks.AbsentFact[checks.Accepted](""),
		checks.TLSv10: checks.AbsentFact[checks.Accepted](""), checks.TLSv11: checks.InconclusiveFact[checks.Accepted](checks.ReasonTimeout),
		checks.TLSv12: checks.KnownFact(checks.Accepted{Suite: "0xC02F"}), checks.TLSv13: checks.KnownFact(checks.Accepted{Suite: "0x1301"}),
	}
	if sslv3 {
		facts[checks.SSLv3] = checks.KnownFact(checks.Accepted{Suite: "0x000A"})
	}
	return facts
}

// seedLook writes a finished look at endpoint and returns its assessment's id.
func (s *site) seedLook(endpoint monitor.Endpoint, l look) (id int64) {
	s.Helper()
	address := netip.MustParseAddr("192.0.2.10")
	hop := checks.Hop{
		URL: endpoint.Value, Scheme: "https", Host: "app.example.com", SameSite: true,
		Answer: checks.KnownFact(checks.Response{Status: 200, TLS: checks.TLSv13, Cookies: []checks.Cookie{{Name: "session", Secure: true, Path: "/"}}}),
	}
	components := map[string]any{
		"dns":         checks.DNS{Host: "app.example.com", Addresses: checks.KnownFact([]netip.Addr{address})},
		"tls":         checks.TLS{Protocols: protocols(l.sslv3), Chain: checks.KnownFact([]checks.Fingerprint{certificate().SHA256})},
		"http":        checks.HTTP{Hops: []checks.Hop{hop}, End: checks.KnownFact(200), PlainHTTP: checks.AbsentFact[checks.PlainHTTP](checks.ReasonRefused)},
		"certificate": certificate(),
		"verdicts":    l.verdicts,
	}
	require.NoError(s, s.store.AsWorker(s.Context(), func(ctx context.Context, tx *store.Tx) error {
		exec := func(statement string, arguments ...any) {
			_, err := tx.Exec(ctx, statement, arguments...)
			require.NoError(s, err, statement)
		}
		sums := map[string][]byte{}
		manifest := sha256.New()
		for _, kind := range []string{"dns", "tls", "http", "certificate", "verdicts"} {
			form, sum, err := checks.Canonical(components[kind])
			require.NoError(s, err)
			exec(`INSERT INTO components (sha256, kind, body, first_seen_at, last_seen_month) VALUES ($1, $2, $3, $4, '2026-01-01') ON CONFLICT DO NOTHING`, sum[:], kind, form, l.at)
			sums[kind] = sum[:]
			manifest.Write(sum[:])
		}
		m := manifest.Sum(nil)
		exec(`INSERT INTO manifests (sha256, depth, first_seen_at, last_seen_month) VALUES ($1, 'quick', $2, '2026-01-01') ON CONFLICT DO NOTHING`, m, l.at)
		for _, kind := range []string{"dns", "tls", "http", "certificate"} {
			var at any
			var port any
			if kind == "tls" || kind == "http" {
				at, port = address, 443
			}
			exec(`INSERT INTO manifest_entries (manifest_sha256, kind, address, port, component_sha256) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`, m, kind, at, port, sums[kind])
		}
		var host int64
		require.NoError(s, tx.QueryRow(ctx, `INSERT INTO host_looks (host, port, vantage, depth, manifest_sha256, connectivity, started_at, duration_ms, connections)
			VALUES ('app.example.com', 443, 'local', 'quick', $1, true, $2, 480, 1) RETURNING id`, m, l.at).Scan(&host))
		measurements, err := json.Marshal(checks.Measurements{
			StartedAt: l.at, Duration: 480 * time.Millisecond, Requests: l.requests,
			Connections: []checks.ConnectionRecord{{At: l.at, Source: netip.MustParseAddrPort("10.0.0.4:41222"), Destination: netip.AddrPortFrom(address, 443), Connect: 12 * time.Millisecond, Sent: 517, Received: 3200}},
			Log:         []checks.LogLine{{At: 12 * time.Millisecond, Text: "hello of TLS 1.2 to 192.0.2.10:443"}, {At: 31 * time.Millisecond, Text: "<script>alert(1)</script> came back"}},
		})
		require.NoError(s, err)
		exec(`INSERT INTO measurements (host_look_id, started_at, body) VALUES ($1, $2, $3)`, host, l.at, measurements)
		require.NoError(s, tx.QueryRow(ctx, `INSERT INTO assessments (team_id, endpoint_id, slot, purpose, vantage, depth, requested_at, started_at, stage,
				finished_at, outcome, host_look_id, host_look_at, manifest_sha256, verdicts_sha256, profile, engine, trust_data, changed)
			VALUES ($1, $2, $3, $4, 'local', 'quick', $3, $3, 'done', $5, 'judged', $6, $3, $7, $8, 'superoffice@2026-07', 'gradewatch 1', 'mozilla 2026-10', $9) RETURNING id`,
			endpoint.TeamID, endpoint.ID, l.at, string(l.purpose), l.at.Add(time.Second), host, m, sums["verdicts"], len(l.changes) > 0).Scan(&id))
		for _, change := range l.changes {
			exec(`INSERT INTO changes (team_id, endpoint_id, assessment_id, previous_assessment_id, occurred_at, class, cause, subject, before, after, sentence)
				VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, $10)`, endpoint.TeamID, endpoint.ID, id, l.at, string(change.Class), string(change.Cause), change.Subject, change.Before, change.After, change.Sentence)
		}
		for _, state := range l.states {
			exec(`INSERT INTO requirement_status (endpoint_id, team_id, requirement, severity, result, conclusive, conclusive_since, failing_since, inconclusive_since, incident_id, assessment_id, judged_at)
				VALUES ($1, $2, $3, $4, $5, nullif($6, ''), $7, $8, $9, nullif($10, 0), $11, $12)
				ON CONFLICT (endpoint_id, requirement) DO UPDATE SET result = excluded.result, conclusive = excluded.conclusive,
					failing_since = excluded.failing_since, incident_id = excluded.incident_id, judged_at = excluded.judged_at`,
				endpoint.ID, endpoint.TeamID, state.Requirement, string(state.Severity), string(state.Result), string(state.Conclusive),
				orNil(state.ConclusiveSince), orNil(state.FailingSince), orNil(state.InconclusiveSince), state.IncidentID, id, l.at)
		}
		return nil
	}))
	return id
}

func orNil(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at
}

// seedIncident opens an incident about one requirement of endpoint, with a
// notification that was delivered at the second attempt.
func (s *site) seedIncident(endpoint monitor.Endpoint, requirement string, assessment int64, address string) (incident int64, delivery string) {
	s.Helper()
	now := s.now()
	require.NoError(s, s.store.AsWorker(s.Context(), func(ctx context.Context, tx *store.Tx) error {
		exec := func(statement string, arguments ...any) {
			_, err := tx.Exec(ctx, statement, arguments...)
			require.NoError(s, err, statement)
		}
		require.NoError(s, tx.QueryRow(ctx, `INSERT INTO incidents (team_id, state, title, cause, opened_at) VALUES ($1, 'open', $2, 'configuration', $3) RETURNING id`,
			endpoint.TeamID, "SSL 3.0 is accepted at "+endpoint.Value, now).Scan(&incident))
		exec(`INSERT INTO incident_requirements (incident_id, team_id, endpoint_id, requirement, assessment_id) VALUES ($1, $2, $3, $4, $5)`, incident, endpoint.TeamID, endpoint.ID, requirement, assessment)
		var channel int64
		require.NoError(s, tx.QueryRow(ctx, `INSERT INTO channels (team_id, kind, address, created_at) VALUES ($1, 'email', $2, $3) RETURNING id`, endpoint.TeamID, address, now).Scan(&channel))
		notification := uuid.NewString()
		delivery = uuid.NewString()
		exec(`INSERT INTO notifications (id, team_id, kind, incident_id, created_at, payload) VALUES ($1, $2, 'incident.opened', $3, $4, '{"title": "SSL 3.0 is accepted"}')`, notification, endpoint.TeamID, incident, now)
		exec(`INSERT INTO deliveries (id, team_id, notification_id, channel_id, state, attempts, created_at, finished_at) VALUES ($1, $2, $3, $4, 'delivered', 2, $5, $5)`, delivery, endpoint.TeamID, notification, channel, now)
		exec(`INSERT INTO delivery_attempts (delivery_id, team_id, attempt, started_at, duration_ms, accepted, answer) VALUES ($1, $2, 1, $3, 5000, false, 'no answer in time'), ($1, $2, 2, $3, 84, true, '250 2.0.0 Ok: queued')`, delivery, endpoint.TeamID, now)
		return nil
	}))
	return incident, delivery
}

func (s *site) endpoint(id int64) (endpoint monitor.Endpoint) {
	s.Helper()
	require.NoError(s, s.store.AsTeam(s.Context(), s.person.TeamID, func(ctx context.Context, tx *store.Tx) (err error) {
		endpoint, err = tx.Endpoint(ctx, id)
		return err
	}))
	return endpoint
}

// everyPage seeds a fleet in every state and names a path of each page.
func (s *site) everyPage() map[string]string {
	s.Helper()
	endpoint, _, failed := s.failing()
	incident, delivery := s.seedIncident(endpoint, "T-02", failed, "ops@example.com")
	one := func(application, value string, environment policy.Environment, result checks.Result) monitor.Endpoint {
		created := s.addEndpoint(application, value, environment)
		s.seedLook(created, look{
			at: s.now(), purpose: monitor.First, verdicts: []checks.Verdict{verdict("T-02", result, checks.Must, "192.0.2.10 says so.")},
			states: []monitor.RequirementState{{Requirement: "T-02", Severity: checks.Must, Result: result}},
		})
		return created
	}
	one("Shop", "https://sod.app.example.com/callback", policy.SOD, checks.Pass)
	one("Shop", "https://stage.app.example.com/a/very/long/path/that/goes/on/LoginRedirect.aspx?with=parameters&and=more", policy.Stage, checks.ResultInconclusive)
	running := one("Invoices for SuperOffice", "https://invoices.example.org/signin-superoffice", policy.Production, checks.Pass)
	s.addEndpoint("Invoices for SuperOffice", "https://new.example.org/cb", policy.SOD)
	require.NoError(s, s.store.AsTeam(s.Context(), s.person.TeamID, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.RequestAssessment(ctx, running.ID, monitor.Requested, checks.Quick, s.now(), s.now())
		return err
	}))
	full := s.addEndpoint("Shop", "https://full.app.example.com/callback", policy.Production)
	s.worked(full, checks.Full, s.now().Add(-3*time.Hour), checktest.FullFacts(chainOf(), true), checktest.FullFacts(chainOf(), true))
	s.worked(full, checks.Quick, s.now())
	rich := fmt.Sprintf("/endpoints/%d", s.richEndpoint().ID)
	b := s.signedIn(s.person)
	b.post(rich+"/waivers", waiverForm(func(form url.Values) { form.Set("until", s.now().AddDate(0, 2, 0).Format(time.DateOnly)) }))
	b.post(rich+"/profiles", url.Values{"profile": {"mozilla-intermediate"}})
	b.post("/channels", map[string][]string{"kind": {"webhook"}, "address": {"https://hooks.example.com/in"}})
	b.post("/endpoints/1/settings", map[string][]string{"minutes": {"5"}})
	return map[string]string{
		"rich": rich, "waivers": rich + "/waivers?requirement=C-02", "profiles": rich + "/profiles",
		"overview": "/", "filtered": "/?state=failing", "application": fmt.Sprintf("/applications/%d", endpoint.ApplicationID), "form": "/applications/new", "faults": "/applications/new",
		"urls": "/applications/1/urls/new", "endpoint": "/endpoints/1", "full": fmt.Sprintf("/endpoints/%d", full.ID), "progress": fmt.Sprintf("/endpoints/%d", running.ID), "settings": "/endpoints/1/settings",
		"remove": "/endpoints/1/remove", "history": "/endpoints/1/history", "look": fmt.Sprintf("/endpoints/1/looks/%d", failed),
		"incidents": "/incidents", "incident": fmt.Sprintf("/incidents/%d", incident), "deliveries": "/deliveries", "delivery": "/deliveries/" + delivery,
		"channels": "/channels", "channel": "/channels/2", "audit": "/audit", "probe": "/probe", "missing": "/nowhere", "signedout": "/signed-out",
	}
}

// present is the time now, for tests without a site's clock.
func present() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
