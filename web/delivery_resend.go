package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// resendDelivery sends a message again, to the same channel and under the same
// message ID.
func (s *server) resendDelivery(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeChannels); err != nil {
		return err
	}
	var again string
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		delivery, err := tx.DeliverySummary(ctx, r.PathValue("id"))
		if err != nil {
			return err
		}
		if again, err = tx.Resend(ctx, delivery, s.now()); err != nil {
			return err
		}
		if err := jobs.InsertDelivers(ctx, s.Jobs, tx.Tx, []string{again}); err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{
			Action: "delivery.resend", Object: "delivery/" + again, New: map[string]any{"resend_of": delivery.ID, "channel": delivery.ChannelID},
		})
	})
	switch {
	case errors.Is(err, store.ErrConflict):
		return s.renderDelivery(w, r, http.StatusConflict, "It was not sent again: the message is on its way already, or its channel is out of use.")
	case errors.Is(err, store.ErrTooMany):
		return s.renderDelivery(w, r, http.StatusTooManyRequests,
			fmt.Sprintf("It was not sent again: your team sent %d messages again within the last hour. Wait a little.", store.MostResends))
	case err != nil:
		return err
	}
	return redirect(w, r, "/deliveries/"+again+"?done=sent-again")
}
