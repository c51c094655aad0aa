package demo

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/mail"
	"strconv"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// receiverName is the host that takes webhooks.
const receiverName = "receiver"

// maximumMessage bounds what the demo's receivers read of one message.
const maximumMessage = 1 << 20

func (f *Fleet) startReceivers(ctx context.Context, ca *pki.CA, told func(string)) error {
	if err := f.startMailbox(ctx, told); err != nil {
		return err
	}
	return f.startWebhookReceiver(ctx, ca, told)
}

// startMailbox takes mail without TLS: it listens on loopback only and keeps nothing.
func (f *Fleet) startMailbox(ctx context.Context, told func(string)) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for mail: %w", err)
	}
	server := smtp.NewServer(mailbox{told: told})
	server.Domain = "localhost"
	server.MaxMessageBytes = maximumMessage
	server.ReadTimeout, server.WriteTimeout = 10*time.Second, 10*time.Second
	f.Receiver.SMTPURL = "smtp://" + listener.Addr().String() + "?tls=none"
	// The listener too: a server that is closed before it serves forgets to end.
	f.closers = append(f.closers, server.Close, listener.Close)
	f.running.Go(func() { _ = server.Serve(listener) }) // ends when closed
	return nil
}

type mailbox struct{ told func(string) }

// NewSession implements smtp.Backend.
func (m mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return mailSession(m), nil }

type mailSession struct{ told func(string) }

// Mail implements smtp.Session.
func (mailSession) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt implements smtp.Session.
func (mailSession) Rcpt(string, *smtp.RcptOptions) error { return nil }

// Reset implements smtp.Session.
func (mailSession) Reset() {}

// Logout implements smtp.Session.
func (mailSession) Logout() error { return nil }

// Data implements smtp.Session: it tells the subject of what arrived.
func (s mailSession) Data(r io.Reader) error {
	message, err := mail.ReadMessage(io.LimitReader(r, maximumMessage))
	if err != nil {
		return errors.New("this is no RFC 5322 message")
	}
	if _, err := io.Copy(io.Discard, message.Body); err != nil {
		return fmt.Errorf("read the message: %w", err)
	}
	s.told(fmt.Sprintf("Mail to %s: %s", message.Header.Get("To"), message.Header.Get("Subject")))
	return nil
}

func (f *Fleet) startWebhookReceiver(ctx context.Context, ca *pki.CA, told func(string)) error {
	issued, err := ca.Issue(pki.Leaf{Names: []string{receiverName + "." + Domain}})
	if err != nil {
		return fmt.Errorf("issue the webhook receiver's certificate: %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.9:0")
	if err != nil {
		return fmt.Errorf("listen for webhooks: %w", err)
	}
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	f.Receiver.WebhookURL = "https://" + net.JoinHostPort(receiverName+"."+Domain, port) + "/hook"
	f.serve(&http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{issued.Certificate}},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maximumMessage)) // content is not the point here
			told("Webhook " + r.Header.Get("webhook-id") + " received")
			w.WriteHeader(http.StatusNoContent)
		}),
	}, listener)
	return nil
}
