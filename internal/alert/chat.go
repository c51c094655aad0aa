package alert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Service is a service of chat or paging. Its addresses are service URLs of
// shoutrrr, and everything about them is secret.
type Service struct {
	ID      string // scheme of its addresses
	Name    string
	Example string // of an address; nothing in it is real
	// Native says that the https URL that the service gives out does as well.
	Native bool
	// Pages says that it calls people: what resolves closes there what opening
	// opened, under one key.
	Pages bool
}

// chatBounds bound a message to a service, in bytes: its own limits, or less
// where nobody reads more.
type chatBounds struct{ title, body int }

// chatService is how a service is talked to. check reads an address without
// any I/O; send makes at most one request, with client alone.
type chatService struct {
	Service
	bounds  chatBounds
	neutral func(string) string // takes the power of mentions and markup from a text
	check   func(*url.URL) error
	send    func(ctx context.Context, client *http.Client, address *url.URL, m chatMessage) error
}

// Services lists every service that a chat channel may lead to: those of
// shoutrrr whose requests can be made to go through the vetted transport.
func Services() []Service {
	var services []Service
	for _, service := range chatServices() {
		services = append(services, service.Service)
	}
	return services
}

// longestChatAddress bounds an address of chat, in bytes.
const longestChatAddress = 2000

// AddressError is what ParseChat refuses an address with. Its text is a sentence for the
// person who typed the address, without the address.
type AddressError struct{ Sentence string }

// Error implements error.
func (e AddressError) Error() string { return e.Sentence }

// ParseChat reads what somebody typed as the address of a chat channel: a
// service URL of shoutrrr (slack://...), or the https URL that Slack, Teams,
// Discord or Google Chat give out. It returns the service URL to keep, and its
// service. The error is an AddressError. It connects to nothing.
func ParseChat(typed string) (address string, service Service, err error) {
	refuse := func(sentence string) (string, Service, error) { return "", service, AddressError{sentence} }
	if len(typed) > longestChatAddress {
		return refuse(fmt.Sprintf("The address is longer than %d characters.", longestChatAddress))
	}
	parsed, err := url.Parse(typed)
	if err != nil || parsed.Scheme == "" || parsed.Host == "" && parsed.Scheme != "https" {
		return refuse("Paste the whole address, such as slack://... or the URL that the service gave you.")
	}
	if parsed.Scheme == "https" {
		if parsed = fromNative(parsed); parsed == nil {
			return refuse("This is no webhook URL of Slack, Microsoft Teams, Discord or Google Chat. For any other receiver choose the kind webhook.")
		}
	}
	found, known := chatServiceOf(parsed.Scheme)
	if !known {
		return refuse("Messages cannot be sent to this service. The list below says which ones there are.")
	}
	if unsafeOption(parsed.Query()) {
		return refuse("Leave out options that turn encryption or its checks off: messages go over HTTPS only.")
	}
	if found.check(parsed) != nil {
		return refuse(fmt.Sprintf("This is no complete address of %s. It looks like %s.", found.Name, found.Example))
	}
	return parsed.String(), found.Service, nil
}

// unsafeOption reports whether an address asks for a connection that nobody
// else could vouch for.
func unsafeOption(options url.Values) bool {
	for name, values := range options {
		switch {
		case slices.Contains([]string{"disabletls", "disabletlsverification", "insecureskipverify", "skiptlsverify"}, strings.ToLower(name)):
			return true
		case strings.ToLower(name) == "scheme" && !slices.Equal(values, []string{"https"}):
			return true
		}
	}
	return false
}

func chatServiceOf(id string) (chatService, bool) {
	all := chatServices()
	at := slices.IndexFunc(all, func(s chatService) bool { return s.ID == id })
	if at < 0 {
		return chatService{}, false
	}
	return all[at], true
}

// sendChat makes one attempt to tell message to a service. deliveryID names
// what is told where the service has no incident to name.
func (s *Sender) sendChat(ctx context.Context, channel Channel, deliveryID uuid.UUID, message monitor.Message) (Outcome, error) {
	address, err := url.Parse(channel.Address)
	if err != nil {
		return Outcome{Permanent: true, Answer: "The channel's address cannot be read. Remove the channel and add it again."}, nil
	}
	service, known := chatServiceOf(address.Scheme)
	if !known || unsafeOption(address.Query()) || service.check(address) != nil {
		return Outcome{Permanent: true, Answer: "The channel's address is no longer one that messages are sent to. Remove the channel and add it again."}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, webhookTimeout)
	defer cancel()
	attempt := &oneRequest{ctx: ctx, transport: s.config.WebhookTransport, allowHTTP: s.config.AllowHTTP, userAgent: s.userAgent()}
	failed := service.send(ctx, newWebhookClient(attempt), address, s.chatMessage(message, service, deliveryID))
	return s.judgeChat(service, attempt, failed), nil
}

// judgeChat says what came of an attempt. What the library or the service say
// about a fault is left out, apart from codes: both repeat tokens.
func (s *Sender) judgeChat(service chatService, attempt *oneRequest, failed error) Outcome {
	if attempt.err != nil {
		var reason checks.ReasonError
		refused := errors.As(attempt.err, &reason) && reason.Reason() == checks.ReasonSpecialPurpose
		return Outcome{Permanent: refused || errors.Is(attempt.err, errPlainHTTP), Answer: answer(reachSentence(service.Name, attempt.err))}
	}
	if attempt.status == 0 {
		return Outcome{Permanent: true, Answer: fmt.Sprintf("%s cannot be told this: its address or an option in it is not usable.", service.Name)}
	}
	outcome := s.judge(attempt.status, attempt.header)
	switch {
	case outcome.Accepted && failed != nil:
		outcome.Accepted = false
		outcome.Answer += fmt.Sprintf(", but %s did not take the message%s.", service.Name, codeOf(failed))
	case attempt.status == http.StatusUnauthorized, attempt.status == http.StatusForbidden, attempt.status == http.StatusNotFound:
		outcome.Answer += fmt.Sprintf(": %s does not know the channel's token, or does not allow it to post.", service.Name)
	}
	return outcome
}

// errorCode is a code that a service answers with. It is not wrapped: other
// errors of a service may hold what was sent.
type errorCode string

// Error implements error.
func (e errorCode) Error() string { return string(e) }

var codePattern = regexp.MustCompile(`^[a-z_]{2,60}$`)

// codeOf returns ' (code)' where an error is a code.
func codeOf(err error) string {
	var code errorCode
	if errors.As(err, &code) && codePattern.MatchString(string(code)) {
		return " (" + string(code) + ")"
	}
	return ""
}

var (
	errPlainHTTP     = errors.New("messages go over HTTPS only")
	errSecondRequest = errors.New("one attempt is one request")
)

// oneRequest lets one request through, over the vetted transport, and keeps
// what came of it: services of shoutrrr try again by themselves, or follow no
// context.
type oneRequest struct {
	ctx       context.Context //nolint:containedctx // what the library passes on ends nothing
	transport http.RoundTripper
	allowHTTP bool
	userAgent string

	made   bool
	status int // 0: there was no answer
	header http.Header
	err    error // of the transport
}

// RoundTrip implements http.RoundTripper.
func (o *oneRequest) RoundTrip(request *http.Request) (*http.Response, error) {
	if o.made {
		return nil, errSecondRequest
	}
	o.made = true
	if request.URL.Scheme != "https" && (request.URL.Scheme != "http" || !o.allowHTTP) {
		o.err = errPlainHTTP
		return nil, o.err
	}
	request = request.Clone(o.ctx)
	request.Header.Set("User-Agent", o.userAgent)
	response, err := o.transport.RoundTrip(request)
	if err != nil {
		o.err = err
		return nil, err //nolint:wrapcheck // http.Client wraps it
	}
	o.status, o.header = response.StatusCode, response.Header
	response.Body = boundedBody{io.LimitReader(response.Body, webhookAnswerRead), response.Body}
	return response, nil
}

// boundedBody is as much of an answer as anybody reads.
type boundedBody struct {
	io.Reader
	io.Closer
}
