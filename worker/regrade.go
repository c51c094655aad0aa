package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
	"github.com/gradewatch/gradewatch/worker/regrade"
)

const (
	// regradeSlice is how long a regrade holds its place in the queue, which
	// claims need too.
	regradeSlice = 30 * time.Second
	// regradeTimeout bounds a slice, with its first and last statements, which
	// read every assessment; one that died with its worker goes on after it.
	regradeTimeout = 3 * time.Minute
)

// errNoGrader says that this worker was not given a Config.Grader.
var errNoGrader = errors.New("this worker grades nothing")

// regradeWorker goes on with a regrade for a while.
type regradeWorker struct {
	river.WorkerDefaults[jobs.Regrade]
	config Config
}

// Timeout implements river.Worker.
func (w *regradeWorker) Timeout(*river.Job[jobs.Regrade]) time.Duration { return regradeTimeout }

// NextRetry implements river.Worker.
func (w *regradeWorker) NextRetry(job *river.Job[jobs.Regrade]) time.Time {
	return backoff(job.Attempt)
}

// Work judges until the slice is over, and takes the next one where more is
// left. A regrade that was canceled, or that another worker goes on with, ends
// this job only.
func (w *regradeWorker) Work(ctx context.Context, job *river.Job[jobs.Regrade]) error {
	finished, err := w.slice(ctx, job.Args.RegradeID)
	switch {
	case err == nil && finished:
		return nil
	case err == nil:
		return river.JobSnooze(0)
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return river.JobSnooze(0) // we are stopping: the next worker goes on
	case regrade.Stopped(err):
		return river.JobCancel(err)
	case errors.Is(err, errUnknownCriteria), job.Attempt >= job.MaxAttempts:
		return errors.Join(river.JobCancel(err), w.abandon(ctx, job.Args.RegradeID, err))
	default:
		return err
	}
}

// errUnknownCriteria is why a regrade cannot be tried again.
var errUnknownCriteria = errors.New("these criteria are not known here")

func (w *regradeWorker) slice(ctx context.Context, id int64) (finished bool, err error) {
	var asked store.Regrade
	err = w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		asked, err = tx.RegradeProgress(ctx, id)
		return err
	})
	if err != nil {
		return false, err
	}
	if w.config.Grader == nil {
		return false, fmt.Errorf("grade under %s: %w", asked.Criteria, errors.Join(errUnknownCriteria, errNoGrader))
	}
	grader, err := w.config.Grader(asked.Criteria)
	if err != nil {
		return false, fmt.Errorf("grade under %s: %w", asked.Criteria, errors.Join(errUnknownCriteria, err))
	}
	return regrade.Run(ctx, w.config.Store, id, regrade.Config{
		Grader: grader, TrustData: w.config.Versions.TrustData, Engine: EngineVersion, Slice: regradeSlice, Now: w.config.Clock,
	})
}

// abandon says in the regrade's row why it goes on no more.
func (w *regradeWorker) abandon(ctx context.Context, id int64, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	return w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.AbandonRegrade(ctx, id, why.Error(), w.config.now())
	})
}
