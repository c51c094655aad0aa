package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/inventory"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// ImportOptions say how a plan is applied.
type ImportOptions struct {
	Remove  bool   // what is missing from the file
	Vantage string // that new endpoints are looked at from; empty: local
	At      time.Time
}

// ApplyImport does what plan says, with an audit row for each thing that it
// changes and one for the import. The caller locked the import and made the plan
// in this transaction. ErrConflict: what is registered changed under it; the
// caller rolls back and makes another plan. *HostQuotaError: its hosts would be
// too many. New endpoints are due one after
// another, so that thousands are not looked at in one minute.
func (tx *Tx) ApplyImport(ctx context.Context, actor Actor, staged Import, plan inventory.Plan, options ImportOptions) error {
	if !options.Remove {
		plan.Missing = nil
	}
	if err := tx.removeEndpoints(ctx, plan.Missing, options.At); err != nil { // first: it makes room in the quota
		return err
	}
	ids, err := tx.applyApplications(ctx, staged.TeamID, plan.Applications, options.At)
	if err != nil {
		return err
	}
	if err := tx.CheckHostQuota(ctx, staged.TeamID, HostsOf(plan)); err != nil {
		return fmt.Errorf("apply import %d: %w", staged.ID, err)
	}
	if err := tx.changeEndpoints(ctx, plan.Changed, options.At); err != nil {
		return err
	}
	created, err := tx.CreateEndpoints(ctx, spread(plan.Added, ids, options), options.At)
	if err != nil {
		return err
	}
	if err := tx.finishImport(ctx, actor, staged, plan, options); err != nil {
		return err
	}
	return tx.auditMany(ctx, actor, staged.TeamID, options.At, auditOf(staged, plan, ids, created))
}

// HostsOf lists the hosts that a plan has looked at, of what it adds and changes.
func HostsOf(plan inventory.Plan) []string {
	return columnOf(slices.Concat(plan.Added, plan.Changed), func(item inventory.Item) string { return item.Endpoint.Host() })
}

// spread returns the endpoints to add, with the ids of their applications and
// the times of their first looks.
func spread(items []inventory.Item, ids map[string]int64, options ImportOptions) []monitor.Endpoint {
	added := make([]monitor.Endpoint, 0, len(items))
	for i, item := range items {
		endpoint := item.Endpoint
		if endpoint.ApplicationID == 0 {
			endpoint.ApplicationID = ids[strings.ToLower(endpoint.ApplicationName)]
		}
		endpoint.Vantage = options.Vantage
		endpoint.NextRunAt, endpoint.NextFullAt = monitor.Spread(i, len(items), endpoint.Interval, options.At)
		endpoint.Anchor = endpoint.NextRunAt
		added = append(added, endpoint)
	}
	return added
}

// changeEndpoints changes how endpoints are looked at, those only that are
// still as the plan found them. A shorter interval moves the next look closer.
func (tx *Tx) changeEndpoints(ctx context.Context, items []inventory.Item, at time.Time) error {
	const update = `
		UPDATE endpoints e SET value_kind = n.value_kind, probe_url = n.probe, host = n.host, method = n.method, post_allowed = n.post, interval_seconds = n.seconds,
			next_run_at = CASE WHEN e.interval_seconds = n.seconds THEN e.next_run_at
				ELSE least(e.next_run_at, @at::timestamptz + n.seconds * n.share * interval '1 second') END
		FROM unnest(@ids::bigint[], @value_kinds::text[], @probes::text[], @hosts::text[], @methods::text[], @posts::boolean[], @intervals::integer[], @shares::float8[],
			@old_value_kinds::text[], @old_probes::text[], @old_methods::text[], @old_posts::boolean[], @old_intervals::integer[])
			AS n(id, value_kind, probe, host, method, post, seconds, share, old_value_kind, old_probe, old_method, old_post, old_seconds)
		WHERE e.id = n.id AND e.deleted_at IS NULL AND (e.value_kind, e.probe_url, e.method, e.post_allowed, e.interval_seconds)
			= (n.old_value_kind, n.old_probe, n.old_method, n.old_post, n.old_seconds)`
	arguments := pgx.StrictNamedArgs{"at": at, "ids": columnOf(items, idOf), "shares": shares(len(items))}
	for prefix, get := range map[string]func(inventory.Item) monitor.Endpoint{
		"": func(i inventory.Item) monitor.Endpoint { return i.Endpoint }, "old_": func(i inventory.Item) monitor.Endpoint { return i.Old },
	} {
		columns := newEndpoints(columnOf(items, get), at)
		for _, name := range []string{"value_kinds", "probes", "methods", "posts", "intervals"} {
			arguments[prefix+name] = columns[name]
		}
	}
	arguments["hosts"] = columnOf(items, func(i inventory.Item) string { return i.Endpoint.Host() })
	tag, err := tx.Exec(ctx, update, arguments)
	return all(tag.RowsAffected(), len(items), err, "change")
}

// shares spread what moves closer over its new interval.
func shares(count int) []float64 {
	parts := make([]float64, 0, count)
	for i := range count {
		parts = append(parts, float64(i+1)/float64(count))
	}
	return parts
}

func (tx *Tx) removeEndpoints(ctx context.Context, items []inventory.Item, at time.Time) error {
	if len(items) == 0 {
		return nil
	}
	tag, err := tx.Exec(ctx, `UPDATE endpoints SET deleted_at = @at WHERE id = ANY(@ids::bigint[]) AND deleted_at IS NULL`,
		pgx.StrictNamedArgs{"at": at, "ids": columnOf(items, idOf)})
	if err := all(tag.RowsAffected(), len(items), err, "remove"); err != nil {
		return err
	}
	return tx.resolveRemoved(ctx, at)
}

func idOf(item inventory.Item) int64 { return item.Endpoint.ID }

// all is an error unless every one of what was wanted was done.
func all(done int64, wanted int, err error, verb string) error {
	if err == nil && done != int64(wanted) {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("%s %d endpoints: %w", verb, wanted, err)
	}
	return nil
}

func (tx *Tx) finishImport(ctx context.Context, actor Actor, staged Import, plan inventory.Plan, options ImportOptions) error {
	tag, err := tx.Exec(ctx, `
		UPDATE imports SET applied_at = @at, applied_by = @by, added = @added, changed = @changed, removed = @removed, rejected = @rejected
		WHERE id = @id AND applied_at IS NULL AND expires_at > @at`,
		pgx.StrictNamedArgs{
			"id": staged.ID, "at": options.At, "by": cmp.Or(actor.Email, actor.Source), "added": len(plan.Added), "changed": len(plan.Changed),
			"removed": len(plan.Missing), "rejected": len(plan.Rejected),
		})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("finish import %d: %w", staged.ID, err)
	}
	return nil
}

// auditOf lists what an import did, and itself last: that is what the audit
// shows first.
func auditOf(staged Import, plan inventory.Plan, applications map[string]int64, created []int64) []AuditEntry {
	entries := make([]AuditEntry, 0, len(plan.Applications)+len(plan.Added)+len(plan.Changed)+len(plan.Missing)+1)
	for _, change := range plan.Applications {
		entry := AuditEntry{
			Action: "application.change", Object: fmt.Sprintf("application/%d", applications[strings.ToLower(change.Name)]),
			New: map[string]any{"name": change.Name, "type": change.Type, "client_ids": change.ClientIDs, "import": staged.ID},
		}
		if change.New() {
			entry.Action = "application.create"
		} else {
			entry.Old = map[string]any{"type": change.OldType}
		}
		entries = append(entries, entry)
	}
	for i, item := range plan.Added {
		entries = append(entries, AuditEntry{Action: "endpoint.create", Object: fmt.Sprintf("endpoint/%d", created[i]), New: auditedRow(staged, item.Endpoint)})
	}
	for _, item := range plan.Changed {
		entries = append(entries, AuditEntry{
			Action: "endpoint.change", Object: fmt.Sprintf("endpoint/%d", item.Endpoint.ID), Old: auditedRow(staged, item.Old), New: auditedRow(staged, item.Endpoint),
		})
	}
	for _, item := range plan.Missing {
		entries = append(entries, AuditEntry{Action: "endpoint.remove", Object: fmt.Sprintf("endpoint/%d", item.Old.ID), Old: auditedRow(staged, item.Old)})
	}
	return append(entries, AuditEntry{
		Action: "import.apply", Object: fmt.Sprintf("import/%d", staged.ID), New: map[string]any{
			"file": staged.FileName, "format": staged.Format, "added": len(plan.Added), "changed": len(plan.Changed), "removed": len(plan.Missing),
			"unchanged": len(plan.Unchanged), "rejected": len(plan.Rejected),
		},
	})
}

// auditedRow is what the audit keeps of an endpoint that an import touched.
func auditedRow(staged Import, endpoint monitor.Endpoint) map[string]any {
	return map[string]any{
		"application": endpoint.ApplicationName, "environment": endpoint.Environment, "kind": endpoint.Kind, "value_kind": endpoint.ValueKind,
		"value": endpoint.Value, "probe_url": endpoint.ProbeURL, "method": endpoint.Method, "post_allowed": endpoint.PostAllowed,
		"interval_seconds": int64(endpoint.Interval / time.Second), "import": staged.ID,
	}
}
