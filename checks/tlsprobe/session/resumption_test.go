package session

import (
	"fmt"
	"io"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// By session id and by ticket, and neither for a stranger.
func TestResumption(t *testing.T) {
	t.Parallel()
	peers := []struct {
		name     string
		ticket   bool
		versions []uint16
		address  netip.AddrPort
	}{
		{"Node ticket", true, []uint16{wire.TLS10, wire.TLS11, wire.TLS12}, checktest.StartNode010(t, checktest.NodeConfig{})},
		{"OpenSSL ticket", true, []uint16{wire.TLS10, wire.TLS11, wire.TLS12}, checktest.StartOpenSSL(t, issue(t, pki.RSA), "-cipher", "ALL:@SECLEVEL=0")},
		{"OpenSSL id", false, []uint16{wire.TLS10, wire.TLS11, wire.TLS12}, checktest.StartOpenSSL(t, issue(t, pki.RSA), "-no_ticket", "-cipher", "ALL:@SECLEVEL=0")},
	}
	for _, peer := range peers {
		for _, version := range peer.versions {
			t.Run(fmt.Sprintf("%s %04X", peer.name, version), func(t *testing.T) {
				testResumption(t, peer.address, Config{MaxVersion: version, Suites: []uint16{0x002F}, SessionTicket: peer.ticket})
			})
		}
	}
}

func testResumption(t *testing.T, address netip.AddrPort, config Config) {
	t.Helper()
	first := connect(t, address, config)
	exchange(t, first)
	require.False(t, first.Resumed)
	config.Resume = first.Resumption()
	require.NotNil(t, config.Resume)
	require.Equal(t, config.SessionTicket, config.Resume.Ticket != nil)
	second := connect(t, address, config)
	exchange(t, second)
	require.True(t, second.Resumed)
	require.Equal(t, first.master, second.master)
	require.Empty(t, second.Certificates)

	strange := *config.Resume
	strange.SessionID = wire.Random(32)
	if config.SessionTicket {
		strange.SessionID, strange.Ticket = nil, wire.Random(160)
	}
	config.Resume = &strange
	third := connect(t, address, config)
	exchange(t, third)
	require.False(t, third.Resumed)
	require.NotEmpty(t, third.Certificates)
}

// Early data: offered by a ticket, taken once, answered as if it came later.
func TestEarlyData(t *testing.T) {
	t.Parallel()
	address := checktest.StartNginx(t, checktest.NginxConfig{Server: "ssl_early_data on;"}).Addr
	config := Config{MaxVersion: wire.TLS13, KeyShares: []uint16{GroupX25519}}
	first := connect(t, address, config)
	exchange(t, first)
	require.NotEmpty(t, first.Tickets)
	config.Resume = first.Resumption()
	require.EqualValues(t, 16384, config.Resume.MaxEarlyData)
	config.EarlyData = []byte("GET / HTTP/1.0\r\n\r\n")
	second := connect(t, address, config)
	require.True(t, second.Resumed)
	require.True(t, second.EarlyDataAccepted)
	answer := make([]byte, 12)
	_, err := io.ReadFull(second, answer)
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 200", string(answer))

	refusing := checktest.StartOpenSSL(t, issue(t, pki.RSA))
	config.EarlyData = nil
	config.Resume = nil
	third := connect(t, refusing, config)
	exchange(t, third)
	config.Resume = third.Resumption()
	require.Zero(t, config.Resume.MaxEarlyData)
	config.EarlyData = []byte("GET / HTTP/1.0\r\n\r\n")
	fourth := connect(t, refusing, config)
	require.True(t, fourth.Resumed)
	require.False(t, fourth.EarlyDataAccepted)
	exchange(t, fourth)
}
