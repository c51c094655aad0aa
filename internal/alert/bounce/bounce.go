// Package bounce reads messages that say that a mail was not delivered: those of
// RFC 3464, and with care others. It must not decide what follows from one, and
// opens nothing: whoever calls brings the bytes.
package bounce

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/mail"
	"strings"
	"unicode"

	"github.com/google/uuid"
)

// MostBytes is how much of a message is read; what is behind does not matter.
const MostBytes = 1 << 20

// Kind is what a message says of a delivery.
type Kind string

// The kinds. Transient: tried for long, and given up for a reason that may
// pass. Nothing: a message that is no bounce, or one that only says that it is
// not delivered yet.
const (
	Nothing   Kind = ""
	Transient Kind = "transient"
	Permanent Kind = "permanent"
)

// Report is what a message says. Whoever sends us mail chooses every word of
// it: the delivery's id is what only recipients know.
type Report struct {
	Kind       Kind
	Delivery   uuid.UUID // Nil: the message names none
	Recipient  string    // who did not get it, as the bounce says
	Code       int       // of SMTP: 550; 0: unknown
	Status     string    // of RFC 3463: 5.1.1; empty: unknown
	Diagnostic string    // one line, at most 300 bytes
	Why        string    // why it is Nothing, a clause
}

// ErrNoMessage is what Read returns for bytes that are no mail (RFC 5322).
var ErrNoMessage = errors.New("this is no mail message")

// Read reads a message. recipient is the address it came to: of one made for a
// delivery (bounces+<delivery>@example.com) the delivery is taken, else of what
// the bounce returns of our mail. Bytes behind MostBytes are not looked at.
func Read(raw []byte, recipient string) (Report, error) {
	raw = raw[:min(len(raw), MostBytes)]
	raw = withoutEnvelopeLine(raw)
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil || len(message.Header) == 0 {
		return Report{}, ErrNoMessage
	}
	report := read(message)
	if report.Kind == Nothing {
		return Report{Why: report.Why}, nil
	}
	for _, address := range append([]string{recipient}, arrivals(message.Header)...) {
		if id, ok := DeliveryOf(address); ok {
			report.Delivery = id // the envelope knows better than what is quoted
			break
		}
	}
	if report.Delivery == uuid.Nil {
		report = Report{Why: "it names no delivery of ours"}
	}
	return report, nil
}

// withoutEnvelopeLine drops the line 'From sender date' of mailbox files.
func withoutEnvelopeLine(raw []byte) []byte {
	if !bytes.HasPrefix(raw, []byte("From ")) {
		return raw
	}
	_, rest, _ := bytes.Cut(raw, []byte("\n"))
	return rest
}

// arrivals are the addresses that mail servers note on arrival.
func arrivals(header mail.Header) []string {
	var addresses []string
	for _, name := range []string{"X-Original-To", "Delivered-To", "Envelope-To", "To"} {
		for _, value := range header[name] {
			if parsed, err := mail.ParseAddress(value); err == nil {
				addresses = append(addresses, parsed.Address)
			}
		}
	}
	return addresses
}

// DeliveryOf returns the delivery that an address was made for.
func DeliveryOf(address string) (uuid.UUID, bool) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return uuid.Nil, false
	}
	plus := strings.LastIndexByte(address[:at], '+')
	if plus < 0 || at-plus-1 != 32 {
		return uuid.Nil, false
	}
	id, err := uuid.Parse(address[plus+1 : at])
	return id, err == nil && id != uuid.Nil
}

func read(message *mail.Message) Report {
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err == nil && kind == "multipart/report" && strings.EqualFold(parameters["report-type"], "delivery-status") {
		found := parts{}
		found.walk(message.Body, map[string]string{"boundary": parameters["boundary"]}, 0)
		if len(found.status) > 0 {
			return found.report()
		}
	}
	if answered := automatic(message.Header); answered != "" {
		return Report{Why: answered}
	}
	return unusual(message)
}

// automatic says why a message is an automatic reply and no bounce (RFC 3834
// section 5); empty: it is none.
func automatic(header mail.Header) string {
	submitted := strings.ToLower(header.Get("Auto-Submitted"))
	switch {
	case strings.HasPrefix(submitted, "auto-replied") && header.Get("X-Failed-Recipients") == "" && !fromMailer(header):
		return "it is an automatic reply"
	case header.Get("X-Autoreply") != "" || header.Get("X-Autorespond") != "" || strings.EqualFold(header.Get("Precedence"), "auto_reply"):
		return "it is an automatic reply"
	}
	return ""
}

// oneLine is text without controls, on one line of at most limit bytes.
func oneLine(text string, limit int) string {
	text = strings.ToValidUTF8(text[:min(len(text), 8*limit)], "")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	return strings.ToValidUTF8(text[:min(len(text), limit)], "")
}

// String is the report in a line for people.
func (r Report) String() string {
	if r.Kind == Nothing {
		return "no bounce: " + r.Why
	}
	return fmt.Sprintf("%s bounce of %s: %s %s", r.Kind, r.Delivery, r.Status, r.Diagnostic)
}
