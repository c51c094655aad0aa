package feature_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
)

// Where a ServerHello has what, behind its record's header of 5 bytes.
const (
	randomAt    = 5 + 4 + 2
	sessionIDAt = randomAt + 32
)

// rewriting starts a Go server of TLS 1.2 whose ServerHello is changed on its
// way, for answers that no server at hand gives. Hellos still get an answer;
// whole handshakes fail, since both sides do not see the same.
func rewriting(t *testing.T, change func(hello []byte) []byte) netip.AddrPort {
	t.Helper()
	server := checktest.StartGoServer(t, checktest.GoServerConfig{MaxVersion: tls.VersionTLS12})
	return checktest.StartPeer(t, func(conn net.Conn) { rewrite(t.Context(), conn, server, change) })
}

func rewrite(ctx context.Context, conn net.Conn, server netip.AddrPort, change func([]byte) []byte) {
	checktest.RelayThrough(ctx, conn, server, func(answer io.Reader) {
		header := make([]byte, 5)
		if _, err := io.ReadFull(answer, header); err != nil {
			return
		}
		record := append(header, make([]byte, binary.BigEndian.Uint16(header[3:]))...)
		if _, err := io.ReadFull(answer, record[5:]); err != nil {
			return
		}
		if record[0] == 22 && len(record) > sessionIDAt {
			record = change(record)
		}
		_, _ = conn.Write(record)
		_, _ = io.Copy(conn, answer)
	})
}

func TestAnswersThatNoServerAtHandGives(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change  func(hello []byte) []byte
		require func(t *testing.T, found checks.Features)
	}{
		"as it is": {func(hello []byte) []byte { return hello }, func(t *testing.T, found checks.Features) {
			require.Equal(t, known("NULL"), found.Compression)
			require.Equal(t, known([]string{"http/1.1"}), found.ALPN)
			require.Equal(t, known(true), found.SecureRenegotiation)
			require.Equal(t, checks.AbsentFact[int](""), found.ClockSkewMinutes)
		}},
		"compression": {func(hello []byte) []byte {
			hello[sessionIDAt+1+int(hello[sessionIDAt])+2] = 1
			return hello
		}, func(t *testing.T, found checks.Features) { require.Equal(t, known("DEFLATE"), found.Compression) }},
		"compression that was not offered": {func(hello []byte) []byte {
			hello[sessionIDAt+1+int(hello[sessionIDAt])+2] = 64
			return hello
		}, func(t *testing.T, found checks.Features) {
			require.Equal(t, checks.InconclusiveFact[string](checks.ReasonMalformed), found.Compression)
		}},
		"a protocol that was not offered": {func(hello []byte) []byte {
			return bytes.Replace(hello, []byte("http/1.1"), []byte("spdy/3.1"), 1)
		}, func(t *testing.T, found checks.Features) {
			require.Equal(t, checks.InconclusiveFact[[]string](checks.ReasonMalformed), found.ALPN)
		}},
		"no secure renegotiation": {func(hello []byte) []byte {
			return bytes.Replace(hello, []byte{0xFF, 0x01, 0, 1, 0}, []byte{0xFF, 0x02, 0, 1, 0}, 1)
		}, func(t *testing.T, found checks.Features) { require.Equal(t, known(false), found.SecureRenegotiation) }},
		"a clock two hours ahead": {func(hello []byte) []byte {
			said := time.Now().Add(2 * time.Hour).Unix()
			binary.BigEndian.PutUint32(hello[randomAt:], uint32(said)) //nolint:gosec // gmt_unix_time is of 32 bits
			return hello
		}, func(t *testing.T, found checks.Features) { require.Equal(t, known(120), found.ClockSkewMinutes) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row.require(t, features(t, rewriting(t, row.change)))
		})
	}
}
