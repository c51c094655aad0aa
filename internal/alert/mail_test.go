package alert

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/internal/alert/alerttest"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

var toAda = Channel{Kind: Email, Address: "ada@acme.example"}

func mailSender(t *testing.T, smtpURL string) *Sender {
	t.Helper()
	return newSender(t, func(c *Config) { c.SMTPURL = smtpURL })
}

func send(t *testing.T, sender *Sender, channel Channel, message monitor.Message) Outcome {
	t.Helper()
	outcome, err := sender.Send(t.Context(), channel, deliveryID, message)
	require.NoError(t, err)
	require.LessOrEqual(t, len(outcome.Answer), answerBytes)
	return outcome
}

func TestMailArrivesInEveryMode(t *testing.T) {
	t.Parallel()
	for _, options := range []alerttest.SMTPOptions{
		{Mode: alerttest.StartTLS},
		{Mode: alerttest.ImplicitTLS},
		{Mode: alerttest.Plaintext},
		{Mode: alerttest.StartTLS, User: "ada", Password: "p@ss/w:rd"},
		{Mode: alerttest.ImplicitTLS, User: "ada", Password: "p@ss/w:rd", Mechanisms: []string{"LOGIN"}},
		{Mode: alerttest.Plaintext, User: "ada", Password: "p@ss/w:rd", Mechanisms: []string{"PLAIN"}},
	} {
		t.Run(fmt.Sprintf("%s %s %v", options.Mode, options.User, options.Mechanisms), func(t *testing.T) {
			t.Parallel()
			server := alerttest.StartSMTP(t, options)
			sender := mailSender(t, server.URL())
			outcome := send(t, sender, toAda, opened())
			require.True(t, outcome.Accepted, outcome.Answer)
			require.Equal(t, "250 Ok: queued as 1", outcome.Answer)
			accepted := server.WaitAccepted(t, 1, time.Minute)[0]
			require.Equal(t, "alerts@gradewatch.example", accepted.From)
			require.Equal(t, []string{toAda.Address}, accepted.To)
			require.Equal(t, options.User, accepted.User)
			require.Equal(t, options.Mode != alerttest.Plaintext, accepted.Secure)
			message := opened()
			message.Link = "https://watch.example/incidents/7"
			requireContent(t, accepted.Raw, compose(message, of()))
		})
	}
}

// requireContent checks what arrived, byte by byte in both bodies.
func requireContent(t *testing.T, raw []byte, want letter) {
	t.Helper()
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	require.NoError(t, err)
	subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, want.Subject, subject)
	require.Equal(t, "auto-generated", message.Header.Get("Auto-Submitted"))
	require.Equal(t, "<"+deliveryID.String()+"@gradewatch.example>", message.Header.Get("Message-Id"))
	require.Equal(t, "<incident-7@gradewatch.example>", message.Header.Get("References"))
	require.Equal(t, "<incident-7@gradewatch.example>", message.Header.Get("In-Reply-To"))
	sent, err := message.Header.Date()
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), sent, time.Hour)

	bodies := bodiesOf(t, message)
	require.Equal(t, []string{"text/plain", "text/html"}, bodies.types)
	require.Equal(t, want.text(), strings.ReplaceAll(bodies.content[0], "\r\n", "\n"))
	require.Contains(t, bodies.content[1], `href="https://watch.example/incidents/7"`)
}

type bodies struct{ types, content []string }

func bodiesOf(t testing.TB, message *mail.Message) bodies {
	t.Helper()
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)
	var found bodies
	parts := multipart.NewReader(message.Body, parameters["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		require.NoError(t, err)
		require.Equal(t, "quoted-printable", part.Header.Get("Content-Transfer-Encoding"))
		content, err := io.ReadAll(quotedprintable.NewReader(part))
		require.NoError(t, err)
		found.types = append(found.types, kind)
		found.content = append(found.content, string(content))
	}
}

func TestMessageIDIsStableOverRetries(t *testing.T) {
	t.Parallel()
	server := alerttest.StartSMTP(t, alerttest.SMTPOptions{Faults: alerttest.SMTPFaults{DropBeforeAnswer: 1}})
	sender := mailSender(t, server.URL())
	first := send(t, sender, toAda, opened())
	require.False(t, first.Accepted || first.Permanent, first.Answer)
	require.Equal(t, "The mail server closed the connection before it answered.", first.Answer)
	require.True(t, send(t, sender, toAda, opened()).Accepted)
	other, err := sender.Send(t.Context(), toAda, uuid.New(), resolved())
	require.NoError(t, err)
	require.True(t, other.Accepted)

	accepted := server.WaitAccepted(t, 3, time.Minute)
	require.False(t, accepted[0].Answered)
	require.True(t, accepted[1].Answered)
	require.Equal(t, accepted[0].MessageID(), accepted[1].MessageID())
	require.NotEqual(t, accepted[0].MessageID(), accepted[2].MessageID())
	require.Equal(t, []int{1, 2, 3}, []int{accepted[0].Order, accepted[1].Order, accepted[2].Order})
	require.False(t, accepted[1].At.Before(accepted[0].At))
}

func TestMailServersReplies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		faults    alerttest.SMTPFaults
		accepted  bool
		permanent bool
		answer    string
	}{
		{"temporary recipient", alerttest.SMTPFaults{At: "rcpt", Code: 451, Text: "4.7.1 greylisted", Times: 1}, false, false, "451 4.7.1 greylisted"},
		{"permanent recipient", alerttest.SMTPFaults{At: "rcpt", Code: 550, Text: "5.1.1 no such user", Times: 1}, false, true, "550 5.1.1 no such user"},
		{"permanent sender", alerttest.SMTPFaults{At: "mail", Code: 553, Text: "sender refused", Times: 1}, false, true, "553 sender refused"},
		{"temporary content", alerttest.SMTPFaults{At: "data", Code: 452, Text: "disk full", Times: 1}, false, false, "452 disk full"},
		{"permanent content", alerttest.SMTPFaults{At: "data", Code: 554, Text: "spam", Times: 1}, false, true, "554 spam"},
		{"refused at the door", alerttest.SMTPFaults{At: "connect", Code: 554, Text: "go away", Times: 1}, false, false, "The mail server did not let us send: 554 go away"},
		{"dropped before acceptance", alerttest.SMTPFaults{DropBeforeAccepting: 1}, false, false, "The mail server closed the connection before it answered."},
		{"dropped after the answer", alerttest.SMTPFaults{DropAfterAnswer: 1}, true, false, "250 Ok: queued as 1"},
		{"a long answer", alerttest.SMTPFaults{At: "rcpt", Code: 550, Text: strings.Repeat("long ", 300), Times: 1}, false, true, "550 long long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := alerttest.StartSMTP(t, alerttest.SMTPOptions{Faults: test.faults})
			sender := mailSender(t, server.URL())
			outcome := send(t, sender, toAda, opened())
			require.Equal(t, test.accepted, outcome.Accepted, outcome.Answer)
			require.Equal(t, test.permanent, outcome.Permanent, outcome.Answer)
			require.Contains(t, outcome.Answer, test.answer)
			server.SetFaults(t, alerttest.SMTPFaults{})
			require.True(t, send(t, sender, toAda, opened()).Accepted)
		})
	}
}

func TestUntrustedMailServersGetNothing(t *testing.T) {
	t.Parallel()
	stranger, err := pki.NewCA("Stranger")
	require.NoError(t, err)
	unknown, err := stranger.Issue(pki.Leaf{Names: []string{"127.0.0.1"}})
	require.NoError(t, err)
	for _, mode := range []alerttest.Mode{alerttest.StartTLS, alerttest.ImplicitTLS} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			server := alerttest.StartSMTP(t, alerttest.SMTPOptions{Mode: mode, Certificate: unknown, User: "ada", Password: "s3cret"})
			outcome := send(t, mailSender(t, server.URL()), toAda, opened())
			require.False(t, outcome.Accepted || outcome.Permanent)
			require.Contains(t, outcome.Answer, "not trusted")
			require.Empty(t, server.Accepted())
		})
	}
}

func TestCertificateMustNameTheMailServer(t *testing.T) {
	t.Parallel()
	authority, err := pki.NewCA("Authority")
	require.NoError(t, err)
	certificate, err := authority.Issue(pki.Leaf{Names: []string{"other.example"}})
	require.NoError(t, err)
	server := alerttest.StartSMTP(t, alerttest.SMTPOptions{Certificate: certificate})
	require.NoError(t, os.WriteFile(server.CAFile, authority.PEM(), 0o600))
	outcome := send(t, mailSender(t, server.URL()), toAda, opened())
	require.False(t, outcome.Accepted || outcome.Permanent)
	require.Contains(t, outcome.Answer, "not trusted")
	require.Empty(t, server.Accepted())
}

func TestMissingStartTLSEndsTheSession(t *testing.T) {
	t.Parallel()
	server := alerttest.StartSMTP(t, alerttest.SMTPOptions{Mode: alerttest.Plaintext})
	outcome := send(t, mailSender(t, "smtp://"+server.Address), toAda, opened())
	require.False(t, outcome.Accepted || outcome.Permanent)
	require.Equal(t, "The mail server does not offer STARTTLS, so nothing was sent.", outcome.Answer)
	require.Empty(t, server.Accepted())
}

func TestWrongPasswordNeverShows(t *testing.T) {
	t.Parallel()
	const password = "hunter2-very-s3cret"
	server := alerttest.StartSMTP(t, alerttest.SMTPOptions{User: "ada", Password: "another"})
	smtpURL := strings.Replace(server.URL(), "another", password, 1)
	outcome := send(t, mailSender(t, smtpURL), toAda, opened())
	require.False(t, outcome.Accepted || outcome.Permanent)
	// The server repeats the password in its reply.
	require.Contains(t, outcome.Answer, "535 5.7.8 wrong: ada [removed]")
	require.NotContains(t, outcome.Answer, password)
}

func TestNoWayToSignIn(t *testing.T) {
	t.Parallel()
	server := alerttest.StartSMTP(t, alerttest.SMTPOptions{User: "ada", Password: "x", Mechanisms: []string{"XOAUTH2"}})
	outcome := send(t, mailSender(t, server.URL()), toAda, opened())
	require.False(t, outcome.Accepted || outcome.Permanent)
	require.Contains(t, outcome.Answer, "no way to sign in")
}

func TestUnreachableMailServerIsTemporary(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	outcome := send(t, mailSender(t, "smtp://"+listener.Addr().String()), toAda, opened())
	require.Equal(t, Outcome{Answer: "The mail server refused the connection."}, outcome)
}

func TestEndlessMailServerIsBounded(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	t.Cleanup(func() { listener.Close(); <-done })
	go func() {
		defer close(done)
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		defer connection.Close()
		for err == nil {
			_, err = connection.Write(bytes.Repeat([]byte("220-hello\r\n"), 1000))
		}
	}()
	outcome := send(t, mailSender(t, "smtp://"+listener.Addr().String()), toAda, opened())
	require.False(t, outcome.Accepted || outcome.Permanent)
	require.Contains(t, outcome.Answer, "more than 1 MiB")
}

func TestSilentMailServerEndsWithItsContext(t *testing.T) {
	t.Parallel()
	server := alerttest.StartSMTP(t, alerttest.SMTPOptions{Faults: alerttest.SMTPFaults{Silent: 1}})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	outcome, err := mailSender(t, server.URL()).Send(ctx, toAda, deliveryID, opened())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Zero(t, outcome)
	// The session's own deadline is the mail server's fault, and temporary.
	r := &relay{}
	require.Equal(t, Outcome{Answer: "The mail server did not answer in time."},
		r.refusal(fmt.Errorf("%w: closed", context.DeadlineExceeded)))
}

func TestWithoutMailServer(t *testing.T) {
	t.Parallel()
	outcome := send(t, newSender(t, nil), toAda, opened())
	require.Equal(t, Outcome{Permanent: true, Answer: "No mail server is configured: set GRADEWATCH_SMTP_URL."}, outcome)
}

func TestAddressesThatAreNone(t *testing.T) {
	t.Parallel()
	sender := mailSender(t, "smtp://127.0.0.1:1?tls=none")
	for _, address := range []string{"", "ada", "ada@", "a@b.example\r\nRCPT TO:<c@d.example>", "a@b.example, c@d.example", "a@-.example"} {
		outcome := send(t, sender, Channel{Kind: Email, Address: address}, opened())
		require.True(t, outcome.Permanent, address)
		require.Contains(t, outcome.Answer, "is no mail address", address)
	}
	to, err := recipient("Ada <ada@bücher.example>")
	require.NoError(t, err)
	require.Equal(t, "ada@xn--bcher-kva.example", to)
}

func TestHostileNamesInjectNoHeader(t *testing.T) {
	t.Parallel()
	server := alerttest.StartSMTP(t, alerttest.SMTPOptions{})
	require.True(t, send(t, mailSender(t, server.URL()), toAda, hostile()).Accepted)
	accepted := server.WaitAccepted(t, 1, time.Minute)[0]
	require.Equal(t, []string{toAda.Address}, accepted.To)
	requireExpectedHeaders(t, accepted.Raw, "In-Reply-To", "References")
}

var expectedHeaders = []string{
	"Auto-Submitted", "Content-Type", "Date", "From", "Message-Id", "Mime-Version",
	"Subject", "To", "User-Agent", "X-Auto-Response-Suppress", "X-Mailer",
}

func requireExpectedHeaders(t testing.TB, raw []byte, more ...string) {
	t.Helper()
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	require.NoError(t, err)
	require.ElementsMatch(t, append(more, expectedHeaders...), slices.Sorted(maps.Keys(message.Header)))
	for name, values := range message.Header {
		require.Len(t, values, 1, name)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	require.NoError(t, err)
	require.NotContains(t, subject, "\n")
	require.NotContains(t, subject, "\r")
	require.LessOrEqual(t, len(subject), 500)
	require.Len(t, bodiesOf(t, message).types, 2)
	for line := range bytes.Lines(raw) {
		require.LessOrEqual(t, len(line), 1000, "RFC 5322 section 2.1.1")
	}
}

func FuzzMail(f *testing.F) {
	sender := newSender(f, nil)
	kinds := slices.Sorted(maps.Keys(variants()))
	for i := range kinds {
		f.Add(uint8(i), "Acme", "Production", "SSL 3.0 is accepted", "https://a.example", "/incidents/1") //nolint:gosec // there are fewer kinds
		f.Add(uint8(i), "a\r\nBcc: b@c.example", "=?utf-8?q?=0A?=", "\u202e", "\x00", "javascript:1")     //nolint:gosec // as above
	}
	f.Fuzz(func(t *testing.T, kind uint8, application, environment, title, endpoint, link string) {
		message := variants()[kinds[int(kind)%len(kinds)]]
		message.Application, message.Environment, message.Title, message.Reason = application, environment, title, title
		message.Team, message.Endpoint, message.Link = application, endpoint, link
		for i := range message.Endpoints {
			message.Endpoints[i] = monitor.AffectedEndpoint{
				Application: application, Environment: environment, Endpoint: endpoint, Requirements: []string{title}, Link: link,
				Addresses: []string{endpoint, title}, Looked: i, Vantages: []string{environment, application},
			}
		}
		if message.Digest != nil {
			message.Digest.Opened = []monitor.DigestLine{{Title: title, Place: environment, Link: link}}
			message.Digest.Grades = map[string]int{title: 1}
		}
		if message.Disabled != nil {
			message.Disabled.Channel, message.Disabled.Answer = endpoint, title
		}
		raw, err := sender.mail("ada@acme.example", "token", deliveryID, sender.complete(message))
		require.NoError(t, err)
		requireExpectedHeaders(t, raw, optionalHeaders(message)...)
		require.NotContains(t, strings.ToLower(string(raw)), "href=3d\"javascript:")
	})
}

// optionalHeaders are those that a message has besides the usual ones.
func optionalHeaders(message monitor.Message) (more []string) {
	if message.IncidentID != 0 {
		more = append(more, "In-Reply-To", "References")
	}
	if isDigest(message.Kind) {
		more = append(more, "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post")
	}
	return more
}

func TestSettingsOfTheMailServer(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	require.NoError(t, os.WriteFile(empty, []byte("nothing"), 0o600))
	for value, want := range map[string]string{
		"smtp://u:s3cret@mail.example":           "",
		"smtps://mail.example":                   "",
		"smtp://[::1]:25?tls=none":               "",
		"smtp://localhost:25?tls=none":           "",
		"smtp://mail.example?tls=none":           "only for a mail server on this machine",
		"smtps://localhost?tls=none":             "contradicts",
		"smtp://localhost?tls=maybe":             "the only value of tls is none",
		"smtp://localhost?skip-verify=1":         "unknown option",
		"http://u:s3cret@mail.example":           "must begin with smtp://",
		"smtp://u:s3cret@mail.example:port":      "is no URL",
		"smtp://u:s3cret%zz@mail.example":        "is no URL",
		"mail.example:25":                        "is no URL",
		"smtp://mail.example?ca-file=/not/there": "read ca-file",
		"smtp://mail.example?ca-file=" + empty:   "no certificate",
	} {
		_, err := New(Config{
			SMTPURL: value, MailFrom: "a@b.example", BaseURL: "http://127.0.0.1:8080",
			WebhookTransport: roundTripper(nil),
		})
		if want == "" {
			require.NoError(t, err, value)
			continue
		}
		require.ErrorContains(t, err, want, value)
		require.NotContains(t, err.Error(), "s3cret")
	}
}

func TestNewReportsEveryFault(t *testing.T) {
	t.Parallel()
	_, err := New(Config{SMTPURL: "ftp://x", MailFrom: "nobody", BaseURL: "/relative"})
	for _, want := range []string{"transport for webhooks", "GRADEWATCH_SMTP_URL", "GRADEWATCH_MAIL_FROM", "GRADEWATCH_BASE_URL"} {
		require.ErrorContains(t, err, want)
	}
}

func TestSecretsCoverHowSMTPCarriesThem(t *testing.T) {
	t.Parallel()
	r, err := parseRelay("smtp://ada:p%40ss@mail.example")
	require.NoError(t, err)
	for _, form := range []string{"p@ss", "p%40ss", base64.StdEncoding.EncodeToString([]byte("\x00ada\x00p@ss"))} {
		require.NotContains(t, answer("535 "+form+" is wrong", r.secrets()...), form)
	}
}
