package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// ServedCertificates are the certificates of endpoints by their newest answers.
type ServedCertificates struct {
	Endpoints    []ServedChains // by team, application, environment and value
	Certificates map[checks.Fingerprint][]byte
	// RenewalInfo: of leaves whose issuers publish it.
	RenewalInfo map[checks.Fingerprint]checks.RenewalInfo
}

// ServedChains are the chains that clients of one endpoint get that name its
// host, each once, leaf first.
type ServedChains struct {
	EndpointID      int64
	TeamID          int64
	TeamName        string
	ApplicationName string
	Environment     policy.Environment
	Value           string
	Chains          [][]checks.Fingerprint `db:"-"`
}

// ServedCertificates returns what the team's endpoints serve. Endpoints whose
// certificates were never seen have no chains.
func (tx *Tx) ServedCertificates(ctx context.Context) (ServedCertificates, error) {
	return tx.servedCertificates(ctx, "team_manifest_entries", "team_components")
}

// ServedCertificatesOfAll returns what the endpoints of every team serve, for
// operators.
func (tx *Tx) ServedCertificatesOfAll(ctx context.Context) (ServedCertificates, error) {
	return tx.servedCertificates(ctx, "manifest_entries", "components")
}

// servedCertificates reads entries and components by tables or views of these
// names.
func (tx *Tx) servedCertificates(ctx context.Context, entries, components string) (ServedCertificates, error) {
	served := ServedCertificates{
		Certificates: map[checks.Fingerprint][]byte{}, RenewalInfo: map[checks.Fingerprint]checks.RenewalInfo{},
	}
	rows, _ := tx.Query(ctx, `
		SELECT e.id AS endpoint_id, e.team_id, t.name AS team_name, a.name AS application_name, coalesce(e.environment, '') AS environment, e.value
		FROM endpoints e JOIN applications a ON a.id = e.application_id JOIN teams t ON t.id = e.team_id
		WHERE e.deleted_at IS NULL ORDER BY t.name, t.id, a.name, a.id, e.environment, e.value, e.id`)
	var err error
	if served.Endpoints, err = collectAll[ServedChains](rows, "list endpoints"); err != nil {
		return served, err
	}
	found, err := tx.servedComponents(ctx, entries)
	if err != nil {
		return served, err
	}
	bodies, err := tx.bodies(ctx, components, found)
	if err != nil {
		return served, err
	}
	return served, served.add(found, bodies)
}

// servedComponent is one component that says what an endpoint serves.
type servedComponent struct {
	EndpointID int64
	Kind       string
	SHA256     []byte
}

// servedComponents lists the components of the newest answers: of chains as
// every look sees them, of those that only a full look finds, and of issuers.
func (tx *Tx) servedComponents(ctx context.Context, entries string) ([]servedComponent, error) {
	rows, _ := tx.Query(ctx, `
		SELECT DISTINCT s.endpoint_id, m.kind, m.component_sha256 AS sha256
		FROM (SELECT DISTINCT ON (t.endpoint_id, t.family) t.endpoint_id, t.family, t.manifest_sha256
			FROM endpoint_status t JOIN endpoints e ON e.id = t.endpoint_id
			WHERE e.deleted_at IS NULL AND t.family IN ('tls', 'chains', 'pki')
			ORDER BY t.endpoint_id, t.family, `+answerAge+` DESC, t.depth) s
		JOIN `+entries+` m ON m.manifest_sha256 = s.manifest_sha256 AND (m.kind = s.family OR m.kind = 'certificate' AND s.family <> 'pki')
		ORDER BY s.endpoint_id, m.kind, m.component_sha256`)
	return collectAll[servedComponent](rows, "list the chains of endpoints")
}

// bodies reads components by their keys, each once.
func (tx *Tx) bodies(ctx context.Context, components string, found []servedComponent) (map[string][]byte, error) {
	sums := make([][]byte, 0, len(found))
	for _, component := range found {
		sums = append(sums, component.SHA256)
	}
	slices.SortFunc(sums, func(a, b []byte) int { return strings.Compare(string(a), string(b)) })
	sums = slices.CompactFunc(sums, func(a, b []byte) bool { return string(a) == string(b) })
	type row struct{ SHA256, Body []byte }
	rows, _ := tx.Query(ctx, `SELECT sha256, body FROM `+components+` WHERE sha256 = ANY(@sums)`, pgx.StrictNamedArgs{"sums": sums})
	all, err := collectAll[row](rows, "read %d components of chains", len(sums))
	bodies := make(map[string][]byte, len(all))
	for _, r := range all {
		bodies[hex.EncodeToString(r.SHA256)] = r.Body
	}
	return bodies, err
}

func (s *ServedCertificates) add(found []servedComponent, bodies map[string][]byte) error {
	chains := map[int64][][]checks.Fingerprint{}
	for _, component := range found {
		body, readable := bodies[hex.EncodeToString(component.SHA256)]
		if !readable {
			continue
		}
		more, err := s.read(component.Kind, body)
		if err != nil {
			return fmt.Errorf("read the %s component %x: %w", component.Kind, component.SHA256, err)
		}
		for _, chain := range more {
			known := func(other []checks.Fingerprint) bool { return slices.Equal(other, chain) }
			if len(chain) > 0 && !slices.ContainsFunc(chains[component.EndpointID], known) {
				chains[component.EndpointID] = append(chains[component.EndpointID], chain)
			}
		}
	}
	for i := range s.Endpoints {
		s.Endpoints[i].Chains = chains[s.Endpoints[i].EndpointID]
	}
	return nil
}

// read takes the certificates and windows of a component, and returns its chains.
func (s *ServedCertificates) read(kind string, body []byte) (chains [][]checks.Fingerprint, err error) {
	switch kind {
	case KindTLS:
		var part checks.TLS
		err = json.Unmarshal(body, &part)
		chains = append(chains, part.Chain.Value)
	case KindChains:
		var part checks.Chains
		err = json.Unmarshal(body, &part)
		for _, chain := range part.Served.Value {
			if chain.SNI {
				chains = append(chains, chain.Certificates)
			}
		}
	case KindCertificate:
		var part checks.Certificate
		err = json.Unmarshal(body, &part)
		s.Certificates[part.SHA256] = part.DER
	case "pki":
		var part checks.PKI
		err = json.Unmarshal(body, &part)
		for leaf, info := range part.RenewalInfo {
			if info.State == checks.Known {
				s.RenewalInfo[leaf] = info.Value
			}
		}
	}
	return chains, err
}
