package web

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/alert"
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
		if model.Channels, err = tx.Channels(ctx); err != nil {
			return err
		}
		routes, err := tx.ChannelRoutes(ctx, visitOf(r).session.TeamID)
		model.Routes = len(routes)
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
	form := views.Channels{Kind: typed(r, "kind"), Address: typed(r, "address"), Name: typed(r, "name")}
	channel, secret, faults := newChannel(form)
	if form.Faults = faults; len(faults) > 0 {
		return s.showChannels(w, r, http.StatusUnprocessableEntity, form)
	}
	channel.TeamID = visitOf(r).session.TeamID
	err := s.asTeam(r, func(ctx context.Context, tx *store.Tx) (err error) {
		if channel, err = tx.CreateChannel(ctx, channel, secret, s.now()); err != nil {
			return err
		}
		return s.audit(ctx, tx, r, store.AuditEntry{
			Action: "channel.create", Object: fmt.Sprintf("channel/%d", channel.ID),
			New: map[string]any{"kind": channel.Kind, "address": channel.Address, "name": channel.Name},
		})
	})
	if errors.Is(err, store.ErrConflict) {
		form.Faults = views.Faults{{ID: "address", Text: "Your team has a channel with this address already."}}
		return s.showChannels(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	if channel.Kind != "webhook" {
		return redirect(w, r, fmt.Sprintf("/channels/%d?done=channel-added", channel.ID))
	}
	return s.renderChannel(w, r, http.StatusCreated, views.Channel{Channel: channel, Secret: secret, New: true})
}

// longestChannelName bounds how people call a channel, in characters.
const longestChannelName = 80

// newChannel reads the form of a new channel: what is kept of it, what of it is
// secret, and what is wrong with it.
func newChannel(form views.Channels) (channel store.Channel, secret string, faults views.Faults) {
	channel = store.Channel{Kind: form.Kind, Address: form.Address, Name: form.Name}
	if !nameFits(form.Name) {
		return channel, "", views.Faults{{ID: "name", Text: fmt.Sprintf("Enter a name of at most %d characters.", longestChannelName)}}
	}
	switch form.Kind {
	case "webhook":
		secret = alert.NewSecret()
	case "chat":
		address, service, err := alert.ParseChat(form.Address)
		if err != nil {
			return channel, "", views.Faults{{ID: "address", Text: err.Error()}}
		}
		// All of the address is secret: a fingerprint tells two of a service apart.
		sum := sha256.Sum256([]byte(address))
		channel.Service, channel.Address = service.ID, fmt.Sprintf("%s %x", service.Name, sum[:3])
		return channel, address, nil
	}
	return channel, secret, channelFaults(form.Kind, form.Address)
}

func nameFits(name string) bool {
	return name == "" || utf8.RuneCountInString(name) <= longestChannelName && inventory.Legible(name)
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
		return fault("kind", "Choose email, webhook, or chat or paging.")
	}
	return nil
}

// showChannel shows one channel with its newest deliveries.
func (s *server) showChannel(w http.ResponseWriter, r *http.Request) error {
	channel, deliveries, err := s.findChannel(r)
	if err != nil {
		return err
	}
	return s.renderChannel(w, r, http.StatusOK, views.Channel{Channel: channel, Deliveries: deliveries})
}

// renderChannel shows a channel, with its settings in the form unless others
// were typed.
func (s *server) renderChannel(w http.ResponseWriter, r *http.Request, status int, model views.Channel) error {
	model.Now, model.MayChange, model.MaySecret = s.now(), may(r, auth.ChangeChannels), may(r, auth.ShowSecret)
	if len(model.Faults) == 0 {
		model.Settings = views.ChannelSettings{
			Name: model.Name, Digest: model.Digest, Hour: strconv.Itoa(model.DigestHour), Zone: model.DigestZone,
		}
	}
	return s.render(w, r, status, views.ChannelPage(s.page(r, views.ChannelTitle(model.Channel), "/channels"), model))
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
