package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// cleanupTimeout bounds what is written after a look failed.
const cleanupTimeout = 5 * time.Second

var (
	errBusy    = errors.New("somebody looks at it already")
	errRemoved = errors.New("the endpoint was removed")
)

// lookWorker looks at one endpoint and fills its assessment.
type lookWorker struct {
	river.WorkerDefaults[jobs.Look]
	config       Config
	connectivity *connectivity
}

// look is one look while it runs.
type look struct {
	job        *river.Job[jobs.Look]
	assessment monitor.Assessment
	endpoint   monitor.Endpoint
	target     checks.Target // without URL: nothing on the network shows this endpoint
	lease      store.Lease
	startedAt  time.Time

	observation  checks.Observation
	measurements checks.Measurements
	judgedAt     time.Time
	verdicts     []checks.Verdict
}

// Timeout implements river.Worker.
func (w *lookWorker) Timeout(*river.Job[jobs.Look]) time.Duration { return w.config.LookTimeout }

// NextRetry implements river.Worker.
func (w *lookWorker) NextRetry(job *river.Job[jobs.Look]) time.Time { return backoff(job.Attempt) }

// Work looks, judges and commits everything in one transaction. It ends in an
// error by our own fault only; what a server does is an observation.
func (w *lookWorker) Work(ctx context.Context, job *river.Job[jobs.Look]) error {
	err := w.work(ctx, job)
	switch {
	case err == nil, errors.As(err, new(*river.JobSnoozeError)), errors.As(err, new(*river.JobCancelError)):
		return err
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return river.JobSnooze(0) // we are stopping: nothing is wrong with the look
	case job.Attempt >= job.MaxAttempts:
		return errors.Join(err, w.giveUp(ctx, job))
	default:
		return err
	}
}

func (w *lookWorker) work(ctx context.Context, job *river.Job[jobs.Look]) (err error) {
	l := &look{job: job}
	switch err := w.begin(ctx, l); {
	case errors.Is(err, errBusy):
		return river.JobSnooze(time.Second + rand.N(time.Second))
	case errors.Is(err, errRemoved):
		return w.drop(ctx, l)
	case errors.Is(err, store.ErrConflict):
		return nil // finished before, and only the job was not noted
	case errors.Is(err, store.ErrNotFound):
		return river.JobCancel(err)
	case err != nil:
		return err
	}
	defer func() {
		if err != nil { // otherwise the last transaction released it
			err = errors.Join(err, w.release(ctx, l))
		}
	}()
	if err := w.observe(ctx, l); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("look at endpoint %d: %w", l.endpoint.ID, err)
	}
	w.judge(ctx, l)
	return w.finish(ctx, l)
}

// begin reads what to look at and takes the leases, or nothing.
func (w *lookWorker) begin(ctx context.Context, l *look) error {
	now := w.config.now()
	l.startedAt = now
	return w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		if l.assessment, err = tx.PendingAssessment(ctx, l.job.Args.AssessmentID, l.job.Args.Slot); err != nil {
			return err
		}
		if l.endpoint, err = tx.Endpoint(ctx, l.assessment.EndpointID); errors.Is(err, store.ErrNotFound) {
			return errRemoved
		} else if err != nil {
			return err
		}
		l.target = w.target(l)
		l.lease = store.Lease{
			EndpointID: l.endpoint.ID, AssessmentID: l.assessment.ID, Host: l.target.Host, Port: l.target.Port,
			// A job is over by LookTimeout or never; when River gives it to another
			// worker, the lease is over too.
			Until: now.Add(w.config.RescueAfter),
		}
		leased, err := tx.LeaseEndpoint(ctx, l.lease, now)
		if err == nil && leased && l.target.URL != "" {
			leased, err = tx.LeaseHost(ctx, l.lease, w.config.HostLimit, now)
		}
		if err != nil {
			return err
		}
		if !leased {
			return errBusy
		}
		return tx.BeginAssessment(ctx, l.assessment, now)
	})
}

// target is what the network shows of the endpoint. A stored URL that cannot
// be looked at is judged all the same: policy says what is wrong with it.
func (w *lookWorker) target(l *look) checks.Target {
	url := l.endpoint.Subject().URL()
	if url == "" {
		return checks.Target{}
	}
	target, err := checks.ParseTarget(url, checks.Depth(l.assessment.Depth), w.config.Limits)
	if err != nil {
		return checks.Target{}
	}
	target.Method = l.endpoint.Method
	return target
}

// observe looks. What panics in it is our own fault and an error.
func (w *lookWorker) observe(ctx context.Context, l *look) (err error) {
	l.observation = checks.Observation{Depth: checks.Depth(l.assessment.Depth)}
	if l.target.URL == "" {
		return nil
	}
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("look at endpoint %d: panic: %v", l.endpoint.ID, fault)
		}
	}()
	writer := startProgress(ctx, w.config, l.assessment)
	defer writer.finish()
	network := w.config.Network(l.target.Limits)
	l.observation, l.measurements = w.config.Runner.Look(ctx, network, l.target, writer.report)
	l.measurements.StartedAt = l.startedAt
	return nil
}

// judge judges, and asks for our own connectivity only where something could
// not be told: a server that answered proves it by itself.
func (w *lookWorker) judge(ctx context.Context, l *look) {
	l.judgedAt = w.config.now()
	ask := func() []checks.Verdict {
		return policy.Judge(&l.observation, l.endpoint.Subject(), l.judgedAt, w.config.Profile, w.config.Roots)
	}
	l.verdicts = ask()
	unsure := slices.ContainsFunc(l.verdicts, func(v checks.Verdict) bool { return v.Result == checks.ResultInconclusive })
	if l.target.URL == "" || !unsure {
		return
	}
	l.observation.Connectivity = w.connectivity.since(ctx, time.Now().Add(-l.measurements.Duration))
	l.judgedAt = w.config.now()
	l.verdicts = ask()
}

func (w *lookWorker) release(ctx context.Context, l *look) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	return w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Release(ctx, l.lease, w.config.now())
	})
}

// drop finishes an assessment whose endpoint is gone.
func (w *lookWorker) drop(ctx context.Context, l *look) error {
	return w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.DropAssessment(ctx, l.assessment, w.config.now()); err != nil {
			return err
		}
		return complete(ctx, tx, l.job)
	})
}

// giveUp finishes an assessment that our own faults left no attempt, so that
// nobody waits for it.
func (w *lookWorker) giveUp(ctx context.Context, job *river.Job[jobs.Look]) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	assessment := monitor.Assessment{ID: job.Args.AssessmentID, Slot: job.Args.Slot}
	return w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.DropAssessment(ctx, assessment, w.config.now())
	})
}
