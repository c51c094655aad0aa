package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// AssessmentRecord is an assessment with its outcome and verdicts.
type AssessmentRecord struct {
	monitor.Assessment
	Outcome        string           // judged, dropped, or empty while unfinished
	HostLookID     int64            // 0: no look
	HostLookAt     time.Time        // key of the look's partition
	ManifestSHA256 []byte           // nil: nothing was seen
	VerdictsSHA256 []byte           // nil: not judged
	GradeSHA256    []byte           // nil: there was nothing to grade
	Grade          *Graded          `db:"-"` // nil: likewise
	Verdicts       []checks.Verdict `db:"-"`
	Changes        []ChangeRecord   `db:"-"`
}

// ChangeRecord is a change and the assessments that it lies between.
type ChangeRecord struct {
	monitor.Change
	EndpointID           int64
	AssessmentID         int64
	PreviousAssessmentID int64
}

const recordColumns = assessmentColumns + `, coalesce(outcome, '') AS outcome, coalesce(host_look_id, 0) AS host_look_id,
	coalesce(host_look_at, '0001-01-01T00:00:00Z') AS host_look_at, manifest_sha256, verdicts_sha256, grade_sha256`

// AssessmentPage returns up to limit assessments of an endpoint whose slot is
// before before, newest first, with their verdicts and changes. A zero before
// starts at the newest.
func (tx *Tx) AssessmentPage(ctx context.Context, endpoint int64, before time.Time, limit int) ([]AssessmentRecord, error) {
	if before.IsZero() {
		before = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	rows, _ := tx.Query(ctx, `SELECT `+recordColumns+` FROM assessments
		WHERE endpoint_id = @endpoint AND slot < @before ORDER BY slot DESC LIMIT @limit`,
		pgx.StrictNamedArgs{"endpoint": endpoint, "before": before, "limit": limit})
	records, err := collectAll[AssessmentRecord](rows, "list the looks at endpoint %d", endpoint)
	if err != nil {
		return nil, err
	}
	return records, tx.complete(ctx, records)
}

// AssessmentRecord returns one assessment of an endpoint.
func (tx *Tx) AssessmentRecord(ctx context.Context, endpoint, id int64) (AssessmentRecord, error) {
	rows, _ := tx.Query(ctx, `SELECT `+recordColumns+` FROM assessments WHERE id = @id AND endpoint_id = @endpoint`,
		pgx.StrictNamedArgs{"id": id, "endpoint": endpoint})
	record, err := collectOne[AssessmentRecord](rows, ErrNotFound, "find assessment %d", id)
	if err != nil {
		return record, err
	}
	records := []AssessmentRecord{record}
	err = tx.complete(ctx, records)
	return records[0], err
}

// NewestAssessment returns the newest judged assessment of an endpoint.
func (tx *Tx) NewestAssessment(ctx context.Context, endpoint int64) (AssessmentRecord, error) {
	rows, _ := tx.Query(ctx, `SELECT `+recordColumns+` FROM assessments
		WHERE endpoint_id = @endpoint AND outcome = 'judged' ORDER BY slot DESC LIMIT 1`,
		pgx.StrictNamedArgs{"endpoint": endpoint})
	record, err := collectOne[AssessmentRecord](rows, ErrNotFound, "find the newest look at endpoint %d", endpoint)
	if err != nil {
		return record, err
	}
	records := []AssessmentRecord{record}
	err = tx.complete(ctx, records)
	return records[0], err
}

// UnfinishedAssessment returns the look at an endpoint that is asked for or
// runs. ErrNotFound: none.
func (tx *Tx) UnfinishedAssessment(ctx context.Context, endpoint int64) (monitor.Assessment, error) {
	rows, _ := tx.Query(ctx, `SELECT `+assessmentColumns+` FROM assessments WHERE endpoint_id = @endpoint AND finished_at IS NULL ORDER BY slot LIMIT 1`,
		pgx.StrictNamedArgs{"endpoint": endpoint})
	return collectOne[monitor.Assessment](rows, ErrNotFound, "find an unfinished look at endpoint %d", endpoint)
}

const requirementStates = `
	SELECT requirement, severity, result, coalesce(conclusive, '') AS conclusive,
		coalesce(conclusive_since, '0001-01-01T00:00:00Z') AS conclusive_since,
		coalesce(failing_since, '0001-01-01T00:00:00Z') AS failing_since,
		coalesce(inconclusive_since, '0001-01-01T00:00:00Z') AS inconclusive_since,
		inconclusive_reason, noticed, waived, coalesce(incident_id, 0) AS incident_id,
		coalesce(recovering_since, '0001-01-01T00:00:00Z') AS recovering_since, spells, flapping,
		coalesce(failed_at, '0001-01-01T00:00:00Z') AS failed_at, cause
	FROM requirement_status WHERE endpoint_id = @endpoint`

// RequirementStates returns where each requirement of an endpoint stands.
func (tx *Tx) RequirementStates(ctx context.Context, endpoint int64) (map[string]monitor.RequirementState, error) {
	rows, _ := tx.Query(ctx, requirementStates, pgx.StrictNamedArgs{"endpoint": endpoint})
	return byRequirement(rows, endpoint)
}

func byRequirement(rows pgx.Rows, endpoint int64) (map[string]monitor.RequirementState, error) {
	all, err := collectAll[monitor.RequirementState](rows, "read where endpoint %d stands", endpoint)
	states := make(map[string]monitor.RequirementState, len(all))
	for _, state := range all {
		states[state.Requirement] = state
	}
	return states, err
}

// complete fills in verdicts, grades and changes. Equal ones are read once.
func (tx *Tx) complete(ctx context.Context, records []AssessmentRecord) error {
	var sums [][]byte
	var changed []int64
	for _, record := range records {
		for _, sum := range [][]byte{record.VerdictsSHA256, record.GradeSHA256} {
			if sum != nil {
				sums = append(sums, sum)
			}
		}
		changed = append(changed, record.ID)
	}
	bodies, err := tx.components(ctx, sums)
	if err != nil {
		return err
	}
	changes, err := tx.ChangesOf(ctx, changed)
	if err != nil {
		return err
	}
	for i := range records {
		records[i].Changes = changes[records[i].ID]
		if err := records[i].read(bodies); err != nil {
			return fmt.Errorf("read what assessment %d came to: %w", records[i].ID, err)
		}
	}
	return nil
}

// read fills verdicts and grade in from the bodies of components.
func (r *AssessmentRecord) read(bodies map[string][]byte) error {
	if body, ok := bodies[hex.EncodeToString(r.VerdictsSHA256)]; ok {
		if err := json.Unmarshal(body, &r.Verdicts); err != nil {
			return err
		}
	}
	if body, ok := bodies[hex.EncodeToString(r.GradeSHA256)]; ok {
		return json.Unmarshal(body, &r.Grade)
	}
	return nil
}

func (tx *Tx) components(ctx context.Context, sums [][]byte) (map[string][]byte, error) {
	type row struct{ SHA256, Body []byte }
	rows, _ := tx.Query(ctx, `SELECT sha256, body FROM team_components WHERE sha256 = ANY(@sums)`, pgx.StrictNamedArgs{"sums": sums})
	all, err := collectAll[row](rows, "read %d components", len(sums))
	bodies := make(map[string][]byte, len(all))
	for _, r := range all {
		bodies[hex.EncodeToString(r.SHA256)] = r.Body
	}
	return bodies, err
}

// ChangesOf returns the changes that assessments brought, by assessment.
func (tx *Tx) ChangesOf(ctx context.Context, assessments []int64) (map[int64][]ChangeRecord, error) {
	rows, _ := tx.Query(ctx, `
		SELECT occurred_at, class, weight, cause, subject, before, after, sentence, endpoint_id, assessment_id, previous_assessment_id
		FROM changes WHERE assessment_id = ANY(@ids) ORDER BY id`, pgx.StrictNamedArgs{"ids": assessments})
	all, err := collectAll[ChangeRecord](rows, "list changes")
	changes := make(map[int64][]ChangeRecord, len(all))
	for _, change := range all {
		changes[change.AssessmentID] = append(changes[change.AssessmentID], change)
	}
	return changes, err
}

// ChangesBefore returns the changes that confirming assessments rest on: their
// own, and those of the assessment that each of them confirmed, since what
// changed was seen there first.
func (tx *Tx) ChangesBefore(ctx context.Context, assessments []int64) ([]ChangeRecord, error) {
	rows, _ := tx.Query(ctx, `
		SELECT occurred_at, class, weight, cause, subject, before, after, sentence, endpoint_id, assessment_id, previous_assessment_id
		FROM changes c
		WHERE assessment_id = ANY(@ids) OR EXISTS (
			SELECT FROM assessments confirming
			WHERE confirming.id = ANY(@ids) AND confirming.purpose = 'confirm' AND confirming.endpoint_id = c.endpoint_id
				AND c.occurred_at < confirming.slot AND c.assessment_id = (
					SELECT first.id FROM assessments first
					WHERE first.endpoint_id = confirming.endpoint_id AND first.slot < confirming.slot AND first.outcome = 'judged'
					ORDER BY first.slot DESC LIMIT 1))
		ORDER BY id`, pgx.StrictNamedArgs{"ids": assessments})
	return collectAll[ChangeRecord](rows, "list the changes behind an incident")
}

// ObservedComponent is one component that an assessment rests on.
type ObservedComponent struct {
	Kind    string // KindDNS and the others
	Address netip.Addr
	Port    int
	SHA256  []byte
	Body    []byte // canonical JSON
}

// Measurements returns what was volatile about a host look that an assessment
// of the team rests on. ErrNotFound: none, or it has outlived its retention.
func (tx *Tx) Measurements(ctx context.Context, hostLook int64, at time.Time) (checks.Measurements, error) {
	var measurements checks.Measurements
	var body []byte
	err := tx.QueryRow(ctx, `SELECT body FROM team_measurements WHERE host_look_id = @id AND started_at = @at`,
		pgx.StrictNamedArgs{"id": hostLook, "at": at}).Scan(&body)
	if isNoRows(err) {
		return measurements, fmt.Errorf("read the measurements of host look %d: %w", hostLook, ErrNotFound)
	}
	if err != nil {
		return measurements, fmt.Errorf("read the measurements of host look %d: %w", hostLook, err)
	}
	if err := json.Unmarshal(body, &measurements); err != nil {
		return measurements, fmt.Errorf("read the measurements of host look %d: %w", hostLook, err)
	}
	return measurements, nil
}

func isNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
