package tlsprobe_test

import (
	"bytes"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
)

// TestRefusedNameIsNoRefusedVersion: a server that knows no such name refuses
// every hello that has one, and answers SSL 3.0, which has none. Nothing is
// known of the versions that it would speak for another name.
func TestRefusedNameIsNoRefusedVersion(t *testing.T) {
	t.Parallel()
	server := checktest.StartNode010(t, checktest.NodeConfig{})
	address := checktest.StartPeer(t, func(conn net.Conn) {
		head := make([]byte, 11) // up to the version of the hello
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		if head[0] == 22 && head[10] > 0 {
			_, _ = io.CopyN(io.Discard, conn, int64(head[3])<<8+int64(head[4])-6)
			_, _ = conn.Write([]byte{21, 3, 1, 0, 2, 2, 112})
			return
		}
		checktest.Relay(t.Context(), replayed{conn, io.MultiReader(bytes.NewReader(head), conn)}, server)
	})
	look, _ := full(t, address)
	require.Equal(t, checks.Known, look.TLS.Protocols[checks.SSLv3].State)
	for _, protocol := range []checks.Protocol{checks.TLSv10, checks.TLSv11, checks.TLSv12, checks.TLSv13} {
		require.Equal(t, checks.InconclusiveFact[checks.Accepted](checks.ReasonHandshakeFailed), look.TLS.Protocols[protocol], protocol)
	}
}

// replayed is a connection of which something was read already.
type replayed struct {
	net.Conn

	reader io.Reader
}

func (r replayed) Read(piece []byte) (int, error) { return r.reader.Read(piece) } //nolint:wrapcheck // as it is

// TestLoneKeyIsAskedAgain: one suite of DHE that is never the server's first
// choice shows one key.
func TestLoneKeyIsAskedAgain(t *testing.T) {
	t.Parallel()
	address := checktest.StartOpenSSL(t, nil, "-www", "-serverpref", "-tls1_2",
		"-cipher", "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256")
	look, _ := full(t, address)
	require.Equal(t, checks.KnownFact(false), look.Full.Suites.DHReuse)
	require.Equal(t, checks.KnownFact(false), look.Full.Suites.ECDHEReuse)
}
