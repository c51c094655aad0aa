package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/checks"
)

// Regrade is one run that grades stored observations again under other
// criteria, to say what would change. It rewrites no assessment.
type Regrade struct {
	ID          int64
	Criteria    string    // version of the rating guide
	TrustData   string    // of the worker that judges; empty until it began
	Engine      string    // likewise
	FromSlot    time.Time // assessments due from here on
	ToSlot      time.Time // and before here
	RequestedBy string    // mail address
	RequestedAt time.Time
	ListedAt    time.Time // when what is to judge was listed; zero: not yet
	FinishedAt  time.Time
	CanceledAt  time.Time // by a person, or since it could not go on
	Fault       string    // why it could not
	Manifests   int64     // distinct observations to judge
	Cursor      int64     // of them, how many are judged
	Judged      int64     // judgements: an observation needs one for each time that its certificates divide
	Unreadable  int64     // observations that could not be judged
	Assessments int64     // that rest on what is to judge
	Covered     int64     // of them, on what is judged
}

const regradeColumns = `id, criteria, trust_data, engine, from_slot, to_slot, requested_by, requested_at,
	coalesce(listed_at, '0001-01-01T00:00:00Z') AS listed_at, coalesce(finished_at, '0001-01-01T00:00:00Z') AS finished_at,
	coalesce(canceled_at, '0001-01-01T00:00:00Z') AS canceled_at,
	fault, manifests, cursor, judged, unreadable, assessments, covered`

// RequestRegrade asks for a regrade of what was due from FromSlot on and before
// ToSlot; the caller inserts its job in the same transaction. It is for
// AsOperator.
func (tx *Tx) RequestRegrade(ctx context.Context, asked Regrade) (Regrade, error) {
	rows, _ := tx.Query(ctx, `
		INSERT INTO regrades (criteria, from_slot, to_slot, requested_by, requested_at)
		VALUES (@criteria, @from, @to, @by, @at) RETURNING `+regradeColumns,
		pgx.StrictNamedArgs{
			"criteria": asked.Criteria, "from": asked.FromSlot, "to": asked.ToSlot, "by": asked.RequestedBy, "at": asked.RequestedAt,
		})
	return collectOne[Regrade](rows, ErrNotFound, "ask for a regrade under %s", asked.Criteria)
}

// CancelRegrade ends a regrade before it is finished. What it judged stays
// until its retention is over. ErrNotFound: none runs by that id. It is for
// AsOperator.
func (tx *Tx) CancelRegrade(ctx context.Context, id int64, at time.Time) error {
	tag, err := tx.Exec(ctx, `UPDATE regrades SET canceled_at = @at WHERE id = @id AND finished_at IS NULL AND canceled_at IS NULL`,
		pgx.StrictNamedArgs{"id": id, "at": at})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("cancel regrade %d: %w", id, err)
	}
	return nil
}

// RegradeProgress returns how far a regrade is.
func (tx *Tx) RegradeProgress(ctx context.Context, id int64) (Regrade, error) {
	rows, _ := tx.Query(ctx, `SELECT `+regradeColumns+` FROM regrades WHERE id = @id`, pgx.StrictNamedArgs{"id": id})
	return collectOne[Regrade](rows, ErrNotFound, "find regrade %d", id)
}

// Regrades lists the newest regrades, at most limit.
func (tx *Tx) Regrades(ctx context.Context, limit int) ([]Regrade, error) {
	rows, _ := tx.Query(ctx, `SELECT `+regradeColumns+` FROM regrades ORDER BY id DESC LIMIT @limit`, pgx.StrictNamedArgs{"limit": limit})
	return collectAll[Regrade](rows, "list the regrades")
}

// LetterCount is how many assessments would go from one letter to another.
type LetterCount struct {
	Before      checks.Letter // as stored; empty: none
	After       checks.Letter // empty: none
	Fault       bool          // they could not be judged
	Assessments int64
}

// RegradedEndpoint is what the newest assessment of an endpoint would be.
type RegradedEndpoint struct {
	EndpointID        int64
	TeamName          string
	ApplicationName   string
	Environment       string
	Value             string
	AssessmentID      int64
	AssessedAt        time.Time
	Before            checks.Letter
	BeforeProvisional bool
	BeforeCriteria    string
	After             checks.Letter
	AfterProvisional  bool
	Rule              string // id of the rule that weighs most
	Fault             string // why it could not be judged; empty: it was
}

// RegradePage narrows the endpoints of a RegradeReport.
type RegradePage struct {
	After int64 // an endpoint's id: those behind it
	Limit int   // default 200
	All   bool  // those too whose letter stays
}

// RegradeReport is what would change.
type RegradeReport struct {
	Regrade
	Counts           []LetterCount      // of judged assessments, by letter before and after
	Endpoints        []RegradedEndpoint // once finished: one page, by id
	ChangedEndpoints int64              // once finished
}

// RegradeReport returns what a regrade found so far. Counts grow with it;
// endpoints are there once it is finished. It is for AsOperator.
func (tx *Tx) RegradeReport(ctx context.Context, id int64, page RegradePage) (RegradeReport, error) {
	progress, err := tx.RegradeProgress(ctx, id)
	report := RegradeReport{Regrade: progress}
	if err != nil {
		return report, err
	}
	rows, _ := tx.Query(ctx, `SELECT before, after, fault, assessments FROM regrade_counts WHERE regrade_id = @id ORDER BY before, after, fault`,
		pgx.StrictNamedArgs{"id": id})
	if report.Counts, err = collectAll[LetterCount](rows, "count the letters of regrade %d", id); err != nil {
		return report, err
	}
	err = tx.QueryRow(ctx, `SELECT count(*) FROM regrade_endpoints WHERE regrade_id = @id AND before <> after`,
		pgx.StrictNamedArgs{"id": id}).Scan(&report.ChangedEndpoints)
	if err != nil {
		return report, fmt.Errorf("count the endpoints of regrade %d: %w", id, err)
	}
	if page.Limit <= 0 {
		page.Limit = 200
	}
	rows, _ = tx.Query(ctx, `
		SELECT r.endpoint_id, t.name AS team_name, a.name AS application_name, coalesce(e.environment, '') AS environment, e.value,
			r.assessment_id, r.assessed_at, r.before, r.before_provisional, r.before_criteria, r.after, r.after_provisional, r.rule, r.fault
		FROM regrade_endpoints r JOIN endpoints e ON e.id = r.endpoint_id
			JOIN applications a ON a.id = e.application_id JOIN teams t ON t.id = e.team_id
		WHERE r.regrade_id = @id AND r.endpoint_id > @after AND (@all OR r.before <> r.after)
		ORDER BY r.endpoint_id LIMIT @limit`,
		pgx.StrictNamedArgs{"id": id, "after": page.After, "all": page.All, "limit": page.Limit})
	report.Endpoints, err = collectAll[RegradedEndpoint](rows, "list the endpoints of regrade %d", id)
	return report, err
}
