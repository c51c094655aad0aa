package alert

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/discord"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/mattermost"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/rocketchat"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/incident/pagerduty"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/gotify"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/ntfy"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/pushover"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// chatServices is every service, as a form lists them. Those of shoutrrr that
// bring an HTTP client of their own and take no other (signal, lark, ...), that
// send mail (smtp), that run nothing (logger), or that post anything anywhere
// (generic: a webhook of ours is signed) are not offered.
func chatServices() []chatService {
	return append(chatRooms(), pagers()...)
}

func chatRooms() []chatService {
	return []chatService{
		{
			Service{"slack", "Slack", "slack://hook:T00000000-B00000000-XXXXXXXXXXXXXXXXXXXXXXXX@webhook", true, false},
			chatBounds{250, 3500},
			escapeSlack, checkSlack, sendSlack,
		},
		{
			Service{"teams", "Microsoft Teams", "https://HOST.logic.azure.com/workflows/...", true, false},
			chatBounds{250, 6000},
			breakMentions, checkTeams, sendTeams,
		},
		{
			Service{"discord", "Discord", "discord://TOKEN@WEBHOOK_ID", true, false},
			chatBounds{250, 1800},
			breakMentions, checkOf(&discord.Config{}), sendDiscord,
		},
		{
			Service{"mattermost", "Mattermost", "mattermost://HOST/TOKEN", false, false},
			chatBounds{250, 3500},
			breakMentions, checkOf(&mattermost.Config{}), sendMattermost,
		},
		{
			Service{"rocketchat", "Rocket.Chat", "rocketchat://HOST/TOKEN_A/TOKEN_B", false, false},
			chatBounds{250, 3500},
			breakMentions, checkOf(&rocketchat.Config{}), sendRocketChat,
		},
		{
			Service{"googlechat", "Google Chat", "googlechat://chat.googleapis.com/v1/spaces/SPACE/messages?key=KEY&token=TOKEN", true, false},
			chatBounds{250, 3500},
			breakMentions, checkGoogleChat, sendGoogleChat,
		},
		{
			Service{"zulip", "Zulip", "zulip://BOT%40HOST:KEY@HOST/?stream=STREAM&topic=TOPIC", false, false},
			chatBounds{250, 6000},
			breakMentions, checkZulip, sendZulip,
		},
		{
			Service{"telegram", "Telegram", "telegram://TOKEN@telegram?chats=CHAT_ID", false, false},
			chatBounds{250, 3500},
			breakMentions, checkTelegram, sendTelegram,
		},
	}
}

func pagers() []chatService {
	return []chatService{
		{
			Service{"pagerduty", "PagerDuty", "pagerduty://events.pagerduty.com/INTEGRATION_KEY", false, true},
			chatBounds{900, 3500},
			plainText, checkOf(&pagerduty.Config{}), sendPagerDuty,
		},
		{
			Service{"opsgenie", "Opsgenie", "opsgenie://api.opsgenie.com/API_KEY", false, true},
			chatBounds{120, 6000},
			plainText, checkOpsgenie, sendOpsgenie,
		},
		{
			Service{"ntfy", "ntfy", "ntfy://ntfy.sh/TOPIC", false, false},
			chatBounds{200, 3500},
			plainText, checkNtfy, sendNtfy,
		},
		{
			Service{"gotify", "Gotify", "gotify://HOST/TOKEN", false, false},
			chatBounds{200, 3500},
			plainText, checkGotify, sendGotify,
		},
		{
			Service{"pushover", "Pushover", "pushover://shoutrrr:API_TOKEN@USER_KEY", false, false},
			chatBounds{200, 900},
			plainText, checkOf(&pushover.Config{}), sendPushover,
		},
	}
}

// silent is a logger for a library that logs what it sends.
type silent struct{}

func (silent) Print(...any)          {}
func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// urlConfig is what every service of shoutrrr reads its address into.
type urlConfig interface{ SetURL(*url.URL) error }

// checkOf reads addresses into a copy of an empty configuration.
func checkOf[C any, P interface {
	*C
	urlConfig
}](_ P) func(*url.URL) error {
	return func(address *url.URL) error {
		return P(new(C)).SetURL(address) //nolint:wrapcheck // nobody is shown it: it repeats the address
	}
}

// The services below are shoutrrr's from beginning to end: each takes the
// client that it is given.

func sendDiscord(_ context.Context, client *http.Client, address *url.URL, m chatMessage) error {
	service := &discord.Service{}
	if err := service.Initialize(address, silent{}); err != nil {
		return fmt.Errorf("read the address: %w", err)
	}
	service.HTTPClient, service.Sleeper = client, noSleep{}
	service.Config.JSON = false
	return service.Send(m.Body, &types.Params{"title": m.Title, "splitLines": "No"}) //nolint:wrapcheck // see judgeChat
}

// noSleep ends the library's own retries at once: oneRequest refuses them.
type noSleep struct{}

func sendMattermost(_ context.Context, client *http.Client, address *url.URL, m chatMessage) error {
	service := &mattermost.Service{}
	if err := service.Initialize(address, silent{}); err != nil {
		return fmt.Errorf("read the address: %w", err)
	}
	*service.GetHTTPClient() = *client
	return service.Send(m.Title+"\n"+m.Body, nil) //nolint:wrapcheck // see judgeChat
}

func sendRocketChat(_ context.Context, client *http.Client, address *url.URL, m chatMessage) error {
	service := &rocketchat.Service{Client: client}
	if err := service.Initialize(address, silent{}); err != nil {
		return fmt.Errorf("read the address: %w", err)
	}
	return service.Send(m.Title+"\n"+m.Body, nil) //nolint:wrapcheck // see judgeChat
}

// sendPagerDuty opens an alert under the incident's key, and resolves it when
// the incident does (PagerDuty's Events API v2).
func sendPagerDuty(ctx context.Context, client *http.Client, address *url.URL, m chatMessage) error {
	service := &pagerduty.Service{}
	service.SetHTTPClient(client)
	if err := service.Initialize(address, silent{}); err != nil {
		return fmt.Errorf("read the address: %w", err)
	}
	// The library leaves these empty where the address does, and posts to port 0.
	service.Config.Host = cmp.Or(service.Config.Host, "events.pagerduty.com")
	service.Config.Port = cmp.Or(service.Config.Port, 443)
	details, err := json.Marshal(map[string]string{"text": m.Body})
	if err != nil {
		return fmt.Errorf("write the details: %w", err)
	}
	parameters := types.Params{
		"source": m.Source, "severity": pagerSeverity(m), "action": "trigger", "details": string(details),
		"client": "Gradewatch", "client_url": m.Link,
	}
	if m.Key != "" {
		parameters["dedup_key"] = m.Key
	}
	if m.Resolved {
		parameters["action"] = "resolve"
	}
	return service.SendWithContext(ctx, m.Title, &parameters) //nolint:wrapcheck // see judgeChat
}

// pagerSeverity is one of PagerDuty's severities.
func pagerSeverity(m chatMessage) string {
	switch m.Weight {
	case monitor.Critical:
		return "critical"
	case monitor.High:
		return "error"
	case monitor.Medium, monitor.Low:
		return "warning"
	default:
		return "info"
	}
}

func checkNtfy(address *url.URL) error {
	config := &ntfy.Config{}
	if err := config.SetURL(address); err != nil {
		return err //nolint:wrapcheck // nobody is shown it
	}
	if strings.Trim(config.Topic, "/") == "" {
		return ntfy.ErrTopicRequired
	}
	return nil
}

func sendNtfy(_ context.Context, client *http.Client, address *url.URL, m chatMessage) error {
	service := &ntfy.Service{}
	if err := service.Initialize(address, silent{}); err != nil {
		return fmt.Errorf("read the address: %w", err)
	}
	service.SetHTTPClient(client)
	parameters := types.Params{"title": m.Title, "click": m.Link}
	if m.Weight == monitor.Critical && !m.Resolved {
		parameters["priority"] = "max"
	}
	return service.Send(m.Body, &parameters) //nolint:wrapcheck // see judgeChat
}

func checkGotify(address *url.URL) error {
	config := &gotify.Config{}
	if err := config.SetURL(address); err != nil {
		return err //nolint:wrapcheck // nobody is shown it
	}
	if !(&gotify.DefaultValidator{}).ValidateToken(config.Token) {
		return gotify.ErrInvalidToken
	}
	return nil
}

func sendGotify(_ context.Context, client *http.Client, address *url.URL, m chatMessage) error {
	service := &gotify.Service{}
	if err := service.Initialize(address, silent{}); err != nil {
		return fmt.Errorf("read the address: %w", err)
	}
	*service.GetHTTPClient() = *client
	return service.Send(m.Body, &types.Params{"title": m.Title}) //nolint:wrapcheck // see judgeChat
}

func sendPushover(_ context.Context, client *http.Client, address *url.URL, m chatMessage) error {
	service := &pushover.Service{}
	if err := service.Initialize(address, silent{}); err != nil {
		return fmt.Errorf("read the address: %w", err)
	}
	service.Client = client
	return service.Send(m.Body, &types.Params{"title": m.Title}) //nolint:wrapcheck // see judgeChat
}

// Sleep implements discord.Sleeper.
func (noSleep) Sleep(time.Duration) {}
