package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// digestBatch is how many due channels are listed at a time.
const digestBatch = 100

// longestDigest bounds the time that a digest tells about, where nobody
// composed any for long.
const longestDigest = 31 * 24 * time.Hour

// digestWorker composes the digests that are due.
type digestWorker struct {
	river.WorkerDefaults[jobs.Digest]
	config Config
}

// Timeout implements river.Worker.
func (w *digestWorker) Timeout(*river.Job[jobs.Digest]) time.Duration { return upkeepTimeout }

// NextRetry implements river.Worker.
func (w *digestWorker) NextRetry(job *river.Job[jobs.Digest]) time.Time { return backoff(job.Attempt) }

// Work goes through the channels whose digest is due: one that fails keeps no
// other from being told.
func (w *digestWorker) Work(ctx context.Context, _ *river.Job[jobs.Digest]) error {
	at := w.config.now()
	var faults []error
	for after := int64(0); ; {
		var due []store.DigestChannel
		err := w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			due, err = tx.DueDigests(ctx, at, after, digestBatch)
			return err
		})
		if err != nil {
			return errors.Join(append(faults, fmt.Errorf("find the digests that are due: %w", err))...)
		}
		for _, channel := range due {
			after = channel.ID
			if err := w.send(ctx, channel, at); err != nil {
				faults = append(faults, fmt.Errorf("compose the digest of channel %d: %w", channel.ID, err))
			}
		}
		if len(due) < digestBatch || ctx.Err() != nil {
			return errors.Join(append(faults, ctx.Err())...)
		}
	}
}

// send composes what is due, and writes it with its delivery, its job and the
// time of the next one in one transaction. What it tells is read before, with
// the rights of its team: no other team's can be in it.
func (w *digestWorker) send(ctx context.Context, channel store.DigestChannel, at time.Time) error {
	next := monitor.NextDigest(channel.Schedule, at)
	if channel.NextAt.IsZero() { // it was just asked for
		return w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.MoveDigest(ctx, channel, next, time.Time{})
			return err
		})
	}
	input := monitor.DigestInput{Period: channel.Schedule.Period, From: digestFrom(channel, at), Until: at}
	err := w.config.Store.AsTeam(ctx, channel.TeamID, func(ctx context.Context, tx *store.Tx) error {
		return w.read(ctx, tx, &input)
	})
	if err != nil {
		return err
	}
	digest, worth := monitor.ComposeDigest(input)
	return w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var sent time.Time
		if worth {
			sent = at
		}
		moved, err := tx.MoveDigest(ctx, channel, next, sent)
		if err != nil || !moved || !worth {
			return err
		}
		return w.tell(ctx, tx, channel, digest)
	})
}

func (w *digestWorker) tell(ctx context.Context, tx *store.Tx, channel store.DigestChannel, digest monitor.Digest) error {
	if err := tx.EnsureUnsubscribeToken(ctx, channel.ID, rand.Text()); err != nil {
		return err
	}
	message := monitor.Message{
		Kind: channel.Schedule.Kind(), OccurredAt: digest.Until, Team: channel.TeamName, Title: monitor.DigestTitle(digest), Link: "/",
		Since: digest.From, Digest: &digest,
	}
	delivery, err := tx.NotifyChannel(ctx, channel.TeamID, channel.ID, message, digest.Until)
	if err != nil {
		return err
	}
	return jobs.InsertDelivers(ctx, river.ClientFromContext[pgx.Tx](ctx), tx, []string{delivery})
}

// digestFrom is from when on a digest tells: since the one before was due, or
// sent where that was late.
func digestFrom(channel store.DigestChannel, at time.Time) time.Time {
	from := monitor.LastDigest(channel.Schedule, channel.NextAt)
	if channel.SentAt.After(from) {
		from = channel.SentAt
	}
	if oldest := at.Add(-longestDigest); from.Before(oldest) {
		from = oldest
	}
	return from
}
