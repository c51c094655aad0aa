package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
)

// The kinds of components.
const (
	KindDNS         = "dns"
	KindTLS         = "tls"
	KindHTTP        = "http"
	KindCertificate = "certificate"
	KindVerdicts    = "verdicts"
)

// component is one canonical part of an observation, and where it was seen.
type component struct {
	kind    string
	address netip.Addr // invalid for dns and certificates
	port    uint16
	body    []byte
	sum     [sha256.Size]byte
}

// Manifests are the keys of what one look saw.
type Manifests struct {
	Whole []byte // every component
	Host  []byte // without http, whose answers belong to one URL
}

// SaveObservation stores the components of observation that are not stored
// yet, and its manifests. A look that saw nothing new writes nothing here.
func (tx *Tx) SaveObservation(ctx context.Context, observation *checks.Observation, at time.Time) (Manifests, error) {
	components, err := split(observation)
	if err != nil {
		return Manifests{}, err
	}
	if err := tx.saveComponents(ctx, components, at); err != nil {
		return Manifests{}, err
	}
	whole, err := tx.saveManifest(ctx, observation.Depth, components, at)
	if err != nil {
		return Manifests{}, err
	}
	host := slices.DeleteFunc(slices.Clone(components), func(c component) bool { return c.kind == KindHTTP })
	hostSum, err := tx.saveManifest(ctx, observation.Depth, host, at)
	return Manifests{Whole: whole, Host: hostSum}, err
}

// SaveVerdicts stores verdicts as a component and returns its key.
func (tx *Tx) SaveVerdicts(ctx context.Context, verdicts []checks.Verdict, at time.Time) ([]byte, error) {
	body, sum, err := checks.Canonical(verdicts)
	if err != nil {
		return nil, err
	}
	return sum[:], tx.saveComponents(ctx, []component{{kind: KindVerdicts, body: body, sum: sum}}, at)
}

// split takes an observation apart, in an order that depends on nothing but
// its content: the order in which addresses answered does not matter.
func split(observation *checks.Observation) ([]component, error) {
	var components []component
	add := func(kind string, address netip.Addr, port uint16, part any) error {
		body, sum, err := checks.Canonical(part)
		components = append(components, component{kind: kind, address: address, port: port, body: body, sum: sum})
		return err
	}
	dns := observation.DNS
	if dns.Addresses.State == checks.Known {
		dns.Addresses.Value = slices.SortedFunc(slices.Values(dns.Addresses.Value), netip.Addr.Compare)
	}
	if err := add(KindDNS, netip.Addr{}, 0, dns); err != nil {
		return nil, err
	}
	for _, address := range observation.Addresses {
		if err := add(KindTLS, address.Address, address.Port, address.TLS); err != nil {
			return nil, err
		}
		if err := add(KindHTTP, address.Address, address.Port, address.HTTP); err != nil {
			return nil, err
		}
	}
	for _, certificate := range observation.Certificates {
		if err := add(KindCertificate, netip.Addr{}, 0, certificate); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(components, func(a, b component) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), a.address.Compare(b.address), bytes.Compare(a.sum[:], b.sum[:]))
	})
	return slices.CompactFunc(components, func(a, b component) bool {
		return a.kind == b.kind && a.address == b.address && a.sum == b.sum
	}), nil
}

// saveComponents inserts what is missing and moves last_seen_month where a new
// month began. Rows are written in the order of their keys, so that two
// transactions with the same new components wait for each other and do not deadlock.
func (tx *Tx) saveComponents(ctx context.Context, components []component, at time.Time) error {
	byKey := map[[sha256.Size]byte]component{}
	for _, c := range components {
		byKey[c.sum] = c
	}
	sums := make([][]byte, 0, len(byKey))
	for _, c := range byKey {
		sums = append(sums, c.sum[:])
	}
	slices.SortFunc(sums, bytes.Compare)
	missing, err := tx.touch(ctx, "components", sums, at)
	if err != nil || len(missing) == 0 {
		return err
	}
	kinds, bodies := make([]string, 0, len(missing)), make([][]byte, 0, len(missing))
	for _, sum := range missing {
		c := byKey[[sha256.Size]byte(sum)]
		kinds, bodies = append(kinds, c.kind), append(bodies, c.body)
	}
	const insert = `
		INSERT INTO components (sha256, kind, body, first_seen_at, last_seen_month)
		SELECT sum, kind, body, @at, @month FROM unnest(@sums::bytea[], @kinds::text[], @bodies::bytea[]) AS c(sum, kind, body)
		ON CONFLICT (sha256) DO NOTHING`
	_, err = tx.Exec(ctx, insert, pgx.StrictNamedArgs{
		"at": at, "month": monthOf(at), "sums": missing, "kinds": kinds, "bodies": bodies,
	})
	if err != nil {
		return fmt.Errorf("store %d components: %w", len(missing), err)
	}
	return nil
}

// touch moves last_seen_month of those sums that the table has, and returns
// the others in their order.
func (tx *Tx) touch(ctx context.Context, table string, sums [][]byte, at time.Time) (missing [][]byte, err error) {
	type row struct {
		SHA256 []byte
		Stale  bool
	}
	table = pgx.Identifier{table}.Sanitize()
	arguments := pgx.StrictNamedArgs{"sums": sums, "month": monthOf(at)}
	rows, _ := tx.Query(ctx, `SELECT sha256, last_seen_month < @month AS stale FROM `+table+` WHERE sha256 = ANY(@sums)`, arguments)
	known, err := collectAll[row](rows, "look for %d rows of %s", len(sums), table)
	if err != nil {
		return nil, err
	}
	stale := false
	seen := map[string]bool{}
	for _, r := range known {
		seen[string(r.SHA256)], stale = true, stale || r.Stale
	}
	if stale {
		_, err := tx.Exec(ctx, `UPDATE `+table+` SET last_seen_month = @month WHERE sha256 = ANY(@sums) AND last_seen_month < @month`, arguments)
		if err != nil {
			return nil, fmt.Errorf("note that rows of %s were seen: %w", table, err)
		}
	}
	return slices.DeleteFunc(slices.Clone(sums), func(sum []byte) bool { return seen[string(sum)] }), nil
}

// manifestForm is what a manifest's key is the SHA-256 of.
type manifestForm struct {
	Depth   checks.Depth   `json:"depth"`
	Entries []manifestLine `json:"entries"`
}

type manifestLine struct {
	Kind    string `json:"kind"`
	Address string `json:"address,omitempty"`
	Port    uint16 `json:"port,omitempty"`
	SHA256  string `json:"sha256"`
}

func (tx *Tx) saveManifest(ctx context.Context, depth checks.Depth, components []component, at time.Time) ([]byte, error) {
	form := manifestForm{Depth: depth}
	kinds, sums := make([]string, 0, len(components)), make([][]byte, 0, len(components))
	addresses, ports := make([]*netip.Addr, 0, len(components)), make([]*int32, 0, len(components))
	for _, c := range components {
		line := manifestLine{Kind: c.kind, Port: c.port, SHA256: hex.EncodeToString(c.sum[:])}
		var address *netip.Addr
		var port *int32
		if c.address.IsValid() {
			line.Address = c.address.String()
			number := int32(c.port)
			address, port = &c.address, &number
		}
		form.Entries = append(form.Entries, line)
		kinds, sums, addresses, ports = append(kinds, c.kind), append(sums, slices.Clone(c.sum[:])), append(addresses, address), append(ports, port)
	}
	_, sum, err := checks.Canonical(form)
	if err != nil {
		return nil, err
	}
	missing, err := tx.touch(ctx, "manifests", [][]byte{sum[:]}, at)
	if err != nil || len(missing) == 0 {
		return sum[:], err
	}
	const insert = `
		INSERT INTO manifests (sha256, depth, first_seen_at, last_seen_month) VALUES (@sum, @depth, @at, @month)
		ON CONFLICT (sha256) DO NOTHING`
	_, err = tx.Exec(ctx, insert, pgx.StrictNamedArgs{"sum": sum[:], "depth": string(depth), "at": at, "month": monthOf(at)})
	if err != nil {
		return nil, fmt.Errorf("store a manifest: %w", err)
	}
	const entries = `
		INSERT INTO manifest_entries (manifest_sha256, kind, address, port, component_sha256)
		SELECT @sum, kind, address, port, component
		FROM unnest(@kinds::text[], @addresses::inet[], @ports::int[], @sums::bytea[]) AS e(kind, address, port, component)
		ON CONFLICT DO NOTHING`
	_, err = tx.Exec(ctx, entries, pgx.StrictNamedArgs{
		"sum": sum[:], "kinds": kinds, "addresses": addresses, "ports": ports, "sums": sums,
	})
	if err != nil {
		return nil, fmt.Errorf("store the entries of a manifest: %w", err)
	}
	return sum[:], nil
}

// monthOf is the first day of a time's month in UTC.
func monthOf(at time.Time) time.Time {
	at = at.UTC()
	return time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
}
