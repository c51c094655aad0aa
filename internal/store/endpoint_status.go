package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
)

// The families of facts that endpoint_status keeps apart.
const (
	familyDNS          = "dns"
	familyTLS          = "tls"
	familyHTTP         = "http"
	familyCertificates = "certificates"
)

// SaveEndpointStatus notes, for each family of facts that observation answers,
// that this look holds the newest answer. A family that could not be told
// leaves the older answer standing.
func (tx *Tx) SaveEndpointStatus(ctx context.Context, endpoint, team, assessment int64, observation *checks.Observation, manifest []byte, at time.Time) error {
	families := answered(observation)
	if len(families) == 0 {
		return nil
	}
	const upsert = `
		INSERT INTO endpoint_status (endpoint_id, team_id, family, depth, manifest_sha256, assessment_id, observed_at)
		SELECT @endpoint, @team, family, @depth, @manifest, @assessment, @at FROM unnest(@families::text[]) AS f(family)
		ON CONFLICT (endpoint_id, family, depth) DO UPDATE SET manifest_sha256 = excluded.manifest_sha256,
			assessment_id = excluded.assessment_id, observed_at = excluded.observed_at`
	_, err := tx.Exec(ctx, upsert, pgx.StrictNamedArgs{
		"endpoint": endpoint, "team": team, "depth": string(observation.Depth), "manifest": manifest,
		"assessment": assessment, "at": at, "families": families,
	})
	if err != nil {
		return fmt.Errorf("note the newest answers of endpoint %d: %w", endpoint, err)
	}
	return nil
}

func answered(observation *checks.Observation) []string {
	var families []string
	if observation.DNS.Addresses.Conclusive() {
		families = append(families, familyDNS)
	}
	if slices.ContainsFunc(observation.Addresses, answersTLS) {
		families = append(families, familyTLS)
	}
	if slices.ContainsFunc(observation.Addresses, answersHTTP) {
		families = append(families, familyHTTP)
	}
	if len(observation.Certificates) > 0 {
		families = append(families, familyCertificates)
	}
	return families
}

func answersTLS(address checks.AddressObservation) bool {
	for _, fact := range address.TLS.Protocols {
		if fact.Conclusive() {
			return true
		}
	}
	return address.TLS.Chain.State == checks.Known
}

func answersHTTP(address checks.AddressObservation) bool {
	return slices.ContainsFunc(address.HTTP.Hops, func(hop checks.Hop) bool { return hop.Answer.State == checks.Known })
}

// statusEntry is a component of a manifest that holds a family's newest answer.
type statusEntry struct {
	Family  string
	Kind    string
	Address *netip.Addr
	Port    *int32
	Body    []byte
}

// NewestAnswers puts an observation together from the newest answer of each
// family of an endpoint. known is false when there is none yet.
func (tx *Tx) NewestAnswers(ctx context.Context, endpoint int64) (observation checks.Observation, known bool, err error) {
	const query = `
		SELECT s.family, m.kind, m.address, m.port, c.body
		FROM (SELECT DISTINCT ON (family) family, manifest_sha256 FROM endpoint_status
			WHERE endpoint_id = @endpoint ORDER BY family, observed_at DESC) s
		JOIN manifest_entries m ON m.manifest_sha256 = s.manifest_sha256
			AND m.kind = CASE s.family WHEN 'certificates' THEN 'certificate' ELSE s.family END
		JOIN components c ON c.sha256 = m.component_sha256
		ORDER BY m.address, m.port, c.sha256`
	rows, _ := tx.Query(ctx, query, pgx.StrictNamedArgs{"endpoint": endpoint})
	entries, err := collectAll[statusEntry](rows, "read the newest answers of endpoint %d", endpoint)
	if err != nil {
		return observation, false, err
	}
	for _, entry := range entries {
		if err := entry.addTo(&observation); err != nil {
			return observation, false, fmt.Errorf("read the newest answers of endpoint %d: %w", endpoint, err)
		}
	}
	slices.SortFunc(observation.Addresses, func(a, b checks.AddressObservation) int { return a.Address.Compare(b.Address) })
	slices.SortFunc(observation.Certificates, func(a, b checks.Certificate) int {
		return cmp.Compare(a.SHA256, b.SHA256)
	})
	return observation, len(entries) > 0, nil
}

func (e statusEntry) addTo(observation *checks.Observation) error {
	switch e.Kind {
	case KindDNS:
		return json.Unmarshal(e.Body, &observation.DNS)
	case KindCertificate:
		var certificate checks.Certificate
		err := json.Unmarshal(e.Body, &certificate)
		observation.Certificates = append(observation.Certificates, certificate)
		return err
	}
	if e.Address == nil || e.Port == nil {
		return fmt.Errorf("a component of kind %s has no address", e.Kind)
	}
	i := slices.IndexFunc(observation.Addresses, func(a checks.AddressObservation) bool {
		return a.Address == *e.Address && int32(a.Port) == *e.Port
	})
	if i < 0 {
		i = len(observation.Addresses)
		observation.Addresses = append(observation.Addresses, checks.AddressObservation{Address: *e.Address, Port: uint16(*e.Port)}) //nolint:gosec // it was stored from a uint16
	}
	if e.Kind == KindTLS {
		return json.Unmarshal(e.Body, &observation.Addresses[i].TLS)
	}
	return json.Unmarshal(e.Body, &observation.Addresses[i].HTTP)
}

// JudgedBy is by which rules an endpoint was judged last.
type JudgedBy struct {
	AssessmentID int64
	At           time.Time
	Engine       string
	Profile      string
	TrustData    string
}

// LastJudgement returns by which rules an endpoint was judged last.
// ErrNotFound: never.
func (tx *Tx) LastJudgement(ctx context.Context, endpoint int64) (JudgedBy, error) {
	const query = `
		SELECT id AS assessment_id, finished_at AS at, engine, profile, trust_data FROM assessments
		WHERE endpoint_id = @endpoint AND outcome = 'judged' ORDER BY slot DESC LIMIT 1`
	rows, _ := tx.Query(ctx, query, pgx.StrictNamedArgs{"endpoint": endpoint})
	return collectOne[JudgedBy](rows, ErrNotFound, "find the last judgement of endpoint %d", endpoint)
}
