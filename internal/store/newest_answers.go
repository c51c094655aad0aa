package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
)

// NewestAnswers are the newest answers about an endpoint, whichever looks gave
// them: a quick look hides nothing that a full one found.
type NewestAnswers struct {
	Components []ObservedComponent
	ObservedAt map[string]time.Time // by family: when the answer was given last
}

// NewestAnswers returns the newest answer of each family of facts, as far as
// assessments of the team rest on it. A family that no look could answer is
// missing. Certificates are those of the newest chain as sent, and of every
// chain that the newest full look found.
func (tx *Tx) NewestAnswers(ctx context.Context, endpoint int64) (NewestAnswers, error) {
	type status struct {
		Family         string
		ManifestSHA256 []byte
		ObservedAt     time.Time
	}
	newest := NewestAnswers{ObservedAt: map[string]time.Time{}}
	rows, _ := tx.Query(ctx, `
		SELECT DISTINCT ON (t.family) t.family, t.manifest_sha256, `+answerAge+` AS observed_at
		FROM endpoint_status t JOIN endpoints e ON e.id = t.endpoint_id
		WHERE t.endpoint_id = @endpoint ORDER BY t.family, `+answerAge+` DESC, t.depth`,
		pgx.StrictNamedArgs{"endpoint": endpoint})
	families, err := collectAll[status](rows, "read how new the answers of endpoint %d are", endpoint)
	if err != nil || len(families) == 0 {
		return newest, err
	}
	wanted := map[string]bool{} // manifest and kind
	manifests := make([][]byte, 0, len(families))
	for _, family := range families {
		newest.ObservedAt[family.Family] = family.ObservedAt
		manifests = append(manifests, family.ManifestSHA256)
		for _, kind := range kindsOf(family.Family) {
			wanted[hex.EncodeToString(family.ManifestSHA256)+kind] = true
		}
	}
	newest.Components, err = tx.observed(ctx, manifests, func(manifest []byte, kind string) bool {
		return wanted[hex.EncodeToString(manifest)+kind]
	})
	return newest, err
}

// kindsOf lists the kinds of components that hold a family's answer.
func kindsOf(family string) []string {
	switch family {
	case FamilyCertificates:
		return []string{KindCertificate}
	case FamilyChains, FamilyPKI: // with what they name by fingerprint
		return []string{family, KindCertificate}
	default:
		return []string{family}
	}
}

// ObservedComponents returns the components of a manifest, as far as an
// assessment of the team rests on it, by kind and address.
func (tx *Tx) ObservedComponents(ctx context.Context, manifestSHA256 []byte) ([]ObservedComponent, error) {
	return tx.observed(ctx, [][]byte{manifestSHA256}, func([]byte, string) bool { return true })
}

// observed returns those components of manifests that want takes, each once.
func (tx *Tx) observed(ctx context.Context, manifests [][]byte, want func(manifest []byte, kind string) bool) ([]ObservedComponent, error) {
	type row struct {
		ManifestSHA256 []byte
		Kind           string
		Address        *netip.Addr
		Port           int
		SHA256         []byte
	}
	rows, _ := tx.Query(ctx, `
		SELECT manifest_sha256, kind, address, coalesce(port, 0) AS port, component_sha256 AS sha256
		FROM team_manifest_entries WHERE manifest_sha256 = ANY(@manifests) ORDER BY kind, address, component_sha256`,
		pgx.StrictNamedArgs{"manifests": manifests})
	all, err := collectAll[row](rows, "read what was seen")
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(r row) bool { return !want(r.ManifestSHA256, r.Kind) })
	sums := make([][]byte, 0, len(all))
	for _, r := range all {
		sums = append(sums, r.SHA256)
	}
	// Bodies are read by their keys: joined to its entries, the view asks of
	// every component whether the team may see it.
	bodies, err := tx.components(ctx, sums)
	components := make([]ObservedComponent, 0, len(all))
	for _, r := range all {
		components = append(components, observedComponent(r.Kind, r.Address, r.Port, r.SHA256, bodies[hex.EncodeToString(r.SHA256)]))
	}
	return slices.CompactFunc(components, func(a, b ObservedComponent) bool {
		return a.Kind == b.Kind && a.Address == b.Address && a.Port == b.Port && string(a.SHA256) == string(b.SHA256)
	}), err
}

func observedComponent(kind string, address *netip.Addr, port int, sum, body []byte) ObservedComponent {
	component := ObservedComponent{Kind: kind, Port: port, SHA256: sum, Body: body}
	if address != nil {
		component.Address = *address
	}
	return component
}

// Together puts an observation together again from its components, or from
// those of several looks. It has no depth.
func Together(components []ObservedComponent) (checks.Observation, error) {
	parts := make([]PlacedPart, 0, len(components))
	for _, component := range components {
		part, err := DecodePart(component.Kind, component.Body)
		if err != nil {
			return checks.Observation{}, fmt.Errorf("read the %s component %x: %w", component.Kind, component.SHA256, err)
		}
		parts = append(parts, PlacedPart{Part: part, Address: component.Address, Port: uint16(component.Port)}) //nolint:gosec // it was stored from a uint16
	}
	return Assemble(parts)
}
