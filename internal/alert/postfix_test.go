package alert

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/internal/alert/alerttest"
	"github.com/gradewatch/gradewatch/internal/alert/bounce"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// postOffice is a real Postfix, and a sender that uses it.
func postOffice(t *testing.T) (*alerttest.Postfix, *Sender) {
	t.Helper()
	postfix := alerttest.StartPostfix(t, alerttest.PostfixOptions{Mailboxes: []string{toAda.Address}})
	return postfix, newSender(t, func(c *Config) {
		c.SMTPURL, c.BounceAddress = postfix.URL(), "bounces@gradewatch.example"
	})
}

// TestMailThroughPostfix sends every kind of message through STARTTLS with a
// password, and checks what lies in the mailbox part by part.
func TestMailThroughPostfix(t *testing.T) {
	t.Parallel()
	postfix, sender := postOffice(t)
	channel := toAda
	channel.Unsubscribe = "TOKEN0TOKEN1TOKEN2TOKEN3TO"
	count := 0
	for name, message := range variants() {
		id := uuid.New()
		outcome, err := sender.Send(t.Context(), channel, id, message)
		require.NoError(t, err, name)
		require.True(t, outcome.Accepted, "%s: %s", name, outcome.Answer)
		require.Regexp(t, `^250 2\.0\.0 Ok: queued as \w+$`, outcome.Answer)
		count++
		for _, raw := range postfix.Mails(t, channel.Address, count) {
			if bytes.Contains(raw, []byte("<"+id.String()+"@")) {
				requireLetter(t, raw, id, sender.complete(message), channel)
			}
		}
	}
}

// requireLetter checks a mail as a mailbox holds it: how it came, every header,
// and both parts to the byte.
func requireLetter(t *testing.T, raw []byte, id uuid.UUID, message monitor.Message, channel Channel) {
	t.Helper()
	for line := range bytes.Lines(raw) {
		require.LessOrEqual(t, len(bytes.TrimRight(line, "\r\n")), 998, "RFC 5322 section 2.1.1")
		require.NotContains(t, string(line), "\x00")
		for _, b := range line {
			require.Less(t, b, byte(0x80), "no server on the way needs 8BITMIME")
		}
	}
	read, err := mail.ReadMessage(bytes.NewReader(raw))
	require.NoError(t, err)
	header := read.Header
	want := compose(message, of())

	// How it came: the envelope, TLS and who signed in.
	back, found := bounce.DeliveryOf(strings.Trim(header.Get("Return-Path"), "<>"))
	require.True(t, found, header.Get("Return-Path"))
	require.Equal(t, id, back)
	require.Equal(t, channel.Address, header.Get("Delivered-To"))
	require.Contains(t, header.Get("Received"), "with ESMTPSA")
	require.Contains(t, header.Get("Received"), "TLSv1.3")
	require.Contains(t, header.Get("Received"), "Authenticated sender: ada")

	require.Equal(t, `"Gradewatch" <alerts@gradewatch.example>`, header.Get("From"))
	require.Equal(t, "<"+channel.Address+">", header.Get("To"))
	subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, want.Subject, subject)
	require.Equal(t, []string{"<" + id.String() + "@gradewatch.example>"}, header["Message-Id"])
	require.Equal(t, "auto-generated", header.Get("Auto-Submitted"))
	require.Equal(t, "1.0", header.Get("Mime-Version"))
	_, err = header.Date()
	require.NoError(t, err)
	require.Empty(t, header["Bcc"])
	requireThread(t, header, message)
	requireList(t, header, message, channel)
	if header.Get("List-Unsubscribe") != "" {
		want.Unsubscribe = "https://watch.example/unsubscribe/" + channel.Unsubscribe
	}
	requireParts(t, read, want)
}

func requireThread(t *testing.T, header mail.Header, message monitor.Message) {
	t.Helper()
	if message.IncidentID == 0 {
		require.Empty(t, header["References"])
		return
	}
	require.Equal(t, []string{"<incident-" + strconv.FormatInt(message.IncidentID, 10) + "@gradewatch.example>"}, header["References"])
	require.Equal(t, header["References"], header["In-Reply-To"])
}

func requireList(t *testing.T, header mail.Header, message monitor.Message, channel Channel) {
	t.Helper()
	if message.Kind != monitor.DigestDaily && message.Kind != monitor.DigestWeekly {
		for name := range header {
			require.False(t, strings.HasPrefix(name, "List-"), "%s of %s", name, message.Kind)
		}
		return
	}
	require.Regexp(t, `^<(daily|weekly)\.digests\.gradewatch\.example>$`, header.Get("List-Id"))
	require.Equal(t, "<https://watch.example/unsubscribe/"+channel.Unsubscribe+">", header.Get("List-Unsubscribe"))
	require.Equal(t, "List-Unsubscribe=One-Click", header.Get("List-Unsubscribe-Post"))
}

func requireParts(t *testing.T, message *mail.Message, want letter) {
	t.Helper()
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)
	parts := multipart.NewReader(message.Body, parameters["boundary"])
	template, err := parseTemplate()
	require.NoError(t, err)
	html, err := want.html(template)
	require.NoError(t, err)
	for _, expected := range []struct{ kind, content string }{{"text/plain", want.text()}, {"text/html", html}} {
		part, err := parts.NextRawPart()
		require.NoError(t, err)
		kind, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		require.NoError(t, err)
		require.Equal(t, expected.kind, kind)
		require.Equal(t, "UTF-8", parameters["charset"])
		require.Equal(t, "quoted-printable", part.Header.Get("Content-Transfer-Encoding"))
		content, err := io.ReadAll(quotedprintable.NewReader(part))
		require.NoError(t, err)
		require.Equal(t, strings.TrimRight(expected.content, "\n"), strings.TrimRight(strings.ReplaceAll(string(content), "\r\n", "\n"), "\n"))
	}
	_, err = parts.NextRawPart()
	require.ErrorIs(t, err, io.EOF)
}

// TestThreadThroughPostfix: all mail of one incident has one subject and one
// reference, and a repeat has the Message-ID of the first.
func TestThreadThroughPostfix(t *testing.T) {
	t.Parallel()
	postfix, sender := postOffice(t)
	send(t, sender, toAda, forty())
	send(t, sender, toAda, forty()) // as after an answer that was lost
	for _, message := range []monitor.Message{worsenedForty(), unacknowledged(), resolvedForty(), reopened(), flapping(), snoozeEnded()} {
		_, err := sender.Send(t.Context(), toAda, uuid.New(), message)
		require.NoError(t, err)
	}
	subjects, references, ids := map[string]int{}, map[string]int{}, map[string]int{}
	for _, raw := range postfix.Mails(t, toAda.Address, 8) {
		read, err := mail.ReadMessage(bytes.NewReader(raw))
		require.NoError(t, err)
		subjects[read.Header.Get("Subject")]++
		references[read.Header.Get("References")]++
		ids[read.Header.Get("Message-Id")]++
	}
	require.Equal(t, map[string]int{"Acme CRM (Production): SSL 3.0 is accepted": 8}, subjects)
	require.Equal(t, map[string]int{"<incident-7@gradewatch.example>": 8}, references)
	require.Len(t, ids, 7)
	require.Equal(t, 2, ids["<"+deliveryID.String()+"@gradewatch.example>"])
}

// TestFortyThroughPostfix: one mail lists forty endpoints.
func TestFortyThroughPostfix(t *testing.T) {
	t.Parallel()
	postfix, sender := postOffice(t)
	send(t, sender, toAda, forty())
	read, err := mail.ReadMessage(bytes.NewReader(postfix.Mails(t, toAda.Address, 1)[0]))
	require.NoError(t, err)
	for _, content := range bodiesOf(t, read).content {
		for i := range 40 {
			require.Equal(t, 1, strings.Count(content, forty().Endpoints[i].Endpoint))
		}
	}
}

func TestPostfixRefuses(t *testing.T) {
	t.Parallel()
	postfix, sender := postOffice(t)
	outcome := send(t, sender, Channel{Kind: Email, Address: "nobody@acme.example"}, opened())
	require.True(t, outcome.Permanent, outcome.Answer)
	require.Equal(t, &Refusal{Code: 550, Status: "5.1.1"}, outcome.Refused)
	require.Contains(t, outcome.Answer, "User unknown")

	// A stranger to the server, and one who knows half of it.
	for _, smtpURL := range []string{strings.Replace(postfix.URL(), "ada:", "bob:", 1), strings.Replace(postfix.URL(), "p%40ss", "other", 1)} {
		outcome = send(t, mailSender(t, smtpURL), toAda, opened())
		require.False(t, outcome.Accepted || outcome.Permanent, outcome.Answer)
		require.Contains(t, outcome.Answer, "authentication fail")
	}
	unsigned := strings.Replace(postfix.URL(), "ada:p%40ss%2Fw%3Ard@", "", 1)
	outcome = send(t, mailSender(t, unsigned), toAda, opened())
	require.True(t, outcome.Permanent, outcome.Answer)
	require.False(t, bounce.AtFault(outcome.Refused.Code, outcome.Refused.Status), "the address is not at fault: %+v", outcome.Refused)
}
