package worker

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// notify writes a notification of message, its deliveries to whom the team's
// routes name for subject, and their jobs, in one transaction. It fills in the
// team's name, and subject's kind, weight and time.
func notify(ctx context.Context, tx *store.Tx, team int64, message monitor.Message, subject monitor.RouteSubject, at time.Time) error {
	var err error
	if message.Team, err = tx.TeamName(ctx, team); err != nil {
		return err
	}
	routing, err := tx.Routing(ctx, team)
	if err != nil {
		return err
	}
	subject.Kind, subject.Weight, subject.At = message.Kind, message.Weight, at
	dispatched, err := tx.NotifyRouted(ctx, team, message, monitor.Route(routing.Routes, routing.Channels, subject), at)
	if err != nil {
		return err
	}
	return insertDeliveries(ctx, tx, dispatched, at)
}

// insertDeliveries inserts the jobs of deliveries. Times are by the worker's
// clock, and at is now by it.
func insertDeliveries(ctx context.Context, tx *store.Tx, dispatched []store.Dispatched, at time.Time) error {
	client := river.ClientFromContext[pgx.Tx](ctx)
	for _, one := range dispatched {
		var err error
		switch {
		case one.SummaryOf != 0:
			err = jobs.InsertSummarize(ctx, client, tx, one.SummaryOf, one.At, one.At.Sub(at))
		case one.DeliveryID != "":
			err = jobs.InsertDeliver(ctx, client, tx, one.DeliveryID, one.At.Sub(at))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
