package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// HostQuotaError says that a team would have more hosts looked at than it may
// without showing that they are its own. Hosts below a host count by themselves.
type HostQuotaError struct {
	Quota      int      // hosts that are not the team's own
	Unverified int      // how many the team has
	Hosts      []string // that would be added to them
}

// Error implements error.
func (e *HostQuotaError) Error() string {
	return fmt.Sprintf("%d hosts that are not verified and %d more, of at most %d", e.Unverified, len(e.Hosts), e.Quota)
}

// CheckHostQuota returns a *HostQuotaError where hosts, added to those of the
// team, would be more than its quota; nil otherwise, and always where the store
// has no quota. Hosts that the team has already, and those that are its own,
// take nothing of it. Until the end of the transaction no other one of the team
// passes here, so that two at once cannot both take the last place.
func (tx *Tx) CheckHostQuota(ctx context.Context, team int64, hosts []string) error {
	if tx.hostQuota <= 0 || len(hosts) == 0 {
		return nil
	}
	const lock = `SELECT pg_advisory_xact_lock(hashtextextended('gradewatch.hosts', @team))`
	if _, err := tx.Exec(ctx, lock, pgx.StrictNamedArgs{"team": team}); err != nil {
		return fmt.Errorf("lock the hosts of team %d: %w", team, err)
	}
	found := &HostQuotaError{Quota: tx.hostQuota}
	err := tx.QueryRow(ctx, `
		SELECT ARRAY(SELECT DISTINCT h FROM unnest(@hosts::text[]) AS h WHERE h <> ''
				AND NOT EXISTS (SELECT FROM endpoints e WHERE e.team_id = @team AND e.host = h AND e.deleted_at IS NULL)
				AND NOT owns_host(@team, h, true) ORDER BY 1)`,
		pgx.StrictNamedArgs{"team": team, "hosts": hosts}).Scan(&found.Hosts)
	if err != nil {
		return fmt.Errorf("list the new hosts of team %d: %w", team, err)
	}
	if len(found.Hosts) == 0 {
		return nil
	}
	if found.Unverified, err = tx.UnverifiedHosts(ctx, team); err != nil {
		return err
	}
	if found.Unverified+len(found.Hosts) > found.Quota {
		return found
	}
	return nil
}

// UnverifiedHosts counts the hosts that a team has looked at and that are not
// shown to be its own.
func (tx *Tx) UnverifiedHosts(ctx context.Context, team int64) (count int, err error) {
	err = tx.QueryRow(ctx, `
		SELECT count(*) FROM (SELECT DISTINCT host FROM endpoints WHERE team_id = @team AND deleted_at IS NULL AND host <> '') h
		WHERE NOT owns_host(@team, h.host, true)`, pgx.StrictNamedArgs{"team": team}).Scan(&count)
	if err != nil {
		return 0, fmt.Errorf("count the hosts of team %d: %w", team, err)
	}
	return count, nil
}

// HostQuota returns how many hosts a team may have looked at that are not shown
// to be its own; 0: any number.
func (s *Store) HostQuota() int { return s.hostQuota }
