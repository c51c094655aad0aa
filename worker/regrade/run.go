// Package regrade grades stored observations again, under criteria that a
// person asks for, and stores what would change. Each distinct observation is
// judged once for each time that its certificates divide; how many assessments
// that means is counted by the database. It rewrites no stored grade, and never
// holds more than a few batches in memory.
package regrade

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/store"
)

// Grader gives the grade of an observation at a time, and the times at which
// something in it changes by time alone: each is the first moment of what comes
// after it. It is pure, is called from many goroutines, and changes nothing in
// the observation, whose parts others share.
type Grader func(observation *checks.Observation, at time.Time) (grade checks.Grade, boundaries []time.Time)

// Config is what a run needs. Zero fields mean their defaults, except for the
// first group, which is required.
type Config struct {
	Grader Grader

	TrustData string // by which Grader judges
	Engine    string
	Batch     int           // observations in one transaction; default 256
	Parallel  int           // observations judged at a time; default GOMAXPROCS
	Cache     int64         // bytes of components kept decoded; default 32 MiB of their JSON, which is a few times more in memory
	Slice     time.Duration // after which Run leaves the rest to the next one; 0: never
	Now       func() time.Time
}

func (c Config) withDefaults() Config {
	c.Batch = cmp.Or(c.Batch, 256)
	c.Parallel = cmp.Or(c.Parallel, runtime.GOMAXPROCS(0))
	c.Cache = cmp.Or(c.Cache, 32<<20)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// run is one Run.
type run struct {
	store   *store.Store
	config  Config
	regrade store.Regrade
	cache   *cache // of the goroutine that reads
}

// Run goes on with a regrade where its cursor stands, and says whether it is
// finished: false means that the slice is over and there is more to do. Each
// batch is one transaction, so that one that is killed is judged again and none
// is counted twice. store.ErrCanceled: somebody canceled it. store.ErrFenced:
// another worker goes on with it.
func Run(ctx context.Context, from *store.Store, id int64, config Config) (finished bool, err error) {
	began := time.Now()
	r := &run{store: from, config: config.withDefaults()}
	r.cache = newCache(r.config.Cache)
	err = from.AsWorker(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		r.regrade, err = tx.BeginRegrade(ctx, id, r.config.TrustData, r.config.Engine, r.now())
		return err
	})
	if err != nil || !r.regrade.FinishedAt.IsZero() {
		return err == nil, err
	}
	more, err := r.judgeBatches(ctx, began)
	if err != nil || more {
		return false, err
	}
	err = from.AsWorker(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.FinishRegrade(ctx, r.regrade, r.now()) })
	return err == nil, err
}

// judgeBatches judges and stores batch after batch, and says whether the slice
// was over before the end.
func (r *run) judgeBatches(ctx context.Context, began time.Time) (more bool, err error) {
	reading, stop := context.WithCancel(ctx)
	batches := r.prefetch(reading, r.regrade.Cursor)
	defer func() {
		stop()
		for range batches { // until its goroutine has ended
		}
	}()
	for read := range batches {
		if read.err != nil {
			return false, read.err
		}
		results, err := r.judgeAll(ctx, read.batch)
		if err != nil {
			return false, err
		}
		err = r.store.AsWorker(ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.SaveRegradeBatch(ctx, r.regrade, read.batch.before, read.batch.next, results)
		})
		if err != nil {
			return false, err
		}
		if r.config.Slice > 0 && time.Since(began) >= r.config.Slice {
			return true, nil
		}
	}
	return false, ctx.Err()
}

// now is the time as the database keeps it.
func (r *run) now() time.Time { return r.config.Now().UTC().Truncate(time.Microsecond) }

// Stopped says whether an error of Run means that there is nothing to try
// again: it was canceled, it is gone, or another worker goes on with it.
func Stopped(err error) bool {
	return errors.Is(err, store.ErrCanceled) || errors.Is(err, store.ErrFenced) || errors.Is(err, store.ErrNotFound)
}
