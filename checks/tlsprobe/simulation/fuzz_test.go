package simulation

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// FuzzCompute holds that whatever is thought to be known of a server, Compute
// ends, says the same twice, and gives no client what it does not offer.
func FuzzCompute(f *testing.F) {
	for _, seed := range []shape{
		modern, only(checks.TLSv10, 0xC00A, 0x0033), only(checks.TLSv13, 0x1301),
		{},
		with(modern, func(s *shape) { s.order = checks.ClientPreference; s.groupOrder = checks.ClientPreference }),
	} {
		content, err := json.Marshal(seed.known())
		require.NoError(f, err)
		f.Add(content, uint8(3))
	}
	f.Fuzz(func(t *testing.T, content []byte, which uint8) {
		var known Known
		if json.Unmarshal(content, &known) != nil {
			return
		}
		profiles := Profiles()
		profile := profiles[int(which)%len(profiles)]
		got := Compute(profile, known)
		require.Equal(t, got, Compute(profile, known))
		require.NotEqual(t, checks.NotAsked, got.Handshake.State)
		if got.Handshake.State != checks.Known {
			require.NotEmpty(t, got.Handshake.Reason)
			return
		}
		require.Contains(t, profile.protocols(), got.Handshake.Value.Protocol)
		require.Equal(t, checks.Known, known.TLS.Protocols[got.Handshake.Value.Protocol].State)
		value, ok := parseID(got.Handshake.Value.Suite)
		require.True(t, ok && slices.Contains(profile.Suites, value))
	})
}

// FuzzRead holds the same for whatever a server answers.
func FuzzRead(f *testing.F) {
	f.Add(uint16(wire.TLS12), uint16(0xC02F), uint16(0), []byte{3, 0, 23, 1, 4, 4, 1, 0, 0}, uint8(20))
	f.Add(uint16(wire.TLS12), uint16(0x009E), uint16(0), []byte{0, 1, 0xFF, 0, 1, 2, 0, 1, 3, 4, 1, 0, 0}, uint8(20))
	f.Add(uint16(wire.TLS13), uint16(0x1301), uint16(29), []byte{}, uint8(4))
	f.Add(uint16(0x0A0A), uint16(0x0A0A), uint16(0x0A0A), []byte{1}, uint8(1))
	f.Fuzz(func(t *testing.T, number, suite, group uint16, exchange []byte, which uint8) {
		profiles := Profiles()
		profile := profiles[int(which)%len(profiles)]
		answer := conversation.Answer{Hello: &wire.ServerHello{Version: number, Suite: suite, Group: group}, KeyExchange: exchange}
		got := read(profile, answer, Known{})
		require.NotEqual(t, checks.NotAsked, got.State)
		if got.State != checks.Known {
			require.NotEmpty(t, got.Reason)
			return
		}
		require.Contains(t, profile.protocols(), got.Value.Protocol)
		require.Contains(t, profile.Suites, suite)
	})
}
