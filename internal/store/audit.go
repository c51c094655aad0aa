package store

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
)

// Actor is who does something, for the audit: a person through the web, the
// worker, or a command. The zero Actor is the service itself.
type Actor struct {
	Source      string // web, worker, command
	PersonID    int64  // 0: the service itself
	Email       string
	Address     netip.Addr // where the request came from
	Destination string     // host:port that it reached
	RequestID   string
}

// AuditEntry is one thing that somebody did (superoffice.md S-04, S-05).
type AuditEntry struct {
	TeamID     int64
	OccurredAt time.Time
	Action     string // endpoint.create
	Object     string // endpoint/42
	Old, New   any    // as JSON; nil when there is none
	Denied     bool
}

// Audit writes entry in the running transaction, so that no change stands
// without its row and no row without its change.
func (tx *Tx) Audit(ctx context.Context, actor Actor, entry AuditEntry) error {
	before, err := jsonOrNil(entry.Old)
	if err != nil {
		return err
	}
	after, err := jsonOrNil(entry.New)
	if err != nil {
		return err
	}
	result := "done"
	if entry.Denied {
		result = "denied"
	}
	const insert = `
		INSERT INTO audit (team_id, occurred_at, event_source, actor_id, actor_email, source_ip, destination,
			action, object, old, new, request_id, result)
		VALUES (@team, @at, @source, nullif(@person, 0), @email, @ip, @destination,
			@action, @object, @old, @new, @request, @result)`
	_, err = tx.Exec(ctx, insert, pgx.StrictNamedArgs{
		"team": entry.TeamID, "at": entry.OccurredAt, "source": actor.Source, "person": actor.PersonID,
		"email": actor.Email, "ip": addressOrNil(actor.Address), "destination": actor.Destination,
		"action": entry.Action, "object": entry.Object, "old": before, "new": after,
		"request": actor.RequestID, "result": result,
	})
	if err != nil {
		return fmt.Errorf("audit %s of %s: %w", entry.Action, entry.Object, err)
	}
	return nil
}

// auditMany writes entries of one team and time in one statement. They are of
// what was done.
func (tx *Tx) auditMany(ctx context.Context, actor Actor, team int64, at time.Time, entries []AuditEntry) error {
	before, err := jsonColumn(entries, func(entry AuditEntry) any { return entry.Old })
	if err != nil {
		return err
	}
	after, err := jsonColumn(entries, func(entry AuditEntry) any { return entry.New })
	if err != nil {
		return err
	}
	const insert = `
		INSERT INTO audit (team_id, occurred_at, event_source, actor_id, actor_email, source_ip, destination,
			action, object, old, new, request_id, result)
		SELECT @team, @at, @source, nullif(@person::bigint, 0), @email, @ip, @destination, n.action, n.object, n.old::jsonb, n.new::jsonb, @request, 'done'
		FROM unnest(@actions::text[], @objects::text[], @old::text[], @new::text[]) WITH ORDINALITY AS n(action, object, old, new, place) ORDER BY n.place`
	_, err = tx.Exec(ctx, insert, pgx.StrictNamedArgs{
		"team": team, "at": at, "source": actor.Source, "person": actor.PersonID, "email": actor.Email, "ip": addressOrNil(actor.Address),
		"destination": actor.Destination, "request": actor.RequestID, "old": before, "new": after,
		"actions": columnOf(entries, func(e AuditEntry) string { return e.Action }), "objects": columnOf(entries, func(e AuditEntry) string { return e.Object }),
	})
	if err != nil {
		return fmt.Errorf("audit %d changes: %w", len(entries), err)
	}
	return nil
}

// jsonColumn writes one value of each entry as JSON text.
func jsonColumn(entries []AuditEntry, get func(AuditEntry) any) ([]*string, error) {
	column := make([]*string, 0, len(entries))
	for _, entry := range entries {
		form, err := jsonOrNil(get(entry))
		if err != nil {
			return nil, err
		}
		var text *string
		if form != nil {
			written := string(form)
			text = &written
		}
		column = append(column, text)
	}
	return column, nil
}

func jsonOrNil(value any) (json.RawMessage, error) {
	if value == nil {
		return nil, nil
	}
	form, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("write %T for the audit: %w", value, err)
	}
	return form, nil
}

func addressOrNil(address netip.Addr) any {
	if !address.IsValid() {
		return nil
	}
	return address
}
