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
	"github.com/gradewatch/gradewatch/checks/optout"
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
	lookedAt   time.Time // when the endpoint was judged before
	intrusive  bool      // there is leave to send what no honest client sends

	carried      checks.Observation // the newest answers of looks before to what this one does not ask
	waivers      []monitor.Waiver   // that stood when it began
	observation  checks.Observation // what this look saw
	whole        checks.Observation // what is judged: that, and what was carried
	measurements checks.Measurements
	judgedAt     time.Time
	judgement    checks.Judgement
}

func (l *look) depth() checks.Depth { return checks.Depth(l.assessment.Depth) }

// Timeout implements river.Worker. River leaves a job alone until then, also
// where RescueStuckJobsAfter is over before: a quick look that died with its
// worker is taken up again within seconds, and a full one is not cut short.
func (w *lookWorker) Timeout(job *river.Job[jobs.Look]) time.Duration {
	return w.config.timeout(checks.Depth(job.Args.Depth), job.Args.Intrusive)
}

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
		return river.JobSnooze(busyFor(w.config.now().Sub(l.assessment.RequestedAt)))
	case errors.Is(err, errRemoved):
		return w.drop(ctx, l)
	case errors.Is(err, store.ErrConflict):
		return nil // finished before, and only the job was not noted
	case errors.Is(err, store.ErrNotFound):
		return river.JobCancel(err)
	case err != nil:
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, w.config.timeout(l.depth(), l.intrusive))
	defer cancel()
	defer func() {
		if fault := recover(); fault != nil { // our own fault, like every other error
			err = fmt.Errorf("look at endpoint %d: panic: %v", l.endpoint.ID, fault)
		}
		if err != nil { // otherwise the last transaction released it
			err = errors.Join(err, w.release(ctx, l))
		}
	}()
	w.observe(ctx, l)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("look at endpoint %d: %w", l.endpoint.ID, err)
	}
	w.judge(ctx, l)
	return w.finish(ctx, l)
}

// busyFor is how long a look waits for its turn before it tries again: longer,
// the longer it waits already, so that many looks at one host do not keep
// asking the database.
func busyFor(waited time.Duration) time.Duration {
	wait := min(max(waited/4, time.Second), 15*time.Second)
	return wait + rand.N(wait)
}

// begin reads what to look at and takes the leases, or nothing.
func (w *lookWorker) begin(ctx context.Context, l *look) error {
	now := w.config.now()
	l.startedAt = now
	return w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		pending, err := tx.PendingLook(ctx, l.job.Args.AssessmentID, l.job.Args.Slot)
		if err != nil {
			return err
		}
		l.assessment, l.endpoint, l.lookedAt = pending.Assessment, pending.Endpoint, pending.LookedAt
		if l.endpoint.ID == 0 {
			return errRemoved
		}
		// There was leave when the job got its time, and it was not taken back.
		l.intrusive = l.job.Args.Intrusive && l.assessment.Intrusive
		l.target = w.target(l)
		l.lease = store.Lease{
			EndpointID: l.endpoint.ID, AssessmentID: l.assessment.ID, Host: l.target.Host, Port: l.target.Port,
			// A look is over by its timeout or never; when River gives it to another
			// worker, the lease is over too.
			Until: now.Add(w.config.leaseFor(l.depth(), l.intrusive)),
		}
		leased, err := tx.BeginLook(ctx, l.lease, l.assessment.Slot, w.config.HostLimit, now)
		if err == nil && !leased {
			err = errBusy
		}
		if err != nil {
			return err
		}
		l.waivers = pending.Waivers
		return w.carry(ctx, tx, l)
	})
}

// carry reads what the look is judged on besides what it will see.
func (w *lookWorker) carry(ctx context.Context, tx *store.Tx, l *look) (err error) {
	families := store.CarriedFamilies(l.depth(), l.intrusive)
	if l.endpoint.FullLookedAt.IsZero() || l.target.URL == "" || len(families) == 0 {
		return nil
	}
	l.carried, err = tx.FullAnswers(ctx, l.endpoint.ID, families)
	return err
}

// target is what the network shows of the endpoint. A stored URL that cannot
// be looked at is judged all the same: policy says what is wrong with it.
func (w *lookWorker) target(l *look) checks.Target {
	url := l.endpoint.Subject().URL()
	if url == "" {
		return checks.Target{}
	}
	target, err := checks.ParseTarget(url, l.depth(), w.config.limits(l.depth(), l.intrusive))
	if err != nil {
		return checks.Target{}
	}
	target.Method, target.Intrusive = l.endpoint.Method, l.intrusive
	l.endpoint.Subject().Ask(&target, l.endpoint.PostAllowed)
	if w.config.SignInConsent {
		target.AuthorizeURL = l.endpoint.Subject().AuthorizeURL()
	}
	return target
}

// observe looks. No connection to the database is held meanwhile. A host that
// opted out is not even resolved, and neither is one that a redirect leads to.
func (w *lookWorker) observe(ctx context.Context, l *look) {
	l.observation = checks.Observation{Depth: l.depth()}
	if l.target.URL == "" {
		return
	}
	writer := startProgress(ctx, w.config, l.assessment)
	defer writer.finish()
	network := optout.Respect(w.config.Network(l.target.Limits), w.config.optedOut)
	l.observation, l.measurements = w.config.Runner.Look(ctx, network, l.target, writer.report)
	l.measurements.StartedAt = l.startedAt
}

// judge judges, and asks for our own connectivity only where something could
// not be told: a server that answered proves it by itself.
func (w *lookWorker) judge(ctx context.Context, l *look) {
	l.judgedAt = w.judgementTime(l)
	l.whole = monitor.Carry(l.observation, l.carried)
	w.ask(l)
	unsure := slices.ContainsFunc(l.judgement.Verdicts, func(v checks.Verdict) bool {
		return v.Result == checks.ResultInconclusive && !policy.NotAsked(v)
	})
	if l.target.URL == "" || !unsure {
		return
	}
	l.observation.Connectivity = w.connectivity.since(ctx, time.Now().Add(-l.measurements.Duration))
	l.whole.Connectivity = l.observation.Connectivity
	l.judgedAt = w.judgementTime(l)
	w.ask(l)
}

// ask judges the observation, and lays the waivers over the verdicts.
func (w *lookWorker) ask(l *look) {
	l.judgement = w.config.Judge(&l.whole, l.endpoint, l.judgedAt)
	l.judgement.Verdicts = monitor.Waive(l.judgement.Verdicts, l.waivers, l.judgedAt)
}

// judgementTime is now, but after the judgement before and not before the slot:
// where the clocks of two processes differ, judgements keep their order.
func (w *lookWorker) judgementTime(l *look) time.Time {
	at := w.config.now()
	for _, floor := range []time.Time{l.lookedAt.Add(time.Microsecond), l.assessment.Slot} {
		if at.Before(floor) {
			at = floor
		}
	}
	return at.UTC()
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
