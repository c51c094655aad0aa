package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// telling carries out what a judgement asks for, in the judgement's transaction.
type telling struct {
	tx     *store.Tx
	look   *look
	states map[string]monitor.RequirementState
	full   bool // there is a way to look fully
}

func (t *telling) apply(ctx context.Context, effect monitor.Effect) error {
	switch effect := effect.(type) {
	case monitor.ConfirmLook:
		return t.confirm(ctx, effect)
	case monitor.OpenIncident:
		return t.open(ctx, effect)
	case monitor.JoinIncident:
		return t.tx.AddRequirements(ctx, effect.IncidentID, t.look.assessment, effect.Requirements)
	case monitor.CloseRequirements:
		return t.closed(ctx, effect)
	case monitor.NotifyUndetermined:
		return t.undetermined(ctx, effect)
	default:
		return fmt.Errorf("nobody knows how to carry out %T", effect)
	}
}

// confirm asks for the second look. Its job runs by River's clock, which is
// the real one, after the same delay.
func (t *telling) confirm(ctx context.Context, effect monitor.ConfirmLook) error {
	depth := checks.Quick
	if effect.Full && t.full {
		depth = checks.Full
	}
	assessment, err := t.tx.RequestAssessment(ctx, t.look.endpoint.ID, monitor.Confirm, depth, effect.At, t.look.judgedAt)
	if errors.Is(err, store.ErrConflict) {
		return nil // a look is due at that very time, and confirms as well
	}
	if err != nil {
		return err
	}
	delay := effect.At.Sub(t.look.judgedAt)
	return jobs.InsertLook(ctx, river.ClientFromContext[pgx.Tx](ctx), t.tx, assessment, time.Now().Add(delay))
}

func (t *telling) open(ctx context.Context, effect monitor.OpenIncident) error {
	changes, err := t.tx.ChangesSince(ctx, t.look.endpoint.ID, effect.Since)
	if err != nil {
		return err
	}
	verdicts := t.verdicts(effect.Requirements)
	incident, err := t.tx.OpenIncident(ctx, monitor.Incident{
		TeamID: t.look.endpoint.TeamID, Title: titleOf(verdicts), Cause: causeOf(verdicts, changes), OpenedAt: t.look.judgedAt,
	})
	if err != nil {
		return err
	}
	if err := t.tx.AddRequirements(ctx, incident.ID, t.look.assessment, effect.Requirements); err != nil {
		return err
	}
	for _, requirement := range effect.Requirements {
		state := t.states[requirement]
		state.IncidentID = incident.ID
		t.states[requirement] = state
	}
	message := t.message(monitor.IncidentOpened, verdicts)
	message.IncidentID, message.Title, message.Cause = incident.ID, incident.Title, incident.Cause
	message.Since, message.Changes = effect.Since, changes
	message.Link = fmt.Sprintf("/incidents/%d", incident.ID)
	return t.notify(ctx, message)
}

func (t *telling) closed(ctx context.Context, effect monitor.CloseRequirements) error {
	incident, resolved, err := t.tx.CloseRequirements(ctx, effect.IncidentID, t.look.endpoint.ID, effect.Requirements, t.look.judgedAt)
	if err != nil || !resolved {
		return err
	}
	message := t.message(monitor.IncidentResolved, t.verdicts(effect.Requirements))
	message.IncidentID, message.Title, message.Since = incident.ID, incident.Title, incident.OpenedAt
	message.Link = fmt.Sprintf("/incidents/%d", incident.ID)
	if message.Changes, err = t.tx.ChangesSince(ctx, t.look.endpoint.ID, t.look.judgedAt); err != nil {
		return err
	}
	message.Cause = causeOf(message.Verdicts, message.Changes)
	return t.notify(ctx, message)
}

func (t *telling) undetermined(ctx context.Context, effect monitor.NotifyUndetermined) error {
	message := t.message(monitor.EndpointUndetermined, t.verdicts(effect.Requirements))
	message.Title = "No conclusive answer about " + strings.Join(effect.Requirements, ", ")
	message.Since, message.Reason = effect.Since, effect.Reason
	message.Link = fmt.Sprintf("/endpoints/%d", t.look.endpoint.ID)
	return t.notify(ctx, message)
}

func (t *telling) message(kind monitor.NotificationKind, verdicts []checks.Verdict) monitor.Message {
	endpoint := t.look.endpoint
	return monitor.Message{
		Kind: kind, OccurredAt: t.look.judgedAt, Application: endpoint.ApplicationName,
		Environment: string(endpoint.Environment), EndpointID: endpoint.ID, Endpoint: endpoint.Value,
		URL: endpoint.Subject().URL(), Verdicts: verdicts,
	}
}

func (t *telling) notify(ctx context.Context, message monitor.Message) error {
	var err error
	if message.Team, err = t.tx.TeamName(ctx, t.look.endpoint.TeamID); err != nil {
		return err
	}
	deliveries, err := t.tx.Notify(ctx, t.look.endpoint.TeamID, message, t.look.judgedAt)
	if err != nil {
		return err
	}
	return jobs.InsertDelivers(ctx, river.ClientFromContext[pgx.Tx](ctx), t.tx, deliveries)
}

func (t *telling) verdicts(requirements []string) []checks.Verdict {
	var verdicts []checks.Verdict
	for _, verdict := range t.look.judgement.Verdicts {
		if slices.Contains(requirements, verdict.Requirement) {
			verdicts = append(verdicts, verdict)
		}
	}
	return verdicts
}

// titleOf names an incident after its first proof.
func titleOf(verdicts []checks.Verdict) string {
	title := "A requirement is not met"
	for _, verdict := range verdicts {
		if len(verdict.Proof) > 0 && verdict.Proof[0].Text != "" {
			title = strings.TrimSuffix(verdict.Proof[0].Text, ".")
			break
		}
	}
	if more := len(verdicts) - 1; more > 0 {
		title += fmt.Sprintf(" (and %d more)", more)
	}
	return title
}

// causeOf is why the verdicts turned: the cause of the newest change of one of
// them. One that failed from the first look has none; there the fact it rests
// on says what it hangs on.
func causeOf(verdicts []checks.Verdict, changes []monitor.Change) checks.Cause {
	for _, change := range slices.Backward(changes) {
		for _, verdict := range verdicts {
			if change.Subject == monitor.VerdictSubject(verdict.Requirement) {
				return change.Cause
			}
		}
	}
	for _, verdict := range verdicts {
		for _, proof := range verdict.Proof {
			if proof.Cause != "" {
				return proof.Cause
			}
		}
	}
	return checks.CauseConfiguration
}
