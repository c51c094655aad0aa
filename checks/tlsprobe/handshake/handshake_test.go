package handshake_test

import (
	"crypto/tls"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/handshake"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/session"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

const host = "app.test"

func peer(t *testing.T, address netip.AddrPort) (*conversation.Peer, *checktest.LoopbackNetwork) {
	t.Helper()
	network := checktest.Loopback(t)
	return conversation.New(conversation.Config{
		Network: network, Address: address, ServerName: host, Connections: 4, ReadTimeout: 500 * time.Millisecond,
	}), network
}

func TestMake(t *testing.T) {
	t.Parallel()
	issued := checktest.Issue(t, checktest.NewCA(t, "Root"), pki.Leaf{Names: []string{host}})
	for name, row := range map[string]struct {
		server   checktest.GoServerConfig
		question handshake.Question
		complete bool
		kind     conversation.Kind
		reason   checks.Reason // where it is not as far as was asked
	}{
		"TLS 1.2": {complete: true, kind: conversation.Data},
		"TLS 1.3": {question: handshake.Question{Config: session.Config{MaxVersion: wire.TLS13}}, complete: true, kind: conversation.Data},
		"partial": {question: handshake.Question{Partial: true}, kind: conversation.Data},
		"SNI is sent": {
			server: checktest.GoServerConfig{Certificate: issued, RequireSNI: true}, complete: true, kind: conversation.Data,
		},
		"SNI is left out": {
			server:   checktest.GoServerConfig{Certificate: issued, RequireSNI: true},
			question: handshake.Question{WithoutSNI: true, Config: session.Config{ServerName: host}},
			kind:     conversation.Alert, reason: checks.ReasonHandshakeFailed,
		},
		"no common version": {
			server: checktest.GoServerConfig{MinVersion: tls.VersionTLS13}, kind: conversation.Alert, reason: checks.ReasonHandshakeFailed,
		},
		"a certificate is wanted": {
			server: checktest.GoServerConfig{ClientAuth: tls.RequireAnyClientCert}, kind: conversation.Alert, reason: checks.ReasonClientCertificate,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, network := peer(t, checktest.StartGoServer(t, row.server))
			made := handshake.Make(t.Context(), asked, row.question)
			defer made.Close()
			require.Equal(t, row.complete, made.Complete)
			require.Equal(t, row.kind, made.Reaction.Kind)
			require.Equal(t, row.kind == conversation.Data, made.Err == nil)
			if row.reason != "" {
				require.Equal(t, row.reason, made.Reason())
			}
			require.Len(t, network.Measurements().Connections, 1)
		})
	}
}

// A server that says nothing to the first connection is asked once more where
// that is wanted; an alert is an answer.
func TestAgain(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		first       func(net.Conn)
		again       bool
		complete    bool
		connections int
	}{
		"silence":           {checktest.Tarpit, true, true, 2},
		"RST":               {checktest.ResetOnHello, true, true, 2},
		"FIN":               {checktest.CloseOnAccept, true, true, 2},
		"FIN, asked once":   {checktest.CloseOnAccept, false, false, 1},
		"alert":             {checktest.AlertAlways(wire.AlertHandshakeFailure), true, false, 1},
		"something foreign": {checktest.PlainHTTP, true, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var count atomic.Int64
			asked, network := peer(t, checktest.StartPeer(t, checktest.Choosy(t, checktest.GoServerConfig{}, func(checktest.Hello) bool {
				return count.Add(1) == 1
			}, row.first)))
			made := handshake.Make(t.Context(), asked, handshake.Question{Name: "a session", Again: row.again})
			defer made.Close()
			require.Equal(t, row.complete, made.Complete)
			require.Len(t, network.Measurements().Connections, row.connections)
		})
	}
}

func TestReason(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		react  func(net.Conn)
		reason checks.Reason
	}{
		"silence": {checktest.Tarpit, checks.ReasonTimeout}, "HTTP": {checktest.PlainHTTP, checks.ReasonNotTLS},
		"nonsense": {checktest.GarbageRecord, checks.ReasonMalformed}, "endless": {checktest.EndlessRecords, checks.ReasonTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, _ := peer(t, checktest.StartPeer(t, row.react))
			made := handshake.Make(t.Context(), asked, handshake.Question{})
			defer made.Close()
			require.Equal(t, row.reason, made.Reason())
			require.Error(t, made.Err)
		})
	}
}

func TestNoConnectionLeft(t *testing.T) {
	t.Parallel()
	asked, network := peer(t, checktest.StartGoServer(t, checktest.GoServerConfig{}))
	made := handshake.Make(t.Context(), asked.WithBudget(0), handshake.Question{Again: true})
	made.Close() // there is none
	require.True(t, made.Reaction.Unconnected)
	require.Equal(t, checks.ReasonBudget, made.Reason())
	require.False(t, made.Complete)
	require.Empty(t, network.Measurements().Connections)
}
