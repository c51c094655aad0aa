package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
)

// CarriedFamilies lists the families of which a look of a depth is judged on
// the newest answer of full looks before it, since it does not ask: for a quick
// look all that full looks know, for a full one without leave for intrusive
// probes what one with leave found.
func CarriedFamilies(depth checks.Depth, intrusive bool) []string {
	switch {
	case depth != checks.Full:
		return append(fullFamilies(), FamilyPKI)
	case !intrusive:
		return []string{FamilyIntrusive}
	default:
		return nil
	}
}

// FullAnswers returns the newest answers of full looks at an endpoint to
// families, and the certificates that they name. An endpoint that was never
// looked at fully gives an empty observation.
func (tx *Tx) FullAnswers(ctx context.Context, endpoint int64, families []string) (checks.Observation, error) {
	rows, _ := tx.Query(ctx, `
		SELECT m.kind, m.address, m.port, c.sha256, c.body
		FROM (SELECT DISTINCT e.kind, e.address, coalesce(e.port, 0) AS port, e.component_sha256
			FROM endpoint_status s JOIN manifest_entries e ON e.manifest_sha256 = s.manifest_sha256
				AND (e.kind = s.family OR e.kind = 'certificate' AND s.family IN ('chains', 'pki'))
			WHERE s.endpoint_id = @endpoint AND s.depth = 'full' AND s.family = ANY(@families::text[])) m
		JOIN components c ON c.sha256 = m.component_sha256
		ORDER BY m.address, m.port, c.sha256`,
		pgx.StrictNamedArgs{"endpoint": endpoint, "families": families})
	return together(rows, endpoint)
}
