package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/googlechat"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/slack"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/telegram"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/zulip"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/incident/opsgenie"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// The services below would send through http.DefaultClient, which connects
// anywhere. Addresses and payloads are shoutrrr's; the request is made here.

// errIncomplete is what a check says of an address that lacks something.
var errIncomplete = errors.New("the address is incomplete")

// postJSON posts a value, with what stands in header besides.
func postJSON(ctx context.Context, client *http.Client, address string, header http.Header, value any) ([]byte, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("write the message: %w", err)
	}
	return post(ctx, client, address, "application/json", header, body)
}

// post makes the request and returns the beginning of its answer. Only the
// status says whether it was taken: see judgeChat.
func post(ctx context.Context, client *http.Client, address, contentType string, header http.Header, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, errIncomplete // the error would show the address
	}
	for name, values := range header {
		request.Header[name] = values
	}
	request.Header.Set("Content-Type", contentType)
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("post the message: %w", innermost(err))
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(response.Body) // bounded by oneRequest
	return answer, nil
}

func checkSlack(address *url.URL) error {
	config, err := slack.CreateConfigFromURL(address)
	switch {
	case err != nil:
		return err //nolint:wrapcheck // nobody is shown it
	case config.Token.IsAPIToken() && (config.Channel == "" || config.Channel == "webhook"):
		return errIncomplete
	}
	return nil
}

// slackAPI is where a bot's token posts (https://api.slack.com/methods/chat.postMessage).
const slackAPI = "https://slack.com/api/chat.postMessage"

func sendSlack(ctx context.Context, client *http.Client, address *url.URL, m chatMessage) error {
	config, err := slack.CreateConfigFromURL(address)
	if err != nil {
		return errIncomplete
	}
	config.Title, config.Color = m.Title, m.color()
	payload := slack.CreateJSONPayload(config, m.Body)
	if !config.Token.IsAPIToken() {
		_, err = postJSON(ctx, client, config.Token.WebhookURL(), nil, payload)
		return err
	}
	answer, err := postJSON(ctx, client, slackAPI, http.Header{"Authorization": {config.Token.Authorization()}}, payload)
	if err != nil {
		return err
	}
	var said slack.APIResponse // a refusal comes with 200 too
	if err := json.Unmarshal(answer, &said); err != nil || !said.Ok {
		return errorCode(said.Error)
	}
	return nil
}

// teamsHosts are where Microsoft takes messages for Teams: workflows, and the
// connectors before them.
var teamsHosts = regexp.MustCompile(`^[a-z0-9.-]+\.(logic\.azure\.com|api\.powerplatform\.com|webhook\.office\.com)(:443)?$`)

func checkTeams(address *url.URL) error {
	if !teamsHosts.MatchString(strings.ToLower(address.Host)) || len(address.Path) < 2 || address.User != nil {
		return errIncomplete
	}
	return nil
}

// sendTeams posts an adaptive card, which workflows take. shoutrrr writes the
// cards of connectors, which Microsoft has retired.
func sendTeams(ctx context.Context, client *http.Client, address *url.URL, m chatMessage) error {
	target := *address
	target.Scheme = "https"
	text := func(value string, more map[string]any) map[string]any {
		block := map[string]any{"type": "TextBlock", "text": value, "wrap": true}
		for name, setting := range more {
			block[name] = setting
		}
		return block
	}
	card := map[string]any{
		"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
		"body": []any{
			text(m.Title, map[string]any{"weight": "Bolder", "size": "Medium"}),
			text(strings.ReplaceAll(m.Body, "\n", "\n\n"), nil), // markdown: a paragraph a line
		},
		"actions": []any{map[string]any{"type": "Action.OpenUrl", "title": "Open in Gradewatch", "url": m.Link}},
	}
	_, err := postJSON(ctx, client, target.String(), nil, map[string]any{
		"type": "message",
		"attachments": []any{map[string]any{
			"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card,
		}},
	})
	return err
}

func checkGoogleChat(address *url.URL) error {
	config := &googlechat.Config{}
	if err := config.SetURL(address); err != nil || config.Key == "" || config.Token == "" || len(config.Path) < 2 {
		return errIncomplete
	}
	return nil
}

func sendGoogleChat(ctx context.Context, client *http.Client, address *url.URL, m chatMessage) error {
	config := &googlechat.Config{}
	if err := config.SetURL(address); err != nil {
		return errIncomplete
	}
	target := url.URL{Scheme: "https", Host: config.Host, Path: config.Path, RawQuery: url.Values{"key": {config.Key}, "token": {config.Token}}.Encode()}
	_, err := postJSON(ctx, client, target.String(), nil, googlechat.JSON{Text: m.Title + "\n" + m.Body})
	return err
}

func checkZulip(address *url.URL) error {
	config, err := zulip.CreateConfigFromURL(address)
	if err != nil || config.Stream == "" {
		return errIncomplete
	}
	return nil
}

func sendZulip(ctx context.Context, client *http.Client, address *url.URL, m chatMessage) error {
	config, err := zulip.CreateConfigFromURL(address)
	if err != nil {
		return errIncomplete
	}
	if config.Topic == "" {
		config.Topic = "Gradewatch"
	}
	target := url.URL{Scheme: "https", Host: address.Host, Path: "/api/v1/messages", User: url.UserPassword(config.BotMail, config.BotKey)}
	form := zulip.CreatePayload(config, m.Title+"\n"+m.Body)
	_, err = post(ctx, client, target.String(), "application/x-www-form-urlencoded", nil, []byte(form.Encode()))
	return err
}

func checkTelegram(address *url.URL) error {
	config := &telegram.Config{}
	if err := config.SetURL(address); err != nil || len(config.Chats) != 1 { // one channel, one delivery
		return errIncomplete
	}
	return nil
}

func sendTelegram(ctx context.Context, client *http.Client, address *url.URL, m chatMessage) error {
	config := &telegram.Config{Notification: true}
	if err := config.SetURL(address); err != nil || len(config.Chats) != 1 {
		return errIncomplete
	}
	payload := telegram.SendMessagePayload{Text: m.Title + "\n" + m.Body, DisablePreview: true, DisableNotification: !config.Notification}
	chat, thread, inThread := strings.Cut(config.Chats[0], ":")
	payload.ID = chat
	if number, err := strconv.Atoi(thread); inThread && err == nil {
		payload.MessageThreadID = &number
	}
	_, err := postJSON(ctx, client, "https://api.telegram.org/bot"+config.Token+"/sendMessage", nil, payload)
	return err
}

func checkOpsgenie(address *url.URL) error {
	config := &opsgenie.Config{}
	if err := config.SetURL(address); err != nil || config.APIKey == "" {
		return errIncomplete
	}
	return nil
}

// sendOpsgenie creates an alert under the incident's alias, and closes it when
// the incident resolves, which shoutrrr cannot
// (https://docs.opsgenie.com/docs/alert-api#close-alert).
func sendOpsgenie(ctx context.Context, client *http.Client, address *url.URL, m chatMessage) error {
	config := &opsgenie.Config{}
	if err := config.SetURL(address); err != nil {
		return errIncomplete
	}
	target := url.URL{Scheme: "https", Host: config.Host + ":" + strconv.Itoa(int(config.Port)), Path: "/v2/alerts"}
	header := http.Header{"Authorization": {"GenieKey " + config.APIKey}}
	if m.Resolved {
		ending := target.JoinPath(url.PathEscape(m.Key), "close")
		ending.RawQuery = "identifierType=alias"
		_, err := postJSON(ctx, client, ending.String(), header, map[string]string{"source": m.Source, "note": m.Title})
		return err
	}
	_, err := postJSON(ctx, client, target.String(), header, opsgenie.AlertPayload{
		Message: m.Title, Alias: m.Key, Description: m.Body, Source: m.Source, Priority: pagerPriority(m),
		Responders: config.Responders, VisibleTo: config.VisibleTo, Tags: config.Tags, Details: map[string]string{"link": m.Link},
	})
	return err
}

// pagerPriority is one of Opsgenie's priorities.
func pagerPriority(m chatMessage) string {
	switch m.Weight {
	case monitor.Critical:
		return "P1"
	case monitor.High:
		return "P2"
	case monitor.Medium:
		return "P3"
	case monitor.Low:
		return "P4"
	default:
		return "P5"
	}
}

// fromNative turns the https URL that a service gives out into its address;
// nil: it is of none that is known.
func fromNative(native *url.URL) *url.URL {
	parts := strings.Split(strings.Trim(native.Path, "/"), "/")
	switch host := strings.ToLower(native.Host); {
	case host == "hooks.slack.com" && len(parts) == 4 && parts[0] == "services":
		return &url.URL{Scheme: "slack", User: url.UserPassword("hook", strings.Join(parts[1:], "-")), Host: "webhook"}
	case (host == "discord.com" || host == "discordapp.com") && len(parts) == 4 && parts[0] == "api" && parts[1] == "webhooks":
		return &url.URL{Scheme: "discord", User: url.User(parts[3]), Host: parts[2]}
	case host == "chat.googleapis.com":
		return &url.URL{Scheme: "googlechat", Host: host, Path: native.Path, RawQuery: native.RawQuery}
	case teamsHosts.MatchString(host):
		return &url.URL{Scheme: "teams", Host: host, Path: native.Path, RawQuery: native.RawQuery}
	}
	return nil
}
