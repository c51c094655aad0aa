package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/certs/renewal"
	"github.com/gradewatch/gradewatch/internal/alert"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
	"github.com/gradewatch/gradewatch/worker/regrade"
)

// Sender makes one attempt to deliver a message. *alert.Sender is one.
type Sender interface {
	Send(ctx context.Context, channel alert.Channel, deliveryID uuid.UUID, message monitor.Message) (alert.Outcome, error)
}

var _ Sender = (*alert.Sender)(nil)

// Config is what a Worker needs. Zero fields mean their defaults, except for
// the first group, which is required.
type Config struct {
	Store  *store.Store
	Runner checks.Runner
	// Judge says everything about an observation at one time: the grade, and the
	// verdicts of the profiles that every endpoint is held to and of those of
	// this one. It is pure, and is called from many goroutines.
	Judge  func(observation *checks.Observation, endpoint monitor.Endpoint, at time.Time) checks.Judgement
	Sender Sender
	// Network returns the network of one look, as probe.Prober does.
	Network func(checks.Limits) checks.Network
	// Connectivity proves whether our own network works, as probe.Prober does.
	Connectivity func(context.Context) checks.Fact[bool]

	Versions Versions // by which Judge judges
	// Grader returns what grades stored observations again under a version of
	// the criteria, by the same trust data as Judge; an error: the version is not
	// known. nil: regrades are refused.
	Grader func(criteria string) (regrade.Grader, error)

	// Canaries are servers of which it is known what is wrong with them; none: only
	// references and the hosts themselves say whether we can be believed.
	Canaries []monitor.Canary
	// Calendar lists what is to come for certificates until a time, as
	// checks/certs/renewal does; nil: digests say nothing of it.
	Calendar func(served store.ServedCertificates, at, until time.Time) []renewal.Entry

	Vantage string // whose looks are worked; default local
	Lead    bool   // may lead: schedules, claims, delivers and tidies besides looking
	Build   string // version of the program

	Settings monitor.Settings
	Limits   checks.Limits // of a quick look
	// SignInConsent: SuperOffice agreed that its sign-in service is asked (E-08).
	SignInConsent bool
	// FullLimits are those of a full look, with or without leave for intrusive
	// probes; default checks.LimitsFor.
	FullLimits     func(intrusive bool) checks.Limits
	HostLimit      store.HostLimit // default 4 at once, 250 ms apart
	LookWorkers    int             // looks at a time; default 16
	LookTimeout    time.Duration   // bounds a quick look's job, and must be over the look's deadline; default 30 s
	RescueAfter    time.Duration   // when a quick look's job counts as dead with its worker; default LookTimeout and 15 s
	ClaimEvery     time.Duration   // default 2 s, at least a second
	RemindEvery    time.Duration   // between two looks for days to remind of; default an hour
	WatchEvery     time.Duration   // between two checks of a vantage; default a minute, at least a second
	DigestEvery    time.Duration   // between two looks for digests that are due; default a minute, at least a second
	FetchCooldown  time.Duration   // between two fetches of jobs; default 100 ms
	StopWithin     time.Duration   // how long Stop waits for running jobs; default 5 s
	AuditRetention time.Duration   // never under 92 days; default 396 days

	Clock  func() time.Time // default time.Now
	Logger *slog.Logger     // default slog.Default()
}

// Versions name what a judgement depends on besides facts and time: where one
// of them differs, the same facts may be judged otherwise. Profiles are named
// by the verdicts.
type Versions struct {
	Criteria  string // of the rating guide, for grades that do not name theirs
	TrustData string // roots, logs and lists
}

func (c Config) withDefaults() Config {
	c.Vantage = cmp.Or(c.Vantage, "local")
	c.Settings = c.Settings.WithDefaults()
	c.HostLimit.AtOnce = cmp.Or(c.HostLimit.AtOnce, 4)
	c.HostLimit.Spacing = cmp.Or(c.HostLimit.Spacing, 250*time.Millisecond)
	c.LookWorkers = cmp.Or(c.LookWorkers, 16)
	c.LookTimeout = cmp.Or(c.LookTimeout, 30*time.Second)
	c.RescueAfter = cmp.Or(c.RescueAfter, c.LookTimeout+15*time.Second)
	c.ClaimEvery = max(cmp.Or(c.ClaimEvery, 2*time.Second), time.Second)
	c.RemindEvery = cmp.Or(c.RemindEvery, time.Hour)
	c.WatchEvery = max(cmp.Or(c.WatchEvery, time.Minute), time.Second)
	c.DigestEvery = max(cmp.Or(c.DigestEvery, time.Minute), time.Second)
	c.FetchCooldown = cmp.Or(c.FetchCooldown, 100*time.Millisecond)
	c.StopWithin = cmp.Or(c.StopWithin, 5*time.Second)
	c.AuditRetention = cmp.Or(c.AuditRetention, 396*24*time.Hour)
	if c.FullLimits == nil {
		c.FullLimits = func(intrusive bool) checks.Limits { return checks.LimitsFor(checks.Full, intrusive) }
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	c.Logger = cmp.Or(c.Logger, slog.Default())
	return c
}

func (c Config) validate() error {
	var faults []error
	for name, missing := range map[string]bool{
		"Store": c.Store == nil, "Judge": c.Judge == nil, "Sender": c.Sender == nil,
		"Network": c.Network == nil, "Connectivity": c.Connectivity == nil,
	} {
		if missing {
			faults = append(faults, fmt.Errorf("%s is missing", name))
		}
	}
	if deadline := c.Limits.WithDefaults().Deadline; c.LookTimeout <= deadline {
		faults = append(faults, fmt.Errorf("a look may take %s, so its job needs more than %s", deadline, c.LookTimeout))
	}
	if c.RescueAfter <= c.LookTimeout {
		faults = append(faults, fmt.Errorf("jobs may take %s, so they must not be rescued after %s", c.LookTimeout, c.RescueAfter))
	}
	return errors.Join(faults...)
}

// limits are those of one look.
func (c Config) limits(depth checks.Depth, intrusive bool) checks.Limits {
	if depth == checks.Full {
		return c.FullLimits(intrusive)
	}
	return c.Limits
}

// timeout bounds the work of one look: a full one has its own deadline, and
// the time of a whole quick one to judge and store.
func (c Config) timeout(depth checks.Depth, intrusive bool) time.Duration {
	if depth == checks.Full {
		return c.FullLimits(intrusive).WithDefaults().Deadline + c.LookTimeout
	}
	return c.LookTimeout
}

// leaseFor is how long a look holds its endpoint and its host's place when its
// worker dies: no longer than it may run, and the margin until it is rescued.
func (c Config) leaseFor(depth checks.Depth, intrusive bool) time.Duration {
	return c.timeout(depth, intrusive) + c.RescueAfter - c.LookTimeout
}

// Worker works the jobs of one process.
type Worker struct {
	config   Config
	client   *jobs.Client
	presence presence
}

// New prepares a worker. It registers every kind of job, since a leader
// discards stuck jobs of kinds it does not know.
func New(config Config) (*Worker, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("prepare the worker: %w", err)
	}
	kinds := river.NewWorkers()
	look := &lookWorker{config: config, connectivity: &connectivity{ask: config.Connectivity}}
	for _, err := range []error{
		river.AddWorkerSafely(kinds, &claimWorker{config: config}),
		river.AddWorkerSafely(kinds, look),
		river.AddWorkerSafely(kinds, &tellWorker{config: config}),
		river.AddWorkerSafely(kinds, &summarizeWorker{config: config}),
		river.AddWorkerSafely(kinds, &deliverWorker{config: config}),
		river.AddWorkerSafely(kinds, &upkeepWorker{config: config}),
		river.AddWorkerSafely(kinds, &remindWorker{config: config}),
		river.AddWorkerSafely(kinds, &digestWorker{config: config}),
		river.AddWorkerSafely(kinds, &watchAllWorker{config: config}),
		river.AddWorkerSafely(kinds, &watchWorker{config: config}),
		river.AddWorkerSafely(kinds, &regradeWorker{config: config}),
		river.AddWorkerSafely(kinds, &verifyWorker{config: config}),
	} {
		if err != nil {
			return nil, fmt.Errorf("register a kind of job: %w", err)
		}
	}
	client, err := river.NewClient(riverpgxv5.New(config.Store.Pool()), riverConfig(config, kinds))
	if err != nil {
		return nil, fmt.Errorf("prepare River: %w", err)
	}
	return &Worker{config: config, client: client, presence: presence{config: config}}, nil
}

func riverConfig(config Config, kinds *river.Workers) *river.Config {
	settings := &river.Config{
		ID:                          clientID(),
		Logger:                      config.Logger,
		Workers:                     kinds,
		Queues:                      map[string]river.QueueConfig{jobs.VantageQueue(config.Vantage): {MaxWorkers: config.LookWorkers}, jobs.WatchQueue(config.Vantage): {MaxWorkers: 1}},
		FetchCooldown:               config.FetchCooldown,
		JobTimeout:                  config.LookTimeout,
		RescueStuckJobsAfter:        config.RescueAfter,
		CompletedJobRetentionPeriod: 10 * time.Minute,
		DiscardedJobRetentionPeriod: 7 * 24 * time.Hour,
		SoftStopTimeout:             config.StopWithin,
		LeaderElectionDisabled:      !config.Lead,
		ReindexerIndexNames:         []string{}, // our role owns no index
	}
	if !config.Lead {
		return settings
	}
	settings.Queues[jobs.QueueNotify] = river.QueueConfig{MaxWorkers: 8}
	settings.Queues[jobs.QueueTell] = river.QueueConfig{MaxWorkers: 4}
	settings.Queues[jobs.QueueVerify] = river.QueueConfig{MaxWorkers: 4}
	settings.Queues[jobs.QueueUpkeep] = river.QueueConfig{MaxWorkers: 4} // a claim finds a place beside upkeep, reminders and a regrade
	atStart := &river.PeriodicJobOpts{RunOnStart: true}
	settings.PeriodicJobs = []*river.PeriodicJob{
		river.NewPeriodicJob(river.PeriodicInterval(config.ClaimEvery), func() (river.JobArgs, *river.InsertOpts) {
			return jobs.Claim{}, nil
		}, atStart),
		river.NewPeriodicJob(river.PeriodicInterval(time.Hour), func() (river.JobArgs, *river.InsertOpts) {
			return jobs.Upkeep{}, nil
		}, atStart),
		river.NewPeriodicJob(river.PeriodicInterval(config.RemindEvery), func() (river.JobArgs, *river.InsertOpts) {
			return jobs.Remind{}, nil
		}, atStart),
		river.NewPeriodicJob(river.PeriodicInterval(config.DigestEvery), func() (river.JobArgs, *river.InsertOpts) {
			return jobs.Digest{}, nil
		}, atStart),
		river.NewPeriodicJob(river.PeriodicInterval(config.WatchEvery), func() (river.JobArgs, *river.InsertOpts) {
			return jobs.WatchAll{}, nil
		}, atStart),
	}
	return settings
}

// clientID names this process in job attempts. River's own default is equal
// for two processes of a machine that start in the same microsecond.
func clientID() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%.60s_p%d_%08x", host, os.Getpid(), rand.Uint32())
}

// Start makes the partitions that looks will need and begins to work. It
// returns at once; jobs run until Stop, also when ctx ends before.
func (w *Worker) Start(ctx context.Context) error {
	err := w.config.Store.AsWorker(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.EnsurePartitions(ctx, w.config.now(), partitionsAhead); err != nil {
			return err
		}
		return tx.SeeVantage(ctx, w.config.Vantage, w.config.now())
	})
	if err != nil {
		return fmt.Errorf("start the worker: %w", err)
	}
	if err := w.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start River: %w", err)
	}
	w.presence.start(context.WithoutCancel(ctx))
	return nil
}

// Stop takes no more jobs, gives running ones StopWithin to end, cancels the
// rest and returns when none runs. Canceled looks are taken up again later.
func (w *Worker) Stop(ctx context.Context) error {
	w.presence.stop()
	if err := w.client.Stop(ctx); err != nil {
		return fmt.Errorf("stop River: %w", err)
	}
	return nil
}

// Client returns River's client, to insert jobs with.
func (w *Worker) Client() *jobs.Client { return w.client }

// now is the time as the database keeps it.
func (c Config) now() time.Time { return c.Clock().UTC().Truncate(time.Microsecond) }

// inTx runs do as the service itself.
func (c Config) inTx(ctx context.Context, do func(context.Context, *store.Tx) error) error {
	return c.Store.AsWorker(ctx, do)
}

// errRescued says that River gave this job to another worker meanwhile.
var errRescued = errors.New("the job was rescued meanwhile")

// complete marks the running job as completed in tx. River's own function is
// no fence: for a job that was rescued meanwhile it returns no error, so the
// state and the attempt must be ours, or everything in tx is rolled back.
func complete[T river.JobArgs](ctx context.Context, tx pgx.Tx, job *river.Job[T]) error {
	done, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
	if err != nil {
		return fmt.Errorf("complete job %d: %w", job.ID, err)
	}
	if done.State != rivertype.JobStateCompleted || done.Attempt != job.Attempt {
		return fmt.Errorf("complete job %d, now %s in attempt %d and not %d: %w", job.ID, done.State, done.Attempt, job.Attempt, errRescued)
	}
	return nil
}

// backoff is when a job that ended in an error, or died with its worker, runs
// again: 1, 2, 4 ... 60 seconds later.
func backoff(attempt int) time.Time {
	return time.Now().Add(min(time.Second<<min(max(attempt-1, 0), 6), time.Minute))
}
