package session

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/transcript"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// sealed returns a session of TLS 1.3 as it is behind the handshake, and the
// layer of its server.
func sealed(t testing.TB) (*Session, *Layer) {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { _ = near.Close(); _ = far.Close() })
	suite := suiteOf(t, 0x1301)
	session := &Session{Version: wire.TLS13, Suite: suite.ID, suite: suite, Complete: true, conn: near, layer: NewLayer(near)}
	session.traffic = trafficSecrets{client: wire.Random(32), server: wire.Random(32), resumptionMaster: wire.Random(32)}
	require.NoError(t, session.readWith(session.traffic.server))
	require.NoError(t, session.writeWith(session.traffic.client))
	server := NewLayer(far)
	rekey(t, server, suite, session.traffic.server, session.traffic.client)
	return session, server
}

func rekey(t testing.TB, layer *Layer, suite Suite, own, peer []byte) {
	t.Helper()
	var err error
	layer.Writer, err = NewWriter(Protection{Version: wire.TLS13, Suite: suite, Keys: TrafficKeys(suite, own)})
	require.NoError(t, err)
	layer.Reader, err = NewReader(Protection{Version: wire.TLS13, Suite: suite, Keys: TrafficKeys(suite, peer)})
	require.NoError(t, err)
}

// Tickets and key updates come between application data; both ends go on under
// the next keys.
func TestKeyUpdate(t *testing.T) {
	t.Parallel()
	session, server := sealed(t)
	client, own := session.traffic.client, session.traffic.server
	ended := make(chan error, 1)
	go func() {
		ended <- errors.Join(
			server.Write(wire.TypeHandshake, message(wire.TypeNewSessionTicket, []byte{0, 0, 0, 9, 0, 0, 0, 1, 1, 5, 0, 1, 7, 0, 8, 0, 42, 0, 4, 0, 0, 1, 0})),
			server.Write(wire.TypeApplicationData, nil),
			server.Write(wire.TypeHandshake, message(wire.TypeKeyUpdate, []byte{1})),
		)
	}()
	read := make([]byte, 5)
	answered := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(session, read)
		answered <- err
	}()
	require.NoError(t, <-ended)
	update, err := server.Next()
	require.NoError(t, err)
	require.Equal(t, message(wire.TypeKeyUpdate, []byte{0}), update.Content)
	rekey(t, server, session.suite, session.nextSecret(own), session.nextSecret(client))
	require.NoError(t, server.Write(wire.TypeApplicationData, []byte("hello")))
	require.NoError(t, <-answered)
	require.Equal(t, "hello", string(read))
	require.Len(t, session.Tickets, 1)
	require.EqualValues(t, 256, session.Tickets[0].MaxEarlyData)
	require.EqualValues(t, 9, session.Tickets[0].Lifetime.Seconds())

	go func() {
		_, err := session.Write([]byte("world"))
		answered <- err
	}()
	record, err := server.Next()
	require.NoError(t, err)
	require.Equal(t, "world", string(record.Content))
	require.NoError(t, <-answered)
}

// What may not come behind a handshake ends the session, and so does what never
// ends.
func TestAfterTheHandshake(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		content uint8
		piece   []byte
		want    error
	}{
		"a hello":         {wire.TypeHandshake, message(wire.TypeServerHello, nil), ErrUnexpected},
		"a broken ticket": {wire.TypeHandshake, message(wire.TypeNewSessionTicket, []byte{1}), wire.ErrMalformed},
		"key updates":     {wire.TypeHandshake, message(wire.TypeKeyUpdate, []byte{0}), ErrBadRecord}, // the peer keeps its key
		"tickets":         {wire.TypeHandshake, message(wire.TypeNewSessionTicket, []byte{0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 1, 7, 0, 0}), wire.ErrTooLarge},
		"empty records":   {wire.TypeApplicationData, nil, wire.ErrTooLarge},
		"close_notify":    {wire.TypeAlert, []byte{1, 0}, io.EOF},
	}
	for title, test := range tests {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			session, server := sealed(t)
			var records []byte
			for range 2 * maxIdle {
				records = append(records, server.Records(test.content, test.piece)...)
			}
			session.layer.conn = &canned{Reader: bytes.NewReader(records)}
			_, err := session.Read(make([]byte, 1))
			require.ErrorIs(t, err, test.want)
		})
	}
}

// A write that fails because the server is gone still tells its alert.
func TestAlertBehindABrokenPipe(t *testing.T) {
	t.Parallel()
	alert := bytes.NewReader(wire.Records(wire.TypeAlert, wire.TLS12, []byte{2, wire.AlertHandshakeFailure}))
	_, err := Start(t.Context(), broken{alert}, Config{})
	requireAlert(t, err, PhaseClientHello, wire.AlertHandshakeFailure)
	require.ErrorIs(t, err, io.ErrClosedPipe)
	_, err = Start(t.Context(), broken{bytes.NewReader(nil)}, Config{})
	require.ErrorIs(t, err, io.ErrClosedPipe)
	require.Contains(t, err.Error(), string(PhaseClientHello))
}

type broken struct{ io.Reader }

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Keys and parameters that would cost much or mean nothing are refused.
func TestKeyExchangeBounds(t *testing.T) {
	t.Parallel()
	odd := func(size int) []byte { return append(bytes.Repeat([]byte{0xFF}, size-1), 0xFD) }
	one := func(p, g, ys []byte) *wire.ServerKeyExchange {
		return &wire.ServerKeyExchange{P: p, G: g, Public: ys}
	}
	for title, sent := range map[string]*wire.ServerKeyExchange{
		"an even p": one(bytes.Repeat([]byte{0xFE}, 64), []byte{2}, []byte{3}), "a tiny p": one(odd(8), []byte{2}, []byte{3}),
		"a huge p": one(odd(maxModulus+1), []byte{2}, []byte{3}), "Ys of 1": one(odd(64), []byte{2}, []byte{1}),
		"Ys above p": one(odd(64), []byte{2}, odd(65)), "nothing": one(nil, nil, nil),
	} {
		_, _, err := agreeDH(sent)
		require.ErrorIs(t, err, ErrUnsupported, title)
	}
	_, premaster, err := agreeDH(one(odd(64), []byte{2}, []byte{3}))
	require.NoError(t, err)
	require.NotEmpty(t, premaster)
	for title, key := range map[string][2][]byte{
		"a tiny modulus": {odd(8), {3}}, "a huge modulus": {odd(maxModulus + 2), {3}}, "a huge exponent": {odd(128), odd(33)}, "no exponent": {odd(128), nil},
	} {
		_, err := newRSAKey(key[0], key[1])
		require.ErrorIs(t, err, ErrUnsupported, title)
	}
	for _, group := range []uint16{GroupSecp256r1, GroupX25519, GroupX25519MLKEM768, GroupSecP384r1MLKEM1024} {
		share, err := newKeyShare(group)
		require.NoError(t, err)
		for _, peer := range [][]byte{nil, {4}, make([]byte, len(share.public)), make([]byte, 3000)} {
			_, err := share.shared(peer)
			require.ErrorIs(t, err, wire.ErrMalformed)
		}
	}
	_, err = newKeyShare(0x0A0A)
	require.ErrorIs(t, err, ErrUnsupported)
}

// What comes behind a handshake may be anything.
func FuzzRead(f *testing.F) {
	f.Add(wire.Records(wire.TypeHandshake, wire.TLS12, message(wire.TypeNewSessionTicket, []byte{0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 1, 7, 0, 0})), uint16(4))
	f.Add(wire.Records(wire.TypeApplicationData, wire.TLS12, []byte("data")), uint16(3))
	f.Add(wire.Records(wire.TypeHandshake, wire.TLS12, message(wire.TypeHelloRequest, nil)), uint16(0))
	for _, recorded := range transcript.All(f) {
		for _, ticket := range recorded.Bodies(wire.TypeNewSessionTicket) {
			f.Add(wire.Records(wire.TypeHandshake, wire.TLS12, message(wire.TypeNewSessionTicket, ticket)), uint16(4))
		}
		f.Add(recorded.Answer, uint16(3))
	}
	f.Fuzz(func(t *testing.T, answer []byte, version uint16) {
		peer := &canned{Reader: bytes.NewReader(answer)}
		session := &Session{Version: wire.SSL30 + version%5, suite: suiteOf(t, 0x1301), Complete: true, conn: peer, layer: NewLayer(peer)}
		session.traffic = trafficSecrets{client: wire.Random(32), server: wire.Random(32), resumptionMaster: wire.Random(32)}
		if _, err := io.Copy(io.Discard, session); err == nil && len(answer) == 0 {
			t.Fatal("an end without close_notify is an error")
		}
	})
}
