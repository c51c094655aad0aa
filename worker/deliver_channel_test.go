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

// withWebhook is a world whose worker is made and not started, with a webhook
// beside its email channel.
func withWebhook(t *testing.T, outcomes ...alert.Outcome) (*world, store.Channel) {
	t.Helper()
	w := newWorld(t, nil)
	w.sender.outcomes = outcomes
	var err error
	w.worker, err = worker.New(w.config)
	require.NoError(t, err)
	var webhook store.Channel
	w.asTeam(func(ctx context.Context, tx *store.Tx) (err error) {
		webhook, err = tx.CreateChannel(ctx, store.Channel{TeamID: w.team.ID, Kind: "webhook", Address: "https://hooks.partner.example/a?token=t0ken"}, "whsec_bmV3", w.clock.now())
		return err
	})
	return w, webhook
}

// test sends a test to one channel.
func (w *world) test(channel store.Channel) string {
	w.t.Helper()
	var delivery string
	w.asTeam(func(ctx context.Context, tx *store.Tx) (err error) {
		delivery, err = tx.CreateTestNotification(ctx, channel, monitor.Message{Kind: monitor.ChannelTest, OccurredAt: w.clock.now(), Team: "Partner"}, w.clock.now())
		if err != nil {
			return err
		}
		return jobs.InsertDelivers(ctx, w.worker.Client(), tx, []string{delivery})
	})
	return delivery
}

func (w *world) channel(id int64) store.Channel {
	w.t.Helper()
	var channel store.Channel
	w.asTeam(func(ctx context.Context, tx *store.Tx) (err error) {
		channel, err = tx.Channel(ctx, id)
		return err
	})
	return channel
}

func TestReceiverThatIsGoneIsDisabledAtOnce(t *testing.T) {
	t.Parallel()
	w, webhook := withWebhook(t, alert.Outcome{Permanent: true, Gone: true, Answer: "HTTP 410: the receiver says that it is gone for good."})
	w.test(webhook)
	w.start()
	w.settle()
	webhook = w.channel(webhook.ID)
	require.False(t, webhook.InUse())
	require.Equal(t, "Its receiver answered that it is gone for good (HTTP 410).", webhook.DisabledReason)
	require.Equal(t, []monitor.NotificationKind{monitor.ChannelTest, monitor.ChannelDisabled}, w.sender.kinds())
	notice := w.sender.messages()[1]
	require.Equal(t, "The channel webhook https://hooks.partner.example is disabled: nothing is sent there any more", notice.Title)
	require.Equal(t, webhook.ID, notice.Disabled.ChannelID)
	require.Equal(t, "HTTP 410: the receiver says that it is gone for good.", notice.Disabled.Answer)
	require.Equal(t, "email", one[string](w, `SELECT c.kind FROM deliveries d JOIN channels c ON c.id = d.channel_id
		JOIN notifications n ON n.id = d.notification_id WHERE n.kind = 'channel.disabled'`), "it is told through the others")
}

func TestReceiverThatFailsForThreeDaysIsDisabled(t *testing.T) {
	t.Parallel()
	refused := alert.Outcome{Answer: "HTTP 500"}
	w, webhook := withWebhook(t, refused, refused)
	w.test(webhook)
	w.exec(`UPDATE deliveries SET attempts = 11`)
	w.start()
	w.settle()
	failing := w.channel(webhook.ID)
	require.True(t, failing.InUse(), "nothing got through, but not for long")
	require.False(t, failing.FailingSince.IsZero())

	w.clock.advance(monitor.DisableChannelAfter)
	w.asTeam(func(ctx context.Context, tx *store.Tx) error { // made, and given up, in one go
		delivery, err := tx.CreateTestNotification(ctx, webhook, monitor.Message{Kind: monitor.ChannelTest}, w.clock.now())
		if err != nil {
			return err
		}
		return jobs.InsertDelivers(ctx, w.worker.Client(), tx, []string{delivery})
	})
	w.waitFor("the attempt", `SELECT count(*) >= 2 FROM delivery_attempts`)
	require.True(t, w.channel(webhook.ID).InUse(), "it is tried again")
	w.sender.mu.Lock()
	w.sender.outcomes = []alert.Outcome{refused}
	w.sender.mu.Unlock()
	w.exec(`UPDATE deliveries SET attempts = 11, next_attempt_at = $1 WHERE state = 'pending'`, w.clock.now())
	w.waitFor("the job sleeps", `SELECT bool_and(state IN ('scheduled', 'available')) FROM river_job WHERE kind = 'deliver' AND state <> 'completed'`)
	w.exec(`UPDATE river_job SET state = 'available', scheduled_at = $1 WHERE kind = 'deliver' AND state = 'scheduled'`, time.Now())
	w.settle()
	disabled := w.channel(webhook.ID)
	require.False(t, disabled.InUse())
	require.Contains(t, disabled.DisabledReason, "Nothing got through since ")
	require.Contains(t, disabled.DisabledReason, "The last answer: HTTP 500.")
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM notifications WHERE kind = 'channel.disabled'`))

	w.asTeam(func(ctx context.Context, tx *store.Tx) error { return tx.DisableChannel(ctx, webhook.ID, time.Time{}) })
	again := w.channel(webhook.ID)
	require.True(t, again.InUse())
	require.True(t, again.FailingSince.IsZero())
	require.Empty(t, again.DisabledReason)
}

func TestWhatGetsThroughClearsAChannel(t *testing.T) {
	t.Parallel()
	w, webhook := withWebhook(t)
	w.exec(`UPDATE channels SET failing_since = $1 WHERE kind = 'webhook'`, w.clock.now().AddDate(0, 0, -9))
	w.test(webhook)
	w.start()
	w.settle()
	require.True(t, w.channel(webhook.ID).FailingSince.IsZero())
}

func TestBothSecretsSignWhileOneIsRotated(t *testing.T) {
	t.Parallel()
	w, webhook := withWebhook(t)
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		return tx.RotateSecret(ctx, webhook.ID, "whsec_bmV3ZXI=", w.clock.now().Add(monitor.SecretOverlap))
	})
	w.start()
	w.test(webhook)
	w.settle()
	w.clock.advance(monitor.SecretOverlap)
	w.test(webhook)
	w.settle()
	w.sender.mu.Lock()
	defer w.sender.mu.Unlock()
	during, after := w.sender.sent[0].channel, w.sender.sent[1].channel
	require.Equal(t, "whsec_bmV3ZXI=", during.Secret)
	require.Equal(t, "whsec_bmV3", during.PreviousSecret)
	require.Equal(t, "whsec_bmV3ZXI=", after.Secret)
	require.Empty(t, after.PreviousSecret)
}

func TestResentMessageKeepsItsID(t *testing.T) {
	t.Parallel()
	w, webhook := withWebhook(t, alert.Outcome{Permanent: true, Answer: "HTTP 400"})
	first := w.test(webhook)
	w.start()
	w.settle()
	var second string
	resend := func(id string) (again string, err error) {
		err = w.database.Store.AsTeam(t.Context(), w.team.ID, func(ctx context.Context, tx *store.Tx) error {
			delivery, err := tx.DeliverySummary(ctx, id)
			if err != nil {
				return err
			}
			if again, err = tx.Resend(ctx, delivery, w.clock.now()); err != nil {
				return err
			}
			return jobs.InsertDelivers(ctx, w.worker.Client(), tx, []string{again})
		})
		return again, err
	}
	count := func() (count int) {
		w.asTeam(func(ctx context.Context, tx *store.Tx) (err error) {
			count, err = tx.CountUndelivered(ctx, w.clock.now().AddDate(0, 0, -1))
			return err
		})
		return count
	}
	require.Equal(t, 1, count())
	second, err := resend(first)
	require.NoError(t, err)
	w.settle()
	require.Zero(t, count(), "it got there")
	_, err = resend(second)
	require.NoError(t, err)
	w.settle()
	id := uuid.MustParse(first)
	require.Equal(t, []uuid.UUID{id, id, id}, w.sender.deliveries())
	require.Equal(t, 2, one[int](w, `SELECT count(*) FROM deliveries WHERE resend_of = $1`, first))

	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		return tx.DisableChannel(ctx, webhook.ID, w.clock.now())
	})
	_, err = resend(first)
	require.ErrorIs(t, err, store.ErrConflict)
}

func TestChatGetsItsSecretAddress(t *testing.T) {
	t.Parallel()
	w, _ := withWebhook(t)
	var chat store.Channel
	w.asTeam(func(ctx context.Context, tx *store.Tx) (err error) {
		chat, err = tx.CreateChannel(ctx, store.Channel{TeamID: w.team.ID, Kind: "chat", Service: "slack", Address: "Slack 3f2a9c"}, "slack://hook:A-B-C@webhook", w.clock.now())
		return err
	})
	require.Equal(t, "Slack 3f2a9c", chat.Address)
	w.test(chat)
	w.start()
	w.settle()
	w.sender.mu.Lock()
	defer w.sender.mu.Unlock()
	require.Equal(t, alert.Channel{Kind: alert.Chat, Address: "slack://hook:A-B-C@webhook"}, w.sender.sent[0].channel)
}
