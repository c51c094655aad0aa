package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Delivery is what the deliver job needs: one message for one channel.
type Delivery struct {
	ID        string
	TeamID    int64
	State     string // pending, delivered, failed, withdrawn, summarized
	Attempts  int    // made so far
	Held      bool   // it waited for quiet hours to end
	Message   monitor.Message
	ChannelID int64
	Kind      string // of the channel: email, webhook, chat
	Address   string // of chat: the service URL, which is secret
	Secret    string
	InUse     bool // false: the channel was disabled or removed

	PreviousSecret      string    // of a webhook whose secret was rotated
	PreviousSecretUntil time.Time // until when it signs too; zero: there is none
	// MessageID is what the receiver knows the message by: the same for what
	// was sent again by hand, so that it can tell that it has it already.
	MessageID string

	Unsubscribe string // token that stops the channel's digests; empty: none yet

	NextAttemptAt time.Time // zero: none is due

	IncidentID int64 // that it is about; 0: none
	Resolved   bool  // the incident is, by now; one that flaps only when it was stable for long enough
	// Told: the channel got, or is about to get, an earlier message of the incident.
	Told bool
}

// Stale says whether a held delivery is about something that was over before
// its channel heard of it: neither that it began nor that it ended is told.
func (d Delivery) Stale() bool {
	if !d.Held || d.IncidentID == 0 || d.Attempts > 0 {
		return false
	}
	if d.Message.Kind == monitor.IncidentResolved {
		return !d.Resolved || !d.Told
	}
	return d.Resolved
}

// Delivery returns a delivery with its message and channel.
func (tx *Tx) Delivery(ctx context.Context, id string) (Delivery, error) {
	rows, _ := tx.Query(ctx, `
		SELECT d.id::text AS id, d.team_id, d.state, d.attempts, d.held, n.payload AS message, d.channel_id, c.kind,
			CASE WHEN c.kind = 'chat' THEN c.secret ELSE c.address END AS address,
			CASE WHEN c.kind = 'chat' THEN '' ELSE c.secret END AS secret,
			c.previous_secret, coalesce(c.previous_secret_until, '0001-01-01T00:00:00Z') AS previous_secret_until,
			coalesce(d.resend_of, d.id)::text AS message_id, c.unsubscribe_token AS unsubscribe,
			c.deleted_at IS NULL AND c.disabled_at IS NULL AS in_use,
			coalesce(d.next_attempt_at, '0001-01-01T00:00:00Z') AS next_attempt_at,
			coalesce(n.incident_id, 0) AS incident_id, coalesce(i.state = 'resolved' AND NOT i.flapping, false) AS resolved,
			EXISTS (SELECT FROM notifications o JOIN deliveries t ON t.notification_id = o.id
				WHERE o.incident_id = n.incident_id AND o.sequence < n.sequence AND t.channel_id = d.channel_id
					AND (t.state IN ('delivered', 'summarized') OR t.state = 'pending' AND NOT t.held)) AS told
		FROM deliveries d JOIN notifications n ON n.id = d.notification_id JOIN channels c ON c.id = d.channel_id
			LEFT JOIN incidents i ON i.id = n.incident_id
		WHERE d.id = @id`, pgx.StrictNamedArgs{"id": id})
	return collectOne[Delivery](rows, ErrNotFound, "find delivery %s", id)
}

// Attempt is one try to deliver, and where the delivery stands after it.
type Attempt struct {
	StartedAt     time.Time
	Duration      time.Duration
	Accepted      bool
	Answer        string    // what the other side said, for people
	State         string    // pending, delivered, failed
	NextAttemptAt time.Time // zero: none
}

// SaveAttempt writes an attempt. ErrFenced: another worker wrote one since
// delivery was read.
func (tx *Tx) SaveAttempt(ctx context.Context, delivery Delivery, attempt Attempt) error {
	var finished *time.Time
	if attempt.State != "pending" {
		at := attempt.StartedAt.Add(attempt.Duration)
		finished = &at
	}
	const update = `
		UPDATE deliveries SET state = @state, attempts = attempts + 1, next_attempt_at = @next, finished_at = @finished
		WHERE id = @id AND state = 'pending' AND attempts = @attempts`
	tag, err := tx.Exec(ctx, update, pgx.StrictNamedArgs{
		"state": attempt.State, "next": timeOrNil(attempt.NextAttemptAt), "finished": finished,
		"id": delivery.ID, "attempts": delivery.Attempts,
	})
	if err != nil {
		return fmt.Errorf("note an attempt of delivery %s: %w", delivery.ID, err)
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("note an attempt of delivery %s: %w", delivery.ID, ErrFenced)
	}
	const insert = `
		INSERT INTO delivery_attempts (delivery_id, team_id, attempt, started_at, duration_ms, accepted, answer)
		VALUES (@id, @team, @attempt, @started, @duration, @accepted, @answer)`
	_, err = tx.Exec(ctx, insert, pgx.StrictNamedArgs{
		"id": delivery.ID, "team": delivery.TeamID, "attempt": delivery.Attempts + 1, "started": attempt.StartedAt,
		"duration": attempt.Duration.Milliseconds(), "accepted": attempt.Accepted, "answer": attempt.Answer,
	})
	if err != nil {
		return fmt.Errorf("note an attempt of delivery %s: %w", delivery.ID, err)
	}
	return nil
}

// WithdrawDelivery notes that a delivery is not made, since what it is about was
// over before. ErrFenced: another worker made an attempt since it was read.
func (tx *Tx) WithdrawDelivery(ctx context.Context, delivery Delivery, at time.Time) error {
	tag, err := tx.Exec(ctx, `
		UPDATE deliveries SET state = 'withdrawn', next_attempt_at = NULL, finished_at = @at
		WHERE id = @id AND state = 'pending' AND attempts = @attempts`,
		pgx.StrictNamedArgs{"id": delivery.ID, "attempts": delivery.Attempts, "at": at})
	if err != nil {
		return fmt.Errorf("withdraw delivery %s: %w", delivery.ID, err)
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("withdraw delivery %s: %w", delivery.ID, ErrFenced)
	}
	return nil
}
