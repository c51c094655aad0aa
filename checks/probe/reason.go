package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"strings"
	"syscall"

	"github.com/gradewatch/gradewatch/checks"
)

// reasonError is an error whose reason is known where it arises. It implements
// checks.ReasonError.
type reasonError struct {
	reason checks.Reason
	err    error
}

func (e *reasonError) Error() string         { return e.err.Error() }
func (e *reasonError) Unwrap() error         { return e.err }
func (e *reasonError) Reason() checks.Reason { return e.reason }

func reasonErrorf(reason checks.Reason, format string, arguments ...any) error {
	return &reasonError{reason: reason, err: fmt.Errorf(format, arguments...)}
}

// withReason gives err the reason that ReasonOf finds in it.
func withReason(err error) error {
	return &reasonError{reason: ReasonOf(err), err: err}
}

// ReasonOf returns the stable reason of an error of this package, net, syscall,
// crypto/tls, crypto/x509, net/http or context; ReasonInternal for any other
// error, and the empty reason for nil.
func ReasonOf(err error) checks.Reason {
	if err == nil {
		return ""
	}
	for _, reasonIn := range []func(error) checks.Reason{
		givenReason, contextReason, resolverReason, syscallReason, timeoutReason, tlsReason, httpReason, endReason,
	} {
		if reason := reasonIn(err); reason != "" {
			return reason
		}
	}
	return checks.ReasonInternal
}

func givenReason(err error) checks.Reason {
	if given, ok := errors.AsType[checks.ReasonError](err); ok {
		return given.Reason()
	}
	return ""
}

func contextReason(err error) checks.Reason {
	switch {
	case errors.Is(err, context.Canceled):
		return checks.ReasonCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return checks.ReasonTimeout
	}
	return ""
}

// resolverReason stands before timeoutReason: a resolver that does not answer
// in time says nothing about the server that is looked at.
func resolverReason(err error) checks.Reason {
	failure, ok := errors.AsType[*net.DNSError](err)
	switch {
	case !ok:
		return ""
	case failure.IsNotFound:
		return checks.ReasonNameNotFound
	}
	return checks.ReasonResolverFailed
}

func syscallReason(err error) checks.Reason {
	number, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		return ""
	}
	switch number {
	case syscall.ECONNREFUSED:
		return checks.ReasonRefused
	case syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE:
		return checks.ReasonReset
	case syscall.ETIMEDOUT:
		return checks.ReasonTimeout
	case syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN, syscall.EADDRNOTAVAIL,
		syscall.EAFNOSUPPORT, syscall.EACCES, syscall.EPERM: // the last two: a packet filter on our side or on the way
		return checks.ReasonUnreachable
	}
	return ""
}

func timeoutReason(err error) checks.Reason {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return checks.ReasonTimeout
	}
	if failure, ok := errors.AsType[net.Error](err); ok && failure.Timeout() {
		return checks.ReasonTimeout
	}
	return ""
}

func tlsReason(err error) checks.Reason {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) {
		return checks.ReasonNotTLS
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return checks.ReasonHandshakeFailed
	}
	// crypto/tls puts alerts over TCP into an OpError of its own type.
	if failure, ok := errors.AsType[*net.OpError](err); ok && (failure.Op == "remote error" || failure.Op == "local error") {
		return checks.ReasonHandshakeFailed
	}
	if certificateFault(err) {
		return checks.ReasonHandshakeFailed
	}
	return textReason(err)
}

// certificateFault says whether a certificate was not accepted.
func certificateFault(err error) bool {
	return isType[*tls.CertificateVerificationError](err) || isType[x509.CertificateInvalidError](err) ||
		isType[x509.HostnameError](err) || isType[x509.UnknownAuthorityError](err) ||
		isType[x509.SystemRootsError](err) || isType[x509.ConstraintViolationError](err) ||
		isType[x509.UnhandledCriticalExtension](err) || isType[x509.InsecureAlgorithmError](err)
}

func isType[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func httpReason(err error) checks.Reason {
	if isType[*http.MaxBytesError](err) {
		return checks.ReasonTooLarge
	}
	if isType[textproto.ProtocolError](err) || isType[*textproto.Error](err) || isType[*http.ProtocolError](err) { //nolint:staticcheck // deprecated, and still what net/http returns for some answers
		return checks.ReasonMalformed
	}
	return ""
}

// errorTexts are errors of the standard library that have no type or value of
// their own; a test holds each against the library.
var errorTexts = [...]struct {
	prefix string
	reason checks.Reason
}{
	{"tls: ", checks.ReasonHandshakeFailed},
	{"net/http: server response headers exceeded", checks.ReasonTooLarge},
	{"malformed HTTP", checks.ReasonMalformed},
	{"unsupported protocol scheme", checks.ReasonUnsupportedScheme},
}

// textReason looks for errorTexts in err and everything it wraps.
func textReason(err error) checks.Reason {
	for ; err != nil; err = errors.Unwrap(err) {
		text := err.Error()
		for _, known := range errorTexts {
			if strings.HasPrefix(text, known.prefix) {
				return known.reason
			}
		}
	}
	return ""
}

func endReason(err error) checks.Reason {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return checks.ReasonClosed
	}
	return ""
}
