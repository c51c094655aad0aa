package conversation_test

import (
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

func hello(suites ...uint16) wire.ClientHello {
	name, _ := wire.ServerName("app.test")
	return wire.ClientHello{Version: wire.TLS12, Suites: suites, Extensions: []wire.Extension{
		name, wire.RenegotiationInfo(nil), wire.PointFormats(), wire.SupportedGroups([]uint16{29, 23, 24}),
		wire.SignatureAlgorithms([]uint16{0x0403, 0x0804, 0x0401, 0x0501}),
	}}
}

func works() conversation.Question {
	return conversation.Question{Name: "works", Hello: hello(0xC02F, 0xC02B, 0x009C)}
}

func refused() conversation.Question {
	return conversation.Question{Name: "refused", Hello: hello(0x0001)}
}

func peer(t *testing.T, address netip.AddrPort) (*conversation.Peer, *checktest.LoopbackNetwork) {
	t.Helper()
	network := checktest.Loopback(t)
	return conversation.New(conversation.Config{
		Network: network, Address: address, ServerName: "app.test", Connections: 20, ReadTimeout: 800 * time.Millisecond,
	}), network
}

func TestAskReadsTheFirstFlight(t *testing.T) {
	t.Parallel()
	asked, _ := peer(t, checktest.StartGoServer(t, checktest.GoServerConfig{}))
	question := works()
	question.Until = conversation.UntilDone
	answer := asked.Ask(t.Context(), question)
	require.True(t, answer.Accepted())
	require.Equal(t, wire.TLS12, answer.Hello.Version)
	require.Equal(t, uint16(0xC02F), answer.Hello.Suite)
	require.Equal(t, conversation.Data, answer.Rest.Kind)
	require.NotEmpty(t, answer.Certificates)
	exchange, err := wire.ParseServerKeyExchange(answer.KeyExchange, wire.KeyExchangeForm{Kind: wire.KeyExchangeECDHE, Signed: true}, wire.TLS12)
	require.NoError(t, err)
	require.Equal(t, uint16(29), exchange.Group)
	require.NotZero(t, exchange.SignatureScheme)
}

func TestAnAlertIsARefusal(t *testing.T) {
	t.Parallel()
	asked, network := peer(t, checktest.StartGoServer(t, checktest.GoServerConfig{}))
	answer := asked.Ask(t.Context(), refused())
	require.Equal(t, "alert handshake_failure (level 2)", answer.Reaction.String())
	no, reason := asked.Refused(t.Context(), answer)
	require.True(t, no)
	require.Empty(t, reason)
	require.Len(t, network.Measurements().Connections, 1)
}

// between starts a Go server behind a relay that decides for each connection.
func between(t *testing.T, decide func(count int64) func(net.Conn)) netip.AddrPort {
	t.Helper()
	server := checktest.StartGoServer(t, checktest.GoServerConfig{})
	var count atomic.Int64
	return checktest.StartPeer(t, func(conn net.Conn) {
		if react := decide(count.Add(1)); react != nil {
			react(conn)
			return
		}
		checktest.Relay(t.Context(), conn, server)
	})
}

func TestWhatIsDroppedIsAskedAgainAlone(t *testing.T) {
	t.Parallel()
	for name, react := range map[string]func(net.Conn){"RST": checktest.ResetOnHello, "FIN": checktest.CloseOnAccept, "silence": checktest.Tarpit} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, network := peer(t, between(t, func(count int64) func(net.Conn) {
				if count == 2 {
					return react
				}
				return nil
			}))
			require.True(t, asked.Ask(t.Context(), works()).Accepted())
			require.True(t, asked.Ask(t.Context(), works()).Accepted())
			require.Len(t, network.Measurements().Connections, 3)
		})
	}
}

func TestSilenceOfAServerThatStoppedIsNoRefusal(t *testing.T) {
	t.Parallel()
	for name, react := range map[string]func(net.Conn){"RST": checktest.ResetOnHello, "silence": checktest.Tarpit} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, network := peer(t, between(t, func(count int64) func(net.Conn) {
				if count > 1 {
					return react
				}
				return nil
			}))
			require.True(t, asked.Ask(t.Context(), works()).Accepted())
			asked.SetControl(works())
			no, reason := asked.Refused(t.Context(), asked.Ask(t.Context(), refused()))
			require.False(t, no)
			require.Equal(t, checks.ReasonDegraded, reason)
			require.True(t, asked.Stopped())
			used := len(network.Measurements().Connections)
			require.Equal(t, checks.ReasonDegraded, asked.Ask(t.Context(), works()).Reaction.Reason, "nothing more is asked")
			require.Len(t, network.Measurements().Connections, used)
		})
	}
}

func TestDroppingIsARefusalBetweenControlsThatWork(t *testing.T) {
	t.Parallel()
	for name, react := range map[string]func(net.Conn){"RST": checktest.ResetOnHello, "silence": checktest.Tarpit} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, _ := peer(t, between(t, func(count int64) func(net.Conn) {
				if count == 2 || count == 3 {
					return react
				}
				return nil
			}))
			require.True(t, asked.Ask(t.Context(), works()).Accepted())
			asked.SetControl(works())
			no, _ := asked.Refused(t.Context(), asked.Ask(t.Context(), refused()))
			require.True(t, no)
		})
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	asked, network := peer(t, checktest.StartGoServer(t, checktest.GoServerConfig{}))
	small := asked.WithBudget(1)
	require.True(t, small.Ask(t.Context(), works()).Accepted())
	require.Equal(t, checks.ReasonBudget, small.Ask(t.Context(), works()).Reaction.Reason)
	require.Zero(t, small.Left())
	require.Equal(t, 20, asked.Left())
	require.Len(t, network.Measurements().Connections, 1)
}
