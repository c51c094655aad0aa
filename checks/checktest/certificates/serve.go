package certificates

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
)

// Program is what serves a case.
type Program string

// The programs. Go's server sends any bytes as a certificate, which nginx and
// OpenSSL refuse to load; they have kinds of keys that Go does not know.
const (
	Go      Program = "Go crypto/tls"
	OpenSSL Program = "openssl s_server"
	Nginx   Program = "nginx"
)

// Served is what a server is to serve.
type Served struct {
	*pki.Issued

	By        Program       // default: Go
	Arguments []string      // of OpenSSL
	More      []*pki.Issued // beside Issued, with other kinds of keys
	Nameless  *pki.Issued   // to clients that send no name; default: the same
	Staple    []byte
	SCTs      [][]byte // of the TLS extension
	// Records are what DNS says of the host, by type.
	Records map[uint16]checks.RecordSet
	Address netip.Addr // default: 127.0.0.1; Go only
}

// Start serves until the end of t.
func (s Served) Start(t testing.TB) netip.AddrPort {
	t.Helper()
	switch s.By {
	case OpenSSL:
		return checktest.StartOpenSSL(t, s.Issued, s.Arguments...)
	case Nginx:
		return checktest.StartNginx(t, checktest.NginxConfig{Certificate: s.Issued, More: s.More}).Addr
	default:
		return s.startGo(t)
	}
}

func (s Served) startGo(t testing.TB) netip.AddrPort {
	t.Helper()
	own := s.Certificate
	own.OCSPStaple, own.SignedCertificateTimestamps = s.Staple, s.SCTs
	settings := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{own}}
	if s.Nameless != nil { // with Certificates, GetCertificate is asked for names only
		settings.Certificates = nil
		settings.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName == "" {
				return &s.Nameless.Certificate, nil
			}
			return &own, nil
		}
	}
	address := s.Address
	if !address.IsValid() {
		address = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	listener, err := net.Listen("tcp", netip.AddrPortFrom(address, 0).String())
	require.NoError(t, err)
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") }),
		ErrorLog:          log.New(io.Discard, "", 0), // hellos that are refused are part of every look
		ReadHeaderTimeout: 10 * time.Second,
	}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(tls.NewListener(listener, settings)) }) // ends by Close alone
	t.Cleanup(func() {
		_ = server.Close()
		served.Wait()
	})
	return netip.MustParseAddrPort(listener.Addr().String())
}

// chain serves exactly these certificates with the key of issued.
func chain(issued *pki.Issued, der ...[]byte) Served { return Served{Issued: issued.WithChain(der...)} }
