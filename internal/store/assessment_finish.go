package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
	Host         string
	Port         uint16
	Vantage      string
	Depth        checks.Depth
	Connectivity checks.Fact[bool]
	StartedAt    time.Time
	Measurements checks.Measurements
}

// Finished is what an assessment came to.
type Finished struct {
	At        time.Time
	Look      *HostLook // nil: nothing on the network was looked at
	Seen      Seen
	Grade     *checks.Grade // of the endpoint; nil: there is nothing to grade
	Criteria  string        // of the grade
	Profile   string
	Engine    string
	TrustData string
	Changed   bool
}

// FinishAssessment writes the look at the host and what was volatile about it,
// and fills the assessment in. ErrFenced: another worker did already.
func (tx *Tx) FinishAssessment(ctx context.Context, assessment monitor.Assessment, finished Finished) error {
	const finish = `
		UPDATE assessments SET finished_at = @at, outcome = 'judged', stage = 'finished', %s
			profile = @profile, engine = @engine, trust_data = @trust, verdicts_sha256 = @verdicts, changed = @changed,
			grade = @grade, provisional = @provisional, criteria = nullif(@criteria, ''), grade_sha256 = @grade_sha256
		WHERE id = @id AND slot = @slot AND finished_at IS NULL`
	arguments := pgx.StrictNamedArgs{
		"at": finished.At, "verdicts": finished.Seen.Verdicts, "profile": finished.Profile, "engine": finished.Engine,
		"trust": finished.TrustData, "changed": finished.Changed, "id": assessment.ID, "slot": assessment.Slot,
		"criteria": finished.Criteria, "grade": nil, "provisional": false, "grade_sha256": finished.Seen.Grade,
	}
	if finished.Grade != nil {
		arguments["grade"], arguments["provisional"] = string(finished.Grade.Letter), finished.Grade.Provisional
	}
	look := finished.Look
	if look == nil {
		return tx.fenced(ctx, assessment, fmt.Sprintf(finish, ""), arguments)
	}
	body, err := json.Marshal(look.Measurements)
	if err != nil {
		return fmt.Errorf("write the measurements of %s: %w", look.Host, err)
	}
	var connectivity *bool
	if look.Connectivity.State == checks.Known {
		connectivity = &look.Connectivity.Value
	}
	maps.Copy(arguments, pgx.StrictNamedArgs{
		"host": look.Host, "port": int(look.Port), "vantage": look.Vantage, "depth": string(look.Depth),
		"host_manifest": finished.Seen.Host, "connectivity": connectivity, "started": look.StartedAt,
		"duration": look.Measurements.Duration.Milliseconds(), "connections": len(look.Measurements.Connections),
		"body": json.RawMessage(body), "manifest": finished.Seen.Whole,
	})
	const withLook = `
		WITH look AS (
			INSERT INTO host_looks (host, port, vantage, depth, manifest_sha256, connectivity, started_at, duration_ms, connections)
			VALUES (@host, @port, @vantage, @depth, @host_manifest, @connectivity, @started, @duration, @connections)
			RETURNING id, started_at),
		measured AS (
			INSERT INTO measurements (host_look_id, started_at, body) SELECT id, started_at, @body FROM look)`
	return tx.fenced(ctx, assessment, withLook+fmt.Sprintf(finish, `
		host_look_id = (SELECT id FROM look), host_look_at = @started, manifest_sha256 = @manifest,`), arguments)
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
