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

// LookAttempts is how often River tries a look before it discards it. A look
// ends in an error only by our own fault, so more tries would not help.
const LookAttempts = 3

// InsertLook inserts the job of assessment in the transaction that wrote its
// row. at is when it runs; a time in the past means at once.
func InsertLook(ctx context.Context, client *Client, tx pgx.Tx, assessment monitor.Assessment, at time.Time) error {
	options := &river.InsertOpts{Queue: VantageQueue(assessment.Vantage), MaxAttempts: LookAttempts, ScheduledAt: at}
	if _, err := client.InsertTx(ctx, tx, Look{AssessmentID: assessment.ID, Slot: assessment.Slot}, options); err != nil {
		return fmt.Errorf("insert the look of assessment %d: %w", assessment.ID, err)
	}
	return nil
}
