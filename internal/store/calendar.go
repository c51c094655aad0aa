package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

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

// servedComponent is one component that says what an endpoint serves, and the
// family of facts whose newest answer it stands in.
type servedComponent struct {
	EndpointID int64
	Family     string
	Kind       string
	SHA256     []byte
}

// servedComponents lists the components of the newest answers: of chains as
// every look sees them, of those that only a full look finds, with what the
// same look saw as every look does, and of issuers.
func (tx *Tx) servedComponents(ctx context.Context, entries string) ([]servedComponent, error) {
	type answer struct {
		EndpointID     int64
		Family         string
		ManifestSHA256 []byte
	}
	rows, _ := tx.Query(ctx, `
		SELECT DISTINCT ON (t.endpoint_id, t.family) t.endpoint_id, t.family, t.manifest_sha256
		FROM endpoint_status t JOIN endpoints e ON e.id = t.endpoint_id
		WHERE e.deleted_at IS NULL AND t.family IN ('tls', 'chains', 'pki')
		ORDER BY t.endpoint_id, t.family, `+answerAge+` DESC, t.depth`)
	answers, err := collectAll[answer](rows, "list the newest answers about chains")
	if err != nil {
		return nil, err
	}
	manifests := make([][]byte, 0, len(answers))
	for _, answer := range answers {
		manifests = append(manifests, answer.ManifestSHA256)
	}
	parts, err := tx.partsOf(ctx, entries, distinct(manifests))
	var found []servedComponent
	for _, answer := range answers {
		for _, part := range parts[hex.EncodeToString(answer.ManifestSHA256)] {
			if part.Kind == answer.Family || answer.Family != FamilyPKI && part.Kind != KindPKI && part.Kind != KindChains {
				found = append(found, servedComponent{answer.EndpointID, answer.Family, part.Kind, part.SHA256})
			}
		}
	}
	return found, err
}

// manifestPart is one entry of a manifest.
type manifestPart struct {
	ManifestSHA256, SHA256 []byte
	Kind                   string
}

// partsOf reads, by manifest, what says which certificates are served. The view
// is asked by keys: joined, it would ask of every entry whether the team may
// see it.
func (tx *Tx) partsOf(ctx context.Context, entries string, manifests [][]byte) (map[string][]manifestPart, error) {
	rows, _ := tx.Query(ctx, `
		SELECT DISTINCT manifest_sha256, kind, component_sha256 AS sha256 FROM `+entries+`
		WHERE manifest_sha256 = ANY(@manifests) AND kind IN ('tls', 'chains', 'pki', 'certificate')
		ORDER BY manifest_sha256, kind, component_sha256`, pgx.StrictNamedArgs{"manifests": manifests})
	all, err := collectAll[manifestPart](rows, "list the chains of endpoints")
	parts := make(map[string][]manifestPart, len(manifests))
	for _, part := range all {
		key := hex.EncodeToString(part.ManifestSHA256)
		parts[key] = append(parts[key], part)
	}
	return parts, err
}

// distinct returns keys, each once, sorted.
func distinct(keys [][]byte) [][]byte {
	slices.SortFunc(keys, bytes.Compare)
	return slices.CompactFunc(keys, bytes.Equal)
}

// bodies reads components by their keys, each once.
func (tx *Tx) bodies(ctx context.Context, components string, found []servedComponent) (map[string][]byte, error) {
	sums := make([][]byte, 0, len(found))
	for _, component := range found {
		sums = append(sums, component.SHA256)
	}
	sums = distinct(sums)
	type row struct{ SHA256, Body []byte }
	rows, _ := tx.Query(ctx, `SELECT sha256, body FROM `+components+` WHERE sha256 = ANY(@sums)`, pgx.StrictNamedArgs{"sums": sums})
	all, err := collectAll[row](rows, "read %d components of chains", len(sums))
	bodies := make(map[string][]byte, len(all))
	for _, r := range all {
		bodies[hex.EncodeToString(r.SHA256)] = r.Body
	}
	return bodies, err
}

// seenChains are the chains of one endpoint, by who saw them.
type seenChains struct{ newest, full, withFull [][]checks.Fingerprint }

func (s *ServedCertificates) add(found []servedComponent, bodies map[string][]byte) error {
	seen := map[int64]*seenChains{}
	for _, component := range found {
		body, readable := bodies[hex.EncodeToString(component.SHA256)]
		if !readable {
			continue
		}
		chains, err := s.read(component.Kind, body)
		if err != nil {
			return fmt.Errorf("read the %s component %x: %w", component.Kind, component.SHA256, err)
		}
		of := seen[component.EndpointID]
		if of == nil {
			of = &seenChains{}
			seen[component.EndpointID] = of
		}
		switch {
		case component.Family == FamilyTLS:
			of.newest = append(of.newest, chains...)
		case component.Kind == KindTLS:
			of.withFull = append(of.withFull, chains...)
		default:
			of.full = append(of.full, chains...)
		}
	}
	for i := range s.Endpoints {
		if of := seen[s.Endpoints[i].EndpointID]; of != nil {
			s.Endpoints[i].Chains = of.served()
		}
	}
	return nil
}

// served lists the chains that are served now, each once: those that the newest
// look saw, and those that only the newest full look found. What that look saw
// as every look does, and the newest does not see any more, was replaced since.
func (c seenChains) served() [][]checks.Fingerprint {
	var served [][]checks.Fingerprint
	in := func(list [][]checks.Fingerprint, chain []checks.Fingerprint) bool {
		return slices.ContainsFunc(list, func(other []checks.Fingerprint) bool { return slices.Equal(other, chain) })
	}
	for _, chain := range c.newest {
		if !in(served, chain) {
			served = append(served, chain)
		}
	}
	for _, chain := range c.full {
		if !in(served, chain) && !in(c.withFull, chain) {
			served = append(served, chain)
		}
	}
	return served
}

// read takes the certificates and windows of a component, and returns its chains.
func (s *ServedCertificates) read(kind string, body []byte) (chains [][]checks.Fingerprint, err error) {
	switch kind {
	case KindTLS:
		var part checks.TLS
		err = json.Unmarshal(body, &part)
		if len(part.Chain.Value) > 0 {
			chains = append(chains, part.Chain.Value)
		}
	case KindChains:
		var part checks.Chains
		err = json.Unmarshal(body, &part)
		for _, chain := range part.Served.Value {
			if chain.SNI && len(chain.Certificates) > 0 {
				chains = append(chains, chain.Certificates)
			}
		}
	case KindCertificate:
		var part checks.Certificate
		err = json.Unmarshal(body, &part)
		s.Certificates[part.SHA256] = part.DER
	case KindPKI:
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
