package alert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/checks"
)

// answerBytes bounds Outcome.Answer.
const answerBytes = 300

// oneLine returns text without control and bidirectional formatting
// characters, with white space collapsed, in valid UTF-8 of at most limit
// bytes: a hostile name must not start a line of its own, nor turn one around.
func oneLine(text string, limit int) string {
	if len(text) > 4*limit {
		text = text[:4*limit] // white space collapses, but never that much is needed
	}
	cleaned := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), r == '\u2028', r == '\u2029':
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, text)
	cleaned = strings.Join(strings.Fields(cleaned), " ")
	if len(cleaned) <= limit {
		return cleaned
	}
	const ellipsis = "…"
	cut := limit - len(ellipsis)
	for cut > 0 && !utf8.RuneStart(cleaned[cut]) {
		cut--
	}
	return strings.TrimSpace(cleaned[:cut]) + ellipsis
}

// answer bounds what the other side said and removes every secret from it: a
// server may echo what it was sent.
func answer(text string, secrets ...string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[removed]")
		}
	}
	return oneLine(text, answerBytes)
}

// reachSentence says in a sentence why peer ('The mail server') could not be
// reached or stopped to answer.
func reachSentence(peer string, err error) string {
	var reason checks.ReasonError
	var unknownName *net.DNSError
	switch {
	case errors.As(err, &reason) && reason.Reason() == checks.ReasonSpecialPurpose:
		return peer + " is at a special-purpose address, which this service does not connect to."
	case errors.As(err, &unknownName) && unknownName.IsNotFound,
		reason != nil && reason.Reason() == checks.ReasonNameNotFound:
		return peer + " was not found: its name does not exist."
	case isTimeout(err), reason != nil && reason.Reason() == checks.ReasonTimeout:
		return peer + " did not answer in time."
	case errors.Is(err, syscall.ECONNREFUSED), reason != nil && reason.Reason() == checks.ReasonRefused:
		return peer + " refused the connection."
	case isCertificateFault(err):
		return peer + " shows a certificate that is not trusted: " + innermost(err).Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return peer + " closed the connection before it answered."
	}
	return peer + " could not be reached: " + innermost(err).Error()
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &network) && network.Timeout()
}

func isCertificateFault(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &name) || errors.As(err, &invalid)
}

// innermost drops what wraps an error: url.Error and net.OpError carry URLs
// and addresses, and a URL may hold a token.
func innermost(err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	var operation *net.OpError
	if errors.As(err, &operation) {
		err = operation.Err
	}
	var verification *tls.CertificateVerificationError
	if errors.As(err, &verification) {
		err = verification.Err
	}
	return err
}
