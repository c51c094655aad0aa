package worker

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// forgetVantageAfter is how long a vantage without workers is remembered.
const forgetVantageAfter = 24 * time.Hour

// watchAllWorker asks every vantage that works to check itself.
type watchAllWorker struct {
	river.WorkerDefaults[jobs.WatchAll]
	config Config
}

// Work inserts the checks, and forgets who is gone.
func (w *watchAllWorker) Work(ctx context.Context, _ *river.Job[jobs.WatchAll]) error {
	return w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.ForgetVantages(ctx, w.config.now().Add(-forgetVantageAfter)); err != nil {
			return err
		}
		vantages, err := tx.VantagesSeen(ctx, w.config.now().Add(-store.VantageAlive))
		if err != nil {
			return err
		}
		return jobs.InsertWatches(ctx, river.ClientFromContext[pgx.Tx](ctx), tx, vantages...)
	})
}

// watchWorker checks whether what its vantage sees can be believed.
type watchWorker struct {
	river.WorkerDefaults[jobs.Watch]
	config Config
}

// Timeout implements river.Worker: each canary may take as long as a look.
func (w *watchWorker) Timeout(*river.Job[jobs.Watch]) time.Duration {
	return w.config.LookTimeout * time.Duration(len(w.config.Canaries)+1)
}

// Work asks the references, looks at the canaries, and counts what turned
// unreachable. What that says, whom it is told, and the job's end stand in one
// transaction. A check that was cut off says nothing.
func (w *watchWorker) Work(ctx context.Context, job *river.Job[jobs.Watch]) error {
	event := monitor.HealthEvent{References: w.config.Connectivity(ctx)}
	if event.References.State != checks.Known || event.References.Value {
		event.Canaries = w.canaries(ctx, event.References)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("check vantage %s: %w", job.Args.Vantage, err)
	}
	at := w.config.now()
	return w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		health, err := tx.LockVantageHealth(ctx, job.Args.Vantage, at)
		if err != nil {
			return err
		}
		event.Hosts, event.Turned, err = tx.TurnedSites(ctx, job.Args.Vantage, at.Add(-monitor.SwampedWithin))
		if err != nil {
			return err
		}
		health, effects := monitor.StepHealth(health, event, at)
		health.Vantage = job.Args.Vantage
		if err := tx.SaveVantageHealth(ctx, health, event); err != nil {
			return err
		}
		for _, effect := range effects {
			if err := w.tell(ctx, tx, health, effect); err != nil {
				return err
			}
		}
		return complete(ctx, tx, job)
	})
}

// tell tells the teams of operators.
func (w *watchWorker) tell(ctx context.Context, tx *store.Tx, health monitor.VantageHealth, effect monitor.HealthEffect) error {
	message := monitor.Message{OccurredAt: health.CheckedAt, Since: health.Since, Link: "/"}
	switch effect := effect.(type) {
	case monitor.TellPaused:
		message.Kind, message.Weight, message.Reason = monitor.ServicePaused, monitor.High, effect.Reason
		message.Title = fmt.Sprintf("Alerting pauses: what %s sees cannot be believed", health.Vantage)
	case monitor.TellResumed:
		message.Kind, message.Weight, message.Reason = monitor.ServiceResumed, monitor.High, effect.Reason
		message.Title = fmt.Sprintf("Alerting goes on: what %s sees can be believed again", health.Vantage)
	}
	teams, err := tx.OperatorTeams(ctx)
	if err != nil {
		return err
	}
	for _, team := range teams {
		if err := notify(ctx, tx, team.ID, message, monitor.RouteSubject{}, health.CheckedAt); err != nil {
			return fmt.Errorf("tell team %d: %w", team.ID, err)
		}
	}
	return nil
}

// canaries looks at each canary, one after the other.
func (w *watchWorker) canaries(ctx context.Context, references checks.Fact[bool]) []monitor.CanaryLook {
	looks := make([]monitor.CanaryLook, 0, len(w.config.Canaries))
	for _, canary := range w.config.Canaries {
		looks = append(looks, w.canary(ctx, canary, references))
	}
	return looks
}

// canary looks at one as at an endpoint of production that nobody registered.
func (w *watchWorker) canary(ctx context.Context, canary monitor.Canary, references checks.Fact[bool]) monitor.CanaryLook {
	look := monitor.CanaryLook{Canary: canary}
	target, err := checks.ParseTarget(canary.URL, checks.Quick, w.config.limits(checks.Quick, false))
	if err != nil {
		return look
	}
	endpoint := monitor.Endpoint{
		ApplicationType: policy.Standard, Environment: policy.Production, Kind: policy.Redirect, ValueKind: policy.Literal, Value: canary.URL,
		Method: http.MethodGet,
	}
	target.Method = endpoint.Method
	endpoint.Subject().Ask(&target, false)
	observation, _ := w.config.Runner.Look(ctx, w.config.Network(target.Limits), target, func(string, int, int) {})
	observation.Connectivity = references
	telling := canary.Fails
	if telling == "" {
		telling = monitor.Unreachable // a good one that is down says nothing about us
	}
	for _, verdict := range w.config.Judge(&observation, endpoint, w.config.now()).Verdicts {
		fails := verdict.Result == checks.Fail
		if verdict.Requirement == telling {
			look.Told = verdict.Result == checks.Pass || fails && canary.Fails != ""
		}
		if fails && (verdict.Severity == checks.Must || verdict.Requirement == canary.Fails) {
			look.Failing = append(look.Failing, verdict.Requirement)
		}
	}
	return look
}
