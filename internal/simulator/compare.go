package simulator

import (
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// compare returns what changed since the judgement before, as the worker does.
// Where neither what was seen nor the rules nor the dates differ nothing did.
func (e *Endpoint) compare(whole *checks.Observation, judged *judgedAs, verdicts []checks.Verdict, at time.Time) []monitor.Change {
	if e.last == nil || e.last == judged && !e.waits() {
		return nil
	}
	return monitor.Compare(
		monitor.Snapshot{
			At: at, Observation: *e.last.observation, Verdicts: conclusive(e.states), Engine: e.last.rules.Engine,
			Profile: strings.Join(e.last.profiles(), ","), TrustData: e.last.rules.Trust, Criteria: "2009r", FullEngine: e.knownBy,
		},
		monitor.Snapshot{
			At: at, Observation: *whole, Verdicts: verdicts, Engine: judged.rules.Engine,
			Profile: strings.Join(judged.profiles(), ","), TrustData: judged.rules.Trust, Criteria: "2009r",
		})
}

// waits says whether a fail or a recovery waits for its confirmation.
func (e *Endpoint) waits() bool {
	for _, state := range e.states {
		if !state.FailingSince.IsZero() || !state.RecoveringSince.IsZero() {
			return true
		}
	}
	return false
}

// conclusive lists the last conclusive result of each requirement; a fail that
// waits for its confirmation is one.
func conclusive(states map[string]monitor.RequirementState) []checks.Verdict {
	verdicts := make([]checks.Verdict, 0, len(states))
	for _, state := range states {
		result := state.Conclusive
		if !state.FailingSince.IsZero() {
			result = checks.Fail
		}
		if result.Conclusive() {
			verdicts = append(verdicts, checks.Verdict{Requirement: state.Requirement, Result: result, Severity: state.Severity})
		}
	}
	return verdicts
}
