package worker_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/alert"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// notify writes a notification to every channel, with its jobs.
func (w *world) notify() []string {
	w.t.Helper()
	var deliveries []string
	w.asWorker(func(ctx context.Context, tx *store.Tx) (err error) {
		deliveries, err = tx.Notify(ctx, w.team.ID, monitor.Message{Kind: monitor.ChannelTest, OccurredAt: w.clock.now(), Team: "Partner"}, w.clock.now())
		if err != nil {
			return err
		}
		return jobs.InsertDelivers(ctx, w.worker.Client(), tx, deliveries)
	})
	return deliveries
}

func TestDeliveryIsTriedAgainUnderTheSameID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.sender.outcomes = []alert.Outcome{{Answer: "HTTP 503"}, {Answer: "HTTP 502"}}
	w.start()
	delivery := w.notify()[0]
	const attempts = `SELECT count(*) = $1 FROM delivery_attempts`
	w.waitFor("the first attempt", attempts, 1)
	wait := one[time.Time](w, `SELECT next_attempt_at FROM deliveries`).Sub(w.clock.now())
	require.InDelta(t, 10, wait.Seconds(), 3)
	for attempt := 2; attempt <= 3; attempt++ { // time passes
		w.exec(`UPDATE deliveries SET next_attempt_at = $1`, w.clock.now())
		w.waitFor("the job sleeps", `SELECT bool_and(state IN ('scheduled', 'available')) FROM river_job WHERE kind = 'deliver'`)
		w.exec(`UPDATE river_job SET state = 'available', scheduled_at = $1 WHERE kind = 'deliver'`, time.Now())
		w.waitFor("the next attempt", attempts, attempt)
	}
	w.settle()
	require.Equal(t, []string{"1 HTTP 503 false", "2 HTTP 502 false", "3 250 ok true"},
		all[string](w, `SELECT attempt || ' ' || answer || ' ' || accepted FROM delivery_attempts ORDER BY attempt`))
	id := uuid.MustParse(delivery)
	require.Equal(t, []uuid.UUID{id, id, id}, w.sender.deliveries())
	require.Equal(t, "delivered 3", one[string](w, `SELECT state || ' ' || attempts FROM deliveries`))
	require.Equal(t, "completed", one[string](w, `SELECT state::text FROM river_job WHERE kind = 'deliver'`))
}

func TestPermanentRefusalFailsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.sender.outcomes = []alert.Outcome{{Permanent: true, Answer: "HTTP 410"}}
	w.start()
	w.notify()
	w.settle()
	require.Equal(t, "failed 1", one[string](w, `SELECT state || ' ' || attempts FROM deliveries`))
	require.Equal(t, "completed", one[string](w, `SELECT state::text FROM river_job WHERE kind = 'deliver'`))
}

func TestDeliveryFailsAfterTheLastAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.sender.outcomes = []alert.Outcome{{Answer: "timeout"}}
	var err error
	w.worker, err = worker.New(w.config)
	require.NoError(t, err)
	w.notify()
	w.exec(`UPDATE deliveries SET attempts = 11`)
	w.start()
	w.settle()
	require.Equal(t, "failed 12", one[string](w, `SELECT state || ' ' || attempts FROM deliveries`))
}

func TestChannelsOutOfUseGetNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var err error
	w.worker, err = worker.New(w.config)
	require.NoError(t, err)
	w.notify()
	w.exec(`UPDATE channels SET disabled_at = $1`, w.clock.now())
	require.Empty(t, w.notify(), "a channel that is out of use gets no new delivery")
	w.start()
	w.settle()
	require.Empty(t, w.sender.messages())
	require.Equal(t, "failed", one[string](w, `SELECT state FROM deliveries`))
}

func TestAttemptNotedByAnotherWorkerIsFenced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var err error
	w.worker, err = worker.New(w.config)
	require.NoError(t, err)
	id := w.notify()[0]
	note := func(ctx context.Context, tx *store.Tx, read store.Delivery) error {
		return tx.SaveAttempt(ctx, read, store.Attempt{StartedAt: w.clock.now(), State: "pending", Answer: "HTTP 503", NextAttemptAt: w.clock.now()})
	}
	var read store.Delivery
	w.asWorker(func(ctx context.Context, tx *store.Tx) (err error) {
		if read, err = tx.Delivery(ctx, id); err != nil {
			return err
		}
		return note(ctx, tx, read)
	})
	err = w.database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error { return note(ctx, tx, read) })
	require.ErrorIs(t, err, store.ErrFenced)
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM delivery_attempts`))
}
