package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/inventory"
)

// MostImports is how many imports of a team may wait at the same time.
const MostImports = 20

// ErrImportsWait is what StageImport returns when MostImports wait already.
var ErrImportsWait = errors.New("too many imports wait to be confirmed")

// Import is an inventory from a file. It changes nothing until it is applied.
type Import struct {
	ID        int64
	TeamID    int64
	FileName  string
	Format    inventory.Format
	Notes     []string // what was not understood, in sentences
	CreatedBy string   // mail address
	CreatedAt time.Time
	ExpiresAt time.Time
	AppliedAt time.Time // zero: it waits
	AppliedBy string
	Added     int // once applied
	Changed   int
	Removed   int
	Rejected  int
}

// Waits says whether the import can still be applied at at.
func (i Import) Waits(at time.Time) bool { return i.AppliedAt.IsZero() && at.Before(i.ExpiresAt) }

const importColumns = `id, team_id, file_name, format, notes, created_by, created_at, expires_at,
	coalesce(applied_at, '0001-01-01T00:00:00Z') AS applied_at, applied_by, added, changed, removed, rejected`

// StageImport keeps the rows of a file until somebody applies them, with its
// audit row. ErrImportsWait: MostImports of the team wait already.
func (tx *Tx) StageImport(ctx context.Context, actor Actor, staged Import, rows []inventory.Row) (Import, error) {
	const insert = `
		INSERT INTO imports (team_id, file_name, format, notes, created_by, created_at, expires_at)
		SELECT @team, @name, @format, @notes, @by, @at, @until
		WHERE (SELECT count(*) FROM imports WHERE applied_at IS NULL AND expires_at > @at) < @most
		RETURNING ` + importColumns
	result, _ := tx.Query(ctx, insert, pgx.StrictNamedArgs{
		"team": staged.TeamID, "name": staged.FileName, "format": string(staged.Format), "notes": append([]string{}, staged.Notes...),
		"by": staged.CreatedBy, "at": staged.CreatedAt, "until": staged.ExpiresAt, "most": MostImports,
	})
	staged, err := collectOne[Import](result, ErrImportsWait, "stage an import")
	if err != nil {
		return staged, err
	}
	if err := tx.stageRows(ctx, staged, rows); err != nil {
		return staged, err
	}
	return staged, tx.Audit(ctx, actor, AuditEntry{
		TeamID: staged.TeamID, OccurredAt: staged.CreatedAt, Action: "import.stage", Object: fmt.Sprintf("import/%d", staged.ID),
		New: map[string]any{"file": staged.FileName, "format": staged.Format, "rows": len(rows)},
	})
}

// stageRows inserts rows in one statement.
func (tx *Tx) stageRows(ctx context.Context, staged Import, rows []inventory.Row) error {
	arguments := pgx.StrictNamedArgs{
		"import": staged.ID, "team": staged.TeamID,
		"places": columnOf(rows, func(r inventory.Row) string { return r.Place }),
		"faults": columnOf(rows, func(r inventory.Row) string { return r.Fault }),
	}
	for i, column := range inventory.Columns() {
		arguments[column] = columnOf(rows, func(r inventory.Row) string { return *r.Fields()[i] })
	}
	const insert = `
		INSERT INTO import_rows (import_id, team_id, ordinal, place, application, type, environment, kind, value_kind, value,
			probe_url, method, interval, post_allowed, client_id, fault)
		SELECT @import::bigint, @team::bigint, r.ordinal, r.place, r.application, r.type, r.environment, r.kind, r.value_kind, r.value,
			r.probe_url, r.method, r.interval, r.post_allowed, r.client_id, r.fault
		FROM unnest(@places::text[], @application::text[], @type::text[], @environment::text[], @kind::text[], @value_kind::text[],
			@value::text[], @probe_url::text[], @method::text[], @interval_minutes::text[], @post_allowed::text[], @client_id::text[],
			@faults::text[]) WITH ORDINALITY
			AS r(place, application, type, environment, kind, value_kind, value, probe_url, method, interval, post_allowed, client_id, fault, ordinal)`
	if _, err := tx.Exec(ctx, insert, arguments); err != nil {
		return fmt.Errorf("stage %d rows of import %d: %w", len(rows), staged.ID, err)
	}
	return nil
}

// Import returns an import that was not discarded.
func (tx *Tx) Import(ctx context.Context, id int64) (Import, error) {
	rows, _ := tx.Query(ctx, `SELECT `+importColumns+` FROM imports WHERE id = @id`, pgx.StrictNamedArgs{"id": id})
	return collectOne[Import](rows, ErrNotFound, "find import %d", id)
}

// LockImport returns an import, and keeps others from applying or discarding it
// until the transaction ends.
func (tx *Tx) LockImport(ctx context.Context, id int64) (Import, error) {
	rows, _ := tx.Query(ctx, `SELECT `+importColumns+` FROM imports WHERE id = @id FOR UPDATE`, pgx.StrictNamedArgs{"id": id})
	return collectOne[Import](rows, ErrNotFound, "lock import %d", id)
}

// Imports lists the team's imports that wait or were applied, the newest first,
// at most 50.
func (tx *Tx) Imports(ctx context.Context, at time.Time) ([]Import, error) {
	rows, _ := tx.Query(ctx, `SELECT `+importColumns+` FROM imports WHERE applied_at IS NOT NULL OR expires_at > @at
		ORDER BY created_at DESC, id DESC LIMIT 50`, pgx.StrictNamedArgs{"at": at})
	return collectAll[Import](rows, "list the imports")
}

// ImportRows returns the rows of an import in the order of its file.
func (tx *Tx) ImportRows(ctx context.Context, id int64) ([]inventory.Row, error) {
	rows, _ := tx.Query(ctx, `
		SELECT place, fault, application, type, environment, kind, value_kind, value, probe_url, method, interval, post_allowed, client_id
		FROM import_rows WHERE import_id = @id ORDER BY ordinal`, pgx.StrictNamedArgs{"id": id})
	return collectAll[inventory.Row](rows, "read the rows of import %d", id)
}

// DiscardImport removes an import that nobody applied, with its audit row.
// ErrNotFound: there is none.
func (tx *Tx) DiscardImport(ctx context.Context, actor Actor, id int64, at time.Time) error {
	rows, _ := tx.Query(ctx, `DELETE FROM imports WHERE id = @id AND applied_at IS NULL RETURNING `+importColumns, pgx.StrictNamedArgs{"id": id})
	discarded, err := collectOne[Import](rows, ErrNotFound, "discard import %d", id)
	if err != nil {
		return err
	}
	return tx.Audit(ctx, actor, AuditEntry{
		TeamID: discarded.TeamID, OccurredAt: at, Action: "import.discard", Object: fmt.Sprintf("import/%d", id),
		Old: map[string]any{"file": discarded.FileName},
	})
}

// ExpireImports removes imports that can no longer be applied at at, and the
// rows of those that were. It returns how many rows went.
func (tx *Tx) ExpireImports(ctx context.Context, at time.Time) (removed int64, err error) {
	for _, statement := range []string{
		`DELETE FROM import_rows r USING imports i WHERE i.id = r.import_id AND i.expires_at < @at`,
		`DELETE FROM imports WHERE expires_at < @at AND applied_at IS NULL`,
	} {
		tag, err := tx.Exec(ctx, statement, pgx.StrictNamedArgs{"at": at})
		if err != nil {
			return removed, fmt.Errorf("remove old imports: %w", err)
		}
		removed += tag.RowsAffected()
	}
	return removed, nil
}
