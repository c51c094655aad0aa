package worker

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// EngineVersion is raised when the way of looking or judging changes so that
// the same server may give other facts. Build versions do not count: they name
// the program, and change nothing.
const EngineVersion = "2"

func (c Config) engine() string {
	if c.Build == "" {
		return EngineVersion
	}
	return EngineVersion + "+" + c.Build
}

// finish writes all that the look came to, and the completion of its job, in
// one transaction.
func (w *lookWorker) finish(ctx context.Context, l *look) error {
	return w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		standing, err := tx.LockStanding(ctx, l.endpoint.ID, l.depth(), l.assessment.Vantage, l.judgedAt)
		switch {
		case errors.Is(err, store.ErrNotFound): // removed while we looked
			if err := tx.DropAssessment(ctx, l.assessment, l.judgedAt); err != nil {
				return err
			}
			if err := tx.Release(ctx, l.lease, w.config.now()); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			if err := w.record(ctx, tx, l, standing); err != nil {
				return err
			}
		}
		return complete(ctx, tx, l.job)
	})
}

// record compares with what was known, stores what was seen, and tells.
func (w *lookWorker) record(ctx context.Context, tx *store.Tx, l *look, standing store.Standing) error {
	changes := w.compare(l, standing)
	seen, err := w.store(ctx, tx, l, len(changes) > 0)
	if err != nil {
		return err
	}
	if err := tx.SaveChanges(ctx, l.assessment, standing.Last.AssessmentID, changes); err != nil {
		return err
	}
	d := &deciding{
		tx: tx, look: l, standing: standing, settings: w.config.Settings, full: w.config.Runner.Full != nil,
		event: w.event(l, standing, changes),
	}
	plan, err := d.decide(ctx)
	if err != nil {
		return err
	}
	if err := d.carryOut(ctx, plan); err != nil {
		return err
	}
	settlement := store.Settlement{
		Assessment: l.assessment, Lease: l.lease, At: l.judgedAt, Before: standing.States, States: plan.States, RunBy: d.runBy,
		GradeBefore: standing.Grade, Grade: standing.Grade.Next(l.judgement.Grade, l.observation.Connectivity, l.judgedAt), Seen: seen,
	}
	settlement.Availability, settlement.Days = monitor.StepAvailability(standing.Availability, monitor.Looked{
		Answer: monitor.AnswerOf(plan.States, d.event), Planned: d.event.Maintenance != nil, Response: responseOf(l.measurements),
	}, l.judgedAt)
	if w.config.Runner.Full != nil {
		settlement.Full = monitor.PlanFull(l.endpoint, monitor.FullQuestion{
			At: l.judgedAt, Depth: l.depth(), First: standing.Last.AssessmentID == 0,
			Connectivity: l.observation.Connectivity, Verdicts: l.judgement.Verdicts, Changes: changes, Effects: plan.Effects,
		})
	}
	if l.target.URL != "" {
		settlement.Observation = &l.observation
	}
	return tx.Settle(ctx, settlement, w.config.now())
}

// event is the judgement as it is decided about.
func (w *lookWorker) event(l *look, standing store.Standing, changes []monitor.Change) monitor.Judged {
	return monitor.Judged{
		At: l.judgedAt, Verdicts: l.judgement.Verdicts, Purpose: l.assessment.Purpose, Vantage: l.assessment.Vantage,
		Depth: l.depth(), Partial: l.depth() != checks.Full && w.config.Runner.Full != nil,
		Connectivity: l.observation.Connectivity, Paused: standing.Paused,
		Causes: monitor.CausesOf(changes), Versions: monitor.Versions{TrustData: w.config.Versions.TrustData, Engine: EngineVersion},
		Maintenance: runningWindow(standing.Windows, l.judgedAt),
	}
}

// runningWindow returns the running occurrence of windows that ends last; nil:
// none runs.
func runningWindow(windows []monitor.MaintenanceWindow, at time.Time) *monitor.Window {
	var running *monitor.Window
	for _, window := range windows {
		if occurrence, runs := window.At(at); runs && (running == nil || occurrence.EndsAt.After(running.EndsAt)) {
			running = &occurrence
		}
	}
	return running
}

// responseOf is how long the first exchange of the walk took, from the name to
// the first byte of the answer; 0: there was none.
func responseOf(measurements checks.Measurements) time.Duration {
	for _, request := range measurements.Requests {
		if request.Hop == 0 && request.FirstByte > 0 {
			return request.DNS + request.Connect + request.TLS + request.FirstByte
		}
	}
	return 0
}

// compare returns what changed since the endpoint was judged last. Facts are
// compared with the newest answer of each family, verdicts with the last
// conclusive ones, so that a spell of not knowing hides no change. While our
// own connectivity is broken, or alerting pauses, nothing counts as a change.
func (w *lookWorker) compare(l *look, standing store.Standing) []monitor.Change {
	last := standing.Last
	if own := l.observation.Connectivity; last.AssessmentID == 0 || standing.Paused || own.State == checks.Known && !own.Value {
		return nil
	}
	previous := monitor.Snapshot{
		At: last.At, Observation: standing.Newest, Verdicts: conclusive(standing.States),
		Engine: engineOf(last.Engine), FullEngine: engineOf(last.FullEngine), Profile: last.Profile, TrustData: last.TrustData, Criteria: last.Criteria,
		Grade: standing.Grade.Last,
	}
	next := monitor.Snapshot{
		At: l.judgedAt, Observation: l.observation, Verdicts: l.judgement.Verdicts,
		Engine: EngineVersion, Profile: profileOf(l.judgement.Verdicts), TrustData: w.config.Versions.TrustData, Criteria: w.criteria(l),
		Grade: l.judgement.Grade,
	}
	return monitor.Compare(previous, next)
}

// criteria are those of the judgement's grade.
func (w *lookWorker) criteria(l *look) string {
	if l.judgement.Grade == nil {
		return ""
	}
	return cmp.Or(l.judgement.Grade.Criteria, w.config.Versions.Criteria)
}

// profileOf names the profiles that verdicts are of, in their order.
func profileOf(verdicts []checks.Verdict) string {
	var names []string
	for _, verdict := range verdicts {
		if !slices.Contains(names, verdict.Profile) {
			names = append(names, verdict.Profile)
		}
	}
	return strings.Join(names, ",")
}

func engineOf(stored string) string {
	version, _, _ := strings.Cut(stored, "+")
	return version
}

// conclusive lists the last conclusive result of each requirement. A fail or a
// pass that waits for its confirmation is one; the result of the latest look need not be:
// it may come from a look over a broken network of our own.
func conclusive(states map[string]monitor.RequirementState) []checks.Verdict {
	verdicts := make([]checks.Verdict, 0, len(states))
	for _, state := range states {
		result := state.Conclusive
		switch {
		case !state.FailingSince.IsZero():
			result = checks.Fail
		case !state.RecoveringSince.IsZero():
			result = checks.Pass
		}
		if result.Conclusive() {
			verdicts = append(verdicts, checks.Verdict{Requirement: state.Requirement, Result: result, Severity: state.Severity})
		}
	}
	return verdicts
}

// store writes what was seen and fills the assessment in.
func (w *lookWorker) store(ctx context.Context, tx *store.Tx, l *look, changed bool) (store.Seen, error) {
	judged := store.Judged{Judgement: l.judgement}
	if l.target.URL != "" {
		judged.Look, judged.Whole = &l.observation, &l.whole
	}
	seen, err := tx.SaveSeen(ctx, judged, l.judgedAt)
	if err != nil {
		return seen, err
	}
	finished := store.Finished{
		At: l.judgedAt, Seen: seen, Grade: l.judgement.Grade, Changed: changed, Criteria: w.criteria(l),
		Profile: profileOf(l.judgement.Verdicts), Engine: w.config.engine(), TrustData: w.config.Versions.TrustData,
	}
	if judged.Look != nil {
		finished.Look = &store.HostLook{
			Host: l.target.Host, Port: l.target.Port, Vantage: w.config.Vantage, Depth: l.observation.Depth,
			Connectivity: l.observation.Connectivity,
			StartedAt:    l.startedAt, Measurements: l.measurements,
		}
	}
	return seen, tx.FinishAssessment(ctx, l.assessment, finished)
}
