package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// HeldProfile is a profile that an endpoint is held to besides those that every
// one is.
type HeldProfile struct {
	EndpointID int64
	Profile    string // id, without version
	AddedBy    string // mail address
	AddedAt    time.Time
}

// AddProfile holds an endpoint to a profile from its next look on, with its
// audit row. ErrConflict: it is already. ErrNotFound: there is no such endpoint
// for the transaction's team.
func (tx *Tx) AddProfile(ctx context.Context, actor Actor, held HeldProfile) error {
	endpoint, err := tx.Endpoint(ctx, held.EndpointID)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO endpoint_profiles (endpoint_id, team_id, profile, added_by, added_at)
		VALUES (@endpoint, @team, @profile, @by, @at) ON CONFLICT (endpoint_id, profile) DO NOTHING`,
		pgx.StrictNamedArgs{
			"endpoint": held.EndpointID, "team": endpoint.TeamID, "profile": held.Profile, "by": held.AddedBy, "at": held.AddedAt,
		})
	if err != nil {
		return fmt.Errorf("hold endpoint %d to %s: %w", held.EndpointID, held.Profile, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("hold endpoint %d to %s: %w", held.EndpointID, held.Profile, ErrConflict)
	}
	return tx.Audit(ctx, actor, AuditEntry{
		TeamID: endpoint.TeamID, OccurredAt: held.AddedAt, Action: "profile.add", Object: fmt.Sprintf("endpoint/%d", held.EndpointID),
		New: map[string]any{"profile": held.Profile},
	})
}

// RemoveProfile holds an endpoint to a profile no longer from its next look on,
// with its audit row. ErrNotFound: it was not.
func (tx *Tx) RemoveProfile(ctx context.Context, actor Actor, held HeldProfile, at time.Time) error {
	var team int64
	err := tx.QueryRow(ctx, `DELETE FROM endpoint_profiles WHERE endpoint_id = @endpoint AND profile = @profile RETURNING team_id`,
		pgx.StrictNamedArgs{"endpoint": held.EndpointID, "profile": held.Profile}).Scan(&team)
	if isNoRows(err) {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("hold endpoint %d to %s no longer: %w", held.EndpointID, held.Profile, err)
	}
	return tx.Audit(ctx, actor, AuditEntry{
		TeamID: team, OccurredAt: at, Action: "profile.remove", Object: fmt.Sprintf("endpoint/%d", held.EndpointID),
		Old: map[string]any{"profile": held.Profile},
	})
}

// Profiles lists the profiles that an endpoint is held to besides those that
// every one is, by id.
func (tx *Tx) Profiles(ctx context.Context, endpoint int64) ([]HeldProfile, error) {
	rows, _ := tx.Query(ctx, `SELECT endpoint_id, profile, added_by, added_at FROM endpoint_profiles
		WHERE endpoint_id = @endpoint ORDER BY profile`, pgx.StrictNamedArgs{"endpoint": endpoint})
	return collectAll[HeldProfile](rows, "list the profiles of endpoint %d", endpoint)
}
