package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// claimBatch is how many endpoints one transaction of a claim takes.
const claimBatch = 500

// claimWorker takes what is due and inserts its looks.
type claimWorker struct {
	river.WorkerDefaults[jobs.Claim]
	config Config
}

// Timeout implements river.Worker.
func (w *claimWorker) Timeout(*river.Job[jobs.Claim]) time.Duration { return w.config.LookTimeout }

// NextRetry implements river.Worker. A claim is tried once: the next one takes
// what it left.
func (w *claimWorker) NextRetry(job *river.Job[jobs.Claim]) time.Time { return backoff(job.Attempt) }

// Work claims batch by batch until nothing is due. Each batch stands by
// itself, so a claim that is killed leaves the rest to the next one. Checks of
// ownerships are few, and one batch of them a claim is enough.
func (w *claimWorker) Work(ctx context.Context, _ *river.Job[jobs.Claim]) error {
	client := river.ClientFromContext[pgx.Tx](ctx)
	for {
		claimed := 0
		err := w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			asked, count, err := tx.ClaimDue(ctx, w.config.now(), claimBatch)
			if err != nil {
				return err
			}
			claimed = count
			return jobs.InsertLooks(ctx, client, tx, asked)
		})
		if err != nil {
			return fmt.Errorf("claim what is due: %w", err)
		}
		if claimed < claimBatch {
			return errors.Join(w.claimChecks(ctx, client), w.claimLate(ctx, client))
		}
	}
}

func (w *claimWorker) claimChecks(ctx context.Context, client *jobs.Client) error {
	err := w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		due, err := tx.ClaimOwnershipChecks(ctx, w.config.now(), verifyBatch)
		if err != nil {
			return err
		}
		return jobs.InsertVerifies(ctx, client, tx, due...)
	})
	if err != nil {
		return fmt.Errorf("claim checks of ownerships: %w", err)
	}
	return nil
}

// lateAfter is how long after its time something that nobody was told of counts
// as lost.
const lateAfter = time.Minute

// claimLate takes up what was to be told a while ago: its job is lost, or waits
// behind many others, and whoever comes first tells it.
func (w *claimWorker) claimLate(ctx context.Context, client *jobs.Client) error {
	err := w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		before := w.config.now().Add(-lateAfter)
		incidents, err := tx.DueIncidents(ctx, before, claimBatch)
		if err != nil {
			return err
		}
		channels, err := tx.LateSummaries(ctx, before, claimBatch)
		if err != nil {
			return err
		}
		return errors.Join(jobs.InsertLateTells(ctx, client, tx, incidents...), jobs.InsertLateSummaries(ctx, client, tx, channels...))
	})
	if err != nil {
		return fmt.Errorf("take up what nobody was told of: %w", err)
	}
	return nil
}
