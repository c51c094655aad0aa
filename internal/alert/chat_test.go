package alert

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest/dnsserver"
	"github.com/gradewatch/gradewatch/checks/probe"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Tokens of the addresses under test. None may be in an answer or an error.
const (
	letters32 = "0123456789abcdef0123456789abcdef"
	hidden24  = "SeCrEtSeCrEtSeCrEtSeCrEt"
)

// chatCase is an address of a service, and what its server must receive.
type chatCase struct {
	address string
	host    string   // that the request is for
	path    string   // with its query
	holds   []string // of the body, unescaped where it is a form
	header  map[string]string
	answer  string // of the server, with 200
}

func chatCases() map[string]chatCase {
	const uuid4 = "11111111-2222-3333-4444-555555555555"
	return map[string]chatCase{
		"slack": {
			address: "slack://hook:TAAAAAAAA-BBBBBBBBB-" + hidden24 + "@webhook",
			host:    "hooks.slack.com", path: "/services/TAAAAAAAA/BBBBBBBBB/" + hidden24, answer: "ok",
		},
		"slack bot": {
			address: "slack://xoxb:123456789-123456789-" + hidden24 + "@C123456789",
			host:    "slack.com", path: "/api/chat.postMessage", answer: `{"ok":true}`,
			header: map[string]string{"Authorization": "Bearer xoxb-123456789-123456789-" + hidden24}, holds: []string{`"channel":"C123456789"`},
		},
		"teams": {
			address: "teams://prod-1.westeurope.logic.azure.com:443/workflows/" + letters32 + "/triggers/manual/paths/invoke?api-version=2016-06-01&sig=" + hidden24,
			host:    "prod-1.westeurope.logic.azure.com:443", path: "/workflows/" + letters32 + "/triggers/manual/paths/invoke?api-version=2016-06-01&sig=" + hidden24,
			holds: []string{`"type":"AdaptiveCard"`},
		},
		"discord": {
			address: "discord://" + hidden24 + "@123456789012345678", host: "discord.com", path: "/api/webhooks/123456789012345678/" + hidden24,
			holds: []string{`"embeds"`},
		},
		"mattermost": {address: "mattermost://chat.example.com/" + hidden24, host: "chat.example.com", path: "/hooks/" + hidden24},
		"rocketchat": {address: "rocketchat://chat.example.com/abc/" + hidden24, host: "chat.example.com", path: "/hooks/abc/" + hidden24},
		"googlechat": {
			address: "googlechat://chat.googleapis.com/v1/spaces/AAA/messages?key=k1&token=" + hidden24,
			host:    "chat.googleapis.com", path: "/v1/spaces/AAA/messages?key=k1&token=" + hidden24,
		},
		"zulip": {
			address: "zulip://bot%40example.com:" + hidden24 + "@zulip.example.com/?stream=ops", host: "zulip.example.com", path: "/api/v1/messages",
			holds: []string{"to=ops", "topic=Gradewatch", "type=stream"}, answer: `{"result":"success"}`,
		},
		"telegram": {
			address: "telegram://110201543:" + hidden24 + "AbCdEfGhIjK@telegram?chats=-1001:7", host: "api.telegram.org",
			path: "/bot110201543:" + hidden24 + "AbCdEfGhIjK/sendMessage", holds: []string{`"chat_id":"-1001"`, `"message_thread_id":7`}, answer: `{"ok":true}`,
		},
		"pagerduty": {
			address: "pagerduty://events.pagerduty.com/" + letters32, host: "events.pagerduty.com:443", path: "/v2/enqueue",
			holds: []string{`"routing_key":"` + letters32 + `"`, `"event_action":"trigger"`, `"dedup_key":"gradewatch watch.example incident 7"`, `"severity":"error"`},
		},
		"opsgenie": {
			address: "opsgenie://api.opsgenie.com/" + uuid4, host: "api.opsgenie.com:443", path: "/v2/alerts",
			header: map[string]string{"Authorization": "GenieKey " + uuid4}, holds: []string{`"alias":"gradewatch watch.example incident 7"`, `"priority":"P2"`},
		},
		"ntfy": {
			address: "ntfy://user:" + hidden24 + "@ntfy.sh/topic1", host: "ntfy.sh", path: "/topic1", answer: `{}`,
			header: map[string]string{"Click": "https://watch.example/incidents/7"},
		},
		"gotify":   {address: "gotify://gotify.example.com/AAAAAAAAAAAAAAA", host: "gotify.example.com", path: "/message?token=AAAAAAAAAAAAAAA", answer: `{}`},
		"pushover": {address: "pushover://shoutrrr:" + hidden24 + "@userkey123", host: "api.pushover.net", path: "/1/messages.json", holds: []string{"user=userkey123"}},
	}
}

// chatServer receives what a service would, whatever host it is for.
type chatServer struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
}

func startChat(t *testing.T, status int, answer string) *chatServer {
	t.Helper()
	s := &chatServer{}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.requests, s.bodies = append(s.requests, r), append(s.bodies, string(body))
		s.mu.Unlock()
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s
}

// RoundTrip brings every request here. It stands where the vetted transport does.
func (s *chatServer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host = r.URL.Host
	r.URL.Host = strings.TrimPrefix(s.URL, "https://")
	return s.Client().Transport.RoundTrip(r) //nolint:wrapcheck // a transport's error must stay itself
}

// only is the one request that was received, and its body.
func (s *chatServer) only(t *testing.T) (*http.Request, string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Len(t, s.requests, 1)
	return s.requests[0], s.bodies[0]
}

func chatSender(t *testing.T, transport http.RoundTripper) *Sender {
	t.Helper()
	return newSender(t, func(c *Config) { c.WebhookTransport = transport })
}

// incident is an incident that opened, as chat tells it.
func incident(kind monitor.NotificationKind) monitor.Message {
	message := opened()
	message.Kind, message.IncidentID, message.Weight, message.Link = kind, 7, monitor.High, "/incidents/7"
	return message
}

func TestEveryChatServiceIsTold(t *testing.T) {
	t.Parallel()
	tried := map[string]bool{}
	for name, test := range chatCases() {
		service, _, _ := strings.Cut(test.address, ":")
		tried[service] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startChat(t, http.StatusOK, test.answer)
			channel := Channel{Kind: Chat, Address: test.address}
			require.Equal(t, Outcome{Accepted: true, Answer: "HTTP 200"}, send(t, chatSender(t, server), channel, incident(monitor.IncidentOpened)))
			request, body := server.only(t)
			require.Equal(t, test.host, request.Host)
			require.Equal(t, test.path, request.URL.RequestURI())
			require.Equal(t, "Gradewatch/1.2.3 (+https://watch.example/)", request.Header.Get("User-Agent"))
			for name, value := range test.header {
				require.Equal(t, value, request.Header.Get(name))
			}
			for _, part := range test.holds {
				require.Contains(t, body, part)
			}
			if request.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
				form, err := url.ParseQuery(body)
				require.NoError(t, err)
				body = fmt.Sprint(form)
			}
			require.Contains(t, body, "https://watch.example/incidents/7")
			require.NotContains(t, channel.String()+fmt.Sprintf("%#v", channel), hidden24)
		})
	}
	for _, service := range Services() {
		require.True(t, tried[service.ID], "%s is not tried", service.ID)
	}
}

// TestNoChatServiceReachesSpecialPurposeAddresses resolves every host to an
// address that the vetted transport refuses: a service that connected by
// itself would get another answer.
func TestNoChatServiceReachesSpecialPurposeAddresses(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"10.0.0.1", "127.0.0.1", "169.254.169.254"} {
		server := dnsserver.Start(t, func(string, uint16) dnsserver.Answer { return dnsserver.Addresses(place) })
		transport := probe.New(probe.Config{Resolver: server.Address()}).HTTPTransport(checks.Limits{})
		for name, test := range chatCases() {
			t.Run(place+" "+name, func(t *testing.T) {
				t.Parallel()
				service, _ := chatServiceOf(strings.SplitN(test.address, ":", 2)[0])
				outcome := send(t, chatSender(t, transport), Channel{Kind: Chat, Address: test.address}, incident(monitor.IncidentOpened))
				require.Equal(t, Outcome{
					Permanent: true, Answer: service.Name + " is at a special-purpose address, which this service does not connect to.",
				}, outcome)
				host, _, _ := strings.Cut(test.host, ":")
				require.Positive(t, server.Queries(host), "it was not resolved by the vetted resolver")
			})
		}
	}
}

func TestChatAnswersShowNoToken(t *testing.T) {
	t.Parallel()
	for name, test := range chatCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			channel := Channel{Kind: Chat, Address: test.address}
			for status, want := range map[int]string{
				404: "HTTP 404: %s does not know the channel's token, or does not allow it to post.",
				500: "HTTP 500", 429: "HTTP 429", 302: "HTTP 302: the receiver answers with a redirect, which is not followed. Register the address that it leads to.",
			} {
				server := startChat(t, status, `{"error":"`+test.address+`","message":"`+hidden24+`"}`)
				outcome := send(t, chatSender(t, server), channel, incident(monitor.IncidentOpened))
				service, _ := chatServiceOf(strings.SplitN(test.address, ":", 2)[0])
				if strings.Contains(want, "%s") {
					want = fmt.Sprintf(want, service.Name)
				}
				require.Equal(t, Outcome{Answer: want}, outcome)
				server.only(t) // nobody tries again but us
			}
			gone := send(t, chatSender(t, startChat(t, 410, "")), channel, incident(monitor.IncidentOpened))
			require.True(t, gone.Permanent && gone.Gone)
			failing := chatSender(t, roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("broken") }))
			outcome := send(t, failing, channel, incident(monitor.IncidentOpened))
			require.Contains(t, outcome.Answer, "could not be reached: broken")
			require.NotContains(t, outcome.Answer, hidden24)
		})
	}
}

func TestSlackRefusesWithTwoHundred(t *testing.T) {
	t.Parallel()
	server := startChat(t, http.StatusOK, `{"ok":false,"error":"not_in_channel"}`)
	outcome := send(t, chatSender(t, server), Channel{Kind: Chat, Address: chatCases()["slack bot"].address}, incident(monitor.IncidentOpened))
	require.Equal(t, Outcome{Answer: "HTTP 200, but Slack did not take the message (not_in_channel)."}, outcome)
	server = startChat(t, http.StatusOK, `{"ok":false,"error":"Token `+hidden24+`"}`)
	outcome = send(t, chatSender(t, server), Channel{Kind: Chat, Address: chatCases()["slack bot"].address}, incident(monitor.IncidentOpened))
	require.Equal(t, Outcome{Answer: "HTTP 200, but Slack did not take the message."}, outcome)
}

func TestPagersCloseWhatTheyOpened(t *testing.T) {
	t.Parallel()
	key := "gradewatch watch.example incident 7"
	server := startChat(t, http.StatusAccepted, "")
	send(t, chatSender(t, server), Channel{Kind: Chat, Address: chatCases()["pagerduty"].address}, incident(monitor.IncidentResolved))
	_, body := server.only(t)
	var event struct {
		Key    string `json:"dedup_key"`
		Action string `json:"event_action"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &event))
	require.Equal(t, key, event.Key)
	require.Equal(t, "resolve", event.Action)

	server = startChat(t, http.StatusAccepted, "")
	send(t, chatSender(t, server), Channel{Kind: Chat, Address: chatCases()["opsgenie"].address}, incident(monitor.IncidentResolved))
	request, _ := server.only(t)
	require.Equal(t, "/v2/alerts/"+key+"/close", request.URL.Path)
	require.Equal(t, "alias", request.URL.Query().Get("identifierType"))

	server = startChat(t, http.StatusAccepted, "")
	test := incident(monitor.ChannelTest)
	test.IncidentID, test.Weight = 0, ""
	send(t, chatSender(t, server), Channel{Kind: Chat, Address: chatCases()["pagerduty"].address}, test)
	_, body = server.only(t)
	require.Contains(t, body, `"dedup_key":"gradewatch delivery `+deliveryID.String())
	require.Contains(t, body, `"severity":"info"`)
}

func TestChatStopsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, test := range chatCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			sender := chatSender(t, roundTripper(func(r *http.Request) (*http.Response, error) {
				cancel()
				<-r.Context().Done()
				return nil, r.Context().Err()
			}))
			_, err := sender.Send(ctx, Channel{Kind: Chat, Address: test.address}, deliveryID, incident(monitor.IncidentOpened))
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

// TestChatTextIsBoundedAndMentionsNobody sends what hostile servers and forty
// endpoints make of a message.
func TestChatTextIsBoundedAndMentionsNobody(t *testing.T) {
	t.Parallel()
	message := incident(monitor.IncidentOpened)
	message.Title = "<!channel> @everyone <users/all> " + strings.Repeat("long ", 500)
	message.EndpointCount = 40
	for i := range 40 {
		message.Endpoints = append(message.Endpoints, monitor.AffectedEndpoint{Application: "App @here", Endpoint: fmt.Sprintf("https://host%d.example.com/%s", i, strings.Repeat("x", 500))})
	}
	for _, service := range chatServices() {
		m := chatSender(t, http.DefaultTransport).chatMessage(message, service, deliveryID)
		require.LessOrEqual(t, len(m.Title), service.bounds.title, service.ID)
		require.LessOrEqual(t, len(m.Body), service.bounds.body, service.ID)
		require.NotContains(t, m.Title, "\n")
		require.True(t, strings.HasSuffix(m.Body, "/incidents/7"), "the link is lost: %s", m.Body)
		if !service.Pages && service.ID != "ntfy" && service.ID != "gotify" && service.ID != "pushover" {
			for _, mention := range []string{"<!channel>", "<users/all>"} {
				require.NotContains(t, m.Title+m.Body, mention, service.ID)
			}
		}
		if service.ID != "slack" && service.neutral("@a") != "@a" {
			require.NotContains(t, m.Title+m.Body, "@everyone", service.ID)
			require.NotContains(t, m.Title+m.Body, "@here", service.ID)
		}
	}
}

func TestParseChat(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"https://hooks.slack.com/services/TAAAAAAAA/BBBBBBBBB/" + hidden24:                   chatCases()["slack"].address,
		"https://discord.com/api/webhooks/123456789012345678/" + hidden24:                    chatCases()["discord"].address,
		"https://chat.googleapis.com/v1/spaces/AAA/messages?key=k1&token=" + hidden24:        chatCases()["googlechat"].address,
		"https://prod-1.westeurope.logic.azure.com:443/workflows/abc/invoke?sig=" + hidden24: "teams://prod-1.westeurope.logic.azure.com:443/workflows/abc/invoke?sig=" + hidden24,
		"https://x.environment.api.powerplatform.com/powerautomate/invoke?sig=" + hidden24:   "teams://x.environment.api.powerplatform.com/powerautomate/invoke?sig=" + hidden24,
		"gotify://gotify.example.com/AAAAAAAAAAAAAAA":                                        "gotify://gotify.example.com/AAAAAAAAAAAAAAA",
		"https://example.com/hook":                                        "This is no webhook URL of Slack, Microsoft Teams, Discord or Google Chat. For any other receiver choose the kind webhook.",
		"https://logic.azure.com.evil.example/workflows/abc":              "This is no webhook URL of Slack, Microsoft Teams, Discord or Google Chat. For any other receiver choose the kind webhook.",
		"smtp://user:" + hidden24 + "@mail.example.com/?to=a@example.com": "Messages cannot be sent to this service. The list below says which ones there are.",
		"generic://10.0.0.1/x":                                            "Messages cannot be sent to this service. The list below says which ones there are.",
		"logger://":                                                       "Paste the whole address, such as slack://... or the URL that the service gave you.",
		"slack":                                                           "Paste the whole address, such as slack://... or the URL that the service gave you.",
		"mattermost://chat.example.com/token?disabletls=yes":              "Leave out options that turn encryption or its checks off: messages go over HTTPS only.",
		"ntfy://ntfy.sh/topic?scheme=http":                                "Leave out options that turn encryption or its checks off: messages go over HTTPS only.",
		"slack://hook:" + hidden24 + "@webhook":                           "This is no complete address of Slack. It looks like slack://hook:T00000000-B00000000-XXXXXXXXXXXXXXXXXXXXXXXX@webhook.",
		"telegram://110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw@telegram?chats=1,2": "This is no complete address of Telegram. It looks like telegram://TOKEN@telegram?chats=CHAT_ID.",
		"mattermost://chat.example.com/" + strings.Repeat("x", longestChatAddress):   "The address is longer than 2000 characters.",
	} {
		address, service, err := ParseChat(typed)
		if strings.Contains(want, "://") && !strings.Contains(want, " ") {
			require.NoError(t, err, typed)
			require.Equal(t, want, address)
			require.True(t, strings.HasPrefix(address, service.ID+"://"))
			continue
		}
		var fault AddressError
		require.ErrorAs(t, err, &fault, typed)
		require.Equal(t, want, fault.Sentence)
		require.NotContains(t, fault.Sentence, hidden24)
	}
	for name, test := range chatCases() {
		address, _, err := ParseChat(test.address)
		require.NoError(t, err, name)
		require.Equal(t, test.address, address, "what is kept is read again")
	}
}

func TestChatGoesOverHTTPSOnly(t *testing.T) {
	t.Parallel()
	sender := chatSender(t, roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("it was reached") }))
	for _, address := range []string{"mattermost://chat.example.com/token?disabletls=yes", "ntfy://ntfy.sh/topic?scheme=http", "smtp://mail.example.com", ":"} {
		outcome := send(t, sender, Channel{Kind: Chat, Address: address}, incident(monitor.IncidentOpened))
		require.True(t, outcome.Permanent, address)
		require.Contains(t, outcome.Answer, "Remove the channel and add it again", address)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://chat.example.com", http.NoBody)
	require.NoError(t, err)
	attempt := &oneRequest{ctx: t.Context(), transport: http.DefaultTransport}
	_, err = attempt.RoundTrip(request) //nolint:bodyclose // there is none
	require.ErrorIs(t, err, errPlainHTTP)
	_, err = attempt.RoundTrip(request) //nolint:bodyclose // there is none
	require.ErrorIs(t, err, errSecondRequest)
}

func FuzzParseChat(f *testing.F) {
	for _, test := range chatCases() {
		f.Add(test.address)
	}
	f.Add("https://hooks.slack.com/services/a/b/c")
	f.Fuzz(func(t *testing.T, typed string) {
		address, service, err := ParseChat(typed)
		if err != nil {
			return
		}
		again, same, err := ParseChat(address)
		if err != nil || again != address || same.ID != service.ID {
			t.Fatalf("%q is kept as %q, which reads as %q: %v", typed, address, again, err)
		}
	})
}
