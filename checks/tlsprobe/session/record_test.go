//go:build record

package session

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/netip"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/checktest/transcript"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

const (
	recordings = "../../checktest/transcript/testdata"
	keys       = "../../checktest/matrix/keys/"
)

// TestRecord asks real servers and keeps what they answer.
func TestRecord(t *testing.T) {
	require.NoError(t, os.MkdirAll(recordings, 0o755))
	servers := recordedServers(t)
	for _, one := range recordedConversations() {
		t.Run(one.name, func(t *testing.T) {
			address, known := servers[one.name]
			require.True(t, known)
			_, conn := dial(t, address)
			var answer bytes.Buffer
			session, err := converse(t, struct {
				io.Reader
				io.Writer
			}{io.TeeReader(conn, &answer), conn}, one.config)
			t.Logf("%d bytes, %04X %04X, complete %t: %v", answer.Len(), session.Version, session.Suite, session.Complete, err)
			_ = conn.Close()
			transcript.Recorded{Name: one.name, Answer: answer.Bytes(), Messages: opened(t, answer.Bytes(), one.config)}.Write(t, recordings)
		})
	}
}

// opened are the handshake messages of an answer, with those that came sealed
// after the handshake.
func opened(t *testing.T, answer []byte, config Config) []byte {
	session, err := converse(t, &canned{Reader: bytes.NewReader(answer)}, config)
	t.Log("replayed:", err)
	messages := wire.Messages{}
	messages.Add(session.transcript)
	var kept []byte
	for {
		message, complete, err := messages.Next()
		require.NoError(t, err)
		if !complete {
			break
		}
		switch message.Type {
		case wire.TypeClientHello, wire.TypeClientKeyExchange, typeMessageHash:
		default:
			kept = append(kept, message.Marshal()...)
		}
	}
	for _, ticket := range session.Tickets {
		if session.Version == wire.TLS13 {
			kept = append(kept, message(wire.TypeNewSessionTicket, ticketBody(ticket))...)
		}
	}
	return kept
}

// ticketBody writes a ticket of TLS 1.3 as it came, but for its nonce.
func ticketBody(ticket Resumption) []byte {
	seconds := uint32(ticket.Lifetime.Seconds())
	body := []byte{byte(seconds >> 24), byte(seconds >> 16), byte(seconds >> 8), byte(seconds)}
	body = append(body, byte(ticket.ageAdd>>24), byte(ticket.ageAdd>>16), byte(ticket.ageAdd>>8), byte(ticket.ageAdd), 1, 0)
	body = append(append(body, byte(len(ticket.Ticket)>>8), byte(len(ticket.Ticket))), ticket.Ticket...)
	early := ticket.MaxEarlyData
	if early == 0 {
		return append(body, 0, 0)
	}
	return append(body, 0, 8, 0, 42, 0, 4, byte(early>>24), byte(early>>16), byte(early>>8), byte(early))
}

// shortRSA is a key of 512 bits: short enough to be the export key itself.
func shortRSA(t *testing.T) *pki.Issued {
	text, err := os.ReadFile(keys + "rsa512.pem")
	require.NoError(t, err)
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	signer, ok := key.(crypto.Signer)
	require.True(t, ok)
	return checktest.Issue(t, checktest.NewCA(t, "Session root"), pki.Leaf{Names: []string{"localhost"}, PrivateKey: signer})
}

func recordedServers(t *testing.T) map[string]netip.AddrPort {
	rsa, ecdsa := issue(t, pki.RSA1024), issue(t, pki.ECDSA)
	dh, err := os.ReadFile(keys + "dh1024.pem")
	require.NoError(t, err)
	nginx := checktest.StartNginx(t, checktest.NginxConfig{Certificate: ecdsa}).Addr
	early := checktest.StartNginx(t, checktest.NginxConfig{Certificate: ecdsa, Server: "ssl_early_data on;"}).Addr
	apache := checktest.StartApache(t, checktest.ApacheConfig{Certificate: rsa, DHParameters: dh, Server: "SSLVerifyClient optional_no_ca"}).Addr
	haproxy := checktest.StartHAProxy(t, checktest.HAProxyConfig{Certificate: ecdsa})
	gnutls := checktest.StartGnuTLS(t, checktest.GnuTLSConfig{Certificate: ecdsa})
	javas := checktest.StartJava(t, nil, checktest.JavaConfig{Certificate: ecdsa}, checktest.JavaConfig{Certificate: ecdsa, ClientAuth: "need"})
	node010 := checktest.StartNode010(t, checktest.NodeConfig{Certificate: rsa, Ciphers: "ALL:COMPLEMENTOFALL"})
	short := checktest.StartNode010(t, checktest.NodeConfig{Certificate: shortRSA(t), Ciphers: "EXP"})
	node011 := checktest.StartNode(t, checktest.Node011, checktest.NodeConfig{Certificate: rsa, Ciphers: "ALL:COMPLEMENTOFALL", DHParameters: dh})[0]
	node24 := checktest.StartNode(t, checktest.Node24, checktest.NodeConfig{Certificate: ecdsa, Options: map[string]any{"ecdhCurve": "X25519MLKEM768"}})[0]
	openssl := func(arguments ...string) netip.AddrPort {
		return checktest.StartOpenSSL(t, rsa, append(arguments, "-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0")...)
	}
	stapled := *ecdsa
	stapled.Certificate.OCSPStaple = bytes.Repeat([]byte("staple"), 20)
	stapled.Certificate.SignedCertificateTimestamps = [][]byte{[]byte("first timestamp"), []byte("second timestamp")}
	goServer := checktest.StartGoServer(t, checktest.GoServerConfig{Certificate: &stapled, ClientAuth: tls.RequestClientCert})
	return map[string]netip.AddrPort{
		"nginx-tls12-ecdhe-ecdsa": nginx, "nginx-tls13": nginx, "nginx-tls13-retry": nginx, "nginx-tls11-refused": nginx,
		"apache-tls12-dhe-rsa-request": apache, "apache-tls13-request": apache,
		"openssl-tls12-rsa-etm": openssl(), "openssl-tls10-cbc": openssl(), "openssl-tls12-anon": openssl(),
		"nginx-tls13-early": early, "openssl-tls12-refused": openssl(),
		"node010-ssl30-rc4": node010, "node010-tls10-export": short, "node010-tls12-null": node010,
		"node011-tls12-dhe": node011, "node011-tls10-anon": node011, "node24-tls13-hybrid": node24,
		"gnutls-tls12-chacha20": gnutls, "gnutls-tls13": gnutls,
		"haproxy-tls12-ecdhe-ecdsa": haproxy, "haproxy-tls13": haproxy,
		"java-tls12-ecdhe-ecdsa": javas[0], "java-tls13": javas[0], "java-tls12-certificate-needed": javas[1],
		"go-tls13-staple-request": goServer, "go-tls12-staple-request": goServer,
	}
}
