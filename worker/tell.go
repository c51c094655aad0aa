package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// tellWorker tells people of an incident.
type tellWorker struct {
	river.WorkerDefaults[jobs.Tell]
	config Config
}

// Timeout implements river.Worker.
func (w *tellWorker) Timeout(*river.Job[jobs.Tell]) time.Duration { return w.config.LookTimeout }

// NextRetry implements river.Worker.
func (w *tellWorker) NextRetry(job *river.Job[jobs.Tell]) time.Time { return backoff(job.Attempt) }

// Work locks the incident and ticks it. What is told, that it was told, the
// jobs that deliver it and the completion of this one stand together or not at
// all. A tick that comes late or twice does no harm.
func (w *tellWorker) Work(ctx context.Context, job *river.Job[jobs.Tell]) error {
	if wait := job.Args.At.Sub(w.config.now()); wait > 0 {
		return river.JobSnooze(wait) // the clocks of two processes differ
	}
	err := w.config.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		incident, err := tx.LockIncident(ctx, job.Args.IncidentID)
		if err != nil {
			return err
		}
		if err := w.tick(ctx, tx, incident, job.Args.At.IsZero()); err != nil {
			return err
		}
		return complete(ctx, tx, job)
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return river.JobCancel(err)
	case err != nil:
		return fmt.Errorf("tell of incident %d: %w", job.Args.IncidentID, err)
	default:
		return nil
	}
}

// tick takes the incident a step on. A late tick that finds that alerting
// pauses leaves it to the next one.
func (w *tellWorker) tick(ctx context.Context, tx *store.Tx, before monitor.Incident, late bool) error {
	at := w.config.now()
	event, err := tickOf(ctx, tx, before, at)
	if err != nil || late && event.Paused {
		return err
	}
	incident, entries, effects := monitor.StepIncident(before, event, at, w.config.Settings)
	if err := tx.SaveIncident(ctx, incident); err != nil {
		return err
	}
	if err := tx.AddIncidentEntries(ctx, incident, entries); err != nil {
		return err
	}
	return (&telling{tx: tx, at: at}).carryOut(ctx, incident, effects)
}

// tickOf gathers what a tick is decided by.
func tickOf(ctx context.Context, tx *store.Tx, incident monitor.Incident, at time.Time) (monitor.Tick, error) {
	var tick monitor.Tick
	var err error
	if tick.Pending, err = tx.PendingSiblings(ctx, incident, at); err != nil {
		return tick, err
	}
	if tick.Paused, err = tx.IncidentPaused(ctx, incident.ID); err != nil {
		return tick, err
	}
	routing, err := tx.Routing(ctx, incident.TeamID)
	if err != nil {
		return tick, err
	}
	subject := monitor.RouteSubject{Kind: monitor.IncidentUnacknowledged, Weight: incident.Weight, Level: incident.Level, At: at}
	if subject.Places, err = tx.IncidentPlaces(ctx, incident.ID); err != nil {
		return tick, err
	}
	tick.Levels = monitor.Levels(routing.Routes, routing.Channels, subject)
	tick.EscalateAfter = monitor.EscalateAfter(routing.Routes, routing.Channels, subject)
	return tick, nil
}

// telling carries out what an incident asks for, in the transaction that holds
// its row.
type telling struct {
	tx *store.Tx
	at time.Time
}

// carryOut tells, and inserts the jobs of the next ticks.
func (t *telling) carryOut(ctx context.Context, incident monitor.Incident, effects []monitor.IncidentEffect) error {
	for _, effect := range effects {
		var err error
		switch effect := effect.(type) {
		case monitor.Tell:
			err = t.tell(ctx, incident, effect)
		case monitor.WakeAt:
			err = jobs.InsertTell(ctx, river.ClientFromContext[pgx.Tx](ctx), t.tx, incident.ID, effect.At, t.at)
		default:
			err = fmt.Errorf("nobody knows how to carry out %T", effect)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *telling) tell(ctx context.Context, incident monitor.Incident, tell monitor.Tell) error {
	message, err := incidentMessage(ctx, t.tx, incident, tell, t.at)
	if err != nil {
		return err
	}
	places, err := t.tx.IncidentPlaces(ctx, incident.ID)
	if err != nil {
		return err
	}
	return notify(ctx, t.tx, incident.TeamID, message, monitor.RouteSubject{Level: tell.Level, Places: places}, t.at)
}
