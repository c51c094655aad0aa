package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gradewatch/gradewatch/internal/alert"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// showChannelSecret shows a signing secret again; that is audited.
func (s *server) showChannelSecret(w http.ResponseWriter, r *http.Request) error {
	return s.withSecret(w, r, "channel.secret", func(ctx context.Context, tx *store.Tx, id int64) (string, error) {
		return tx.ChannelSecret(ctx, id)
	})
}

// rotateSecret makes a new signing secret and shows it. The one before it signs
// too for a day, so that nothing is refused while the receiver changes over.
func (s *server) rotateSecret(w http.ResponseWriter, r *http.Request) error {
	return s.withSecret(w, r, "channel.rotate", func(ctx context.Context, tx *store.Tx, id int64) (string, error) {
		secret := alert.NewSecret()
		return secret, tx.RotateSecret(ctx, id, secret, s.now().Add(monitor.SecretOverlap))
	})
}

// endPreviousSecret stops signing with the secret before the last rotation.
func (s *server) endPreviousSecret(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ShowSecret); err != nil {
		return err
	}
	return s.changeChannel(w, r, "channel.previous_secret.end", "previous-secret-ended", func(ctx context.Context, tx *store.Tx, id int64) error {
		return tx.EndPreviousSecret(ctx, id)
	})
}

// withSecret gets a secret with its audit row, and shows it in the answer.
func (s *server) withSecret(w http.ResponseWriter, r *http.Request, action string, get func(context.Context, *store.Tx, int64) (string, error)) error {
	if err := permit(r, auth.ShowSecret); err != nil {
		return err
	}
	channel, _, err := s.findChannel(r)
	if err != nil {
		return err
	}
	var secret string
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if secret, err = get(ctx, tx, channel.ID); err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{Action: action, Object: fmt.Sprintf("channel/%d", channel.ID)})
	})
	if err != nil {
		return err
	}
	channel, deliveries, err := s.findChannel(r)
	if err != nil {
		return err
	}
	return s.renderChannel(w, r, http.StatusOK, views.Channel{
		Channel: channel, Deliveries: deliveries, Secret: secret, Rotated: action == "channel.rotate",
	})
}
