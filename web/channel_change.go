package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
	"github.com/gradewatch/gradewatch/worker/jobs"
)

// disableChannel pauses a channel.
func (s *server) disableChannel(w http.ResponseWriter, r *http.Request) error {
	return s.changeChannel(w, r, "channel.disable", "channel-disabled", func(ctx context.Context, tx *store.Tx, id int64) error {
		return tx.DisableChannel(ctx, id, s.now())
	})
}

// enableChannel puts a channel back in use.
func (s *server) enableChannel(w http.ResponseWriter, r *http.Request) error {
	return s.changeChannel(w, r, "channel.enable", "channel-enabled", func(ctx context.Context, tx *store.Tx, id int64) error {
		// Whoever does this says that the address works: what bounced counts no more.
		if err := tx.ClearBounces(ctx, id, visitOf(r).session.Email, s.now()); err != nil {
			return err
		}
		return tx.DisableChannel(ctx, id, time.Time{})
	})
}

// testChannel sends a test through a channel, as any notification is sent.
func (s *server) testChannel(w http.ResponseWriter, r *http.Request) error {
	return s.changeChannel(w, r, "channel.test", "test-sent", func(ctx context.Context, tx *store.Tx, id int64) error {
		channel, err := tx.Channel(ctx, id)
		if err != nil {
			return err
		}
		delivery, err := tx.CreateTestNotification(ctx, channel, monitor.Message{
			Kind: monitor.ChannelTest, OccurredAt: s.now(), Team: visitOf(r).session.TeamName,
			Title: "This is a test of a Gradewatch channel", Link: fmt.Sprintf("%s/channels/%d", s.BaseURL, id),
		}, s.now())
		if err != nil {
			return err
		}
		return jobs.InsertDelivers(ctx, s.Jobs, tx.Tx, []string{delivery})
	})
}

// confirmRemoveChannel asks before a channel is removed.
func (s *server) confirmRemoveChannel(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeChannels); err != nil {
		return err
	}
	channel, _, err := s.findChannel(r)
	if err != nil {
		return err
	}
	path := fmt.Sprintf("/channels/%d", channel.ID)
	return s.render(w, r, http.StatusOK, views.Confirm(s.page(r, "Remove channel", "/channels"), views.Confirmation{
		Heading: "Remove " + channel.Address + "?", Button: "Remove channel", Action: path + "/remove", Back: path,
		Text:   "Nothing is sent there any more. Deliveries of the past stay listed.",
		Crumbs: []views.Crumb{{Title: "Channels", Path: "/channels"}, {Title: channel.Address, Path: path}},
	}))
}

// removeChannel removes a channel.
func (s *server) removeChannel(w http.ResponseWriter, r *http.Request) error {
	return s.changeChannel(w, r, "channel.remove", "channel-removed", func(ctx context.Context, tx *store.Tx, id int64) error {
		return tx.RemoveChannel(ctx, id, s.now())
	})
}

// changeChannel runs one change of a channel with its audit row.
func (s *server) changeChannel(w http.ResponseWriter, r *http.Request, action, done string, change func(context.Context, *store.Tx, int64) error) error {
	if err := permit(r, auth.ChangeChannels); err != nil {
		return err
	}
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		channel, err := tx.Channel(ctx, id)
		if err != nil {
			return err
		}
		if err := change(ctx, tx, id); err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{
			Action: action, Object: fmt.Sprintf("channel/%d", id),
			Old: map[string]any{"kind": channel.Kind, "address": channel.Address, "disabled": !channel.DisabledAt.IsZero()},
		})
	})
	if err != nil {
		return err
	}
	if action == "channel.remove" {
		return redirect(w, r, "/channels?done="+done)
	}
	return redirect(w, r, fmt.Sprintf("/channels/%d?done=%s", id, done))
}
