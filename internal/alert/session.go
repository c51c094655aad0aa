package alert

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"github.com/gradewatch/gradewatch/internal/alert/bounce"
)

// Bounds of one SMTP session.
const (
	connectTimeout = 10 * time.Second
	sessionTimeout = 60 * time.Second // from the connection to the answer to the final dot
	quitTimeout    = 2 * time.Second
	sessionBytes   = 1 << 20 // that the server may send
)

// envelope is who the mail is from and for (RFC 5321 section 2.3.1).
type envelope struct{ from, to string }

// refused is an error inside the mail transaction. Only there is a 5xx reply
// about this mail; before it (greeting, STARTTLS, AUTH) it is about our
// settings or the server's state, which somebody may repair.
type refused struct{ err error }

// refusedRecipient is the refusal of the recipient, and of nothing else.
type refusedRecipient struct{ err error }

func (r refusedRecipient) Error() string { return r.err.Error() }
func (r refusedRecipient) Unwrap() error { return r.err }

func (r refused) Error() string { return r.err.Error() }
func (r refused) Unwrap() error { return r.err }

// refusal turns an error of submit into an outcome.
func (r *relay) refusal(err error) Outcome {
	var reply *textproto.Error
	var transaction refused
	isReply := errors.As(err, &reply)
	outcome := Outcome{Permanent: isReply && reply.Code >= 500 && errors.As(err, &transaction)}
	var recipient refusedRecipient
	if outcome.Permanent && errors.As(err, &recipient) {
		outcome.Refused = &Refusal{Code: reply.Code, Status: bounce.StatusIn(reply.Msg)}
	}
	var own sessionError
	switch {
	case isReply && errors.As(err, &transaction):
		outcome.Answer = fmt.Sprintf("%d %s", reply.Code, reply.Msg)
	case isReply:
		outcome.Answer = fmt.Sprintf("The mail server did not let us send: %d %s", reply.Code, reply.Msg)
	case errors.As(err, &own):
		outcome.Answer = string(own)
	default:
		outcome.Answer = reachSentence("The mail server", err)
	}
	outcome.Answer = answer(outcome.Answer, r.secrets()...)
	return outcome
}

// sessionError is a sentence about why a session could not go on.
type sessionError string

func (e sessionError) Error() string { return string(e) }

// submit hands content to the mail server and returns its final reply. An
// error after the final dot leaves open whether the server took it; the same
// Message-ID makes a repeat harmless.
func (r *relay) submit(ctx context.Context, envelope envelope, content []byte) (reply string, err error) {
	ctx, cancel := context.WithTimeout(ctx, sessionTimeout)
	defer cancel()
	connection, err := r.connect(ctx)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	// The SMTP client knows no context: closing under it ends what it waits for.
	stop := context.AfterFunc(ctx, func() { connection.Close() })
	defer stop()
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}()
	client, err := r.open(ctx, connection)
	if err != nil {
		return "", err
	}
	reply, err = transact(client, envelope, content)
	if err != nil {
		return "", refused{err}
	}
	// The mail is accepted: how the goodbye goes changes nothing.
	_ = connection.SetDeadline(time.Now().Add(quitTimeout))
	_ = client.Quit()
	return reply, nil
}

// connect opens the connection. This is the one place outside checks/probe
// that does: the mail server is the operator's setting, often on loopback,
// and must not pass the filter that guards against URLs of users.
func (r *relay) connect(ctx context.Context) (net.Conn, error) {
	dialer := net.Dialer{Timeout: connectTimeout}
	connection, err := dialer.DialContext(ctx, "tcp", r.address)
	if err != nil {
		return nil, err //nolint:wrapcheck // refusal puts it into a sentence
	}
	return &boundedConn{Conn: connection, left: sessionBytes}, nil
}

// open greets, protects the connection and signs in.
func (r *relay) open(ctx context.Context, connection net.Conn) (*smtp.Client, error) {
	if r.security == implicitTLS {
		secured := tls.Client(connection, r.tls)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, err //nolint:wrapcheck // refusal puts it into a sentence
		}
		connection = secured
	}
	client, err := smtp.NewClient(connection, r.host)
	if err != nil {
		return nil, err //nolint:wrapcheck // as above
	}
	if err := client.Hello(heloName(connection)); err != nil {
		return nil, err //nolint:wrapcheck // as above
	}
	if r.security == startTLS {
		if offered, _ := client.Extension("STARTTLS"); !offered {
			return nil, sessionError("The mail server does not offer STARTTLS, so nothing was sent.")
		}
		if err := client.StartTLS(r.tls.Clone()); err != nil {
			return nil, err //nolint:wrapcheck // as above
		}
	}
	return client, r.signIn(client)
}

// heloName is our address literal (RFC 5321 section 4.1.3): a host name of a
// container resolves nowhere and is refused by strict servers.
func heloName(connection net.Conn) string {
	host, _, err := net.SplitHostPort(connection.LocalAddr().String())
	if err != nil {
		return "localhost"
	}
	if strings.Contains(host, ":") {
		host, _, _ = strings.Cut(host, "%")
		return "[IPv6:" + host + "]"
	}
	return "[" + host + "]"
}

// signIn uses the best mechanism that both sides know, if the setting holds a
// user.
func (r *relay) signIn(client *smtp.Client) error {
	if !r.login {
		return nil
	}
	_, list := client.Extension("AUTH")
	offered := strings.Fields(strings.ToUpper(list))
	unprotected := r.security == plaintext
	for _, mechanism := range []struct {
		name string
		auth smtp.Auth
	}{
		{"SCRAM-SHA-256", smtp.ScramSHA256Auth(r.user, r.password)},
		{"PLAIN", smtp.PlainAuth("", r.user, r.password, r.host, unprotected)},
		{"LOGIN", smtp.LoginAuth(r.user, r.password, r.host, unprotected)},
		{"CRAM-MD5", smtp.CRAMMD5Auth(r.user, r.password)},
	} {
		if slices.Contains(offered, mechanism.name) {
			return client.Auth(mechanism.auth) //nolint:wrapcheck // refusal puts it into a sentence
		}
	}
	return sessionError("The mail server offers no way to sign in that we know, but GRADEWATCH_SMTP_URL names a user.")
}

// transact is one mail transaction (RFC 5321 section 3.3).
func transact(client *smtp.Client, envelope envelope, content []byte) (string, error) {
	// Asking for SMTPUTF8 without need makes relays behind this one bounce.
	client.SkipSMTPUTF8(isASCII(envelope.from) && isASCII(envelope.to))
	if err := client.Mail("<" + envelope.from + ">"); err != nil {
		return "", err //nolint:wrapcheck // refusal puts it into a sentence
	}
	if err := client.Rcpt("<" + envelope.to + ">"); err != nil {
		return "", refusedRecipient{err}
	}
	data, err := client.Data()
	if err != nil {
		return "", err //nolint:wrapcheck // as above
	}
	if _, err := data.Write(content); err != nil {
		return "", err //nolint:wrapcheck // closing would send half a mail as a whole one
	}
	if err := data.Close(); err != nil {
		return "", err //nolint:wrapcheck // as above
	}
	reply := "250"
	if closer, ok := data.(*smtp.DataCloser); ok {
		reply += " " + closer.ServerResponse()
	}
	return reply, nil
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 127 })
}

// boundedConn ends a server that talks without end.
type boundedConn struct {
	net.Conn
	left int64
}

var errTooMuch = errors.New("it sent more than 1 MiB")

func (c *boundedConn) Read(buffer []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooMuch
	}
	n, err := c.Conn.Read(buffer[:min(int64(len(buffer)), c.left)])
	c.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, fmt.Errorf("read from the mail server: %w", err)
	}
	return n, err
}
