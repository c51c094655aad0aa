package alert

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// sendMail makes one attempt to hand message to the mail server. Accepted
// means the server took it (250 after the final dot), not that it was read.
func (s *Sender) sendMail(ctx context.Context, channel Channel, deliveryID uuid.UUID, message monitor.Message) (Outcome, error) {
	if s.relay == nil {
		return Outcome{Permanent: true, Answer: "No mail server is configured: set GRADEWATCH_SMTP_URL."}, nil
	}
	to, err := recipient(channel.Address)
	if err != nil {
		return Outcome{Permanent: true, Answer: answer("The channel's address is no mail address: " + err.Error())}, nil
	}
	content, err := s.mail(to, channel.Unsubscribe, deliveryID, message)
	if err != nil {
		return Outcome{}, err
	}
	reply, err := s.relay.submit(ctx, envelope{from: s.returnPath(deliveryID), to: to}, content)
	if err != nil {
		return s.relay.refusal(err), nil
	}
	return Outcome{Accepted: true, Answer: answer(reply, s.relay.secrets()...)}, nil
}

// recipient checks a mail address and brings its domain into ASCII (RFC 5890).
func recipient(address string) (string, error) {
	parsed, err := mail.ParseAddress(address)
	if err != nil {
		return "", err //nolint:wrapcheck // the caller puts it into a sentence
	}
	local, domain := splitAddress(parsed.Address)
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || domain == "" {
		return "", errors.New("its domain is not valid")
	}
	return local + "@" + ascii, nil
}

// mail writes the whole message (RFC 5322). Its Message-ID depends on nothing
// but deliveryID and our domain, so that a repeat is known as one.
func (s *Sender) mail(to, token string, deliveryID uuid.UUID, message monitor.Message) ([]byte, error) {
	l := compose(message, known{statement: s.config.Statement, source: s.config.Source})
	if isDigest(message.Kind) && token != "" {
		l.Unsubscribe = s.absolute("/unsubscribe/" + url.PathEscape(token))
	}
	html, err := l.html(s.template)
	if err != nil {
		return nil, err
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithBoundary("gradewatch-"+deliveryID.String()))
	m.FromMailAddress(&s.from)
	m.ToMailAddress(&mail.Address{Address: to})
	// A name that looks like an encoded word (RFC 2047) must not become one.
	m.Subject(strings.ReplaceAll(l.Subject, "=?", "= ?"))
	m.SetDateWithValue(s.config.Clock().UTC())
	m.SetMessageIDWithValue(deliveryID.String() + "@" + s.domain)
	s.thread(m, message)
	s.list(m, message, l.Unsubscribe)
	// RFC 3834 section 5: nobody's out-of-office note shall answer.
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	m.SetUserAgent(s.userAgent())
	m.SetBodyString(gomail.TypeTextPlain, l.text())
	m.AddAlternativeString(gomail.TypeTextHTML, html)
	var content bytes.Buffer
	if _, err := m.WriteTo(&content); err != nil {
		return nil, fmt.Errorf("write the mail: %w", err)
	}
	return content.Bytes(), nil
}

// thread joins all mail of one incident. The message they refer to was never
// sent: mail clients group by the reference alone (RFC 5322 section 3.6.4).
func (s *Sender) thread(m *gomail.Msg, message monitor.Message) {
	if message.IncidentID == 0 {
		return
	}
	root := "<incident-" + strconv.FormatInt(message.IncidentID, 10) + "@" + s.domain + ">"
	m.SetGenHeader(gomail.HeaderReferences, root)
	m.SetGenHeader(gomail.HeaderInReplyTo, root)
}

// list says that a digest is mail to a list, and how to leave it: by one click
// where we are reached by https, as RFC 8058 section 3.1 demands. Alerts name no
// way out, since who pressed it in haste would miss the next one.
func (s *Sender) list(m *gomail.Msg, message monitor.Message, unsubscribe string) {
	if !isDigest(message.Kind) {
		return
	}
	name, _ := strings.CutPrefix(string(message.Kind), "digest.")
	m.SetGenHeader("List-Id", "<"+name+".digests."+s.domain+">") // RFC 2919
	if unsubscribe == "" {
		return
	}
	m.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+unsubscribe+">")
	if s.base.Scheme == "https" {
		m.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
}

// returnPath is the envelope's sender: the same at every retry of a delivery.
func (s *Sender) returnPath(deliveryID uuid.UUID) string {
	if s.bounces == "" {
		return s.from.Address
	}
	local, domain := splitAddress(s.bounces)
	return local + "+" + hex.EncodeToString(deliveryID[:]) + "@" + domain
}

func (s *Sender) userAgent() string {
	version := oneLine(s.config.Version, 40)
	if version == "" {
		version = "unversioned"
	}
	return "Gradewatch/" + version + " (+" + s.base.Redacted() + ")"
}
