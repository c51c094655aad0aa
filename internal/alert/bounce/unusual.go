package bounce

import (
	"bytes"
	"io"
	"mime"
	"net/mail"
	"regexp"
	"strings"
)

// exactReply is a refusal that says exactly what it is: '550 5.1.1 ...' or, as
// qmail has it, '550 #5.1.1'.
var exactReply = regexp.MustCompile(`\b(5\d\d)[ -]#?(5\.\d{1,3}\.\d{1,3})\b([^\r\n]{0,250})`)

// notYet are words of messages that say that a mail is only late.
var notYet = regexp.MustCompile(`(?i)\b(warning|delayed|delay|will be retried|still trying|not yet been delivered)\b`)

const textRead = 64 << 10

// unusual reads bounces of mail servers that do not follow RFC 3464, such as
// qmail and old Exim. It believes only a mail server's own message with a
// refusal that has both codes: what is doubtful is no bounce.
func unusual(message *mail.Message) Report {
	if !fromMailer(message.Header) {
		return Report{Why: "no mail server wrote it"}
	}
	if notYet.MatchString(message.Header.Get("Subject")) {
		return Report{Why: "it says that the mail is only late"}
	}
	text := textOf(message)
	if notYet.Match(beforeOriginal(text)) {
		return Report{Why: "it says that the mail is only late"}
	}
	match := exactReply.FindSubmatch(beforeOriginal(text))
	if match == nil {
		return Report{Why: "it holds no refusal that says exactly what it is"}
	}
	return Report{
		Kind: Permanent, Delivery: messageID(text), Code: codeIn(string(match[1])), Status: string(match[2]),
		Recipient:  oneLine(message.Header.Get("X-Failed-Recipients"), diagnostic),
		Diagnostic: oneLine(string(match[0]), diagnostic),
	}
}

// textOf is the beginning of a body, of all its parts if it has several.
func textOf(message *mail.Message) []byte {
	content := decoded(message.Body, message.Header.Get("Content-Transfer-Encoding"))
	if kind, _, err := mime.ParseMediaType(message.Header.Get("Content-Type")); err == nil && strings.HasPrefix(kind, "multipart/") {
		content = message.Body
	}
	text, _ := io.ReadAll(io.LimitReader(content, textRead))
	return text
}

// beforeOriginal is what stands before our own mail that is returned: words of
// ours must not read as the server's.
func beforeOriginal(text []byte) []byte {
	if at := ourMessageID.FindIndex(text); at != nil {
		text = text[:at[0]]
	}
	for _, mark := range []string{"--- Below this line is a copy", "------ This is a copy of"} {
		if before, _, found := bytes.Cut(text, []byte(mark)); found {
			return before
		}
	}
	return text
}
