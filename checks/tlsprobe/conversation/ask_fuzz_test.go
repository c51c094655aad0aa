package conversation_test

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/transcript"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// FuzzAsk holds that a server may answer anything and end in any way: a question
// ends soon, within its budget, says what came, and calls nothing a refusal that
// no control hello proves.
func FuzzAsk(f *testing.F) {
	for _, recorded := range transcript.All(f) {
		sslv2 := strings.Contains(recorded.Name, "ssl20")
		f.Add(recorded.Answer, uint8(0), sslv2, true)
		f.Add(recorded.Answer[:len(recorded.Answer)/2], uint8(1), sslv2, false)
		f.Add(recorded.Answer[:min(20, len(recorded.Answer))], uint8(2), sslv2, false)
	}
	f.Fuzz(func(t *testing.T, answer []byte, end uint8, sslv2, economical bool) {
		synctest.Test(t, func(t *testing.T) { askOnce(t, answer, checktest.End(end%3), sslv2, economical) })
	})
}

func askOnce(t *testing.T, content []byte, end checktest.End, sslv2, economical bool) {
	t.Helper()
	const budget = 4
	network := &checktest.Replay{Answer: func(int64, []byte) ([]byte, checktest.End) { return content, end }}
	asked := conversation.New(conversation.Config{
		Network: network, Address: netip.MustParseAddrPort("127.0.0.1:443"), ServerName: "app.test",
		Connections: budget, ReadTimeout: time.Second, Economical: economical,
	})
	question := works()
	question.Until = conversation.UntilDone
	if sslv2 {
		question.Specs = []uint32{0x010080, 0x0700C0}
	}
	began := time.Now()
	answer := asked.Ask(t.Context(), question)
	refused, reason := asked.Refused(t.Context(), answer)
	require.LessOrEqual(t, time.Since(began), time.Minute)
	require.LessOrEqual(t, network.Connections(), budget)
	require.Equal(t, answer.Accepted(), answer.Hello != nil || answer.SSLv2 != nil)
	require.Equal(t, sslv2 && answer.Accepted(), answer.SSLv2 != nil)
	require.Equal(t, !answer.Accepted() && !refused, reason != "", "%s: %v, %q", answer.Reaction, refused, reason)
	if refused {
		require.Equal(t, conversation.Alert, answer.Reaction.Kind)
	}
	if answer.Hello != nil && answer.KeyExchange != nil {
		for kind := wire.KeyExchangeECDHE; kind <= wire.KeyExchangePSK; kind++ {
			_, _ = wire.ParseServerKeyExchange(answer.KeyExchange, wire.KeyExchangeForm{Kind: kind, Signed: true}, answer.Hello.Version)
		}
	}
	require.NotEqual(t, checks.ReasonInternal, answer.Reaction.Reason)
}
