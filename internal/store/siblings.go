package store

import (
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// mostSiblings bounds what is read of an application's other endpoints: a
// judgement asks which environments and hosts there are.
const mostSiblings = "1000"

// siblingsOfAssessment reads every endpoint of the application whose endpoint an
// assessment is of, that one too.
const siblingsOfAssessment = `
	SELECT e.id, coalesce(e.environment, '') AS environment, e.kind, e.value_kind, e.value, e.probe_url, coalesce(c.client_id, '') AS client_id
	FROM endpoints e LEFT JOIN client_ids c ON c.application_id = e.application_id AND c.environment = e.environment
	WHERE e.deleted_at IS NULL AND e.application_id = (SELECT o.application_id FROM endpoints o
		WHERE o.id = (SELECT endpoint_id FROM assessments WHERE id = @id AND slot = @slot))
	ORDER BY e.id LIMIT ` + mostSiblings

// sibling is one row of siblingsOfAssessment.
type sibling struct {
	ID          int64
	Environment policy.Environment
	Kind        policy.Kind
	ValueKind   policy.ValueKind
	Value       string
	ProbeURL    string
	ClientID    string
}

// siblingsOf splits the rows of an application into the client ID of one
// endpoint and the others. It is never nil: an application of one endpoint is
// known to have no other.
func siblingsOf(endpoint int64, rows []sibling) (clientID string, others []policy.Sibling) {
	others = []policy.Sibling{}
	for _, row := range rows {
		if row.ID == endpoint {
			clientID = row.ClientID
			continue
		}
		others = append(others, monitor.SiblingOf(monitor.Endpoint{
			Environment: row.Environment, Kind: row.Kind, ValueKind: row.ValueKind, Value: row.Value, ProbeURL: row.ProbeURL,
		}, row.ClientID))
	}
	return clientID, others
}
