package regrade_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// instant is when the first stored assessment was due.
var instant = time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)

// size is how much is stored: each endpoint had versions of its configuration,
// one after the other, each seen by assessments hours after each other.
type size struct{ endpoints, versions, assessments int }

func (s size) manifests() int { return s.endpoints * s.versions }
func (s size) total() int     { return s.manifests() * s.assessments }

// stored is a database with what a size says.
type stored struct {
	testing.TB
	*testdb.Database
	owner *pgx.Conn
	size  size
	ca    *pki.CA // that issued the certificate of every host
}

// Markers in the templates of components, which the database replaces.
const (
	hostMarker        = "HOSTMARK"
	versionMarker     = "VERSIONMARK"
	fingerprintMarker = "FINGERPRINTMARK"
	derMarker         = "DERMARK"
)

func seed(t testing.TB, size size) *stored {
	t.Helper()
	s := &stored{TB: t, Database: testdb.New(t), size: size}
	var err error
	s.owner, err = pgx.Connect(t.Context(), s.OwnerURL)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.owner.Close(context.Background()) })
	s.exec(`SELECT ensure_partitions($1, 3)`, instant)
	s.certificates()
	s.exec(`INSERT INTO teams (id, name, created_at) OVERRIDING SYSTEM VALUE VALUES (1, 'Partner', $1)`, instant)
	s.exec(`INSERT INTO applications (id, team_id, name, type, created_at) OVERRIDING SYSTEM VALUE VALUES (1, 1, 'App', 'custom', $1)`, instant)
	s.exec(`INSERT INTO endpoints (id, team_id, application_id, kind, value_kind, value, next_run_at, created_at) OVERRIDING SYSTEM VALUE
		SELECT i, 1, 1, 'redirect', 'literal', 'https://h' || i || '.example/', $1, $1 FROM generate_series(1, $2::int) i`, instant, size.endpoints)
	s.components()
	s.exec(`INSERT INTO assessments (team_id, endpoint_id, slot, purpose, vantage, depth, requested_at, finished_at, outcome, manifest_sha256, grade, criteria)
		SELECT 1, h, slot, 'scheduled', 'local', 'full', slot, slot + interval '1 second', 'judged', sha256(('manifest' || h || '/' || v)::bytea),
			CASE v % 3 WHEN 0 THEN 'A' WHEN 1 THEN 'B' END, CASE v % 3 WHEN 2 THEN NULL ELSE '2009q' END
		FROM generate_series(1, $2::int) h, generate_series(0, $3::int - 1) v, generate_series(0, $4::int - 1) a,
			LATERAL (SELECT $1::timestamptz + make_interval(hours => v * $4::int + a) AS slot) s`,
		instant, size.endpoints, size.versions, size.assessments)
	s.exec(`ANALYZE`)
	return s
}

// certificates issues one for each host.
func (s *stored) certificates() {
	s.Helper()
	s.ca = checktest.NewCA(s, "Regrade root")
	s.exec(`CREATE TEMP TABLE hosts (h int PRIMARY KEY, fingerprint text, der text)`)
	rows := make([][]any, 0, s.size.endpoints)
	for h := 1; h <= s.size.endpoints; h++ {
		leaf, err := s.ca.Issue(pki.Leaf{Names: []string{fmt.Sprintf("h%d.example", h)}, NotBefore: instant.AddDate(0, -1, 0), NotAfter: instant.AddDate(0, 2, 0)})
		require.NoError(s, err)
		certificate := checks.NewCertificate(leaf.Certificate.Certificate[0])
		rows = append(rows, []any{h, string(certificate.SHA256), base64.StdEncoding.EncodeToString(certificate.DER)})
	}
	_, err := s.owner.CopyFrom(s.Context(), pgx.Identifier{"hosts"}, []string{"h", "fingerprint", "der"}, pgx.CopyFromRows(rows))
	require.NoError(s, err)
}

// components stores what was seen: per host a name, protocols, certificates and
// more, per version the suites, and the rest for all.
func (s *stored) components() {
	s.Helper()
	full := checktest.FullFacts([]checks.Fingerprint{fingerprintMarker}, true)
	full.Suites.Accepted[checks.TLSv12] = checks.KnownFact(append(full.Suites.Accepted[checks.TLSv12].Value, checks.Suite{ID: "0xFFFF", Name: versionMarker}))
	tls := checks.TLS{Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{
		checks.TLSv12: checks.KnownFact(checks.Accepted{Suite: "0xC02B"}), checks.TLSv13: checks.KnownFact(checks.Accepted{Suite: "0x1301"}),
	}, Chain: checks.KnownFact([]checks.Fingerprint{fingerprintMarker})}
	http := checks.HTTP{End: checks.KnownFact(200), Hops: []checks.Hop{{URL: "https://" + hostMarker + "/", Host: hostMarker, Answer: checks.KnownFact(checks.Response{Status: 200})}}}
	for kind, part := range map[string]any{
		store.KindDNS:         checks.DNS{Host: hostMarker},
		store.KindTLS:         tls,
		store.KindHTTP:        http,
		store.KindCertificate: map[string]string{"sha256": fingerprintMarker, "der": derMarker},
		store.KindSuites:      full.Suites, store.KindChains: full.Chains, store.KindFeatures: full.Features,
		store.KindVulnerabilities: full.Vulnerabilities, store.KindSimulations: full.Simulations,
	} {
		body, _, err := checks.Canonical(part)
		require.NoError(s, err)
		s.component(kind, string(body))
	}
	s.exec(`INSERT INTO manifests (sha256, depth, first_seen_at, last_seen_month)
		SELECT DISTINCT manifest_sha256, 'full', $1::timestamptz, '2026-11-01'::date FROM manifest_entries_seed`, instant)
	s.exec(`INSERT INTO manifest_entries (manifest_sha256, kind, address, port, component_sha256)
		SELECT manifest_sha256, kind, CASE WHEN kind IN ('dns', 'certificate') THEN NULL ELSE '192.0.2.1'::inet END,
			CASE WHEN kind IN ('dns', 'certificate') THEN NULL ELSE 443 END, component_sha256 FROM manifest_entries_seed`)
}

// component stores a component of a kind for each host and version that its
// template tells apart.
func (s *stored) component(kind, template string) {
	s.Helper()
	s.exec(`CREATE TEMP TABLE IF NOT EXISTS manifest_entries_seed (manifest_sha256 bytea, kind text, component_sha256 bytea)`)
	s.exec(`WITH made AS MATERIALIZED (
			SELECT sha256(('manifest' || h || '/' || v)::bytea) AS manifest, convert_to(replace(replace(replace(replace($2,
				'VERSIONMARK', h || '/' || v), 'HOSTMARK', 'h' || h || '.example'), 'FINGERPRINTMARK', fingerprint), 'DERMARK', der), 'UTF8') AS body
			FROM hosts, generate_series(0, $3::int - 1) v),
		stored AS (
			INSERT INTO components (sha256, kind, body, first_seen_at, last_seen_month)
			SELECT DISTINCT ON (sha256(body)) sha256(body), $1, body, $4::timestamptz, '2026-11-01'::date FROM made ON CONFLICT DO NOTHING)
		INSERT INTO manifest_entries_seed SELECT manifest, $1, sha256(body) FROM made`, kind, template, s.size.versions, instant)
}

func (s *stored) exec(statement string, arguments ...any) {
	s.Helper()
	_, err := s.owner.Exec(s.Context(), statement, arguments...)
	require.NoError(s, err, statement)
}

// one reads one value as the owner.
func one[T any](s *stored, query string, arguments ...any) T {
	s.Helper()
	var value T
	require.NoError(s, s.owner.QueryRow(s.Context(), query, arguments...).Scan(&value), query)
	return value
}

// ask asks for a regrade of everything.
func (s *stored) ask() int64 {
	s.Helper()
	var asked store.Regrade
	require.NoError(s, s.Store.AsOperator(s.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		asked, err = tx.RequestRegrade(ctx, store.Regrade{
			Criteria: "2009r", FromSlot: instant, ToSlot: instant.AddDate(0, 3, 0), RequestedBy: "o@example.com", RequestedAt: instant.AddDate(0, 2, 0),
		})
		return err
	}))
	return asked.ID
}

func (s *stored) report(id int64, page store.RegradePage) store.RegradeReport {
	s.Helper()
	var report store.RegradeReport
	require.NoError(s, s.Store.AsOperator(s.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		report, err = tx.RegradeReport(ctx, id, page)
		return err
	}))
	return report
}

// benchmarkSize is that of BenchmarkRegrade: GRADEWATCH_TEST_REGRADE=full is a
// million assessments of 20,000 observations.
func benchmarkSize() size {
	if os.Getenv("GRADEWATCH_TEST_REGRADE") == "full" {
		return size{endpoints: 1000, versions: 20, assessments: 50}
	}
	return size{endpoints: 100, versions: 20, assessments: 10}
}
