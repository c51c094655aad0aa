package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

const ownershipColumns = `id, team_id, host, token, created_by, created_at, state, method, domain,
	coalesce(verified_at, '0001-01-01T00:00:00Z') AS verified_at, coalesce(checked_at, '0001-01-01T00:00:00Z') AS checked_at,
	coalesce(failing_since, '0001-01-01T00:00:00Z') AS failing_since, failures, answer,
	coalesce(next_check_at, '0001-01-01T00:00:00Z') AS next_check_at, coalesce(asked_at, '0001-01-01T00:00:00Z') AS asked_at`

// ownershipsMost bounds the hosts that one team says are its own.
const ownershipsMost = 2000

// ClaimHost notes that a team says a host is its own, with a random token of
// 130 bits, and writes the audit row. A host that it said so of before keeps its
// token and state, and nothing is written. ErrTooMany: the team has 2,000.
func (tx *Tx) ClaimHost(ctx context.Context, actor Actor, team int64, host string, at time.Time) (monitor.Ownership, error) {
	const insert = `
		INSERT INTO host_ownerships (team_id, host, token, created_by, created_at)
		SELECT @team, @host, @token, @by, @at WHERE (SELECT count(*) FROM host_ownerships WHERE team_id = @team) < @most
		ON CONFLICT (team_id, host) DO NOTHING`
	tag, err := tx.Exec(ctx, insert, pgx.StrictNamedArgs{
		"team": team, "host": host, "token": strings.ToLower(rand.Text()), "by": actor.Email, "at": at, "most": ownershipsMost,
	})
	if err != nil {
		return monitor.Ownership{}, fmt.Errorf("claim the host %s: %w", host, err)
	}
	claimed, err := tx.Ownership(ctx, host)
	if errors.Is(err, ErrNotFound) {
		return claimed, fmt.Errorf("claim the host %s: %w", host, ErrTooMany)
	}
	if err != nil || tag.RowsAffected() == 0 {
		return claimed, err
	}
	return claimed, tx.Audit(ctx, actor, AuditEntry{TeamID: team, OccurredAt: at, Action: "host.claim", Object: "host/" + host})
}

// Ownership returns what the transaction's team says of a host. ErrNotFound: it
// never said that the host is its own.
func (tx *Tx) Ownership(ctx context.Context, host string) (monitor.Ownership, error) {
	rows, _ := tx.Query(ctx, `SELECT `+ownershipColumns+` FROM host_ownerships WHERE host = @host`, pgx.StrictNamedArgs{"host": host})
	return collectOne[monitor.Ownership](rows, ErrNotFound, "find the ownership of %s", host)
}

// GiveUpHost forgets that a team said a host is its own, and ends the leave that
// rested on it, with its audit row. ErrNotFound: it never said so.
func (tx *Tx) GiveUpHost(ctx context.Context, actor Actor, host string, at time.Time) error {
	rows, _ := tx.Query(ctx, `DELETE FROM host_ownerships WHERE host = @host RETURNING `+ownershipColumns, pgx.StrictNamedArgs{"host": host})
	gone, err := collectOne[monitor.Ownership](rows, ErrNotFound, "give up the host %s", host)
	if err != nil {
		return err
	}
	err = tx.Audit(ctx, actor, AuditEntry{
		TeamID: gone.TeamID, OccurredAt: at, Action: "host.give_up", Object: "host/" + host, Old: auditedOwnership(gone),
	})
	if err != nil {
		return err
	}
	return tx.endUnownedLeaves(ctx, actor, gone.TeamID, at)
}

// AskOwnershipCheck notes that a person asks for a check of a host, and returns
// the ownership's id: the caller inserts the job in the same transaction.
// ErrTooMany: somebody asked less than monitor.OwnershipAskAfter ago.
// ErrNotFound: the team never said that the host is its own.
func (tx *Tx) AskOwnershipCheck(ctx context.Context, host string, at time.Time) (id int64, err error) {
	claimed, err := tx.Ownership(ctx, host)
	if err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `UPDATE host_ownerships SET asked_at = @at WHERE id = @id AND (asked_at IS NULL OR asked_at <= @before) RETURNING id`,
		pgx.StrictNamedArgs{"id": claimed.ID, "at": at, "before": at.Add(-monitor.OwnershipAskAfter)}).Scan(&id)
	if isNoRows(err) {
		err = ErrTooMany
	}
	if err != nil {
		return 0, fmt.Errorf("ask for a check of %s: %w", host, err)
	}
	return id, nil
}

// OwnershipQuestion returns an ownership and URLs that are registered on its
// host, at most 20. ErrNotFound: it was given up.
func (tx *Tx) OwnershipQuestion(ctx context.Context, id int64) (monitor.Ownership, []string, error) {
	rows, _ := tx.Query(ctx, `SELECT `+ownershipColumns+` FROM host_ownerships WHERE id = @id`, pgx.StrictNamedArgs{"id": id})
	claimed, err := collectOne[monitor.Ownership](rows, ErrNotFound, "find ownership %d", id)
	if err != nil {
		return claimed, nil, err
	}
	rows, _ = tx.Query(ctx, `
		SELECT DISTINCT CASE WHEN probe_url <> '' THEN probe_url ELSE value END AS url FROM endpoints
		WHERE team_id = @team AND host = @host AND deleted_at IS NULL ORDER BY 1 LIMIT 20`,
		pgx.StrictNamedArgs{"team": claimed.TeamID, "host": claimed.Host})
	urls, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return claimed, nil, fmt.Errorf("list the URLs on %s: %w", claimed.Host, err)
	}
	return claimed, urls, nil
}

// SettleOwnership writes what a check of an ownership came to: step says where
// it stands then, from where it stood when the row was locked. What turned is
// in the audit, and leave that rested on it ends with it. ErrNotFound: it was
// given up meanwhile.
func (tx *Tx) SettleOwnership(ctx context.Context, id int64, step func(monitor.Ownership) monitor.Ownership, at time.Time) (monitor.Ownership, error) {
	rows, _ := tx.Query(ctx, `SELECT `+ownershipColumns+` FROM host_ownerships WHERE id = @id FOR UPDATE`, pgx.StrictNamedArgs{"id": id})
	before, err := collectOne[monitor.Ownership](rows, ErrNotFound, "find ownership %d", id)
	if err != nil {
		return before, err
	}
	next := step(before)
	const update = `
		UPDATE host_ownerships SET state = @state, method = @method, domain = @domain, verified_at = @verified, checked_at = @checked,
			failing_since = @failing, failures = @failures, answer = @answer, next_check_at = @next
		WHERE id = @id`
	_, err = tx.Exec(ctx, update, pgx.StrictNamedArgs{
		"id": id, "state": string(next.State), "method": string(next.Method), "domain": next.Domain,
		"verified": timeOrNil(next.VerifiedAt), "checked": timeOrNil(next.CheckedAt), "failing": timeOrNil(next.FailingSince),
		"failures": next.Failures, "answer": next.Answer, "next": timeOrNil(next.NextCheckAt),
	})
	if err != nil {
		return next, fmt.Errorf("settle the ownership of %s: %w", next.Host, err)
	}
	if before.State != next.State || before.Method != next.Method || before.Domain != next.Domain {
		err = tx.Audit(ctx, Actor{Source: "worker"}, AuditEntry{
			TeamID: next.TeamID, OccurredAt: at, Action: "host." + string(next.State), Object: "host/" + next.Host,
			Old: auditedOwnership(before), New: auditedOwnership(next),
		})
	}
	if err != nil {
		return next, err
	}
	return next, tx.endUnownedLeaves(ctx, Actor{Source: "worker"}, next.TeamID, at)
}

// auditedOwnership is what the audit keeps of an ownership.
func auditedOwnership(o monitor.Ownership) map[string]any {
	return map[string]any{"state": o.State, "method": o.Method, "domain": o.Domain}
}

// ClaimOwnershipChecks takes up to limit ownerships whose check is due at now,
// moves each to its next check, and returns their ids: the caller inserts the
// jobs in the same transaction. Claims at the same time skip each other's rows.
func (tx *Tx) ClaimOwnershipChecks(ctx context.Context, now time.Time, limit int) ([]int64, error) {
	rows, _ := tx.Query(ctx, `SELECT `+ownershipColumns+` FROM host_ownerships WHERE next_check_at <= @now
		ORDER BY next_check_at LIMIT @limit FOR UPDATE SKIP LOCKED`, pgx.StrictNamedArgs{"now": now, "limit": limit})
	due, err := collectAll[monitor.Ownership](rows, "claim checks of ownerships")
	if err != nil || len(due) == 0 {
		return nil, err
	}
	ids, next := make([]int64, 0, len(due)), make([]*time.Time, 0, len(due))
	for _, claimed := range due {
		ids, next = append(ids, claimed.ID), append(next, timeOrNil(claimed.NextOwnershipCheck(now)))
	}
	_, err = tx.Exec(ctx, `UPDATE host_ownerships o SET next_check_at = d.next
		FROM unnest(@ids::bigint[], @next::timestamptz[]) AS d(id, next) WHERE o.id = d.id`, pgx.StrictNamedArgs{"ids": ids, "next": next})
	if err != nil {
		return nil, fmt.Errorf("move %d checks of ownerships: %w", len(ids), err)
	}
	return ids, nil
}

// HostSummary is a host of a team: one that its endpoints are on, or one that
// it says is its own.
type HostSummary struct {
	Host      string
	Endpoints int
	Owned     bool                    // it counts as the team's, and not for the quota
	CoveredBy string                  // the domain whose DNS covers it, where that is another host's ownership
	State     monitor.OwnershipState  // of its own ownership; empty: the team never said that it is its own
	Method    monitor.OwnershipMethod // likewise
	CheckedAt time.Time               // likewise
}

// HostFilter narrows a list of hosts.
type HostFilter struct {
	Unverified bool // those that count for the quota only
	Limit      int
	Offset     int
}

// Hosts lists the transaction's team's hosts by name.
func (tx *Tx) Hosts(ctx context.Context, filter HostFilter) ([]HostSummary, error) {
	rows, _ := tx.Query(ctx, `
		WITH names AS (
			SELECT host, count(*) AS endpoints FROM endpoints
			WHERE team_id = current_team() AND deleted_at IS NULL AND host <> '' GROUP BY host),
		page AS (
			SELECT host, coalesce(n.endpoints, 0)::int AS endpoints FROM names n
			FULL JOIN (SELECT host FROM host_ownerships WHERE team_id = current_team()) c USING (host)
			WHERE NOT @unverified OR n.endpoints > 0 AND NOT owns_host(current_team(), host, true)
			ORDER BY host LIMIT @limit OFFSET @offset)
		SELECT p.host, p.endpoints, owns_host(current_team(), p.host, true) AS owned,
			coalesce((SELECT c.domain FROM host_ownerships c
				WHERE c.team_id = current_team() AND c.host <> p.host AND c.state IN ('verified', 'failing') AND c.domain <> ''
					AND (c.domain = p.host OR right(p.host, length(c.domain) + 1) = '.' || c.domain)
				ORDER BY length(c.domain), c.id LIMIT 1), '') AS covered_by,
			coalesce(o.state, '') AS state, coalesce(o.method, '') AS method, coalesce(o.checked_at, '0001-01-01T00:00:00Z') AS checked_at
		FROM page p LEFT JOIN host_ownerships o ON o.team_id = current_team() AND o.host = p.host
		ORDER BY p.host`, pgx.StrictNamedArgs{"unverified": filter.Unverified, "limit": filter.Limit, "offset": filter.Offset})
	return collectAll[HostSummary](rows, "list the hosts")
}

// Host returns one host of the transaction's team as Hosts lists it; one that
// it has nothing to do with has no endpoints and no state.
func (tx *Tx) Host(ctx context.Context, host string) (HostSummary, error) {
	rows, _ := tx.Query(ctx, `
		SELECT @host::text AS host, (SELECT count(*) FROM endpoints
				WHERE team_id = current_team() AND deleted_at IS NULL AND host = @host)::int AS endpoints,
			owns_host(current_team(), @host, true) AS owned,
			coalesce((SELECT c.domain FROM host_ownerships c
				WHERE c.team_id = current_team() AND c.host <> @host AND c.state IN ('verified', 'failing') AND c.domain <> ''
					AND (c.domain = @host OR right(@host, length(c.domain) + 1) = '.' || c.domain)
				ORDER BY length(c.domain), c.id LIMIT 1), '') AS covered_by,
			coalesce(o.state, '') AS state, coalesce(o.method, '') AS method, coalesce(o.checked_at, '0001-01-01T00:00:00Z') AS checked_at
		FROM (SELECT) one LEFT JOIN host_ownerships o ON o.team_id = current_team() AND o.host = @host`,
		pgx.StrictNamedArgs{"host": host})
	return collectOne[HostSummary](rows, ErrNotFound, "find the host %s", host)
}
