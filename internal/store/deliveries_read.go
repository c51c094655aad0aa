package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// DeliverySummary is a notification on its way to a channel.
type DeliverySummary struct {
	ID             string // UUID; also the webhook-id, and part of the Message-ID
	NotificationID string
	Kind           monitor.NotificationKind
	IncidentID     int64 // 0: of no incident
	EndpointID     int64 // 0: of no endpoint
	ApplicationID  int64 // of reminders; 0: of none
	Title          string
	ChannelID      int64
	ChannelKind    string
	ChannelAddress string
	ChannelName    string // as people call it; may be empty
	ChannelInUse   bool
	State          string // pending, delivered, failed, withdrawn, summarized
	Held           bool   // it waits for quiet hours or a burst to end
	SummaryID      string // the delivery that told it, of summarized; may be empty
	ResendOf       string // the delivery that somebody sent again; empty: nobody did
	Resolved       bool   // of one that failed: sent again, and delivered or on its way
	Attempts       int
	CreatedAt      time.Time
	NextAttemptAt  time.Time // zero: none is planned
	FinishedAt     time.Time // zero while pending
	LastAnswer     string    // of the newest attempt; empty before the first
}

// DeliveryAttempt is one try of a delivery.
type DeliveryAttempt struct {
	Attempt   int
	StartedAt time.Time
	Duration  time.Duration
	Accepted  bool
	Answer    string // 'HTTP 204', '250 2.0.0 Ok: queued', or why not
}

// DeliveryFilter narrows a list of deliveries; the zero value is the newest ones.
type DeliveryFilter struct {
	Notification string // UUID; empty: of all
	Channel      int64  // 0: any
	State        string // empty: any; Undelivered
	Since        time.Time
	Before       time.Time
	Limit        int // 0: 50
}

// Undelivered is the state of a filter that finds what was given up and did not
// get there since either.
const Undelivered = "undelivered"

// resolved is whether what delivery d told was sent again, and got there or is on its way.
const resolved = `EXISTS (SELECT FROM deliveries r WHERE r.resend_of = d.id AND r.state IN ('pending', 'delivered'))`

const undelivered = `d.state = 'failed' AND d.resend_of IS NULL AND NOT ` + resolved

const deliveryColumns = `d.id::text AS id, d.notification_id::text AS notification_id, n.kind,
	coalesce(n.incident_id, 0) AS incident_id, coalesce(n.endpoint_id, 0) AS endpoint_id,
	coalesce(n.application_id, 0) AS application_id,
	coalesce(n.payload->>'title', '') AS title,
	d.channel_id, c.kind AS channel_kind, c.address AS channel_address, c.name AS channel_name,
	c.deleted_at IS NULL AND c.disabled_at IS NULL AS channel_in_use, d.state, d.held,
	coalesce(d.summary_id::text, '') AS summary_id, coalesce(d.resend_of::text, '') AS resend_of,
	d.state = 'failed' AND ` + resolved + ` AS resolved, d.attempts, d.created_at,
	coalesce(d.next_attempt_at, '0001-01-01T00:00:00Z') AS next_attempt_at,
	coalesce(d.finished_at, '0001-01-01T00:00:00Z') AS finished_at,
	coalesce((SELECT t.answer FROM delivery_attempts t WHERE t.delivery_id = d.id ORDER BY t.attempt DESC LIMIT 1), '') AS last_answer`

const deliveryTables = ` FROM deliveries d JOIN notifications n ON n.id = d.notification_id JOIN channels c ON c.id = d.channel_id `

// Deliveries lists deliveries, newest first.
func (tx *Tx) Deliveries(ctx context.Context, filter DeliveryFilter) ([]DeliverySummary, error) {
	before, limit := filter.Before, filter.Limit
	if before.IsZero() {
		before = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if limit <= 0 {
		limit = 50
	}
	rows, _ := tx.Query(ctx, `SELECT `+deliveryColumns+deliveryTables+`
		WHERE d.created_at < @before AND d.created_at >= @since AND (@state = '' OR d.state = @state OR @state = 'undelivered' AND `+undelivered+`)
			AND (@notification = '' OR d.notification_id::text = @notification) AND (@channel::bigint = 0 OR d.channel_id = @channel)
		ORDER BY d.created_at DESC, d.id LIMIT @limit`,
		pgx.StrictNamedArgs{
			"before": before, "since": filter.Since, "state": filter.State, "notification": filter.Notification, "channel": filter.Channel, "limit": limit,
		})
	return collectAll[DeliverySummary](rows, "list the deliveries")
}

// CountUndelivered counts what was given up since since, and did not get there
// since either: DeliveryFilter.State lists it.
func (tx *Tx) CountUndelivered(ctx context.Context, since time.Time) (count int, err error) {
	err = tx.QueryRow(ctx, `SELECT count(*) FROM deliveries d WHERE d.created_at >= @since AND `+undelivered, pgx.StrictNamedArgs{"since": since}).Scan(&count)
	if err != nil {
		return 0, fmt.Errorf("count what could not be delivered: %w", err)
	}
	return count, nil
}

// Resends lists what was made of a delivery when somebody sent it again, the newest first.
func (tx *Tx) Resends(ctx context.Context, id string) ([]DeliverySummary, error) {
	rows, _ := tx.Query(ctx, `SELECT `+deliveryColumns+deliveryTables+` WHERE d.resend_of = @id ORDER BY d.created_at DESC LIMIT 50`, pgx.StrictNamedArgs{"id": id})
	return collectAll[DeliverySummary](rows, "list what was sent again of delivery %s", id)
}

// DeliverySummary returns one delivery. ErrNotFound also for what is no UUID.
func (tx *Tx) DeliverySummary(ctx context.Context, id string) (DeliverySummary, error) {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return DeliverySummary{}, fmt.Errorf("find delivery %q: %w", id, ErrNotFound)
	}
	rows, _ := tx.Query(ctx, `SELECT `+deliveryColumns+deliveryTables+` WHERE d.id = @id`, pgx.StrictNamedArgs{"id": parsed.String()})
	return collectOne[DeliverySummary](rows, ErrNotFound, "find delivery %s", id)
}

// DeliveryAttempts lists the tries of a delivery, first to last.
func (tx *Tx) DeliveryAttempts(ctx context.Context, id string) ([]DeliveryAttempt, error) {
	rows, _ := tx.Query(ctx, `SELECT attempt, started_at, duration_ms::bigint * 1000000 AS duration, accepted, answer
		FROM delivery_attempts WHERE delivery_id = @id ORDER BY attempt`, pgx.StrictNamedArgs{"id": id})
	return collectAll[DeliveryAttempt](rows, "list the attempts of delivery %s", id)
}
