package worker

import (
	"context"
	"errors"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// EngineVersion is raised when the way of looking or judging changes so that
// the same server may give other facts. Build versions do not count: they name
// the program, and change nothing.
const EngineVersion = "1"

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
		err := tx.LockJudgement(ctx, l.endpoint.ID)
		if errors.Is(err, store.ErrNotFound) { // removed while we looked
			if err := tx.DropAssessment(ctx, l.assessment, l.judgedAt); err != nil {
				return err
			}
		} else if err != nil {
			return err
		} else if err := w.record(ctx, tx, l); err != nil {
			return err
		}
		if err := tx.Release(ctx, l.lease, w.config.now()); err != nil {
			return err
		}
		return complete(ctx, tx, l.job)
	})
}

// record compares with what was known, stores what was seen, and tells.
func (w *lookWorker) record(ctx context.Context, tx *store.Tx, l *look) error {
	states, err := tx.RequirementStates(ctx, l.endpoint.ID)
	if err != nil {
		return err
	}
	changes, previous, err := w.compare(ctx, tx, l, states)
	if err != nil {
		return err
	}
	if err := w.store(ctx, tx, l, len(changes) > 0); err != nil {
		return err
	}
	if err := tx.SaveChanges(ctx, l.assessment, previous, changes); err != nil {
		return err
	}
	newest, err := tx.NewestOpenIncident(ctx, l.endpoint.ID)
	if err != nil {
		return err
	}
	next, effects := monitor.Step(states, monitor.Judged{
		At: l.judgedAt, Verdicts: l.verdicts, Purpose: l.assessment.Purpose,
		Connectivity: l.observation.Connectivity, Newest: newest,
	}, w.config.Settings)
	t := &telling{tx: tx, look: l, states: next}
	for _, effect := range effects {
		if err := t.apply(ctx, effect); err != nil {
			return err
		}
	}
	return tx.SaveRequirementStates(ctx, l.assessment, next, l.judgedAt)
}

// compare returns what changed since the endpoint was judged last. Facts are
// compared with the newest answer of each family, verdicts with the last
// conclusive ones, so that a spell of not knowing hides no change. While our
// own connectivity is broken nothing counts as a change.
func (w *lookWorker) compare(ctx context.Context, tx *store.Tx, l *look, states map[string]monitor.RequirementState) ([]monitor.Change, int64, error) {
	last, err := tx.LastJudgement(ctx, l.endpoint.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	if own := l.observation.Connectivity; own.State == checks.Known && !own.Value {
		return nil, last.AssessmentID, nil
	}
	newest, _, err := tx.NewestAnswers(ctx, l.endpoint.ID)
	if err != nil {
		return nil, 0, err
	}
	previous := monitor.Snapshot{
		At: last.At, Observation: newest, Verdicts: conclusive(states),
		Engine: engineOf(last.Engine), Profile: last.Profile, TrustData: last.TrustData,
	}
	next := monitor.Snapshot{
		At: l.judgedAt, Observation: l.observation, Verdicts: l.verdicts,
		Engine: EngineVersion, Profile: w.config.Profile.Name(), TrustData: w.config.Roots.Version(),
	}
	return monitor.Compare(previous, next), last.AssessmentID, nil
}

func engineOf(stored string) string {
	version, _, _ := strings.Cut(stored, "+")
	return version
}

// conclusive lists the last conclusive result of each requirement.
func conclusive(states map[string]monitor.RequirementState) []checks.Verdict {
	verdicts := make([]checks.Verdict, 0, len(states))
	for _, state := range states {
		result := state.Result
		if !result.Conclusive() {
			result = state.Conclusive
		}
		if result.Conclusive() {
			verdicts = append(verdicts, checks.Verdict{Requirement: state.Requirement, Result: result, Severity: state.Severity})
		}
	}
	return verdicts
}

func (w *lookWorker) store(ctx context.Context, tx *store.Tx, l *look, changed bool) error {
	verdicts, err := tx.SaveVerdicts(ctx, l.verdicts, l.judgedAt)
	if err != nil {
		return err
	}
	finished := store.Finished{
		At: l.judgedAt, Verdicts: verdicts, Changed: changed,
		Profile: w.config.Profile.Name(), Engine: w.config.engine(), TrustData: w.config.Roots.Version(),
	}
	if l.target.URL != "" {
		manifests, err := tx.SaveObservation(ctx, &l.observation, l.judgedAt)
		if err != nil {
			return err
		}
		finished.Manifest, finished.HostLookAt = manifests.Whole, l.startedAt
		finished.HostLookID, err = tx.SaveHostLook(ctx, store.HostLook{
			Host: l.target.Host, Port: l.target.Port, Vantage: w.config.Vantage, Depth: l.observation.Depth,
			Manifest: manifests.Host, Connectivity: l.observation.Connectivity,
			StartedAt: l.startedAt, Measurements: l.measurements,
		})
		if err != nil {
			return err
		}
		if err := tx.SaveEndpointStatus(ctx, l.endpoint.ID, l.endpoint.TeamID, l.assessment.ID, &l.observation, manifests.Whole, l.judgedAt); err != nil {
			return err
		}
	}
	return tx.FinishAssessment(ctx, l.assessment, finished)
}
