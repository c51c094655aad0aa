package probe_test

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/probe"
)

// udpEcho gives datagrams back until the end of the test.
func udpEcho(t *testing.T) netip.AddrPort {
	t.Helper()
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buffer := make([]byte, 2048)
		for {
			n, from, err := socket.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			_, _ = socket.WriteToUDPAddrPort(buffer[:n], from)
		}
	}()
	t.Cleanup(func() { _ = socket.Close(); <-ended })
	return socket.LocalAddr().(*net.UDPAddr).AddrPort()
}

func loopbackNetwork(limits checks.Limits) *probe.Network {
	return probe.New(probe.Config{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}).Network(limits)
}

func TestDialPacketExchangesDatagrams(t *testing.T) {
	t.Parallel()
	address := udpEcho(t)
	network := loopbackNetwork(checks.Limits{})
	socket, err := network.DialPacket(t.Context(), address)
	require.NoError(t, err)
	_, err = socket.WriteTo([]byte("hello"), net.UDPAddrFromAddrPort(address))
	require.NoError(t, err)
	buffer := make([]byte, 16)
	n, from, err := socket.ReadFrom(buffer)
	require.NoError(t, err)
	require.Equal(t, "hello", string(buffer[:n]))
	require.Equal(t, address.String(), from.String())
	require.NoError(t, socket.Close())
	require.NoError(t, socket.Close())
	connections := network.Measurements().Connections
	require.Len(t, connections, 1)
	require.Equal(t, address, connections[0].Destination)
	require.Equal(t, int64(5), connections[0].Sent)
	require.Equal(t, int64(5), connections[0].Received)
	require.True(t, connections[0].Source.IsValid())
}

func TestDialPacketVetsAndCounts(t *testing.T) {
	t.Parallel()
	address := udpEcho(t)
	strict := probe.New(probe.Config{}).Network(checks.Limits{})
	for _, forbidden := range []string{"127.0.0.1:443", "10.0.0.1:443", "[::1]:443", "[::ffff:10.0.0.1]:443", "169.254.169.254:80", "203.0.113.1:0"} {
		_, err := strict.DialPacket(t.Context(), netip.MustParseAddrPort(forbidden))
		require.Equal(t, checks.ReasonSpecialPurpose, probe.ReasonOf(err), forbidden)
	}
	require.Empty(t, strict.Measurements().Connections)

	network := loopbackNetwork(checks.Limits{ConnectionsPerAddress: 1})
	socket, err := network.DialPacket(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = socket.Close() })
	_, err = network.DialPacket(t.Context(), address)
	require.Equal(t, checks.ReasonBudget, probe.ReasonOf(err))
	_, err = network.Dial(t.Context(), address)
	require.Equal(t, checks.ReasonBudget, probe.ReasonOf(err), "one budget for both")
}

func TestDialPacketSendsNowhereElse(t *testing.T) {
	t.Parallel()
	address, other := udpEcho(t), udpEcho(t)
	socket, err := loopbackNetwork(checks.Limits{}).DialPacket(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = socket.Close() })
	for _, to := range []net.Addr{net.UDPAddrFromAddrPort(other), &net.UDPAddr{}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(address.Port())}} {
		_, err = socket.WriteTo([]byte("x"), to)
		require.Equal(t, checks.ReasonSpecialPurpose, probe.ReasonOf(err))
	}
}

func TestDialPacketIsBounded(t *testing.T) {
	t.Parallel()
	address := udpEcho(t)
	socket, err := loopbackNetwork(checks.Limits{BytesPerConnection: 100}).DialPacket(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = socket.Close() })
	buffer := make([]byte, 2048)
	for range 2 {
		_, err = socket.WriteTo(make([]byte, 60), net.UDPAddrFromAddrPort(address))
		require.NoError(t, err)
		_, _, err = socket.ReadFrom(buffer)
		require.NoError(t, err)
	}
	_, err = socket.WriteTo([]byte("x"), net.UDPAddrFromAddrPort(address))
	require.Equal(t, checks.ReasonTooLarge, probe.ReasonOf(err))
	_, _, err = socket.ReadFrom(buffer)
	require.Equal(t, checks.ReasonTooLarge, probe.ReasonOf(err))
}

func TestDialPacketEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	socket, err := loopbackNetwork(checks.Limits{}).DialPacket(ctx, udpEcho(t))
	require.NoError(t, err)
	cancel()
	_, _, err = socket.ReadFrom(make([]byte, 16))
	require.Equal(t, checks.ReasonCanceled, probe.ReasonOf(err))
	require.NoError(t, socket.Close())
	_, err = loopbackNetwork(checks.Limits{}).DialPacket(ctx, udpEcho(t))
	require.Equal(t, checks.ReasonCanceled, probe.ReasonOf(err))
}
