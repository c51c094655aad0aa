package checktest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// GoServerConfig is what a crypto/tls server serves. The zero value is a
// healthy server that answers 200.
type GoServerConfig struct {
	Address     netip.Addr // default 127.0.0.1
	MinVersion  uint16     // tls.VersionTLS10 ...; default TLS 1.2
	MaxVersion  uint16     // default TLS 1.3
	Suites      []uint16   // of TLS 1.0 to 1.2; default: every suite that Go has
	Certificate *pki.Issued
	More        []*pki.Issued      // served beside Certificate: other key types, other names
	Groups      []tls.CurveID      // CurvePreferences; default: Go's
	ClientAuth  tls.ClientAuthType // default: no certificate is asked for
	NoTickets   bool               // SessionTicketsDisabled
	RequireSNI  bool               // hellos without a name of Certificate are refused
	Handler     http.Handler
}

// StartGoServer runs an HTTPS server until the end of the test and returns its
// address.
func StartGoServer(t testing.TB, config GoServerConfig) netip.AddrPort {
	t.Helper()
	if config.Handler == nil {
		config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	}
	server := httptest.NewUnstartedServer(config.Handler)
	_ = server.Listener.Close()
	server.Listener = listen(t, config.Address)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // hellos that are refused are what tests are about
	server.TLS = goTLS(t, config)
	server.StartTLS()
	t.Cleanup(server.Close)
	return addrPort(server.Listener)
}

func goTLS(t testing.TB, config GoServerConfig) *tls.Config {
	t.Helper()
	if config.Certificate == nil {
		config.Certificate = localhost(t)
	}
	if config.MinVersion == 0 {
		config.MinVersion = tls.VersionTLS12
	}
	if config.Suites == nil {
		for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
			config.Suites = append(config.Suites, suite.ID)
		}
	}
	served := []tls.Certificate{config.Certificate.Certificate}
	for _, more := range config.More {
		served = append(served, more.Certificate)
	}
	settings := &tls.Config{ //nolint:gosec // old versions are on purpose
		Certificates: served,
		MinVersion:   config.MinVersion, MaxVersion: config.MaxVersion, CipherSuites: config.Suites,
		CurvePreferences: config.Groups, ClientAuth: config.ClientAuth, SessionTicketsDisabled: config.NoTickets,
	}
	if config.RequireSNI {
		settings.GetConfigForClient = refuseUnknownNames(t, config.Certificate)
	}
	return settings
}

func refuseUnknownNames(t testing.TB, issued *pki.Issued) func(*tls.ClientHelloInfo) (*tls.Config, error) {
	t.Helper()
	leaf, err := x509.ParseCertificate(issued.Certificate.Certificate[0])
	require.NoError(t, err)
	return func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if hello.ServerName == "" {
			return nil, errors.New("no server name")
		}
		return nil, leaf.VerifyHostname(hello.ServerName)
	}
}

func listen(t testing.TB, address netip.Addr) net.Listener {
	t.Helper()
	if !address.IsValid() {
		address = loopback
	}
	listener, err := net.Listen("tcp", netip.AddrPortFrom(address, 0).String())
	require.NoError(t, err)
	return listener
}

func addrPort(listener net.Listener) netip.AddrPort {
	if address, ok := listener.Addr().(*net.TCPAddr); ok {
		return netip.AddrPortFrom(address.AddrPort().Addr().Unmap(), address.AddrPort().Port())
	}
	return netip.AddrPort{}
}
