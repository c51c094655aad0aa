package session

import (
	"bytes"
	"crypto/rsa"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"math/big"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// testServer is the other role on the same parts: RSA key transport, SSL 3.0 to
// TLS 1.2, resumption by session id.
type testServer struct {
	version     uint16
	certificate tls.Certificate
	session     []byte
	master      []byte // of the session, once there is one
}

func (s *testServer) serve(conn net.Conn) {
	layer := NewLayer(conn)
	layer.Version = s.version
	hello, err := layer.Next()
	if err != nil || hello.Content[0] != wire.TypeClientHello {
		return
	}
	secrets, offered, ok := s.read(hello.Content[4:])
	if !ok {
		return
	}
	transcript := bytes.Clone(hello.Content)
	say := func(kind uint8, body []byte) {
		transcript = append(transcript, message(kind, body)...)
		_ = layer.Write(wire.TypeHandshake, message(kind, body))
	}
	say(wire.TypeServerHello, binaryHello(secrets, s.session))
	resumed := s.master != nil && bytes.Equal(offered, s.session)
	if resumed {
		secrets.Master = s.master
		s.finish(layer, secrets, say, transcript)
	} else {
		der := s.certificate.Certificate[0]
		list := append([]byte{0, byte(len(der) >> 8), byte(len(der))}, der...)
		say(wire.TypeCertificate, append([]byte{0, byte(len(list) >> 8), byte(len(list))}, list...))
		say(wire.TypeServerHelloDone, nil)
		exchange, err := layer.Next()
		if err != nil {
			return
		}
		transcript = append(transcript, exchange.Content...)
		secrets.Master = secrets.MasterSecret(s.decrypt(exchange.Content[4:]))
	}
	client, _ := secrets.Keys()
	if ccs, err := layer.Next(); err != nil || ccs.Type != wire.TypeChangeCipherSpec {
		return
	}
	layer.Reader, _ = NewReader(Protection{Version: s.version, Suite: secrets.Suite, Keys: client})
	finished, err := layer.Next()
	if err != nil || !bytes.Equal(finished.Content[4:], secrets.Finished(Client, transcript)) {
		return
	}
	transcript = append(transcript, finished.Content...)
	if !resumed {
		s.master = secrets.Master
		s.finish(layer, secrets, say, transcript)
	}
	if _, err := layer.Next(); err == nil {
		_ = layer.Write(wire.TypeApplicationData, []byte("HTTP/1.0 200 OK\r\n\r\n"))
	}
}

func (s *testServer) finish(layer *Layer, secrets Secrets, say func(uint8, []byte), transcript []byte) {
	_ = layer.Write(wire.TypeChangeCipherSpec, []byte{1})
	_, server := secrets.Keys()
	layer.Writer, _ = NewWriter(Protection{Version: s.version, Suite: secrets.Suite, Keys: server})
	say(wire.TypeFinished, secrets.Finished(Server, transcript))
}

// read takes the first suite of the hello.
func (s *testServer) read(body []byte) (secrets Secrets, session []byte, ok bool) {
	input := cryptobyte.String(body)
	var random, list []byte
	var first uint16
	ok = input.Skip(2) && input.ReadBytes(&random, 32) &&
		input.ReadUint8LengthPrefixed((*cryptobyte.String)(&session)) && input.ReadUint16LengthPrefixed((*cryptobyte.String)(&list))
	if ok = ok && len(list) >= 2; ok {
		first = binary.BigEndian.Uint16(list)
	}
	suite, known := SuiteOf(first)
	secrets = Secrets{Version: s.version, Suite: suite, ClientRandom: random, ServerRandom: bytes.Repeat([]byte{7}, 32)}
	return secrets, session, ok && known
}

func binaryHello(secrets Secrets, session []byte) []byte {
	body := binary.BigEndian.AppendUint16(nil, secrets.Version)
	body = append(append(body, secrets.ServerRandom...), vector8(session)...)
	return append(binary.BigEndian.AppendUint16(body, secrets.Suite.ID), 0)
}

func (s *testServer) decrypt(body []byte) []byte {
	if s.version > wire.SSL30 {
		body = body[2:]
	}
	key, ok := s.certificate.PrivateKey.(*rsa.PrivateKey)
	if !ok {
		return nil
	}
	block := new(big.Int).Exp(new(big.Int).SetBytes(body), key.D, key.N).FillBytes(make([]byte, key.Size()))
	return block[len(block)-masterSecretSize:]
}

// Every suite with RSA key transport, export too, between both roles; then the
// session again by its id. SSL 3.0 has no other peer that resumes.
func TestBothRoles(t *testing.T) {
	t.Parallel()
	certificate := issue(t, pki.RSA).Certificate
	for version := wire.SSL30; version <= wire.TLS12; version++ {
		for _, id := range SupportedSuites(version) {
			if suite := suiteOf(t, id); suite.KeyExchange != KeyExchangeRSA {
				continue
			}
			t.Run(fmt.Sprintf("%04X %04X", version, id), func(t *testing.T) {
				t.Parallel()
				server := &testServer{version: version, certificate: certificate, session: wire.Random(32)}
				turn := make(chan struct{}, 1)
				address := checktest.StartPeer(t, func(conn net.Conn) {
					turn <- struct{}{}
					server.serve(conn)
					<-turn
				})
				config := Config{MaxVersion: version, Suites: []uint16{id}}
				first := connect(t, address, config)
				exchange(t, first)
				config.Resume = first.Resumption()
				second := connect(t, address, config)
				require.True(t, second.Resumed)
				exchange(t, second)
			})
		}
	}
}
