package alerttest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"net"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// Mode is how the SMTP server protects connections.
type Mode string

// The modes. The zero value is STARTTLS.
const (
	StartTLS    Mode = "starttls"
	ImplicitTLS Mode = "implicit"
	Plaintext   Mode = "plain" // offers no STARTTLS
)

// SMTPOptions says what the SMTP server is like. The zero value offers
// STARTTLS with a certificate for 127.0.0.1 and wants nobody to sign in.
type SMTPOptions struct {
	Mode           Mode
	User, Password string
	Mechanisms     []string    // default: PLAIN and LOGIN
	Certificate    *pki.Issued // default: for 127.0.0.1 and localhost, from the server's own authority
	Faults         SMTPFaults
}

// SMTPFaults says what goes wrong. A number counts how many times; -1 is ever.
type SMTPFaults struct {
	// Times replies with Code and Text, At 'connect', 'mail', 'rcpt' or 'data'
	// (after the final dot).
	At    string `json:"at,omitempty"`
	Code  int    `json:"code,omitempty"`
	Text  string `json:"text,omitempty"`
	Times int    `json:"times,omitempty"`

	DropBeforeAccepting int `json:"drop_before_accepting,omitempty"` // after the final dot; the mail is lost
	DropBeforeAnswer    int `json:"drop_before_answer,omitempty"`    // the mail is accepted, the sender does not hear it
	DropAfterAnswer     int `json:"drop_after_answer,omitempty"`     // right after the final 250
	Silent              int `json:"silent,omitempty"`                // no answer to the final dot
}

// SMTPServer is a running mail server.
type SMTPServer struct {
	Address string // host:port
	CAFile  string // PEM of the authority that issued its certificate
	options SMTPOptions
	process *nodeProcess

	mu       sync.Mutex
	accepted []Mail
	changed  chan struct{} // closed at every change of accepted, then replaced
}

//go:embed smtpserver.js
var serverScript []byte

// StartSMTP runs a mail server (npm smtp-server) that ends with the test.
func StartSMTP(t testing.TB, options SMTPOptions) *SMTPServer {
	t.Helper()
	if options.Mode == "" {
		options.Mode = StartTLS
	}
	authority, err := pki.NewCA("Mail test authority")
	require.NoError(t, err)
	if options.Certificate == nil {
		options.Certificate, err = authority.Issue(pki.Leaf{Names: []string{"127.0.0.1", "localhost"}})
		require.NoError(t, err)
	}
	folder := t.TempDir()
	s := &SMTPServer{options: options, CAFile: filepath.Join(folder, "ca.pem"), changed: make(chan struct{})}
	require.NoError(t, os.WriteFile(s.CAFile, authority.PEM(), 0o600))
	script := filepath.Join(folder, "smtpserver.js")
	require.NoError(t, os.WriteFile(script, serverScript, 0o600))

	s.process = startNode(t, "smtp-server", script, s.event)
	s.process.send(t, map[string]any{
		"mode": options.Mode, "user": options.User, "password": options.Password, "mechanisms": options.Mechanisms,
		"certificate": string(options.Certificate.CertPEM), "key": string(options.Certificate.KeyPEM),
		"faults": options.Faults,
	})
	listening := s.process.await(t, "listening")
	s.Address = net.JoinHostPort("127.0.0.1", strconv.Itoa(listening.Port))
	return s
}

// URL is what GRADEWATCH_SMTP_URL must be to use this server.
func (s *SMTPServer) URL() string {
	address := url.URL{Scheme: "smtp", Host: s.Address}
	query := url.Values{"ca-file": {s.CAFile}}
	switch s.options.Mode {
	case ImplicitTLS:
		address.Scheme = "smtps"
	case Plaintext:
		query = url.Values{"tls": {"none"}}
	}
	if s.options.User != "" {
		address.User = url.UserPassword(s.options.User, s.options.Password)
	}
	address.RawQuery = query.Encode()
	return address.String()
}

// SetFaults replaces every fault, from the next command on.
func (s *SMTPServer) SetFaults(t testing.TB, faults SMTPFaults) {
	t.Helper()
	s.process.send(t, faults)
	s.process.await(t, "faults")
}

// Accepted returns every mail accepted so far, in order.
func (s *SMTPServer) Accepted() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.accepted...)
}

// WaitAccepted waits until count mails are accepted and returns all of them.
func (s *SMTPServer) WaitAccepted(t testing.TB, count int, timeout time.Duration) []Mail {
	t.Helper()
	deadline := time.After(timeout)
	for {
		s.mu.Lock()
		accepted, changed := append([]Mail(nil), s.accepted...), s.changed
		s.mu.Unlock()
		if len(accepted) >= count {
			return accepted
		}
		select {
		case <-changed:
		case <-deadline:
			require.FailNowf(t, "too few mails", "%d of %d within %s", len(accepted), count, timeout)
		}
	}
}

// event takes what the server's process reports.
func (s *SMTPServer) event(line nodeEvent) {
	if line.Event != "accepted" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted = append(s.accepted, line.Mail)
	close(s.changed)
	s.changed = make(chan struct{})
}

// Mail is one mail that the server accepted.
type Mail struct {
	Order    int       `json:"order"` // of acceptance, from 1
	At       time.Time `json:"at"`    // just before the final 250
	Answered bool      `json:"answered"`
	From     string    `json:"from"` // of the envelope
	To       []string  `json:"to"`
	Secure   bool      `json:"secure"`
	User     string    `json:"user"` // who signed in
	Raw      []byte    `json:"raw"`
}

// toolsFolder is where install.sh puts npm packages.
func toolsFolder() (string, error) {
	if folder := os.Getenv("GRADEWATCH_TEST_TOOLS"); folder != "" {
		return folder, nil
	}
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return "", errors.New("the test does not know where its sources are")
	}
	return filepath.Join(filepath.Dir(file), "..", "..", "..", ".cache", "tools"), nil
}

// nodeEvent is one line that the server's process writes.
type nodeEvent struct {
	Event string `json:"event"`
	Port  int    `json:"port"`
	Text  string `json:"text"`
	Mail
}

func parseEvent(line []byte) (nodeEvent, error) {
	var event nodeEvent
	err := json.Unmarshal(line, &event)
	return event, err //nolint:wrapcheck // the caller fails the test with it
}

// MessageID returns the mail's Message-ID with its angle brackets, empty when
// it has none.
func (m Mail) MessageID() string {
	message, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		return ""
	}
	return message.Header.Get("Message-Id")
}
