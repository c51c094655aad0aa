package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/optout"
	"github.com/gradewatch/gradewatch/checks/ownership"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// verifyBatch is how many checks of ownerships one transaction of a claim takes.
const verifyBatch = 200

// verifyWorker looks for the token of one team at one host.
type verifyWorker struct {
	river.WorkerDefaults[jobs.Verify]
	config Config
}

// Timeout implements river.Worker.
func (w *verifyWorker) Timeout(*river.Job[jobs.Verify]) time.Duration {
	return w.config.timeout(checks.Quick, false)
}

// NextRetry implements river.Worker.
func (w *verifyWorker) NextRetry(job *river.Job[jobs.Verify]) time.Time { return backoff(job.Attempt) }

// Work asks, and writes what it came to and the completion of its job in one
// transaction. Hosts that opted out are asked in DNS only.
func (w *verifyWorker) Work(ctx context.Context, job *river.Job[jobs.Verify]) error {
	var claimed monitor.Ownership
	var pages []string
	err := w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		claimed, pages, err = tx.OwnershipQuestion(ctx, job.Args.OwnershipID)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return river.JobCancel(err) // given up meanwhile
	}
	if err != nil {
		return err
	}
	asking, cancel := context.WithTimeout(ctx, w.config.Limits.WithDefaults().Deadline)
	defer cancel()
	network := optout.Respect(w.config.Network(w.config.Limits), w.config.optedOut)
	look := ownership.Look(asking, network, ownership.Question{
		Host: claimed.Host, Token: claimed.Token, Domains: monitor.OwnershipDomains(claimed.Host), Pages: pages,
	})
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("verify ownership %d: %w", claimed.ID, err)
	}
	return w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		at := w.config.now()
		step := func(before monitor.Ownership) monitor.Ownership {
			return monitor.StepOwnership(before, look, at)
		}
		if _, err := tx.SettleOwnership(ctx, claimed.ID, step, at); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return complete(ctx, tx, job)
	})
}

// optedOut says whether an opt-out of a host is on record.
func (c Config) optedOut(ctx context.Context, host string) (out bool, err error) {
	err = c.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		out, err = tx.OptedOut(ctx, host)
		return err
	})
	return out, err
}
