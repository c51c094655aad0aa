package session

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// goPeer serves one line of HTTP to every connection.
func goPeer(t testing.TB, config *tls.Config) netip.AddrPort {
	t.Helper()
	if config.Certificates == nil {
		config.Certificates = []tls.Certificate{issue(t, pki.RSA).Certificate}
	}
	return checktest.StartPeer(t, func(conn net.Conn) {
		server := tls.Server(conn, config)
		defer server.Close()
		buffer := make([]byte, 1024)
		if _, err := server.Read(buffer); err == nil {
			_, _ = server.Write([]byte("HTTP/1.0 200 OK\r\n\r\nok\n"))
		}
	})
}

func ed25519Certificate(t testing.TB) tls.Certificate {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
}

func TestGoGroupsAndCertificates(t *testing.T) {
	t.Parallel()
	certificates := map[string]tls.Certificate{
		"RSA": issue(t, pki.RSA).Certificate, "ECDSA": issue(t, pki.ECDSA).Certificate, "Ed25519": ed25519Certificate(t),
	}
	curves := []uint16{GroupSecp256r1, GroupSecp384r1, GroupSecp521r1, GroupX25519, GroupX25519MLKEM768, GroupSecP256r1MLKEM768, GroupSecP384r1MLKEM1024}
	for kind, certificate := range certificates {
		address := goPeer(t, &tls.Config{Certificates: []tls.Certificate{certificate}, CurvePreferences: goCurves(curves)})
		for _, version := range []uint16{wire.TLS12, wire.TLS13} {
			for _, group := range curves {
				if version == wire.TLS12 && hybrid(group) {
					continue
				}
				for _, retry := range []bool{false, version == wire.TLS13} {
					t.Run(fmt.Sprintf("%s %04X %d retry %t", kind, version, group, retry), func(t *testing.T) {
						t.Parallel()
						config := Config{MaxVersion: version, Groups: []uint16{group}}
						if retry {
							config.KeyShares = []uint16{}
						}
						session := connect(t, address, config)
						require.Equal(t, group, session.Group)
						require.Equal(t, retry, session.HelloRetry)
						require.Equal(t, certificate.Certificate, session.Certificates)
						require.NotZero(t, session.SignatureScheme)
						exchange(t, session)
					})
				}
			}
		}
	}
}

func goCurves(groups []uint16) []tls.CurveID {
	var ids []tls.CurveID
	for _, group := range groups {
		ids = append(ids, tls.CurveID(group))
	}
	return ids
}

func TestGoResumption(t *testing.T) {
	t.Parallel()
	address := goPeer(t, &tls.Config{})
	for _, version := range []uint16{wire.TLS12, wire.TLS13} {
		for _, bound := range []bool{true, false} {
			t.Run(fmt.Sprintf("%04X %t", version, bound), func(t *testing.T) {
				t.Parallel()
				config := Config{MaxVersion: version, SessionTicket: true, NoExtendedMasterSecret: !bound, KeyShares: []uint16{GroupX25519}}
				for range 3 {
					session := connect(t, address, config)
					exchange(t, session)
					require.Equal(t, config.Resume != nil, session.Resumed)
					require.NotEmpty(t, session.Tickets)
					config.Resume = session.Resumption()
				}
				config.KeyShares = []uint16{} // the binder covers both hellos then
				if version == wire.TLS13 {
					session := connect(t, address, config)
					require.True(t, session.HelloRetry && session.Resumed)
					exchange(t, session)
				}
			})
		}
	}
}

// A request for a certificate is answered with none: who demands one refuses,
// who only asks goes on.
func TestGoClientCertificate(t *testing.T) {
	t.Parallel()
	for _, version := range []uint16{wire.TLS12, wire.TLS13} {
		for _, demanded := range []bool{false, true} {
			t.Run(fmt.Sprintf("%04X %t", version, demanded), func(t *testing.T) {
				t.Parallel()
				mode := tls.RequestClientCert
				if demanded {
					mode = tls.RequireAnyClientCert
				}
				ctx, conn := dial(t, goPeer(t, &tls.Config{ClientAuth: mode}))
				session, err := Handshake(ctx, conn, Config{MaxVersion: version})
				if demanded && err == nil { // in TLS 1.3 the refusal comes behind the handshake
					_, err = session.Read(make([]byte, 1))
				}
				require.NotNil(t, session.CertificateRequest)
				if !demanded {
					require.NoError(t, err)
					exchange(t, session)
					return
				}
				var alert *wire.Alert
				require.ErrorAs(t, err, &alert)
				require.Contains(t, []uint8{40, 42, 116}, alert.Code)
			})
		}
	}
}

func TestGoExtensions(t *testing.T) {
	t.Parallel()
	certificate := issue(t, pki.ECDSA).Certificate
	certificate.OCSPStaple = []byte("staple")
	certificate.SignedCertificateTimestamps = [][]byte{[]byte("first"), []byte("second")}
	address := goPeer(t, &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2", "http/1.1"}})
	for _, version := range []uint16{wire.TLS12, wire.TLS13} {
		session := connect(t, address, Config{
			MaxVersion: version, ALPN: []string{"spdy/3", "http/1.1"}, StatusRequest: true, SCT: true,
		})
		require.Equal(t, "http/1.1", session.ALPN)
		require.Equal(t, certificate.OCSPStaple, session.OCSPResponse)
		require.Equal(t, certificate.SignedCertificateTimestamps, session.SCTs)
		require.Equal(t, version == wire.TLS13, session.EncryptedExtensions != nil)
		exchange(t, session)
	}
}

// A chain that nobody can parse comes as it was sent.
func TestCertificatesAreNotParsed(t *testing.T) {
	t.Parallel()
	broken := issue(t, pki.ECDSA).WithChain([]byte("no certificate"), []byte("at all")).Certificate
	address := goPeer(t, &tls.Config{Certificates: []tls.Certificate{broken}})
	for _, version := range []uint16{wire.TLS12, wire.TLS13} {
		session := connect(t, address, Config{MaxVersion: version})
		require.Equal(t, broken.Certificate, session.Certificates)
		exchange(t, session)
	}
}

// A range of versions is offered in one hello.
func TestGoDefaults(t *testing.T) {
	t.Parallel()
	for _, newest := range []uint16{wire.TLS12, wire.TLS13} {
		address := goPeer(t, &tls.Config{MaxVersion: newest})
		session := connect(t, address, Config{MinVersion: wire.TLS10, MaxVersion: wire.TLS13, ServerName: "localhost"})
		require.Equal(t, newest, session.Version)
		if newest == wire.TLS13 {
			require.Equal(t, GroupX25519MLKEM768, session.Group)
		}
		exchange(t, session)
	}
}
