package oraclepeer

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/session"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// Config is how a server behaves. The zero value is a healthy one that answers
// HTTP.
type Config struct {
	Address netip.Addr // default 127.0.0.1
	// Premaster says how to meet an unwrapped premaster secret: with a reaction,
	// or with nil to go on as RFC 5246 section 7.4.7.1 demands, which is what
	// happens without Premaster too.
	Premaster func(Premaster) Reaction
	// Finished says how to meet a Finished that does not decrypt, with the number
	// of such ones. Default: bad_record_mac and a FIN.
	Finished func(asked int64) Reaction
	// Record says how to meet an application record. Default: Healthy.
	Record func(Record) Reaction
	// Banner is sent as soon as the handshake is complete.
	Banner string
	// Answer is what a correct request gets; default an HTTP response. A server
	// that is Mute answers nothing.
	Answer string
	Mute   bool
	// RequestsCertificate asks for a client certificate, and RequiresCertificate
	// does not go on without.
	RequestsCertificate, RequiresCertificate bool
}

// Server is a running server.
type Server struct {
	Addr netip.AddrPort

	config      Config
	certificate []byte
	key         *rsa.PrivateKey
	asked       atomic.Int64
}

// Start runs a server until the end of the test.
func Start(t testing.TB, config Config) *Server {
	t.Helper()
	issued := checktest.Issue(t, checktest.NewCA(t, "Oracle root"), pki.Leaf{Names: []string{"localhost"}, Key: pki.RSA1024})
	key, ok := issued.Certificate.PrivateKey.(*rsa.PrivateKey)
	require.True(t, ok, "the certificate must have an RSA key")
	if config.Record == nil {
		config.Record = Healthy
	}
	if config.Finished == nil {
		config.Finished = func(int64) Reaction { return bad }
	}
	if config.Answer == "" {
		config.Answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"
	}
	server := &Server{config: config, certificate: issued.Certificate.Certificate[0], key: key}
	server.Addr = checktest.StartPeerAt(t, config.Address, server.serve)
	return server
}

// connection is one client.
type connection struct {
	net.Conn
	server     *Server
	layer      *session.Layer
	offered    uint16 // the hello's version
	secrets    session.Secrets
	transcript []byte
	write      *session.Writer
	read       *session.Reader
}

func (s *Server) serve(conn net.Conn) {
	c := &connection{Conn: conn, server: s, layer: session.NewLayer(conn)}
	if err := c.hello(); err != nil {
		return
	}
	if err := c.keys(); err != nil {
		return
	}
	if reaction, err := c.finish(); reaction != nil {
		reaction(c)
		return
	} else if err != nil {
		return
	}
	if s.config.Banner != "" {
		_ = c.layer.Write(wire.TypeApplicationData, []byte(s.config.Banner))
	}
	c.application()
}

var errPeer = errors.New("not what this server speaks")

// hello answers the ClientHello up to ServerHelloDone.
func (c *connection) hello() error {
	message, err := c.message(wire.TypeClientHello)
	if err != nil {
		return err
	}
	suite, err := c.choose(message)
	if err != nil {
		_ = c.alert(wire.AlertHandshakeFailure)
		return err
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random)
	c.secrets.Version, c.secrets.ServerRandom, c.secrets.Suite, c.layer.Version = c.offered, random, suite, c.offered
	hello := binary.BigEndian.AppendUint16(nil, c.offered)
	hello = append(append(hello, random...), 0)
	hello = append(binary.BigEndian.AppendUint16(hello, suite.ID), 0)
	length := len(c.server.certificate)
	list := append([]byte{byte(length >> 16), byte(length >> 8), byte(length)}, c.server.certificate...) //nolint:gosec // a certificate
	length = len(list)
	list = append([]byte{byte(length >> 16), byte(length >> 8), byte(length)}, list...) //nolint:gosec // a certificate
	flight := slices.Concat(wire.Message{Type: wire.TypeServerHello, Body: hello}.Marshal(), wire.Message{Type: wire.TypeCertificate, Body: list}.Marshal())
	if c.server.config.RequestsCertificate {
		flight = append(flight, wire.Message{Type: wire.TypeCertificateRequest, Body: c.certificateRequest()}.Marshal()...)
	}
	flight = append(flight, wire.Message{Type: wire.TypeServerHelloDone, Body: nil}.Marshal()...)
	c.transcript = append(c.transcript, flight...)
	return c.layer.Write(wire.TypeHandshake, flight) //nolint:wrapcheck // of no interest to a test
}

func (c *connection) certificateRequest() []byte {
	if c.offered < wire.TLS12 {
		return []byte{1, 1, 0, 0} // rsa_sign, any authority
	}
	return []byte{1, 1, 0, 2, 4, 1, 0, 0} // and rsa_pkcs1_sha256
}

// message returns the next handshake message, which must be of that type.
func (c *connection) message(kind uint8) ([]byte, error) {
	record, err := c.layer.Next()
	if err != nil {
		return nil, err //nolint:wrapcheck // of no interest to a test
	}
	if record.Type != wire.TypeHandshake || record.Content[0] != kind {
		return nil, errPeer
	}
	c.transcript = append(c.transcript, record.Content...)
	return record.Content[4:], nil
}

// choose reads the hello and takes the first suite of it that has RSA key
// transport.
func (c *connection) choose(body []byte) (session.Suite, error) {
	input := cryptobyte.String(body)
	var id, suites cryptobyte.String
	if !input.ReadUint16(&c.offered) || !input.ReadBytes(&c.secrets.ClientRandom, 32) ||
		!input.ReadUint8LengthPrefixed(&id) || !input.ReadUint16LengthPrefixed(&suites) {
		return session.Suite{}, errPeer
	}
	for !suites.Empty() {
		var number uint16
		if !suites.ReadUint16(&number) {
			return session.Suite{}, errPeer
		}
		if suite, ok := session.SuiteOf(number); ok && suite.KeyExchange == session.KeyExchangeRSA && suite.ValidFor(c.offered) {
			return suite, nil
		}
	}
	return session.Suite{}, errPeer
}

// keys reads the ClientKeyExchange and makes the keys, unless the premaster
// secret is met otherwise.
func (c *connection) keys() error {
	if c.server.config.RequestsCertificate {
		if _, err := c.message(wire.TypeCertificate); err != nil {
			return err
		}
		if c.server.config.RequiresCertificate {
			_ = c.alert(wire.AlertHandshakeFailure)
			return errPeer
		}
	}
	body, err := c.message(wire.TypeClientKeyExchange)
	if err != nil || len(body) < 2 {
		return errPeer
	}
	premaster := c.unwrap(body[2:])
	if decide := c.server.config.Premaster; decide != nil {
		if reaction := decide(premaster); reaction != nil {
			reaction(c)
			return errPeer
		}
	}
	secret := premaster.Secret
	if !premaster.Correct() {
		secret = make([]byte, 48)
		_, _ = rand.Read(secret)
	}
	c.secrets.Master = c.secrets.MasterSecret(secret)
	client, server := c.secrets.Keys()
	if c.read, err = session.NewReader(session.Protection{Version: c.offered, Suite: c.secrets.Suite, Keys: client}); err != nil {
		return err //nolint:wrapcheck // of no interest to a test
	}
	c.write, err = session.NewWriter(session.Protection{Version: c.offered, Suite: c.secrets.Suite, Keys: server})
	return err //nolint:wrapcheck // of no interest to a test
}

// unwrap raises to the private exponent and looks at what comes out.
func (c *connection) unwrap(encrypted []byte) Premaster {
	key := c.server.key
	block := new(big.Int).Exp(new(big.Int).SetBytes(encrypted), key.D, key.N).FillBytes(make([]byte, key.Size()))
	premaster := Premaster{BlockType: block[0] == 0 && block[1] == 2}
	for at, value := range block[2:] {
		if value == 0 {
			premaster.Zero, premaster.Secret = true, block[2+at+1:]
			break
		}
	}
	premaster.Length = len(premaster.Secret) == 48
	premaster.Version = premaster.Length && binary.BigEndian.Uint16(premaster.Secret) == c.offered
	if !premaster.Correct() {
		premaster.Asked = c.server.asked.Add(1)
	}
	return premaster
}

// finish exchanges both Finished. A client's that does not decrypt is met with
// bad_record_mac.
func (c *connection) finish() (Reaction, error) {
	record, err := c.layer.ReadRecord()
	if err != nil || record.Type != wire.TypeChangeCipherSpec {
		return nil, errPeer
	}
	c.layer.Reader = c.read
	expected := wire.Message{Type: wire.TypeFinished, Body: c.secrets.Finished(session.Client, c.transcript)}.Marshal()
	record, err = c.layer.Next()
	switch {
	case errors.Is(err, session.ErrBadRecord):
		return c.server.config.Finished(c.server.asked.Add(1)), nil
	case err != nil:
		return nil, err //nolint:wrapcheck // of no interest to a test
	case !slices.Equal(record.Content, expected):
		return Then(Alert(wire.AlertDecryptError), FIN), nil
	}
	c.transcript = append(c.transcript, record.Content...)
	if err := c.layer.Write(wire.TypeChangeCipherSpec, []byte{1}); err != nil {
		return nil, err //nolint:wrapcheck // of no interest to a test
	}
	c.layer.Writer = c.write
	return nil, c.layer.Write(wire.TypeHandshake, wire.Message{Type: wire.TypeFinished, Body: c.secrets.Finished(session.Server, c.transcript)}.Marshal())
}
