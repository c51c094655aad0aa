package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// EndpointSettings is what people change about an endpoint: how it is looked at.
type EndpointSettings struct {
	ProbeURL    string // of a pattern; empty otherwise
	Method      string // GET or POST
	PostAllowed bool
	Interval    time.Duration
}

// SettingsOf returns how an endpoint is looked at.
func SettingsOf(endpoint monitor.Endpoint) EndpointSettings {
	return EndpointSettings{
		ProbeURL: endpoint.ProbeURL, Method: endpoint.Method, PostAllowed: endpoint.PostAllowed, Interval: endpoint.Interval,
	}
}

// ChangeSettings changes how an endpoint is looked at, with its audit row; that
// it is so already is no change. With another interval the next look moves to
// at most that from at. Leave for intrusive probes stands for the host that it
// was given for. ErrNotFound: there is no such endpoint for the transaction's
// team. *HostQuotaError: the host of the probe URL would be one too many.
func (tx *Tx) ChangeSettings(ctx context.Context, actor Actor, id int64, settings EndpointSettings, at time.Time) error {
	before, err := tx.Endpoint(ctx, id)
	if err != nil || SettingsOf(before) == settings {
		return err
	}
	after := before
	after.ProbeURL = settings.ProbeURL
	if err := tx.CheckHostQuota(ctx, before.TeamID, []string{after.Host()}); err != nil {
		return fmt.Errorf("change the settings of endpoint %d: %w", id, err)
	}
	_, err = tx.Exec(ctx, `
		UPDATE endpoints SET probe_url = @probe, host = @host, method = @method, post_allowed = @post, interval_seconds = @seconds,
			next_run_at = CASE WHEN interval_seconds = @seconds THEN next_run_at ELSE least(next_run_at, @next) END
		WHERE id = @id AND deleted_at IS NULL`,
		pgx.StrictNamedArgs{
			"id": id, "probe": settings.ProbeURL, "host": after.Host(), "method": settings.Method, "post": settings.PostAllowed,
			"seconds": int64(settings.Interval / time.Second), "next": at.Add(settings.Interval),
		})
	if err != nil {
		return fmt.Errorf("change the settings of endpoint %d: %w", id, err)
	}
	return tx.Audit(ctx, actor, AuditEntry{
		TeamID: before.TeamID, OccurredAt: at, Action: "endpoint.change", Object: fmt.Sprintf("endpoint/%d", id),
		Old: auditedSettings(SettingsOf(before)), New: auditedSettings(settings),
	})
}

// auditedSettings is what the audit keeps of how an endpoint is looked at.
func auditedSettings(settings EndpointSettings) map[string]any {
	return map[string]any{
		"probe_url": settings.ProbeURL, "method": settings.Method, "post_allowed": settings.PostAllowed,
		"interval_seconds": int64(settings.Interval / time.Second),
	}
}
