package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Client is River's client on pgx.
type Client = river.Client[pgx.Tx]

// LookAttempts is how often River tries a look before it gives it up. A look
// ends in an error only by our own fault; the rest is room for killed workers,
// whose attempts count as well.
const LookAttempts = 10

// deliverJobAttempts is how often a delivery's job may die with its worker. How often
// a delivery is tried is counted in its own row.
const deliverJobAttempts = 25

// lookOptions says where and when the job of an assessment runs.
func lookOptions(assessment monitor.Assessment, at time.Time) *river.InsertOpts {
	return &river.InsertOpts{Queue: VantageQueue(assessment.Vantage), MaxAttempts: LookAttempts, ScheduledAt: at}
}

func lookOf(assessment monitor.Assessment) Look {
	return Look{AssessmentID: assessment.ID, Slot: assessment.Slot, Depth: assessment.Depth, Intrusive: assessment.Intrusive}
}

// InsertLook inserts the job of assessment in the transaction that wrote its
// row. at is when it runs; a time in the past means at once.
func InsertLook(ctx context.Context, client *Client, tx pgx.Tx, assessment monitor.Assessment, at time.Time) error {
	arguments := lookOf(assessment)
	if _, err := client.InsertTx(ctx, tx, arguments, lookOptions(assessment, at)); err != nil {
		return fmt.Errorf("insert the look of assessment %d: %w", assessment.ID, err)
	}
	return nil
}

// InsertLooks inserts the jobs of many assessments, to run at once.
func InsertLooks(ctx context.Context, client *Client, tx pgx.Tx, assessments []monitor.Assessment) error {
	if len(assessments) == 0 {
		return nil
	}
	parameters := make([]river.InsertManyParams, 0, len(assessments))
	for _, assessment := range assessments {
		parameters = append(parameters, river.InsertManyParams{
			Args: lookOf(assessment), InsertOpts: lookOptions(assessment, time.Time{}),
		})
	}
	if _, err := client.InsertManyFastTx(ctx, tx, parameters); err != nil {
		return fmt.Errorf("insert %d looks: %w", len(assessments), err)
	}
	return nil
}

// InsertDelivers inserts the jobs of deliveries in the transaction that wrote
// their rows, to run at once.
func InsertDelivers(ctx context.Context, client *Client, tx pgx.Tx, deliveries []string) error {
	for _, delivery := range deliveries {
		options := &river.InsertOpts{Queue: QueueNotify, MaxAttempts: deliverJobAttempts}
		if _, err := client.InsertTx(ctx, tx, Deliver{DeliveryID: delivery}, options); err != nil {
			return fmt.Errorf("insert the job of delivery %s: %w", delivery, err)
		}
	}
	return nil
}

// InsertDeliver inserts the job of one delivery in the transaction that wrote
// its row, to run after a time by River's clock, which is the real one.
func InsertDeliver(ctx context.Context, client *Client, tx pgx.Tx, delivery string, after time.Duration) error {
	options := &river.InsertOpts{Queue: QueueNotify, MaxAttempts: deliverJobAttempts, ScheduledAt: scheduled(after)}
	if _, err := client.InsertTx(ctx, tx, Deliver{DeliveryID: delivery}, options); err != nil {
		return fmt.Errorf("insert the job of delivery %s: %w", delivery, err)
	}
	return nil
}

// InsertTell inserts the job that ticks an incident at at, in the transaction
// that asked for it: one an incident and time. now is by the clock that at is by.
func InsertTell(ctx context.Context, client *Client, tx pgx.Tx, incident int64, at, now time.Time) error {
	options := &river.InsertOpts{
		Queue: QueueTell, MaxAttempts: deliverJobAttempts, ScheduledAt: scheduled(at.Sub(now)),
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished()},
	}
	if _, err := client.InsertTx(ctx, tx, Tell{IncidentID: incident, At: at}, options); err != nil {
		return fmt.Errorf("insert the job that tells of incident %d: %w", incident, err)
	}
	return nil
}

// InsertLateTells inserts the jobs of incidents of which nobody was told in
// time, to run at once. One that waits or runs already takes the place of another.
func InsertLateTells(ctx context.Context, client *Client, tx pgx.Tx, incidents ...int64) error {
	for _, id := range incidents {
		if _, err := client.InsertTx(ctx, tx, Tell{IncidentID: id}, late()); err != nil {
			return fmt.Errorf("insert the late job that tells of incident %d: %w", id, err)
		}
	}
	return nil
}

// InsertSummarize inserts the job that summarizes what waits for a channel, to
// run after a time by River's clock.
func InsertSummarize(ctx context.Context, client *Client, tx pgx.Tx, channel int64, at time.Time, after time.Duration) error {
	options := &river.InsertOpts{Queue: QueueTell, MaxAttempts: deliverJobAttempts, ScheduledAt: scheduled(after)}
	if _, err := client.InsertTx(ctx, tx, Summarize{ChannelID: channel, At: at}, options); err != nil {
		return fmt.Errorf("insert the summary of channel %d: %w", channel, err)
	}
	return nil
}

// InsertLateSummaries is InsertLateTells for summaries.
func InsertLateSummaries(ctx context.Context, client *Client, tx pgx.Tx, channels ...int64) error {
	for _, id := range channels {
		if _, err := client.InsertTx(ctx, tx, Summarize{ChannelID: id}, late()); err != nil {
			return fmt.Errorf("insert the late summary of channel %d: %w", id, err)
		}
	}
	return nil
}

func late() *river.InsertOpts {
	return &river.InsertOpts{
		Queue: QueueTell, MaxAttempts: deliverJobAttempts, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished()},
	}
}

// scheduled is the time after a time from now on; zero, which is at once, where
// that is past.
func scheduled(after time.Duration) time.Time {
	if after <= 0 {
		return time.Time{}
	}
	return time.Now().Add(after)
}

// InsertWatches inserts the jobs in which vantages check themselves. One that
// waits or runs already takes the place of another; a vantage without a worker
// has one that waits.
func InsertWatches(ctx context.Context, client *Client, tx pgx.Tx, vantages ...string) error {
	for _, vantage := range vantages {
		options := &river.InsertOpts{
			Queue: WatchQueue(vantage), MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished()},
		}
		if _, err := client.InsertTx(ctx, tx, Watch{Vantage: vantage}, options); err != nil {
			return fmt.Errorf("insert the check of vantage %s: %w", vantage, err)
		}
	}
	return nil
}

// InsertRegrade inserts the job of a regrade in the transaction that wrote its
// row, to run at once.
func InsertRegrade(ctx context.Context, client *Client, tx pgx.Tx, regrade int64) error {
	if _, err := client.InsertTx(ctx, tx, Regrade{RegradeID: regrade}, nil); err != nil {
		return fmt.Errorf("insert the job of regrade %d: %w", regrade, err)
	}
	return nil
}

// InsertVerifies inserts the jobs that check ownerships, to run at once. One
// that waits or runs already takes the place of another.
func InsertVerifies(ctx context.Context, client *Client, tx pgx.Tx, ownerships ...int64) error {
	for _, id := range ownerships {
		if _, err := client.InsertTx(ctx, tx, Verify{OwnershipID: id}, nil); err != nil {
			return fmt.Errorf("insert the check of ownership %d: %w", id, err)
		}
	}
	return nil
}
