package oracle

import (
	"net/netip"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/checktest"
	"github.com/gradewatch/gradewatch/checks/checktest/transcript"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/session"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// recordedSeed is the client's randomness in the recordings of reactions.
const recordedSeed = 20261122

// recordedReactions are the recordings by mode: an answer, and an alert.
func recordedReactions() map[int]string {
	return map[int]string{modeControl: "openssl-tls12-control", modeWrongMAC: "openssl-tls12-wrong-mac"}
}

// reactionTo asks one question of a mode, with the keys of the recordings. What
// ends in silence ends by the clock of a bubble.
func reactionTo(t *testing.T, network checks.Network, address netip.AddrPort, mode int) reaction {
	t.Helper()
	suite, known := session.SuiteOf(0x002F)
	require.True(t, known)
	peer := conversation.New(conversation.Config{
		Network: network, Address: address, ServerName: "localhost", Connections: 1, ReadTimeout: time.Second,
	})
	p := prober{peer: peer, shared: peer, silence: leastSilence}
	with := combination{checks.TLSv12, wire.TLS12, suite, "TLS 1.2"}
	return p.cbcAsker(with)(t.Context(), mode, time.Second)
}

func replayedReaction(t *testing.T, answer []byte, end checktest.End, mode int) (got reaction) {
	t.Helper()
	cryptotest.SetGlobalRandom(t, recordedSeed)
	network := &checktest.Replay{Answer: func(int64, []byte) ([]byte, checktest.End) { return answer, end }}
	synctest.Test(t, func(t *testing.T) {
		got = reactionTo(t, network, netip.MustParseAddrPort("127.0.0.1:443"), mode)
	})
	require.Equal(t, 1, network.Connections())
	return got
}

// FuzzReaction holds that whatever follows a malformed record, and whatever comes
// instead of the handshake before it, is a reaction of few events or none at all.
func FuzzReaction(f *testing.F) {
	for mode, name := range recordedReactions() {
		answer := transcript.Named(f, name).Answer
		f.Add(answer, uint8(mode), uint8(0))
		f.Add(answer[:len(answer)-20], uint8(mode), uint8(1))
		f.Add(answer, uint8(modeNoMAC), uint8(2))
	}
	f.Fuzz(func(t *testing.T, answer []byte, mode, end uint8) {
		got := replayedReaction(t, answer, checktest.End(end%3), int(mode)%(modeLastFiller+1))
		require.Equal(t, got.failed == "", len(got.events) > 0, "%+v", got)
		require.LessOrEqual(t, len(got.events), maxEvents+1)
		require.NotEqual(t, checks.ReasonInternal, got.failed)
	})
}

// The seeds lead through the handshake to what a healthy server says.
func TestRecordedReactions(t *testing.T) { //nolint:paralleltest // the randomness of the process is fixed
	for mode, name := range recordedReactions() {
		got := replayedReaction(t, transcript.Named(t, name).Answer, checktest.EndFIN, mode)
		require.Empty(t, got.failed, "%s: record the seeds anew (see checks/checktest/transcript)", name)
		require.Equal(t, mode == modeControl, got.has(conversation.Data), "%s: %+v", name, got)
	}
}
