package alert

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/idna"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Kind is how a channel reaches people.
type Kind string

// The kinds of channels.
const (
	Email   Kind = "email"
	Webhook Kind = "webhook"
	Chat    Kind = "chat" // a service of chat or paging: Services
)

// Channel is where a message goes.
type Channel struct {
	Kind    Kind
	Address string // mail address (RFC 5322 addr-spec), URL, or what ParseChat gave
	Secret  string // whsec_..., webhooks only; see NewSecret
	// Unsubscribe is the token that stops the digests of an email channel by one
	// click (RFC 8058); empty: digests name no way to.
	Unsubscribe string
	// PreviousSecret signs too while receivers change over; empty: none does.
	PreviousSecret string
}

// String names the channel without its secrets. The path and query of a
// webhook's address are left out too: they often hold a token. An address of
// chat is nothing but tokens, and only its service is named.
func (c Channel) String() string {
	switch c.Kind {
	case Webhook:
	case Chat:
		service, _, _ := strings.Cut(c.Address, ":")
		if !slices.ContainsFunc(Services(), func(s Service) bool { return s.ID == service }) {
			return string(c.Kind)
		}
		return string(c.Kind) + " " + service
	default:
		return string(c.Kind) + " " + c.Address
	}
	address, err := url.Parse(c.Address)
	if err != nil {
		return string(c.Kind)
	}
	return string(c.Kind) + " " + address.Scheme + "://" + address.Host
}

// GoString does what String does, so that %#v shows no secret either.
func (c Channel) GoString() string { return c.String() }

// Outcome is what the other side said to one attempt.
type Outcome struct {
	Accepted bool
	// Permanent says that trying again is pointless; never true when accepted.
	Permanent bool
	// Gone says that the receiver wants nothing more, ever (HTTP 410, as Standard
	// Webhooks says): the channel is to be disabled. Only with Permanent.
	Gone bool
	// Answer is one line for people, at most 300 bytes, without secrets:
	// 'HTTP 204', '250 2.0.0 Ok: queued', or why not.
	Answer string
	// RetryAfter is how long the receiver asks us to wait, at most an hour;
	// zero when it did not ask.
	RetryAfter time.Duration
	// Refused says what the mail server said of the recipient; nil: nothing bad.
	Refused *Refusal
}

// Refusal is a refusal of a recipient (RFC 5321 section 3.3).
type Refusal struct {
	Code   int    // of the reply: 550
	Status string // of RFC 3463: 5.1.1; empty: the server gave none
}

// Config is what a Sender needs.
type Config struct {
	// SMTPURL is the operator's mail server. Empty: no email is sent.
	//
	//	smtp://user:password@host:587    STARTTLS, mandatory (RFC 3207)
	//	smtps://user:password@host:465   implicit TLS (RFC 8314 section 3.3)
	//	?ca-file=/etc/ca.pem             trusts these roots besides the system's
	//	?tls=none                        smtp to a loopback relay only
	SMTPURL  string
	MailFrom string // RFC 5322 mailbox; the domain of every Message-ID
	BaseURL  string // as people reach the product; completes relative links

	// WebhookTransport carries every webhook, and is what refuses
	// special-purpose addresses. Required: there is no fallback to a transport
	// that would connect anywhere.
	// Chat goes through it as well.
	WebhookTransport http.RoundTripper
	// AllowHTTP also permits http webhooks. Only for transports that reach
	// nothing but networks the operator allowed.
	AllowHTTP bool

	Version string           // of the product, for User-Agent
	Clock   func() time.Time // nil: time.Now

	// Statement returns what a requirement demands, in a sentence ('SSL 3.0 is
	// not supported.'), empty for unknown ids. nil: messages name only ids.
	Statement func(requirement string) string
	// Source returns where a requirement of a profile ('superoffice@2026-07') is
	// written, empty for unknown ones. nil: messages name no source.
	Source func(profile, requirement string) string

	// BounceAddress makes the envelope sender of every mail its own, so that a
	// bounce names its delivery: bounces@example.com gives
	// bounces+<delivery>@example.com (VERP). Empty: the address of MailFrom.
	BounceAddress string
}

// Sender sends messages. It is safe for concurrent use and keeps no
// connection open between two messages.
type Sender struct {
	config   Config
	from     mail.Address
	domain   string // right side of every Message-ID
	bounces  string // BounceAddress; empty: none
	relay    *relay // nil: no mail server is configured
	base     *url.URL
	client   *http.Client
	template *template.Template
}

// New returns a Sender, or every fault of config at once. It connects to
// nothing. Its errors never hold the mail server's password.
func New(config Config) (*Sender, error) {
	if config.Clock == nil {
		config.Clock = time.Now
	}
	s := &Sender{config: config}
	var faults []error
	note := func(err error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	if config.WebhookTransport == nil {
		note(errors.New("a transport for webhooks is missing"))
	}
	var err error
	s.relay, err = parseRelay(config.SMTPURL)
	note(err)
	note(s.setFrom(config.MailFrom))
	note(s.setBounces(config.BounceAddress))
	s.base, err = parseBase(config.BaseURL)
	note(err)
	s.template, err = parseTemplate()
	note(err)
	s.client = newWebhookClient(config.WebhookTransport)
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("prepare to send alerts: %w", err)
	}
	return s, nil
}

func (s *Sender) setFrom(value string) error {
	from, err := mail.ParseAddress(value)
	if err != nil {
		return fmt.Errorf("GRADEWATCH_MAIL_FROM is no mail address: %w", err)
	}
	local, domain := splitAddress(from.Address)
	if domain, err = idna.Lookup.ToASCII(domain); err != nil {
		return fmt.Errorf("GRADEWATCH_MAIL_FROM has no usable domain: %w", err)
	}
	s.from = mail.Address{Name: from.Name, Address: local + "@" + domain}
	s.domain = strings.ToLower(domain)
	return nil
}

func (s *Sender) setBounces(value string) error {
	if value == "" {
		return nil
	}
	address, err := recipient(value)
	if err != nil || strings.ContainsAny(value, "<> ") {
		return errors.New("GRADEWATCH_BOUNCE_ADDRESS is no mail address like bounces@example.com")
	}
	s.bounces = address
	return nil
}

func parseBase(value string) (*url.URL, error) {
	base, err := url.Parse(value)
	if err != nil {
		return nil, fmt.Errorf("GRADEWATCH_BASE_URL is no URL: %w", err)
	}
	if base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, errors.New("GRADEWATCH_BASE_URL must be an http or https URL with a host")
	}
	return base, nil
}

// Send makes one attempt to deliver message and says what the other side
// answered. deliveryID makes the Message-ID or webhook-id, so retries of one
// delivery must bring the same. The error is only about us: an unknown kind of
// channel, an unusable secret, or a ctx that ended before the answer came.
func (s *Sender) Send(ctx context.Context, channel Channel, deliveryID uuid.UUID, message monitor.Message) (Outcome, error) {
	if deliveryID == uuid.Nil {
		return Outcome{}, errors.New("send an alert: the delivery has no ID")
	}
	message = s.complete(message)
	var outcome Outcome
	var err error
	switch channel.Kind {
	case Email:
		outcome, err = s.sendMail(ctx, channel, deliveryID, message)
	case Webhook:
		outcome, err = s.sendWebhook(ctx, channel, deliveryID, message)
	case Chat:
		outcome, err = s.sendChat(ctx, channel, deliveryID, message)
	default:
		err = fmt.Errorf("unknown kind of channel %q", channel.Kind)
	}
	if err == nil && !outcome.Accepted {
		err = ended(ctx)
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("send alert %s: %w", deliveryID, err)
	}
	return outcome, nil
}

// ended says why ctx is over, if it is. Sockets notice a deadline an instant
// before their context does.
func ended(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err() //nolint:wrapcheck // Send wraps it
}

// absolute completes a link of ours. What is no http or https URL leads to the
// start page rather than nowhere.
func (s *Sender) absolute(link string) string {
	reference, err := url.Parse(link)
	if err != nil {
		return s.base.String()
	}
	resolved := s.base.ResolveReference(reference)
	if resolved.Scheme != "http" && resolved.Scheme != "https" {
		return s.base.String()
	}
	return resolved.String()
}

// complete makes every link of message absolute; what it is given stays as it is.
func (s *Sender) complete(message monitor.Message) monitor.Message {
	message.Link = s.absolute(message.Link)
	message.Endpoints = slices.Clone(message.Endpoints)
	for i := range message.Endpoints {
		message.Endpoints[i].Link = s.absolute(message.Endpoints[i].Link)
	}
	if message.Digest == nil {
		return message
	}
	digest := *message.Digest
	for _, lines := range []*[]monitor.DigestLine{&digest.Opened, &digest.Open, &digest.Resolved, &digest.Changes, &digest.Upcoming, &digest.Muted} {
		*lines = slices.Clone(*lines)
		for i := range *lines {
			(*lines)[i].Link = s.absolute((*lines)[i].Link)
		}
	}
	message.Digest = &digest
	return message
}

// splitAddress cuts an addr-spec at its last '@': a quoted local part may hold
// more of them.
func splitAddress(address string) (local, domain string) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address, ""
	}
	return address[:at], address[at+1:]
}
