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

// deciding decides what a judgement asks for, and carries it out, in the
// judgement's transaction.
type deciding struct {
	tx       *store.Tx
	look     *look
	standing store.Standing
	settings monitor.Settings
	full     bool // there is a way to look fully

	event monitor.Judged
	known []monitor.KnownIncident
	runBy time.Time // the endpoint's next run is not later than this; zero: as scheduled
}

// decide returns what the judgement asks for. The incidents that it is decided
// by are locked, after the endpoint: first the team's, where one may open, then
// their rows.
func (d *deciding) decide(ctx context.Context) (monitor.Plan, error) {
	decision := monitor.Decision{
		Endpoint: d.look.endpoint, States: d.standing.States, Event: d.event, Settings: d.settings,
	}
	if d.look.target.URL != "" {
		decision.Observation = &d.look.whole
	}
	keys, held := decision.Keys(), false
	for _, state := range d.standing.States {
		held = held || state.IncidentID != 0
	}
	if len(keys) > 0 {
		if err := d.tx.LockIncidents(ctx, d.look.endpoint.TeamID); err != nil {
			return monitor.Plan{}, err
		}
	}
	if len(keys) > 0 || held {
		var err error
		since := d.look.judgedAt.Add(-d.settings.ReopenWithin)
		if d.known, err = d.tx.KnownIncidents(ctx, d.look.endpoint.TeamID, d.look.endpoint.ID, keys, since); err != nil {
			return monitor.Plan{}, err
		}
	}
	decision.Incidents = d.known
	return monitor.Decide(decision), nil
}

// carryOut writes the plan.
func (d *deciding) carryOut(ctx context.Context, plan monitor.Plan) error {
	incidents, err := d.tx.SaveIncidentPlans(ctx, d.look.assessment, plan.Incidents, d.look.judgement.Verdicts, plan.States, d.look.judgedAt)
	if err != nil {
		return err
	}
	t := &telling{tx: d.tx, at: d.look.judgedAt}
	for i, incident := range incidents {
		if err := t.carryOut(ctx, incident, plan.Incidents[i].Effects); err != nil {
			return err
		}
		if plan.Siblings && d.turned(incident) {
			if err := d.lookAtSiblings(ctx, incident); err != nil {
				return err
			}
		}
	}
	if plan.Confirm != nil {
		if err := d.confirm(ctx, *plan.Confirm); err != nil {
			return err
		}
	}
	if plan.Notice != nil {
		return d.undetermined(ctx, *plan.Notice)
	}
	return nil
}

// turned says whether an incident opened or reopened by the judgement.
func (d *deciding) turned(incident monitor.Incident) bool {
	if incident.State == monitor.IncidentClosed {
		return false
	}
	i := slices.IndexFunc(d.known, func(known monitor.KnownIncident) bool { return known.ID == incident.ID })
	return i < 0 || d.known[i].State == monitor.IncidentClosed
}

// lookAtSiblings asks for looks, at once, at whatever shares the host or the
// certificate with an incident that opened: what broke together is told together.
func (d *deciding) lookAtSiblings(ctx context.Context, incident monitor.Incident) error {
	var leaves []checks.Certificate
	for _, key := range incident.Keys {
		fingerprint, shared := strings.CutPrefix(key, "certificate:")
		for _, certificate := range d.look.whole.Certificates {
			if shared && string(certificate.SHA256) == fingerprint {
				leaves = append(leaves, certificate)
			}
		}
	}
	asked, err := d.tx.SiblingLooks(ctx, incident.ID, d.look.assessment, leaves, d.look.judgedAt)
	if err != nil {
		return err
	}
	return jobs.InsertLooks(ctx, river.ClientFromContext[pgx.Tx](ctx), d.tx, asked)
}

// confirmAhead bounds how far ahead a look is asked for: a later one is the
// next run of the endpoint.
const confirmAhead = 10 * time.Minute

// confirm asks for the second look, from elsewhere where another vantage runs.
// Its job runs by River's clock, which is the real one, after the same delay.
func (d *deciding) confirm(ctx context.Context, effect monitor.ConfirmLook) error {
	delay := effect.At.Sub(d.look.judgedAt)
	if delay > max(confirmAhead, 2*d.settings.ConfirmAfter) {
		d.runBy = effect.At
		return nil
	}
	depth := checks.Quick
	if effect.Full && d.full {
		depth = checks.Full
	}
	var vantage string
	if effect.Elsewhere {
		var err error
		if vantage, err = d.tx.VantageElsewhere(ctx, d.look.assessment.Vantage, d.look.judgedAt); err != nil {
			return err
		}
	}
	assessment, err := d.tx.RequestConfirmation(ctx, d.look.endpoint.ID, vantage, depth, effect.At, d.look.judgedAt)
	if errors.Is(err, store.ErrConflict) {
		return nil // a look is due at that very time, and confirms as well
	}
	if err != nil {
		return err
	}
	return jobs.InsertLook(ctx, river.ClientFromContext[pgx.Tx](ctx), d.tx, assessment, time.Now().Add(delay))
}

func (d *deciding) undetermined(ctx context.Context, effect monitor.NotifyUndetermined) error {
	endpoint := d.look.endpoint
	message := monitor.Message{
		Kind: monitor.EndpointUndetermined, OccurredAt: d.look.judgedAt, Application: endpoint.ApplicationName,
		Environment: string(endpoint.Environment), EndpointID: endpoint.ID, Endpoint: endpoint.Value,
		URL:   endpoint.Subject().URL(),
		Title: "No conclusive answer about " + strings.Join(effect.Requirements, ", "),
		Since: effect.Since, Reason: effect.Reason, Link: fmt.Sprintf("/endpoints/%d", endpoint.ID),
	}
	for _, verdict := range d.look.judgement.Verdicts {
		if slices.Contains(effect.Requirements, verdict.Requirement) {
			message.Verdicts = append(message.Verdicts, verdict)
		}
	}
	places := []monitor.RoutePlace{{ApplicationID: endpoint.ApplicationID, Environment: endpoint.Environment}}
	return notify(ctx, d.tx, endpoint.TeamID, message, monitor.RouteSubject{Places: places}, d.look.judgedAt)
}
