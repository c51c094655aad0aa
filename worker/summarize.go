package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// summarizeWorker tells a channel in one message what was too much for it.
type summarizeWorker struct {
	river.WorkerDefaults[jobs.Summarize]
	config Config
}

// Timeout implements river.Worker.
func (w *summarizeWorker) Timeout(*river.Job[jobs.Summarize]) time.Duration {
	return w.config.LookTimeout
}

// NextRetry implements river.Worker.
func (w *summarizeWorker) NextRetry(job *river.Job[jobs.Summarize]) time.Time {
	return backoff(job.Attempt)
}

// Work writes the summary, its delivery and its job, and completes its own, in
// one transaction. Of two at once the second finds nothing that waits.
func (w *summarizeWorker) Work(ctx context.Context, job *river.Job[jobs.Summarize]) error {
	return w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		at := w.config.now()
		waiting, err := tx.WaitingForSummary(ctx, job.Args.ChannelID, at)
		if err != nil {
			return err
		}
		if len(waiting) > 0 {
			message := summaryOf(waiting, at)
			if message.Team, err = tx.TeamName(ctx, waiting[0].TeamID); err != nil {
				return err
			}
			delivery, err := tx.Summarize(ctx, job.Args.ChannelID, waiting, message, at)
			if err != nil {
				return err
			}
			if err := jobs.InsertDeliver(ctx, river.ClientFromContext[pgx.Tx](ctx), tx, delivery, 0); err != nil {
				return err
			}
		}
		return complete(ctx, tx, job)
	})
}

// summaryOf is the one message that tells what waits, at most
// monitor.MostAffected lines of it: the heaviest first, then by time.
func summaryOf(waiting []store.Waiting, at time.Time) monitor.Message {
	messages := make([]monitor.Message, 0, len(waiting))
	for _, one := range waiting {
		messages = append(messages, one.Message)
	}
	sortByWeight(messages)
	digest := &monitor.Digest{
		From: waiting[0].Message.OccurredAt, Until: at, Counts: map[string]int{"muted": len(waiting)}, More: map[string]int{},
	}
	for _, message := range messages[:min(len(messages), monitor.MostAffected)] {
		digest.Muted = append(digest.Muted, monitor.DigestLine{
			At: message.OccurredAt, Title: message.Title, Place: placeOf(message), Link: message.Link,
		})
	}
	if more := len(messages) - len(digest.Muted); more > 0 {
		digest.More["muted"] = more
	}
	message := monitor.Message{
		Kind: monitor.DigestBurst, OccurredAt: at, Title: fmt.Sprintf("%d more messages, in one", len(waiting)),
		Link: "/incidents", Digest: digest,
	}
	if len(messages) == 1 {
		message.Title = messages[0].Title
	}
	message.Weight = messages[0].Weight
	return message
}
