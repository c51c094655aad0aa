package web

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/auth"
	"github.com/gradewatch/gradewatch/internal/inventory"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/views"
)

// listChannels lists where the team is told.
func (s *server) listChannels(w http.ResponseWriter, r *http.Request) error {
	return s.showChannels(w, r, http.StatusOK, views.Channels{Kind: "email"})
}

func (s *server) showChannels(w http.ResponseWriter, r *http.Request, status int, model views.Channels) error {
	model.MayChange = may(r, auth.ChangeChannels)
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		model.Channels, err = tx.Channels(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return s.render(w, r, status, views.ChannelsPage(s.page(r, "Channels", "/channels"), model))
}

// createChannel adds a channel. A webhook's secret is shown in the answer, so
// there is no redirect; loading that page again adds nothing, since the team
// has that address then.
func (s *server) createChannel(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ChangeChannels); err != nil {
		return err
	}
	if err := parseForm(r); err != nil {
		return err
	}
	form := views.Channels{Kind: typed(r, "kind"), Address: typed(r, "address")}
	if form.Faults = channelFaults(form.Kind, form.Address); len(form.Faults) > 0 {
		return s.showChannels(w, r, http.StatusUnprocessableEntity, form)
	}
	var secret string
	if form.Kind == "webhook" {
		secret = newWebhookSecret()
	}
	channel := store.Channel{TeamID: visitOf(r).session.TeamID, Kind: form.Kind, Address: form.Address}
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		if channel, err = tx.CreateChannel(ctx, channel, secret, s.now()); err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{
			Action: "channel.create", Object: fmt.Sprintf("channel/%d", channel.ID),
			New: map[string]any{"kind": channel.Kind, "address": channel.Address},
		})
	})
	if errors.Is(err, store.ErrConflict) {
		form.Faults = views.Faults{{ID: "address", Text: "Your team has a channel with this address already."}}
		return s.showChannels(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	if secret == "" {
		return redirect(w, r, fmt.Sprintf("/channels/%d?done=channel-added", channel.ID))
	}
	model := views.Channel{Channel: channel, Secret: secret, New: true, MayChange: true, MaySecret: may(r, auth.ShowSecret)}
	return s.render(w, r, http.StatusCreated, views.ChannelPage(s.page(r, channel.Address, "/channels"), model))
}

// newWebhookSecret makes a signing secret as Standard Webhooks writes it:
// whsec_ and base64 of 24 to 64 random bytes.
func newWebhookSecret() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	return "whsec_" + base64.StdEncoding.EncodeToString(raw)
}

func channelFaults(kind, address string) views.Faults {
	fault := func(id, text string) views.Faults { return views.Faults{{ID: id, Text: text}} }
	switch kind {
	case "email":
		parsed, err := mail.ParseAddress(address)
		if err != nil || parsed.Address != address || len(address) > 254 || strings.ContainsAny(address, "\r\n") {
			return fault("address", "Enter one email address, such as team@example.com.")
		}
	case "webhook":
		if !inventory.Legible(address) {
			return fault("address", "The URL holds characters that cannot be seen. Type it anew.")
		}
		if _, err := checks.ParseTarget(address, checks.Quick, checks.Limits{}); err != nil {
			return fault("address", inventory.Sentence(err.Error()))
		}
		if u, err := url.Parse(address); err != nil || u.Fragment != "" {
			return fault("address", "Leave out what stands behind the #: it is never sent.")
		} else if u.Scheme != "https" {
			return fault("address", "Start the webhook's URL with https://: nothing is sent over plain http.")
		}
	default:
		return fault("kind", "Choose email or webhook.")
	}
	return nil
}

// showChannel shows one channel with its newest deliveries.
func (s *server) showChannel(w http.ResponseWriter, r *http.Request) error {
	channel, deliveries, err := s.findChannel(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.ChannelPage(s.page(r, channel.Address, "/channels"), views.Channel{
		Channel: channel, Deliveries: deliveries, MayChange: may(r, auth.ChangeChannels), MaySecret: may(r, auth.ShowSecret),
	}))
}

func (s *server) findChannel(r *http.Request) (channel store.Channel, deliveries []store.DeliverySummary, err error) {
	id, err := pathID(r, "id")
	if err != nil {
		return channel, nil, err
	}
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if channel, err = tx.Channel(ctx, id); err != nil {
			return err
		}
		deliveries, err = tx.Deliveries(ctx, store.DeliveryFilter{Channel: id, Limit: 10})
		return err
	})
	return channel, deliveries, err
}

// showChannelSecret shows a signing secret again; that is audited.
func (s *server) showChannelSecret(w http.ResponseWriter, r *http.Request) error {
	if err := permit(r, auth.ShowSecret); err != nil {
		return err
	}
	channel, deliveries, err := s.findChannel(r)
	if err != nil {
		return err
	}
	var secret string
	err = s.asTeam(r, func(ctx context.Context, tx *store.Tx) error {
		if secret, err = tx.ChannelSecret(ctx, channel.ID); err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{Action: "channel.secret", Object: fmt.Sprintf("channel/%d", channel.ID)})
	})
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.ChannelPage(s.page(r, channel.Address, "/channels"), views.Channel{
		Channel: channel, Deliveries: deliveries, Secret: secret, MayChange: true, MaySecret: true,
	}))
}
