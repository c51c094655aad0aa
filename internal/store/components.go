package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
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

	// What only a full look knows of an address.
	KindSuites          = "suites"
	KindChains          = "chains"
	KindFeatures        = "features"
	KindVulnerabilities = "vulnerabilities"
	KindIntrusive       = "intrusive"
	KindSimulations     = "simulations"
	KindStapled         = "stapled"
	KindVersions        = "versions"
	KindScriptCookies   = "script_cookies"

	// What others than the server said, which no address has.
	KindPKI     = "pki"
	KindRecords = "records"

	KindGrade = "grade"
)

// component is one canonical part of an observation, and where it was seen.
type component struct {
	kind    string
	address netip.Addr // invalid for what no address has
	port    uint16
	body    []byte
	sum     [sha256.Size]byte
}

// saveComponents inserts the components that are missing, moves last_seen_month
// where a new month began, and returns which of manifests are missing. Rows are
// written in the order of their keys, so that two transactions with the same
// new components wait for each other and do not deadlock.
func (tx *Tx) saveComponents(ctx context.Context, components []component, manifests [][]byte, at time.Time) (map[[sha256.Size]byte]bool, error) {
	byKey := map[[sha256.Size]byte]component{}
	for _, c := range components {
		byKey[c.sum] = c
	}
	sums := make([][]byte, 0, len(byKey))
	for _, c := range byKey {
		sums = append(sums, c.sum[:])
	}
	slices.SortFunc(sums, bytes.Compare)
	missing, err := tx.touch(ctx, sums, manifests, at)
	if err != nil {
		return nil, err
	}
	sums = slices.DeleteFunc(sums, func(sum []byte) bool { return !missing[[sha256.Size]byte(sum)] })
	if len(sums) == 0 {
		return missing, nil
	}
	kinds, bodies := make([]string, 0, len(sums)), make([][]byte, 0, len(sums))
	for _, sum := range sums {
		c := byKey[[sha256.Size]byte(sum)]
		kinds, bodies = append(kinds, c.kind), append(bodies, c.body)
	}
	const insert = `
		INSERT INTO components (sha256, kind, body, first_seen_at, last_seen_month)
		SELECT sum, kind, body, @at, @month FROM unnest(@sums::bytea[], @kinds::text[], @bodies::bytea[]) AS c(sum, kind, body)
		ON CONFLICT (sha256) DO NOTHING`
	_, err = tx.Exec(ctx, insert, pgx.StrictNamedArgs{
		"at": at, "month": monthOf(at), "sums": sums, "kinds": kinds, "bodies": bodies,
	})
	if err != nil {
		return nil, fmt.Errorf("store %d components: %w", len(sums), err)
	}
	return missing, nil
}

// touch moves last_seen_month of those sums that are stored, and returns the
// others.
func (tx *Tx) touch(ctx context.Context, components, manifests [][]byte, at time.Time) (missing map[[sha256.Size]byte]bool, err error) {
	type row struct {
		Source string
		SHA256 []byte
		Stale  bool
	}
	rows, _ := tx.Query(ctx, `
		SELECT 'components' AS source, sha256, last_seen_month < @month AS stale FROM components WHERE sha256 = ANY(@components)
		UNION ALL SELECT 'manifests', sha256, last_seen_month < @month FROM manifests WHERE sha256 = ANY(@manifests)`,
		pgx.StrictNamedArgs{"components": components, "manifests": manifests, "month": monthOf(at)})
	known, err := collectAll[row](rows, "look for %d components", len(components))
	if err != nil {
		return nil, err
	}
	missing = map[[sha256.Size]byte]bool{}
	for _, sum := range slices.Concat(components, manifests) {
		missing[[sha256.Size]byte(sum)] = true
	}
	stale := map[string][][]byte{}
	for _, r := range known {
		delete(missing, [sha256.Size]byte(r.SHA256))
		if r.Stale {
			stale[r.Source] = append(stale[r.Source], r.SHA256)
		}
	}
	for _, table := range slices.Sorted(maps.Keys(stale)) {
		gone, err := tx.seenAgain(ctx, table, stale[table], at)
		if err != nil {
			return nil, err
		}
		for _, sum := range gone {
			missing[[sha256.Size]byte(sum)] = true
		}
	}
	return missing, nil
}

// seenAgain moves last_seen_month of sums, and returns those that were
// collected since they were read.
func (tx *Tx) seenAgain(ctx context.Context, table string, sums [][]byte, at time.Time) (gone [][]byte, err error) {
	// Rows are locked in the order of their keys: two looks at the beginning of
	// a month may move the same ones.
	rows, _ := tx.Query(ctx, `
		WITH mine AS (SELECT sha256 FROM `+pgx.Identifier{table}.Sanitize()+` WHERE sha256 = ANY(@sums) ORDER BY sha256 FOR NO KEY UPDATE)
		UPDATE `+pgx.Identifier{table}.Sanitize()+` t SET last_seen_month = greatest(t.last_seen_month, @month::date)
		FROM mine WHERE t.sha256 = mine.sha256 RETURNING t.sha256`,
		pgx.StrictNamedArgs{"sums": sums, "month": monthOf(at)})
	moved, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return nil, fmt.Errorf("note that rows of %s were seen: %w", table, err)
	}
	return slices.DeleteFunc(slices.Clone(sums), func(sum []byte) bool {
		return slices.ContainsFunc(moved, func(m []byte) bool { return bytes.Equal(m, sum) })
	}), nil
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

// manifest names the components of one observation.
type manifest struct {
	depth      checks.Depth
	components []component
	sum        [sha256.Size]byte
}

func manifestOf(depth checks.Depth, components []component) (manifest, error) {
	form := manifestForm{Depth: depth}
	for _, c := range components {
		line := manifestLine{Kind: c.kind, Port: c.port, SHA256: hex.EncodeToString(c.sum[:])}
		if c.address.IsValid() {
			line.Address = c.address.String()
		}
		form.Entries = append(form.Entries, line)
	}
	_, sum, err := checks.Canonical(form)
	return manifest{depth: depth, components: components, sum: sum}, err
}

func (tx *Tx) saveManifest(ctx context.Context, m manifest, at time.Time) error {
	count := len(m.components)
	kinds, sums := make([]string, 0, count), make([][]byte, 0, count)
	addresses, ports := make([]*netip.Addr, 0, count), make([]*int32, 0, count)
	for _, c := range m.components {
		var address *netip.Addr
		var port *int32
		if c.address.IsValid() {
			number := int32(c.port)
			address, port = &c.address, &number
		}
		kinds, sums, addresses, ports = append(kinds, c.kind), append(sums, slices.Clone(c.sum[:])), append(addresses, address), append(ports, port)
	}
	const insert = `
		WITH fresh AS (
			INSERT INTO manifests (sha256, depth, first_seen_at, last_seen_month) VALUES (@sum, @depth, @at, @month)
			ON CONFLICT (sha256) DO NOTHING RETURNING sha256)
		INSERT INTO manifest_entries (manifest_sha256, kind, address, port, component_sha256)
		SELECT fresh.sha256, kind, address, port, component
		FROM fresh, unnest(@kinds::text[], @addresses::inet[], @ports::int[], @sums::bytea[]) AS e(kind, address, port, component)
		ON CONFLICT DO NOTHING`
	_, err := tx.Exec(ctx, insert, pgx.StrictNamedArgs{
		"sum": m.sum[:], "depth": string(m.depth), "at": at, "month": monthOf(at),
		"kinds": kinds, "addresses": addresses, "ports": ports, "sums": sums,
	})
	if err != nil {
		return fmt.Errorf("store a manifest: %w", err)
	}
	return nil
}

// monthOf is the first day of a time's month in UTC.
func monthOf(at time.Time) time.Time {
	at = at.UTC()
	return time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
}
