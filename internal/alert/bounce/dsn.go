package bounce

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Bounds of what is read of one message.
const (
	mostParts  = 32
	mostDepth  = 4
	mostGroups = 64
	diagnostic = 300
)

// parts are what matters of a message's parts.
type parts struct {
	seen     int
	status   []textproto.MIMEHeader // of message/delivery-status: the message's fields, then each recipient's
	original uuid.UUID              // of the mail that is returned
}

// walk looks through a multipart body. What is malformed ends it: what was
// found by then counts.
func (p *parts) walk(body io.Reader, parameters map[string]string, depth int) {
	if depth == mostDepth || parameters["boundary"] == "" {
		return
	}
	reader := multipart.NewReader(body, parameters["boundary"])
	for p.seen < mostParts {
		part, err := reader.NextRawPart()
		if err != nil {
			return
		}
		p.seen++
		p.take(part, depth)
	}
}

func (p *parts) take(part *multipart.Part, depth int) {
	kind, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
	if err != nil {
		return
	}
	content := decoded(part, part.Header.Get("Content-Transfer-Encoding"))
	switch {
	case strings.HasPrefix(kind, "multipart/"):
		p.walk(content, parameters, depth+1)
	// RFC 6533 has its own types for addresses beyond ASCII.
	case kind == "message/delivery-status", kind == "message/global-delivery-status":
		if len(p.status) == 0 {
			p.status = groups(content)
		}
	case kind == "message/rfc822", kind == "text/rfc822-headers", kind == "message/global", kind == "message/global-headers":
		if p.original == uuid.Nil {
			p.original = originalOf(content)
		}
	}
}

func decoded(body io.Reader, encoding string) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	default:
		return body
	}
}

// groups reads the groups of fields of a delivery status (RFC 3464 section 2.1).
func groups(body io.Reader) []textproto.MIMEHeader {
	content, _ := io.ReadAll(io.LimitReader(body, MostBytes))
	content = bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
	var found []textproto.MIMEHeader
	for block := range bytes.SplitSeq(content, []byte("\n\n")) {
		block = append(bytes.Trim(block, "\n"), "\n\n"...)
		fields, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(block))).ReadMIMEHeader()
		if err != nil && !errors.Is(err, io.EOF) && len(fields) == 0 {
			continue
		}
		if len(fields) > 0 {
			found = append(found, fields)
		}
		if len(found) == mostGroups {
			break
		}
	}
	return found
}

// originalOf is the delivery whose mail is returned: our Message-ID is
// <delivery@domain>.
func originalOf(content io.Reader) uuid.UUID {
	// Only the head counts, and it may be cut off.
	head, _ := io.ReadAll(io.LimitReader(content, 64<<10))
	return messageID(head)
}

var ourMessageID = regexp.MustCompile(`(?im)^\s*message-id:\s*<([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@[^>\s]+>`)

func messageID(text []byte) uuid.UUID {
	match := ourMessageID.FindSubmatch(text)
	if match == nil {
		return uuid.Nil
	}
	id, err := uuid.ParseBytes(match[1])
	if err != nil {
		return uuid.Nil
	}
	return id
}

// report says what the status parts say: of several recipients the worst, since
// one mail of ours has one.
func (p *parts) report() Report {
	worst := Report{Delivery: p.original, Why: "it says that the mail is delivered, passed on or only late"}
	for _, fields := range p.status {
		one := recipientReport(fields)
		if one.Kind == Permanent && worst.Kind != Permanent || one.Kind == Transient && worst.Kind == Nothing {
			one.Delivery = p.original
			worst = one
		}
	}
	return worst
}

// recipientReport reads the fields of one recipient (RFC 3464 section 2.3).
// Action decides: 'delayed' is no bounce, whatever else stands there.
func recipientReport(fields textproto.MIMEHeader) Report {
	if !strings.EqualFold(strings.TrimSpace(withoutComment(fields.Get("Action"))), "failed") {
		return Report{}
	}
	text := oneLine(typed(fields.Get("Diagnostic-Code")), diagnostic)
	report := Report{
		Recipient:  oneLine(typed(fields.Get("Final-Recipient")), diagnostic),
		Status:     StatusIn(" " + withoutComment(fields.Get("Status"))),
		Code:       codeIn(text),
		Diagnostic: text,
	}
	// Servers that do not know better write X.0.0 and leave the rest to the reply.
	if exact := StatusIn(text); exact != "" && (report.Status == "" || strings.HasSuffix(report.Status, ".0.0")) {
		report.Status = exact
	}
	switch {
	case strings.HasPrefix(report.Status, "5"), report.Status == "" && report.Code >= 500:
		report.Kind = Permanent
	default:
		report.Kind = Transient
	}
	return report
}

// typed drops the type in front of a field: 'rfc822; ada@example.com'.
func typed(value string) string {
	if _, rest, found := strings.Cut(value, ";"); found {
		return strings.TrimSpace(rest)
	}
	return strings.TrimSpace(value)
}

func withoutComment(value string) string {
	before, _, _ := strings.Cut(value, "(")
	return strings.TrimSpace(before)
}

var replyCode = regexp.MustCompile(`(?:^|[\s:])([45]\d\d)[\s-]`)

// codeIn is the first SMTP reply code in text; 0: there is none.
func codeIn(text string) int {
	match := replyCode.FindStringSubmatch(text + " ")
	if match == nil {
		return 0
	}
	code, err := strconv.Atoi(match[1])
	if err != nil {
		return 0
	}
	return code
}

// fromMailer says whether a mail server wrote the message itself.
func fromMailer(header mail.Header) bool {
	if strings.TrimSpace(header.Get("Return-Path")) == "<>" {
		return true
	}
	from, err := mail.ParseAddress(header.Get("From"))
	if err != nil {
		return false
	}
	local, _, _ := strings.Cut(strings.ToLower(from.Address), "@")
	return local == "mailer-daemon" || local == "postmaster"
}
