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
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func TestReasonOf(t *testing.T) {
	t.Parallel()
	operation := func(err error) error {
		return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", err)}
	}
	for _, test := range []struct {
		err  error
		want checks.Reason
	}{
		{nil, ""},
		{reasonErrorf(checks.ReasonBudget, "used up: %w", io.EOF), checks.ReasonBudget},
		{withReason(operation(syscall.ECONNRESET)), checks.ReasonReset},
		{context.Canceled, checks.ReasonCanceled},
		{context.DeadlineExceeded, checks.ReasonTimeout},
		{os.ErrDeadlineExceeded, checks.ReasonTimeout},
		{operation(syscall.ETIMEDOUT), checks.ReasonTimeout},
		{operation(syscall.ECONNREFUSED), checks.ReasonRefused},
		{operation(syscall.ECONNRESET), checks.ReasonReset},
		{operation(syscall.ECONNABORTED), checks.ReasonReset},
		{operation(syscall.EPIPE), checks.ReasonReset},
		{operation(syscall.EHOSTUNREACH), checks.ReasonUnreachable},
		{operation(syscall.ENETUNREACH), checks.ReasonUnreachable},
		{operation(syscall.EHOSTDOWN), checks.ReasonUnreachable},
		{operation(syscall.EADDRNOTAVAIL), checks.ReasonUnreachable},
		{operation(syscall.EAFNOSUPPORT), checks.ReasonUnreachable},
		{operation(syscall.EACCES), checks.ReasonUnreachable},
		{operation(syscall.EPERM), checks.ReasonUnreachable},
		{operation(syscall.EMFILE), checks.ReasonInternal},
		{&net.DNSError{IsNotFound: true}, checks.ReasonNameNotFound},
		{&net.DNSError{IsTimeout: true}, checks.ReasonResolverFailed},
		{&net.DNSError{IsTemporary: true}, checks.ReasonResolverFailed},
		{io.EOF, checks.ReasonClosed},
		{io.ErrUnexpectedEOF, checks.ReasonClosed},
		{net.ErrClosed, checks.ReasonClosed},
		{tls.RecordHeaderError{Msg: "no record"}, checks.ReasonNotTLS},
		{http.ErrSchemeMismatch, checks.ReasonNotTLS},
		{tls.AlertError(40), checks.ReasonHandshakeFailed},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}, checks.ReasonHandshakeFailed},
		{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, checks.ReasonHandshakeFailed},
		{x509.HostnameError{Certificate: new(x509.Certificate)}, checks.ReasonHandshakeFailed},
		{x509.CertificateInvalidError{Cert: new(x509.Certificate)}, checks.ReasonHandshakeFailed},
		{x509.UnknownAuthorityError{}, checks.ReasonHandshakeFailed},
		{&http.MaxBytesError{Limit: 1}, checks.ReasonTooLarge},
		{textproto.ProtocolError("malformed MIME header"), checks.ReasonMalformed},
		{http.ErrNotSupported, checks.ReasonMalformed},
		{errors.New("anything else"), checks.ReasonInternal},
	} {
		require.Equal(t, test.want, ReasonOf(test.err), "%v", test.err)
		if test.err != nil {
			wrapped := &url.Error{Op: "Get", URL: "https://a.example", Err: fmt.Errorf("wrapped: %w", test.err)}
			require.Equal(t, test.want, ReasonOf(wrapped), "%v, wrapped", test.err)
		}
	}
}

// TestReasonOfRealPeers holds ReasonOf against what the standard library says
// about real peers, some of it in words alone.
func TestReasonOfRealPeers(t *testing.T) {
	t.Parallel()
	tlsServer := httptest.NewUnstartedServer(http.NotFoundHandler())
	tlsServer.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	tlsServer.Config.ErrorLog = nil
	tlsServer.StartTLS()
	defer tlsServer.Close()
	say := func(text string) string {
		return serve(t, func(connection *net.TCPConn) {
			_, _ = connection.Read(make([]byte, 4096))
			_, _ = io.WriteString(connection, text)
			_ = connection.CloseWrite()
			silence(connection)
		}).String()
	}
	handshake := func(config *tls.Config) func(string) error {
		return func(address string) error {
			config.InsecureSkipVerify = true //nolint:gosec // the handshake itself is what is asked
			connection, err := (&tls.Dialer{Config: config}).DialContext(t.Context(), "tcp", address)
			if err == nil {
				err = connection.Close()
			}
			return err
		}
	}
	get := func(scheme string) func(string) error {
		return func(address string) error {
			transport := New(Config{AllowAny: true}).HTTPTransport(checks.Limits{})
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, scheme+"://"+address, nil)
			require.NoError(t, err)
			response, err := transport.RoundTrip(request)
			if err == nil {
				err = response.Body.Close()
			}
			return err
		}
	}
	for name, test := range map[string]struct {
		try     func(string) error
		address string
		want    checks.Reason
	}{
		"alert":            {handshake(&tls.Config{MaxVersion: tls.VersionTLS12}), tlsServer.Listener.Addr().String(), checks.ReasonHandshakeFailed},
		"nonsense records": {handshake(&tls.Config{}), say("\x16\x03\x03\x00\x05\x02\x00\x00\x01\x00"), checks.ReasonHandshakeFailed},
		"no TLS":           {handshake(&tls.Config{}), say("SSH-2.0-OpenSSH_9.9\r\n"), checks.ReasonNotTLS},
		"http for https":   {get("https"), say("HTTP/1.1 400 Bad Request\r\n\r\n"), checks.ReasonNotTLS},
		"closed":           {handshake(&tls.Config{}), say(""), checks.ReasonClosed},
		"certificate":      {get("https"), tlsServer.Listener.Addr().String(), checks.ReasonHandshakeFailed},
		"no HTTP":          {get("http"), say("SSH-2.0-OpenSSH_9.9\r\n\r\n"), checks.ReasonMalformed},
		"broken header":    {get("http"), say("HTTP/1.1 200 OK\r\nno header\r\n\r\n"), checks.ReasonMalformed},
		"broken status":    {get("http"), say("HTTP/1.1 2x0 OK\r\n\r\n"), checks.ReasonMalformed},
		"large header":     {get("http"), say("HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 2*headerLimit)), checks.ReasonTooLarge},
		"http closed":      {get("http"), say(""), checks.ReasonClosed},
		"http cut off":     {get("http"), say("HTTP/1.1 200"), checks.ReasonClosed},
		"scheme":           {get("gopher"), "127.0.0.1:1", checks.ReasonUnsupportedScheme},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.try(test.address)
			require.Equal(t, test.want, ReasonOf(err), "%v", err)
		})
	}
}
