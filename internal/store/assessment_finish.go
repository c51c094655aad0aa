package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// ErrFenced is what a method returns when another worker finished the row
// first: whatever else the transaction wrote must not stand.
var ErrFenced = errors.New("finished by another worker")

// HostLook is one look at a host and port, for whoever watches it.
type HostLook struct {
	ID           int64
	Host         string
	Port         uint16
	Vantage      string
	Depth        checks.Depth
	Manifest     []byte
	Connectivity checks.Fact[bool]
	StartedAt    time.Time
	Measurements checks.Measurements
}

// SaveHostLook writes a look and what was volatile about it, and returns its id.
func (tx *Tx) SaveHostLook(ctx context.Context, look HostLook) (id int64, err error) {
	var connectivity *bool
	if look.Connectivity.State == checks.Known {
		connectivity = &look.Connectivity.Value
	}
	body, err := json.Marshal(look.Measurements)
	if err != nil {
		return 0, fmt.Errorf("write the measurements of %s: %w", look.Host, err)
	}
	const insert = `
		INSERT INTO host_looks (host, port, vantage, depth, manifest_sha256, connectivity, started_at, duration_ms, connections)
		VALUES (@host, @port, @vantage, @depth, @manifest, @connectivity, @started, @duration, @connections)
		RETURNING id`
	err = tx.QueryRow(ctx, insert, pgx.StrictNamedArgs{
		"host": look.Host, "port": int(look.Port), "vantage": look.Vantage, "depth": string(look.Depth),
		"manifest": look.Manifest, "connectivity": connectivity, "started": look.StartedAt,
		"duration": look.Measurements.Duration.Milliseconds(), "connections": len(look.Measurements.Connections),
	}).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("store the look at %s: %w", look.Host, err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO measurements (host_look_id, started_at, body) VALUES (@id, @started, @body)`,
		pgx.StrictNamedArgs{"id": id, "started": look.StartedAt, "body": json.RawMessage(body)})
	if err != nil {
		return 0, fmt.Errorf("store the measurements of %s: %w", look.Host, err)
	}
	return id, nil
}

// Finished is what an assessment came to.
type Finished struct {
	At         time.Time
	HostLookID int64     // 0: nothing on the network was looked at
	HostLookAt time.Time // key of the look's partition
	Manifest   []byte    // nil: as above
	Verdicts   []byte
	Profile    string
	Engine     string
	TrustData  string
	Changed    bool
}

// FinishAssessment fills the row in. ErrFenced: another worker did already.
func (tx *Tx) FinishAssessment(ctx context.Context, assessment monitor.Assessment, finished Finished) error {
	const finish = `
		UPDATE assessments SET finished_at = @at, outcome = 'judged', stage = 'finished',
			host_look_id = nullif(@look::bigint, 0), host_look_at = @look_at, manifest_sha256 = @manifest, verdicts_sha256 = @verdicts,
			profile = @profile, engine = @engine, trust_data = @trust, changed = @changed
		WHERE id = @id AND slot = @slot AND finished_at IS NULL`
	return tx.fenced(ctx, assessment, finish, pgx.StrictNamedArgs{
		"at": finished.At, "look": finished.HostLookID, "look_at": timeOrNil(finished.HostLookAt), "manifest": finished.Manifest,
		"verdicts": finished.Verdicts, "profile": finished.Profile, "engine": finished.Engine, "trust": finished.TrustData,
		"changed": finished.Changed, "id": assessment.ID, "slot": assessment.Slot,
	})
}

// DropAssessment finishes a row without a judgement: its endpoint was removed,
// or the fault was ours. ErrFenced: another worker finished it already.
func (tx *Tx) DropAssessment(ctx context.Context, assessment monitor.Assessment, at time.Time) error {
	const drop = `
		UPDATE assessments SET finished_at = @at, outcome = 'dropped', stage = 'finished'
		WHERE id = @id AND slot = @slot AND finished_at IS NULL`
	return tx.fenced(ctx, assessment, drop, pgx.StrictNamedArgs{"at": at, "id": assessment.ID, "slot": assessment.Slot})
}

func (tx *Tx) fenced(ctx context.Context, assessment monitor.Assessment, statement string, arguments pgx.StrictNamedArgs) error {
	tag, err := tx.Exec(ctx, statement, arguments)
	if err != nil {
		return fmt.Errorf("finish assessment %d: %w", assessment.ID, err)
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("finish assessment %d: %w", assessment.ID, ErrFenced)
	}
	return nil
}

func timeOrNil(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
