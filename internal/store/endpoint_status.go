package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// The families of facts that endpoint_status keeps apart.
const (
	familyDNS          = "dns"
	familyTLS          = "tls"
	familyHTTP         = "http"
	familyCertificates = "certificates"
)

// queueEndpointStatus notes, for each family of facts that observation answers,
// that this look holds the newest answer, where it is another one than before. A
// family that could not be told leaves the older answer standing, with the time
// at which it was given last.
func queueEndpointStatus(batch *pgx.Batch, assessment monitor.Assessment, observation *checks.Observation, manifest []byte, at time.Time) {
	families := []string{}
	if own := observation.Connectivity; own.State != checks.Known || own.Value {
		families = append(families, answered(observation)...)
	}
	arguments := pgx.NamedArgs{
		"endpoint": assessment.EndpointID, "team": assessment.TeamID, "depth": string(observation.Depth), "manifest": manifest,
		"assessment": assessment.ID, "at": at, "families": families,
	}
	batch.Queue(`
		INSERT INTO endpoint_status (endpoint_id, team_id, family, depth, manifest_sha256, assessment_id, observed_at)
		SELECT @endpoint, @team, family, @depth, @manifest, @assessment, @at FROM unnest(@families::text[]) AS f(family)
		WHERE NOT EXISTS (SELECT FROM endpoint_status s WHERE s.endpoint_id = @endpoint AND s.family = f.family
			AND s.depth = @depth AND s.manifest_sha256 = @manifest AND s.current)
		ON CONFLICT (endpoint_id, family, depth) DO UPDATE SET manifest_sha256 = excluded.manifest_sha256,
			assessment_id = excluded.assessment_id, observed_at = excluded.observed_at, current = true`, arguments)
	batch.Queue(`
		UPDATE endpoint_status s SET current = false, observed_at = coalesce(e.looked_at, s.observed_at)
		FROM endpoints e
		WHERE e.id = s.endpoint_id AND s.endpoint_id = @endpoint AND s.depth = @depth AND s.current
			AND s.family <> ALL(@families::text[])`, arguments)
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

const newestAnswers = `
	SELECT s.family, m.kind, m.address, m.port, c.body
	FROM (SELECT DISTINCT ON (t.family) t.family, t.manifest_sha256 FROM endpoint_status t JOIN endpoints e ON e.id = t.endpoint_id
		WHERE t.endpoint_id = @endpoint
		ORDER BY t.family, CASE WHEN t.current THEN greatest(t.observed_at, e.looked_at) ELSE t.observed_at END DESC) s
	JOIN manifest_entries m ON m.manifest_sha256 = s.manifest_sha256
		AND m.kind = CASE s.family WHEN 'certificates' THEN 'certificate' ELSE s.family END
	JOIN components c ON c.sha256 = m.component_sha256
	ORDER BY m.address, m.port, c.sha256`

// together puts an observation together from the newest answer of each family
// of an endpoint.
func together(rows pgx.Rows, endpoint int64) (observation checks.Observation, err error) {
	entries, err := collectAll[statusEntry](rows, "read the newest answers of endpoint %d", endpoint)
	if err != nil {
		return observation, err
	}
	for _, entry := range entries {
		if err := entry.addTo(&observation); err != nil {
			return observation, fmt.Errorf("read the newest answers of endpoint %d: %w", endpoint, err)
		}
	}
	slices.SortFunc(observation.Addresses, func(a, b checks.AddressObservation) int { return a.Address.Compare(b.Address) })
	slices.SortFunc(observation.Certificates, func(a, b checks.Certificate) int {
		return cmp.Compare(a.SHA256, b.SHA256)
	})
	return observation, nil
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
