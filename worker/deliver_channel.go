package worker

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/gradewatch/gradewatch/internal/alert"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// noteChannel writes what an attempt says about its channel. One that becomes
// disabled is told through the others of its team, in the same transaction.
// Email is left out: what keeps it from an address is the mail server's, and
// bounces are read elsewhere.
func (w *deliverWorker) noteChannel(ctx context.Context, tx *store.Tx, delivery store.Delivery, attempt store.Attempt, gone bool) error {
	if alert.Kind(delivery.Kind) == alert.Email {
		return nil
	}
	if attempt.Accepted {
		return tx.ChannelRecovered(ctx, delivery.ChannelID)
	}
	health, err := tx.ChannelHealth(ctx, delivery.ChannelID)
	if err != nil {
		return err
	}
	at := attempt.StartedAt.Add(attempt.Duration)
	after := monitor.StepChannel(health, monitor.ChannelAttempt{
		At: at, Last: attempt.State == "failed", Gone: gone, Answer: attempt.Answer,
	})
	if after == health {
		return nil
	}
	if err := tx.SaveChannelHealth(ctx, delivery.ChannelID, after, at); err != nil {
		return err
	}
	if health.Disabled || !after.Disabled {
		return nil
	}
	team, err := tx.TeamName(ctx, delivery.TeamID)
	if err != nil {
		return err
	}
	name := channelOf(delivery, at).String()
	deliveries, err := tx.Notify(ctx, delivery.TeamID, monitor.Message{
		Kind: monitor.ChannelDisabled, OccurredAt: at, Team: team, Since: after.FailingSince,
		Title: fmt.Sprintf("The channel %s is disabled: nothing is sent there any more", name),
		Link:  fmt.Sprintf("/channels/%d", delivery.ChannelID),
		Disabled: &monitor.ChannelNotice{
			ChannelID: delivery.ChannelID, Channel: name, Since: after.FailingSince, Answer: attempt.Answer,
		},
	}, at)
	if err != nil {
		return err
	}
	return jobs.InsertDelivers(ctx, river.ClientFromContext[pgx.Tx](ctx), tx.Tx, deliveries)
}
