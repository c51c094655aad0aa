package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// VantageAlive is how long a vantage counts as alive after a worker of it last
// said that it runs.
const VantageAlive = 2 * time.Minute

// SeeVantage notes that a worker of a vantage runs at at.
func (tx *Tx) SeeVantage(ctx context.Context, name string, at time.Time) error {
	const see = `
		INSERT INTO vantages (name, seen_at) VALUES (@name, @at)
		ON CONFLICT (name) DO UPDATE SET seen_at = greatest(vantages.seen_at, excluded.seen_at)`
	if _, err := tx.Exec(ctx, see, pgx.StrictNamedArgs{"name": name, "at": at}); err != nil {
		return fmt.Errorf("note that vantage %q runs: %w", name, err)
	}
	return nil
}

// VantageElsewhere returns another vantage than one, that runs at at and can be
// believed; of several the one that was seen last. Empty: there is none.
func (tx *Tx) VantageElsewhere(ctx context.Context, than string, at time.Time) (name string, err error) {
	err = tx.QueryRow(ctx, `
		SELECT name FROM vantages WHERE name <> @than AND state = @sound AND seen_at > @since
		ORDER BY seen_at DESC, name LIMIT 1`,
		pgx.StrictNamedArgs{"than": than, "sound": string(monitor.Sound), "since": at.Add(-VantageAlive)}).Scan(&name)
	if isNoRows(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("find a vantage elsewhere than %q: %w", than, err)
	}
	return name, nil
}

// IncidentPaused says whether a vantage that an incident was seen from cannot
// be believed.
func (tx *Tx) IncidentPaused(ctx context.Context, incident int64) (paused bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM vantages v WHERE v.state <> @sound AND v.name = ANY(
			SELECT unnest(r.vantages) FROM incident_requirements r WHERE r.incident_id = @incident))`,
		pgx.StrictNamedArgs{"incident": incident, "sound": string(monitor.Sound)}).Scan(&paused)
	if err != nil {
		return false, fmt.Errorf("ask whether what incident %d rests on can be believed: %w", incident, err)
	}
	return paused, nil
}
