package tlsprobe

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// TestKeptCertificatesAreBounded: a server that makes a new huge certificate
// for each connection fills no memory.
func TestKeptCertificatesAreBounded(t *testing.T) {
	t.Parallel()
	i := newInspection(checks.Target{Host: "localhost"}, 1, conversation.Config{Network: checktest.Loopback(t)})
	const size = 200 << 10
	for number := range uint32(100) {
		der := make([]byte, size)
		binary.BigEndian.PutUint32(der, number)
		i.keep(offer{protocol: checks.TLSv12}, conversation.Answer{
			Hello: &wire.ServerHello{Version: wire.TLS12}, Certificates: []wire.CertificateEntry{{DER: der}},
		})
	}
	total := 0
	for _, certificate := range i.allCertificates() {
		total += len(certificate.DER)
	}
	require.LessOrEqual(t, total, mostCertificates)
	require.Greater(t, total, mostCertificates-size)
	for _, sight := range i.seen {
		require.Len(t, sight.chain, 1)
		require.Empty(t, sight.answer.Certificates)
	}
}
