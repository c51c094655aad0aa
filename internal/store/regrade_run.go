package store

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
)

// ErrCanceled is what a step of a regrade returns when somebody canceled it.
var ErrCanceled = errors.New("canceled")

// BeginRegrade returns a regrade that is to go on. Where it never began, or
// began with other trust data or another engine, what it judges is listed anew
// and judged from the beginning: no report mixes versions. ErrCanceled:
// somebody canceled it.
func (tx *Tx) BeginRegrade(ctx context.Context, id int64, trustData, engine string, at time.Time) (Regrade, error) {
	rows, _ := tx.Query(ctx, `SELECT `+regradeColumns+` FROM regrades WHERE id = @id FOR UPDATE`, pgx.StrictNamedArgs{"id": id})
	regrade, err := collectOne[Regrade](rows, ErrNotFound, "begin regrade %d", id)
	switch {
	case err != nil:
		return regrade, err
	case !regrade.CanceledAt.IsZero():
		return regrade, fmt.Errorf("begin regrade %d: %w", id, ErrCanceled)
	case !regrade.FinishedAt.IsZero(), !regrade.ListedAt.IsZero() && regrade.TrustData == trustData && regrade.Engine == engine:
		return regrade, nil
	}
	if err := tx.listRegrade(ctx, regrade, trustData, engine, at); err != nil {
		return regrade, err
	}
	return tx.RegradeProgress(ctx, id)
}

// listRegrade lists the distinct observations that judged assessments rest on.
// The list is fixed: what is assessed later is no part of this regrade.
func (tx *Tx) listRegrade(ctx context.Context, regrade Regrade, trustData, engine string, at time.Time) error {
	arguments := pgx.NamedArgs{
		"id": regrade.ID, "from": regrade.FromSlot, "to": regrade.ToSlot, "trust": trustData, "engine": engine, "at": at,
	}
	batch := &pgx.Batch{}
	for _, table := range []string{"regrade_manifests", "regrade_results", "regrade_counts", "regrade_endpoints"} {
		batch.Queue(`DELETE FROM `+pgx.Identifier{table}.Sanitize()+` WHERE regrade_id = @id`, arguments)
	}
	batch.Queue(`
		INSERT INTO regrade_manifests (regrade_id, ordinal, manifest_sha256, first_at, last_at, assessments)
		SELECT @id, row_number() OVER (ORDER BY endpoint, manifest_sha256), manifest_sha256, first_at, last_at, assessments
		FROM (SELECT manifest_sha256, min(endpoint_id) AS endpoint, min(finished_at) AS first_at, max(finished_at) AS last_at, count(*) AS assessments
			FROM assessments WHERE outcome = 'judged' AND manifest_sha256 IS NOT NULL AND slot >= @from AND slot < @to
			GROUP BY manifest_sha256) m`, arguments)
	batch.Queue(`
		UPDATE regrades SET trust_data = @trust, engine = @engine, listed_at = @at, cursor = 0, judged = 0, unreadable = 0, covered = 0,
			manifests = m.manifests, assessments = m.assessments
		FROM (SELECT count(*) AS manifests, coalesce(sum(assessments), 0) AS assessments FROM regrade_manifests WHERE regrade_id = @id) m
		WHERE id = @id`, arguments)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("list what regrade %d judges: %w", regrade.ID, err)
	}
	return nil
}

// RegradeManifest is one observation that a regrade judges.
type RegradeManifest struct {
	Ordinal        int64
	ManifestSHA256 []byte
	Depth          checks.Depth // empty: its facts outlived their retention
	FirstAt        time.Time    // when the first assessment of it was judged
	LastAt         time.Time
	Assessments    int64
}

// RegradeEntry names one component of an observation.
type RegradeEntry struct {
	Ordinal int64 // of the RegradeManifest
	Kind    string
	Address netip.Addr // invalid for what no address has
	Port    uint16
	SHA256  []byte
}

// RegradeBatch returns up to limit observations of a regrade behind the one
// with the ordinal after, in their order, and the entries of all of them.
func (tx *Tx) RegradeBatch(ctx context.Context, id, after int64, limit int) ([]RegradeManifest, []RegradeEntry, error) {
	type entry struct {
		Ordinal int64
		Kind    string
		Address *netip.Addr
		Port    int
		SHA256  []byte
	}
	var manifests []RegradeManifest
	var found []entry
	arguments := pgx.NamedArgs{"id": id, "after": after, "limit": limit}
	batch := &pgx.Batch{}
	batch.Queue(`
		SELECT r.ordinal, r.manifest_sha256, coalesce(m.depth, '') AS depth, r.first_at, r.last_at, r.assessments
		FROM regrade_manifests r LEFT JOIN manifests m ON m.sha256 = r.manifest_sha256
		WHERE r.regrade_id = @id AND r.ordinal > @after AND r.ordinal <= @after + @limit::bigint ORDER BY r.ordinal`, arguments).Query(func(rows pgx.Rows) (err error) {
		manifests, err = collectAll[RegradeManifest](rows, "read what regrade %d judges", id)
		return err
	})
	batch.Queue(`
		SELECT r.ordinal, e.kind, e.address, coalesce(e.port, 0) AS port, e.component_sha256 AS sha256
		FROM regrade_manifests r JOIN manifest_entries e ON e.manifest_sha256 = r.manifest_sha256
		WHERE r.regrade_id = @id AND r.ordinal > @after AND r.ordinal <= @after + @limit::bigint`, arguments).Query(func(rows pgx.Rows) (err error) {
		found, err = pgx.CollectRows(rows, pgx.RowToStructByPos[entry])
		return err
	})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, nil, fmt.Errorf("read what regrade %d judges after %d: %w", id, after, err)
	}
	entries := make([]RegradeEntry, 0, len(found))
	for _, e := range found {
		placed := RegradeEntry{Ordinal: e.Ordinal, Kind: e.Kind, Port: uint16(e.Port), SHA256: e.SHA256} //nolint:gosec // it was stored from a uint16
		if e.Address != nil {
			placed.Address = *e.Address
		}
		entries = append(entries, placed)
	}
	return manifests, entries, nil
}

// ComponentBody is the body of one component.
type ComponentBody struct {
	SHA256 []byte
	Body   []byte
}

// ComponentBodies returns the bodies of components, whoever saw them, in any
// order; those that are gone are missing. It is for AsWorker.
func (tx *Tx) ComponentBodies(ctx context.Context, sums [][]byte) ([]ComponentBody, error) {
	rows, _ := tx.Query(ctx, `SELECT sha256, body FROM components WHERE sha256 = ANY(@sums)`, pgx.StrictNamedArgs{"sums": sums})
	bodies, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ComponentBody])
	if err != nil {
		return nil, fmt.Errorf("read %d components: %w", len(sums), err)
	}
	return bodies, nil
}

// RegradeResult is the letter of one observation from one time to another.
type RegradeResult struct {
	ManifestSHA256 []byte
	Segment        int // 0 is the first
	FromAt         time.Time
	UntilAt        time.Time
	Letter         checks.Letter
	TrustIgnored   checks.Letter
	Provisional    bool
	Rule           string
	Fault          string // why it could not be judged; empty: it was
}

// SaveRegradeBatch stores the results of the observations from the cursor
// before to next, adds the assessments that rest on them to the report, and
// moves the cursor. ErrFenced: another worker did. ErrCanceled: somebody
// canceled the regrade. In both cases nothing of the transaction may stand.
func (tx *Tx) SaveRegradeBatch(ctx context.Context, regrade Regrade, before, next int64, results []RegradeResult) error {
	judged, unreadable := 0, 0
	for _, result := range results {
		if result.Fault == "" {
			judged++
		} else {
			unreadable++ // it has one such result at most
		}
	}
	err := tx.moveRegrade(ctx, regrade.ID, before, next, judged, unreadable)
	if err != nil {
		return err
	}
	columns := []string{"regrade_id", "manifest_sha256", "segment", "from_at", "until_at", "letter", "trust_ignored", "provisional", "rule", "fault"}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"regrade_results"}, columns, pgx.CopyFromSlice(len(results), func(i int) ([]any, error) {
		r := results[i]
		return []any{
			regrade.ID, r.ManifestSHA256, int32(r.Segment), r.FromAt, r.UntilAt, string(r.Letter), string(r.TrustIgnored), r.Provisional, r.Rule, r.Fault, //nolint:gosec // few
		}, nil
	}))
	if err != nil {
		return fmt.Errorf("store %d results of regrade %d: %w", len(results), regrade.ID, err)
	}
	return tx.countRegraded(ctx, regrade, results)
}

func (tx *Tx) moveRegrade(ctx context.Context, id, before, next int64, judged, unreadable int) error {
	tag, err := tx.Exec(ctx, `
		UPDATE regrades SET cursor = @next, judged = judged + @judged, unreadable = unreadable + @unreadable
		WHERE id = @id AND cursor = @before AND finished_at IS NULL AND canceled_at IS NULL`,
		pgx.StrictNamedArgs{"id": id, "before": before, "next": next, "judged": judged, "unreadable": unreadable})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrFenced
		if progress, why := tx.RegradeProgress(ctx, id); why == nil && !progress.CanceledAt.IsZero() {
			err = ErrCanceled
		}
	}
	if err != nil {
		return fmt.Errorf("move regrade %d from %d to %d: %w", id, before, next, err)
	}
	return nil
}

// countRegraded adds the assessments that rest on results to the report.
func (tx *Tx) countRegraded(ctx context.Context, regrade Regrade, results []RegradeResult) error {
	var manifests [][]byte
	var letters []string
	var faults []bool
	var from, until []time.Time
	for _, r := range results {
		manifests, letters, faults = append(manifests, r.ManifestSHA256), append(letters, string(r.Letter)), append(faults, r.Fault != "")
		from, until = append(from, r.FromAt), append(until, r.UntilAt)
	}
	_, err := tx.Exec(ctx, `
		WITH counted AS (
			SELECT coalesce(a.grade, '') AS before, r.letter AS after, r.fault, count(*) AS assessments
			FROM unnest(@manifests::bytea[], @letters::text[], @faults::boolean[], @froms::timestamptz[], @untils::timestamptz[])
				AS r(manifest_sha256, letter, fault, from_at, until_at)
			JOIN assessments a ON a.manifest_sha256 = r.manifest_sha256 AND a.finished_at >= r.from_at AND a.finished_at < r.until_at
			WHERE a.outcome = 'judged' AND a.slot >= @from AND a.slot < @to
			GROUP BY 1, 2, 3),
		added AS (
			INSERT INTO regrade_counts (regrade_id, before, after, fault, assessments)
			SELECT @id, before, after, fault, assessments FROM counted
			ON CONFLICT (regrade_id, before, after, fault) DO UPDATE SET assessments = regrade_counts.assessments + excluded.assessments)
		UPDATE regrades SET covered = covered + (SELECT coalesce(sum(assessments), 0) FROM counted) WHERE id = @id`,
		pgx.StrictNamedArgs{
			"id": regrade.ID, "from": regrade.FromSlot, "to": regrade.ToSlot,
			"manifests": manifests, "letters": letters, "faults": faults, "froms": from, "untils": until,
		})
	if err != nil {
		return fmt.Errorf("count the assessments of regrade %d: %w", regrade.ID, err)
	}
	return nil
}

// FinishRegrade says what the newest assessment of each endpoint would be, and
// that all is judged. ErrFenced: it was finished or canceled meanwhile.
func (tx *Tx) FinishRegrade(ctx context.Context, regrade Regrade, at time.Time) error {
	tag, err := tx.Exec(ctx, `UPDATE regrades SET finished_at = @at WHERE id = @id AND cursor = manifests AND finished_at IS NULL AND canceled_at IS NULL`,
		pgx.StrictNamedArgs{"id": regrade.ID, "at": at})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrFenced
	}
	if err != nil {
		return fmt.Errorf("finish regrade %d: %w", regrade.ID, err)
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO regrade_endpoints (regrade_id, endpoint_id, assessment_id, assessed_at, before, before_provisional, before_criteria,
			after, after_provisional, rule, fault)
		SELECT @id, e.id, a.id, a.finished_at, coalesce(a.grade, ''), a.provisional, coalesce(a.criteria, ''), r.letter, r.provisional, r.rule, r.fault
		FROM endpoints e
		CROSS JOIN LATERAL (
			SELECT n.id, n.finished_at, n.manifest_sha256, n.grade, n.provisional, n.criteria FROM assessments n
			WHERE n.endpoint_id = e.id AND n.outcome = 'judged' AND n.slot >= @from AND n.slot < @to
				AND n.finished_at <= @listed AND n.manifest_sha256 IS NOT NULL
			ORDER BY n.slot DESC LIMIT 1) a
		JOIN regrade_results r ON r.regrade_id = @id AND r.manifest_sha256 = a.manifest_sha256
			AND a.finished_at >= r.from_at AND a.finished_at < r.until_at
		WHERE e.deleted_at IS NULL`,
		pgx.StrictNamedArgs{"id": regrade.ID, "from": regrade.FromSlot, "to": regrade.ToSlot, "listed": regrade.ListedAt})
	if err != nil {
		return fmt.Errorf("say what regrade %d means for endpoints: %w", regrade.ID, err)
	}
	return nil
}

// AbandonRegrade ends a regrade that cannot go on, and says why.
func (tx *Tx) AbandonRegrade(ctx context.Context, id int64, why string, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE regrades SET canceled_at = @at, fault = @why WHERE id = @id AND finished_at IS NULL AND canceled_at IS NULL`,
		pgx.StrictNamedArgs{"id": id, "why": why, "at": at})
	if err != nil {
		return fmt.Errorf("abandon regrade %d: %w", id, err)
	}
	return nil
}

// ExpireRegrades removes regrades that were asked for before at minus keep.
func (tx *Tx) ExpireRegrades(ctx context.Context, at time.Time, keep time.Duration) (removed int64, err error) {
	tag, err := tx.Exec(ctx, `DELETE FROM regrades WHERE requested_at < @before`, pgx.StrictNamedArgs{"before": at.Add(-keep)})
	if err != nil {
		return 0, fmt.Errorf("remove old regrades: %w", err)
	}
	return tag.RowsAffected(), nil
}
