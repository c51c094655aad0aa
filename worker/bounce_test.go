package worker_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/alert"
	"github.com/gradewatch/gradewatch/internal/alert/bounce"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

const (
	bouncing = `SELECT disabled_reason FROM channels WHERE address = 'ops@partner.example'`
	stands   = `SELECT coalesce(disabled_reason, '') || CASE WHEN disabled_at IS NULL THEN 'in use' ELSE '' END FROM channels WHERE address = 'ops@partner.example'`
)

// addChannel adds another way to reach the team.
func (w *world) addChannel(address string) {
	w.t.Helper()
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.CreateChannel(ctx, store.Channel{TeamID: w.team.ID, Kind: "email", Address: address}, "", w.clock.now())
		return err
	})
}

// toOps sends something and returns the delivery to ops@partner.example.
func (w *world) toOps() string {
	w.t.Helper()
	w.notify()
	w.settle()
	return one[string](w, `SELECT d.id::text FROM deliveries d JOIN channels c ON c.id = d.channel_id
		WHERE c.address = 'ops@partner.example' ORDER BY d.created_at DESC, d.id DESC LIMIT 1`)
}

// bounced records that a delivery came back.
func (w *world) bounced(delivery string, kind bounce.Kind, code int, status string) (disabled bool) {
	w.t.Helper()
	w.asWorker(func(ctx context.Context, tx *store.Tx) (err error) {
		disabled, err = worker.RecordBounce(ctx, tx, w.worker.Client(), bounce.Report{
			Kind: kind, Delivery: uuid.MustParse(delivery), Code: code, Status: status, Diagnostic: "said " + status,
		}, w.clock.now())
		return err
	})
	w.settle()
	return disabled
}

func TestAnAddressThatDoesNotExistIsLeftAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.addChannel("boss@partner.example")
	w.start()
	delivery := w.toOps()
	require.True(t, w.bounced(delivery, bounce.Permanent, 550, "5.1.1"))
	require.Equal(t, "The mail server of the address says that the address does not exist.", one[string](w, bouncing))
	require.Equal(t, []string{"1 250 ok true", "2 It came back: said 5.1.1 false"},
		all[string](w, `SELECT attempt || ' ' || answer || ' ' || accepted FROM delivery_attempts WHERE delivery_id = $1 ORDER BY attempt`, delivery))
	require.Equal(t, "failed", one[string](w, `SELECT state FROM deliveries WHERE id = $1`, delivery))

	told := w.sender.messages()
	last := told[len(told)-1]
	require.Equal(t, monitor.ChannelDisabled, last.Kind)
	require.Equal(t, "Partner", last.Team)
	require.Equal(t, "email ops@partner.example", last.Disabled.Channel)
	require.Equal(t, "said 5.1.1", last.Disabled.Answer)
	require.Equal(t, []string{"boss@partner.example"}, all[string](w,
		`SELECT c.address FROM deliveries d JOIN notifications n ON n.id = d.notification_id JOIN channels c ON c.id = d.channel_id WHERE n.kind = 'channel.disabled'`))
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM audit WHERE action = 'channel.disable' AND event_source = 'worker'`))

	require.False(t, w.bounced(delivery, bounce.Permanent, 550, "5.1.1"), "the same bounce again changes nothing")
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM mail_bounces`))
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM notifications WHERE kind = 'channel.disabled'`))
}

func TestTwoDeliveriesThatComeBackAreEnough(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.start()
	first := w.toOps()
	require.False(t, w.bounced(first, bounce.Permanent, 552, "5.2.2"))
	require.False(t, w.bounced(first, bounce.Permanent, 552, "5.2.2"))
	require.Equal(t, "in use", one[string](w, stands))
	require.True(t, w.bounced(w.toOps(), bounce.Permanent, 552, "5.2.2"))
	require.Equal(t, "Mail to the address came back for good 2 times.", one[string](w, bouncing))
	require.Equal(t, 1, one[int](w, `SELECT count(*) FROM notifications WHERE kind = 'channel.disabled'`), "it stands, though nobody is left to tell")
}

func TestBouncesThatDoNotCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.start()
	for range 3 { // late, or about us rather than the address
		require.False(t, w.bounced(w.toOps(), bounce.Transient, 0, "4.4.1"))
		require.False(t, w.bounced(w.toOps(), bounce.Permanent, 554, "5.7.1"))
	}
	require.Equal(t, 6, one[int](w, `SELECT count(*) FROM mail_bounces WHERE NOT permanent`))
	require.Equal(t, 3, one[int](w, `SELECT count(*) FROM deliveries WHERE state = 'failed'`), "what came back for good did not arrive")

	require.False(t, w.bounced(w.toOps(), bounce.Permanent, 550, ""))
	w.clock.advance(31 * 24 * time.Hour)
	require.False(t, w.bounced(w.toOps(), bounce.Permanent, 550, ""), "the other is long ago")
	w.asTeam(func(ctx context.Context, tx *store.Tx) error {
		channel := one[int64](w, `SELECT id FROM channels`)
		return tx.ClearBounces(ctx, channel, "ada@partner.example", w.clock.now())
	})
	require.False(t, w.bounced(w.toOps(), bounce.Permanent, 550, ""), "somebody said that it works again")
	require.Equal(t, "in use", one[string](w, stands))
}

func TestARefusedRecipientBounces(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.sender.outcomes = []alert.Outcome{{Permanent: true, Answer: "550 5.1.1 no such user", Refused: &alert.Refusal{Code: 550, Status: "5.1.1"}}}
	w.start()
	w.notify()
	w.settle()
	require.Equal(t, "550 5.1.1 no such user", one[string](w, `SELECT answer FROM mail_bounces WHERE permanent`))
	require.Contains(t, one[string](w, bouncing), "does not exist")
	require.Equal(t, "failed 1", one[string](w, `SELECT state || ' ' || attempts FROM deliveries`))
}

func TestABounceOfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	err := w.database.Store.AsWorker(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := worker.RecordBounce(ctx, tx, nil, bounce.Report{Kind: bounce.Permanent, Delivery: uuid.New()}, time.Now())
		return err
	})
	require.ErrorIs(t, err, store.ErrNotFound)
}

// TestDigestsBringTheirTokenAlong: it is made once, and is the channel's own.
func TestDigestsBringTheirTokenAlong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.start()
	for _, kind := range []monitor.NotificationKind{monitor.ChannelTest, monitor.DigestDaily, monitor.DigestWeekly} {
		w.asWorker(func(ctx context.Context, tx *store.Tx) error {
			deliveries, err := tx.Notify(ctx, w.team.ID, monitor.Message{Kind: kind, OccurredAt: w.clock.now(), Team: "Partner"}, w.clock.now())
			if err != nil {
				return err
			}
			return jobs.InsertDelivers(ctx, w.worker.Client(), tx, deliveries)
		})
		w.settle()
	}
	w.sender.mu.Lock()
	defer w.sender.mu.Unlock()
	tokens := map[monitor.NotificationKind]string{}
	for _, sent := range w.sender.sent {
		tokens[sent.message.Kind] = sent.channel.Unsubscribe
	}
	require.Empty(t, tokens[monitor.ChannelTest])
	require.GreaterOrEqual(t, len(tokens[monitor.DigestDaily]), 26)
	require.Equal(t, tokens[monitor.DigestDaily], tokens[monitor.DigestWeekly])
	require.Equal(t, tokens[monitor.DigestDaily], one[string](w, `SELECT unsubscribe_token FROM channels`))
}
