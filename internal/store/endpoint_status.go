package store

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// answerAge is when the answer of the status row t was given last.
const answerAge = `CASE WHEN t.current THEN greatest(t.observed_at,
	CASE t.depth WHEN 'full' THEN e.full_looked_at ELSE coalesce(e.quick_looked_at, e.looked_at) END) ELSE t.observed_at END`

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
		UPDATE endpoint_status s SET current = false, observed_at = coalesce(
			CASE s.depth WHEN 'full' THEN e.full_looked_at ELSE coalesce(e.quick_looked_at, e.looked_at) END, s.observed_at)
		FROM endpoints e
		WHERE e.id = s.endpoint_id AND s.endpoint_id = @endpoint AND s.depth = @depth AND s.current
			AND s.family <> ALL(@families::text[])`, arguments)
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

// newestAnswers reads the newest answer of those families of facts that a look
// of @families asks.
const newestAnswers = `
	SELECT m.kind, m.address, coalesce(m.port, 0) AS port, c.sha256, c.body
	FROM (SELECT DISTINCT ON (t.family) t.family, t.manifest_sha256 FROM endpoint_status t JOIN endpoints e ON e.id = t.endpoint_id
		WHERE t.endpoint_id = @endpoint AND t.family = ANY(@families::text[])
		ORDER BY t.family, ` + answerAge + ` DESC, t.depth) s
	JOIN manifest_entries m ON m.manifest_sha256 = s.manifest_sha256
		AND m.kind = CASE s.family WHEN 'certificates' THEN 'certificate' ELSE s.family END
	JOIN components c ON c.sha256 = m.component_sha256
	ORDER BY m.address, m.port, c.sha256`

// together puts an observation together from the newest answer of each family
// of an endpoint.
func together(rows pgx.Rows, endpoint int64) (checks.Observation, error) {
	type row struct {
		Kind    string
		Address *netip.Addr
		Port    int
		SHA256  []byte
		Body    []byte
	}
	all, err := collectAll[row](rows, "read the newest answers of endpoint %d", endpoint)
	if err != nil {
		return checks.Observation{}, err
	}
	components := make([]ObservedComponent, 0, len(all))
	for _, r := range all {
		components = append(components, observedComponent(r.Kind, r.Address, r.Port, r.SHA256, r.Body))
	}
	observation, err := Together(components)
	if err != nil {
		return observation, fmt.Errorf("read the newest answers of endpoint %d: %w", endpoint, err)
	}
	return observation, nil
}
