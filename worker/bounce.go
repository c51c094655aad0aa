package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/gradewatch/gradewatch/internal/alert"
	"github.com/gradewatch/gradewatch/internal/alert/bounce"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// bouncesWithin is how far back bounces count: an address that works for a
// month in between is not lost because it bounced once in spring.
const bouncesWithin = 30 * 24 * time.Hour

// RecordBounce stores what a mail that came back says of its delivery. An
// address that bounced for good on two deliveries, or once because it does not
// exist, gets nothing more: its channel is disabled, and the team is told
// through its others. All in tx. store.ErrNotFound: the delivery is none of ours.
func RecordBounce(ctx context.Context, tx *store.Tx, client *jobs.Client, report bounce.Report, at time.Time) (disabled bool, err error) {
	return recordBounce(ctx, tx, client, store.Bounce{
		DeliveryID: report.Delivery.String(), At: at, Status: report.Status, Answer: report.Diagnostic,
		Permanent: report.Kind == bounce.Permanent && bounce.AtFault(report.Code, report.Status),
	}, report.Kind == bounce.Permanent)
}

// refused is a refusal of the recipient in the session itself.
func refused(ctx context.Context, tx *store.Tx, client *jobs.Client, delivery store.Delivery, refusal alert.Refusal, attempt store.Attempt) error {
	_, err := recordBounce(ctx, tx, client, store.Bounce{
		DeliveryID: delivery.ID, At: attempt.StartedAt.Add(attempt.Duration), Status: refusal.Status, Answer: attempt.Answer,
		Permanent: bounce.AtFault(refusal.Code, refusal.Status),
	}, false)
	return err
}

func recordBounce(ctx context.Context, tx *store.Tx, client *jobs.Client, bounced store.Bounce, returned bool) (disabled bool, err error) {
	channel, err := tx.BouncedChannel(ctx, bounced.DeliveryID)
	if err != nil {
		return false, err
	}
	added, err := tx.SaveBounce(ctx, channel, bounced)
	if err != nil || !added {
		return false, err
	}
	if returned {
		if err := tx.FailReturned(ctx, channel, bounced); err != nil {
			return false, err
		}
	}
	if !bounced.Permanent || !channel.InUse {
		return false, nil
	}
	earlier, err := tx.MailBounces(ctx, channel.ChannelID, bounced.At.Add(-bouncesWithin))
	if err != nil {
		return false, err
	}
	reason, since := unusable(earlier)
	if reason == "" {
		return false, nil
	}
	return true, disable(ctx, tx, client, channel, bounced, reason, since)
}

// unusable says why nothing more is to be sent to an address that bounced so,
// and since when nothing got through; empty: it may be tried again.
func unusable(bounces []store.MailBounce) (reason string, since time.Time) {
	deliveries := map[string]bool{}
	unknown := false
	for _, one := range bounces {
		if !one.Permanent || !one.ClearedAt.IsZero() {
			continue
		}
		deliveries[one.DeliveryID], since = true, one.At // the oldest comes last
		unknown = unknown || bounce.Unknown(one.Status)
	}
	switch {
	case unknown:
		return "The mail server of the address says that the address does not exist.", since
	case len(deliveries) > 1:
		return fmt.Sprintf("Mail to the address came back for good %d times.", len(deliveries)), since
	default:
		return "", since
	}
}

func disable(ctx context.Context, tx *store.Tx, client *jobs.Client, channel store.BouncedChannel, bounced store.Bounce, reason string, since time.Time) error {
	if err := tx.DisableBouncing(ctx, channel, reason, bounced.At); err != nil {
		return err
	}
	deliveries, err := tx.Notify(ctx, channel.TeamID, monitor.Message{
		Kind: monitor.ChannelDisabled, OccurredAt: bounced.At, Team: channel.Team, Reason: reason, Since: since,
		Title: fmt.Sprintf("Mail to %s bounces: nothing more is sent there", channel.Address),
		Link:  fmt.Sprintf("/channels/%d", channel.ChannelID),
		Disabled: &monitor.ChannelNotice{
			ChannelID: channel.ChannelID, Channel: alert.Channel{Kind: alert.Email, Address: channel.Address}.String(),
			Since: since, Answer: bounced.Answer,
		},
	}, bounced.At)
	if err != nil {
		return err
	}
	return jobs.InsertDelivers(ctx, client, tx.Tx, deliveries)
}
