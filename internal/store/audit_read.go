package store

import (
	"context"
	"encoding/json"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
)

// AuditRecord is one row of the audit.
type AuditRecord struct {
	ID          int64
	OccurredAt  time.Time
	EventSource string // web, worker, command
	ActorEmail  string // empty: the service itself
	SourceIP    *netip.Addr
	Destination string
	Action      string
	Object      string
	Old, New    json.RawMessage // nil when there is none
	RequestID   string
	Result      string // done or denied
}

// AuditFilter narrows the audit; the zero value is the newest rows.
type AuditFilter struct {
	Source string    // event source; empty: any
	User   string    // part of the email address; empty: any
	Since  time.Time // zero: from the beginning
	Before int64     // id to page from; 0: from the newest
	Limit  int       // 0: 50
}

// AuditRecords lists the audit of the team, newest first.
func (tx *Tx) AuditRecords(ctx context.Context, filter AuditFilter) ([]AuditRecord, error) {
	limit := filter.Limit
	if limit <= 0 {
		limit = 50
	}
	rows, _ := tx.Query(ctx, `
		SELECT id, occurred_at, event_source, actor_email, source_ip, destination, action, object, old, new, request_id, result
		FROM audit
		WHERE (@source = '' OR event_source = @source) AND (@user = '' OR strpos(lower(actor_email), lower(@user)) > 0)
			AND occurred_at >= @since AND (@before::bigint = 0 OR id < @before)
		ORDER BY id DESC LIMIT @limit`,
		pgx.StrictNamedArgs{"source": filter.Source, "user": filter.User, "since": filter.Since, "before": filter.Before, "limit": limit})
	return collectAll[AuditRecord](rows, "list the audit")
}
