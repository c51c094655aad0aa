package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/gradewatch/gradewatch/internal/alert"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// deliverWorker makes one attempt to deliver a message.
type deliverWorker struct {
	river.WorkerDefaults[jobs.Deliver]
	config Config
}

// retryDelays stand between the attempts of a delivery: twelve attempts in
// three days, like mail servers do (RFC 5321 section 4.5.4.1).
func retryDelays() []time.Duration {
	return []time.Duration{
		10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour,
		6 * time.Hour, 10 * time.Hour, 14 * time.Hour, 18 * time.Hour, 20 * time.Hour,
	}
}

// retryAfter says how long to wait after attempts failed attempts, and whether
// to try again at all. The jitter of a tenth hangs on the delivery only, so
// that deliveries that failed together do not return together.
func retryAfter(delivery uuid.UUID, attempts int) (time.Duration, bool) {
	delays := retryDelays()
	if attempts > len(delays) {
		return 0, false
	}
	delay := delays[max(attempts, 1)-1]
	return delay + delay*time.Duration(delivery[15])/2560, true
}

// Timeout implements river.Worker.
func (w *deliverWorker) Timeout(*river.Job[jobs.Deliver]) time.Duration { return w.config.LookTimeout }

// NextRetry implements river.Worker. It is for our own faults and killed
// workers: what a receiver refuses is tried again by retryDelays.
func (w *deliverWorker) NextRetry(job *river.Job[jobs.Deliver]) time.Time {
	return backoff(job.Attempt)
}

// Work sends, and then notes the attempt and completes the job in one
// transaction. A kill between the receiver's acceptance and our commit makes a
// repeat, under the same id.
func (w *deliverWorker) Work(ctx context.Context, job *river.Job[jobs.Deliver]) error {
	id, err := uuid.Parse(job.Args.DeliveryID)
	if err != nil {
		return river.JobCancel(fmt.Errorf("read the id of a delivery: %w", err))
	}
	var delivery store.Delivery
	err = w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		delivery, err = tx.Delivery(ctx, id.String())
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return river.JobCancel(err)
	case err != nil:
		return err
	case delivery.State != "pending":
		return nil
	}
	if wait := delivery.NextAttemptAt.Sub(w.config.now()); (delivery.Attempts > 0 || delivery.Held) && wait > time.Second {
		return river.JobSnooze(wait) // the worker died after it noted the last attempt, or the clocks of two differ
	}
	if delivery.Stale() {
		return w.withdraw(ctx, job, delivery)
	}
	attempt, sent, err := w.send(ctx, id, delivery)
	if err != nil {
		if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return river.JobSnooze(0) // we are stopping
		}
		return err
	}
	return w.note(ctx, job, delivery, attempt, sent)
}

// verdict is what an attempt says about its channel.
type verdict struct {
	counts  bool // the receiver said or did it; false: we did
	gone    bool
	refused *alert.Refusal // of a recipient, by the mail server
}

// withdraw notes that a delivery is not made.
func (w *deliverWorker) withdraw(ctx context.Context, job *river.Job[jobs.Deliver], delivery store.Delivery) error {
	return w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.WithdrawDelivery(ctx, delivery, w.config.now()); err != nil {
			return err
		}
		return complete(ctx, tx, job)
	})
}

// send makes the attempt and says where the delivery stands after it.
func (w *deliverWorker) send(ctx context.Context, id uuid.UUID, delivery store.Delivery) (store.Attempt, verdict, error) {
	var sent verdict
	attempt := store.Attempt{StartedAt: w.config.now(), State: "failed"}
	if !delivery.InUse {
		attempt.Answer = "not sent: the channel is not in use any more"
		return attempt, sent, nil
	}
	message, err := uuid.Parse(delivery.MessageID)
	if err != nil {
		return attempt, sent, fmt.Errorf("read the id of delivery %s's message: %w", id, err)
	}
	channel := channelOf(delivery, attempt.StartedAt)
	if channel.Unsubscribe, err = w.unsubscribe(ctx, delivery); err != nil {
		return attempt, sent, err
	}
	outcome, err := w.config.Sender.Send(ctx, channel, message, delivery.Message)
	if err != nil && ctx.Err() != nil {
		return attempt, sent, fmt.Errorf("send delivery %s to %s: %w", id, channel, err)
	}
	if err != nil { // people see that it did not go out, and we see why
		w.config.Logger.ErrorContext(ctx, "a delivery could not be sent", "delivery", id, "channel", channel.String(), "error", err)
		outcome = alert.Outcome{Answer: "not sent because of a fault on our side"}
	}
	attempt.Duration = w.config.now().Sub(attempt.StartedAt)
	attempt.Accepted, attempt.Answer = outcome.Accepted, outcome.Answer
	delay, again := retryAfter(id, delivery.Attempts+1)
	switch {
	case outcome.Accepted:
		attempt.State = "delivered"
	case !outcome.Permanent && again:
		attempt.State = "pending"
		attempt.NextAttemptAt = w.config.now().Add(max(delay, outcome.RetryAfter))
	}
	return attempt, verdict{counts: err == nil, gone: outcome.Gone, refused: outcome.Refused}, nil
}

// unsubscribe is the token that stops the digests of a mail channel; it is made
// when the first one goes out.
func (w *deliverWorker) unsubscribe(ctx context.Context, delivery store.Delivery) (token string, err error) {
	digest := delivery.Message.Kind == monitor.DigestDaily || delivery.Message.Kind == monitor.DigestWeekly
	if !digest || delivery.Kind != string(alert.Email) || delivery.Unsubscribe != "" {
		return delivery.Unsubscribe, nil
	}
	err = w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		token, err = tx.UnsubscribeToken(ctx, delivery.ChannelID, rand.Text())
		return err
	})
	return token, err
}

// channelOf is where delivery goes; the secret before a rotation signs too while
// the overlap lasts.
func channelOf(delivery store.Delivery, at time.Time) alert.Channel {
	channel := alert.Channel{Kind: alert.Kind(delivery.Kind), Address: delivery.Address, Secret: delivery.Secret}
	if at.Before(delivery.PreviousSecretUntil) {
		channel.PreviousSecret = delivery.PreviousSecret
	}
	return channel
}

// note writes the attempt, also when we are told to stop or the time is up: what
// the receiver accepted must not be sent again for that.
func (w *deliverWorker) note(ctx context.Context, job *river.Job[jobs.Deliver], delivery store.Delivery, attempt store.Attempt, sent verdict) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	err := w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.SaveAttempt(ctx, delivery, attempt); err != nil {
			return err
		}
		if sent.counts {
			if err := w.noteChannel(ctx, tx, delivery, attempt, sent.gone); err != nil {
				return err
			}
		}
		if sent.refused != nil {
			if err := refused(ctx, tx, river.ClientFromContext[pgx.Tx](ctx), delivery, *sent.refused, attempt); err != nil {
				return err
			}
		}
		if attempt.State == "pending" {
			return nil
		}
		return complete(ctx, tx, job)
	})
	if err != nil {
		return err
	}
	if attempt.State == "pending" {
		return river.JobSnooze(max(0, attempt.NextAttemptAt.Sub(w.config.now())))
	}
	return nil
}
