package worker

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

const (
	// partitionsAhead is how many months have their partitions before they begin.
	partitionsAhead = 2
	// historyRetention is how long assessments and what they rest on stay.
	historyRetention = 400 * 24 * time.Hour
	// measurementRetention is how long addresses and transcripts stay: 92 days
	// at the least (superoffice.md S-06).
	measurementRetention = 100 * 24 * time.Hour
	// orphanAfter is when something unfinished without a job counts as lost.
	orphanAfter = 15 * time.Minute
	// upkeepTimeout is River's bound; River knows it before it rescues the job.
	upkeepTimeout = 5 * time.Minute
)

// upkeepWorker makes partitions ahead of time and removes what has outlived its use.
type upkeepWorker struct {
	river.WorkerDefaults[jobs.Upkeep]
	config Config
}

// Timeout implements river.Worker.
func (w *upkeepWorker) Timeout(*river.Job[jobs.Upkeep]) time.Duration { return upkeepTimeout }

// NextRetry implements river.Worker.
func (w *upkeepWorker) NextRetry(job *river.Job[jobs.Upkeep]) time.Time { return backoff(job.Attempt) }

// Work takes every step, each in a transaction of its own: one that fails does
// not keep the others from running. Components go before the partitions that
// name them.
func (w *upkeepWorker) Work(ctx context.Context, _ *river.Job[jobs.Upkeep]) error {
	at := w.config.now()
	var faults []error
	for _, step := range []func(context.Context, *store.Tx) error{
		func(ctx context.Context, tx *store.Tx) error { return tx.EnsurePartitions(ctx, at, partitionsAhead) },
		func(ctx context.Context, tx *store.Tx) error { return ignore(tx.FillHosts(ctx)) },
		func(ctx context.Context, tx *store.Tx) error { return ignore(tx.ExpireSignIns(ctx, at)) },
		func(ctx context.Context, tx *store.Tx) error {
			return ignore(tx.DropOrphans(ctx, at.Add(-orphanAfter), at))
		},
		func(ctx context.Context, tx *store.Tx) error {
			return ignore(tx.ExpireAudit(ctx, at, w.config.AuditRetention))
		},
		func(ctx context.Context, tx *store.Tx) error {
			return ignore(tx.CollectComponents(ctx, at, historyRetention))
		},
		func(ctx context.Context, tx *store.Tx) error {
			return ignore(tx.ExpireRegrades(ctx, at, measurementRetention))
		},
		func(ctx context.Context, tx *store.Tx) error { return ignore(tx.ExpireImports(ctx, at)) },
		w.dropPartitions(at, "measurements", measurementRetention),
		w.dropPartitions(at, "host_looks", historyRetention),
		w.dropPartitions(at, "assessments", historyRetention),
	} {
		faults = append(faults, w.config.inTx(ctx, step))
	}
	return errors.Join(faults...)
}

func (w *upkeepWorker) dropPartitions(at time.Time, table string, keep time.Duration) func(context.Context, *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		dropped, err := tx.DropPartitions(ctx, table, at, keep)
		if dropped > 0 {
			w.config.Logger.InfoContext(ctx, "old partitions dropped", "table", table, "partitions", dropped)
		}
		return err
	}
}

// ignore drops how many rows a step touched.
func ignore(_ int64, err error) error { return err }
