package session

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// A healthy stack meets every faulty block with bad_record_mac, and goes on
// after a right one.
func TestSealBlocksToOpenSSL(t *testing.T) {
	t.Parallel()
	address := checktest.StartOpenSSL(t, issue(t, pki.RSA), "-cipher", "ALL:@SECLEVEL=0")
	request := []byte("GET / HTTP/1.0\r\n\r\n")
	cases := map[string]struct {
		blocks func(*Writer) []byte
		code   uint8 // 0: an answer
	}{
		"right": {func(w *Writer) []byte {
			return w.Pad(append(bytes.Clone(request), w.MAC(wire.TypeApplicationData, request)...))
		}, 0},
		"wrong MAC":     {func(w *Writer) []byte { return w.Pad(append(bytes.Clone(request), wire.Random(w.Suite.MACSize())...)) }, wire.AlertBadRecordMAC},
		"no MAC":        {func(*Writer) []byte { return bytes.Repeat([]byte{0x5F}, 96) }, wire.AlertBadRecordMAC},
		"wrong padding": {func(w *Writer) []byte { return bytes.Repeat([]byte{0xFF}, 64) }, wire.AlertBadRecordMAC},
		"LuckyMinus20":  {func(*Writer) []byte { return bytes.Repeat([]byte{0x41}, 64) }, wire.AlertBadRecordMAC},
	}
	for _, version := range []uint16{wire.TLS10, wire.TLS11, wire.TLS12} {
		for title, test := range cases {
			t.Run(fmt.Sprintf("%04X %s", version, title), func(t *testing.T) {
				session := connect(t, address, Config{MaxVersion: version, Suites: []uint16{0x002F, 0xC014}})
				writer := session.Layer().Writer
				record, err := writer.SealBlocks(wire.TypeApplicationData, test.blocks(writer))
				require.NoError(t, err)
				require.NoError(t, session.Layer().WriteRaw(record))
				answer, err := io.ReadAll(session)
				if test.code == 0 {
					require.True(t, bytes.HasPrefix(answer, []byte("HTTP/1.0 200")), "%q %v", answer, err)
				} else {
					requireAlert(t, err, PhaseApplicationData, test.code)
				}
				if conn, ok := session.conn.(net.Conn); ok {
					_ = conn.Close()
				}
			})
		}
	}
}

func requireAlert(t testing.TB, err error, phase Phase, code uint8) {
	t.Helper()
	var at *Error
	require.ErrorAs(t, err, &at)
	require.Equal(t, phase, at.Phase)
	var alert *wire.Alert
	require.ErrorAs(t, err, &alert)
	require.Equal(t, code, alert.Code)
}

// Start stops behind ServerHelloDone, and what follows is the caller's: here
// what ROBOT and the CCS injection need.
func TestStartLeavesTheRestToTheCaller(t *testing.T) {
	t.Parallel()
	address := checktest.StartOpenSSL(t, issue(t, pki.RSA))
	config := Config{Suites: []uint16{0x009C, 0x002F}}

	ctx, conn := dial(t, address)
	early, err := Start(ctx, conn, config)
	require.NoError(t, err)
	require.NoError(t, early.Layer().Write(wire.TypeChangeCipherSpec, []byte{1}))
	_, err = early.next()
	var alert *wire.Alert
	require.ErrorAs(t, err, &alert)
	require.Equal(t, wire.AlertUnexpectedMessage, alert.Code)
	require.NoError(t, conn.Close())

	ctx, conn = dial(t, address)
	session, err := Start(ctx, conn, config)
	require.NoError(t, err)
	key, err := session.RSAKey()
	require.NoError(t, err)
	block := append([]byte{0x41, 0x17}, wire.Random(key.Size()-2)...)
	body := session.EncodeRSAKeyExchange(key.Encrypt(block))
	require.NoError(t, session.Layer().Write(wire.TypeHandshake, message(wire.TypeClientKeyExchange, body)))
	require.NoError(t, session.Layer().Write(wire.TypeChangeCipherSpec, []byte{1}))
	require.NoError(t, session.Layer().Write(wire.TypeHandshake, wire.Random(64)))
	_, err = session.next()
	require.ErrorAs(t, err, &alert)
	require.Equal(t, wire.AlertBadRecordMAC, alert.Code)
}

// An error names the phase, and the session says what was learned until then.
func TestErrorsNameThePhase(t *testing.T) {
	t.Parallel()
	address := checktest.StartGoServer(t, checktest.GoServerConfig{})
	ctx, conn := dial(t, address)
	session, err := Handshake(ctx, conn, Config{MaxVersion: wire.SSL30})
	requireAlert(t, err, PhaseServerHello, wire.AlertProtocolVersion)
	require.NotNil(t, session)
	require.ErrorIs(t, session.Finish(ctx), ErrState)
	_, err = session.Write([]byte("x"))
	require.ErrorIs(t, err, ErrState)
	_, err = session.Renegotiate(ctx, Config{})
	require.ErrorIs(t, err, ErrState)

	ctx, conn = dial(t, checktest.StartPeer(t, checktest.Garbage))
	_, err = Handshake(ctx, conn, Config{})
	require.ErrorIs(t, err, wire.ErrNotTLS)
}

// canned answers every read with what is left of a recording.
type canned struct {
	io.Reader
	written int
}

func (c *canned) Write(piece []byte) (int, error) {
	c.written += len(piece)
	return len(piece), nil
}

// Endless records, messages and warnings end within a bound.
func TestHostilePeers(t *testing.T) {
	t.Parallel()
	hello := message(wire.TypeServerHello, binaryHello(Secrets{Version: wire.TLS12, Suite: suiteOf(t, 0x002F), ServerRandom: wire.Random(32)}, nil))
	endless := map[string][]byte{
		"empty records":     wire.Records(wire.TypeHandshake, wire.TLS12, nil),
		"warnings":          wire.Records(wire.TypeAlert, wire.TLS12, []byte{1, wire.AlertUnrecognizedName}),
		"hello requests":    wire.Records(wire.TypeHandshake, wire.TLS12, message(wire.TypeHelloRequest, nil)),
		"OCSP responses":    wire.Records(wire.TypeHandshake, wire.TLS12, message(wire.TypeCertificateStatus, []byte{1, 0, 0, 0})),
		"a long message":    wire.Records(wire.TypeHandshake, wire.TLS12, []byte{wire.TypeCertificate, 0xFF, 0xFF, 0xFF}),
		"a dripped message": wire.Records(wire.TypeHandshake, wire.TLS12, []byte{wire.TypeCertificate, 2, 2, 2}),
	}
	for title, piece := range endless {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			peer := &canned{Reader: io.MultiReader(bytes.NewReader(wire.Records(wire.TypeHandshake, wire.TLS12, hello)), &repeated{piece: piece})}
			_, err := Handshake(t.Context(), peer, Config{Suites: []uint16{0x002F}})
			require.True(t, errors.Is(err, wire.ErrTooLarge) || errors.Is(err, wire.ErrMalformed), "%v", err)
		})
	}
}

type repeated struct {
	piece []byte
	at    int
}

func (r *repeated) Read(buffer []byte) (int, error) {
	count := copy(buffer, r.piece[r.at:])
	r.at = (r.at + count) % len(r.piece)
	return count, nil
}

// A connection that ends at any byte is an error, and never a panic.
func TestTruncatedAtEveryByte(t *testing.T) {
	t.Parallel()
	for _, version := range []uint16{wire.TLS12, wire.TLS13} {
		recorded := record(t, Config{MaxVersion: version, KeyShares: []uint16{GroupX25519}})
		for size := range recorded {
			peer := &canned{Reader: bytes.NewReader(recorded[:size])}
			_, err := Handshake(t.Context(), peer, Config{MaxVersion: version, KeyShares: []uint16{GroupX25519}})
			require.Error(t, err)
		}
	}
}

// record returns what a Go server sends in a handshake.
func record(t testing.TB, config Config) []byte {
	t.Helper()
	ctx, conn := dial(t, checktest.StartGoServer(t, checktest.GoServerConfig{}))
	var recorded bytes.Buffer
	tapped := struct {
		io.Reader
		io.Writer
	}{io.TeeReader(conn, &recorded), conn}
	_, err := Handshake(ctx, tapped, config)
	require.NoError(t, err)
	return recorded.Bytes()
}
