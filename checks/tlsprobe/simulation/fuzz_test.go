package simulation

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/iana/tlsparameters"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/conversation"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/known"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// FuzzCompute holds that whatever is thought to be known of a server, Compute
// ends, says the same twice, and gives no client what it does not offer.
func FuzzCompute(f *testing.F) {
	f.Add([]byte{}, uint8(3))
	// TLS 1.3 and 1.2 in the server's order, and three groups of each.
	f.Add([]byte("\x01\x00\x00\x03\x13\x01\x13\x02\x13\x03\x00\x01\x00\x00\x04\xC0\x2F\xC0\x30\xCC\xA8\x00\x9E\x0B\x00"+
		"\x03\x03\x03\x03\x03\x03\x03\x03\x00\x03\x11\xEC\x00\x1D\x00\x17\x00\x03\x00\x1D\x00\x17\x00\x18"), uint8(3))
	f.Add([]byte("\x03\x03\x00\x02\xC0\x2F\x00\x9C\x01\x00\x02\xC0\x0A\x00\x33\x0B\x01\x00\x02\x00\x0A\x00\x05"), uint8(20))
	profiles := Profiles()
	f.Fuzz(func(t *testing.T, content []byte, which uint8) {
		facts := arbitraryKnown(content)
		profile := profiles[int(which)%len(profiles)]
		got := Compute(profile, facts)
		require.Equal(t, got, Compute(profile, facts))
		require.NotEqual(t, checks.NotAsked, got.Handshake.State)
		if got.Handshake.State != checks.Known {
			require.NotEmpty(t, got.Handshake.Reason)
			return
		}
		require.Contains(t, profile.protocols(), got.Handshake.Value.Protocol)
		require.Equal(t, checks.Known, facts.TLS.Protocols[got.Handshake.Value.Protocol].State)
		value, err := known.Value(got.Handshake.Value.Suite)
		require.True(t, err == nil && slices.Contains(profile.Suites, value))
	})
}

// arbitraryKnown reads facts out of bytes; states and values need not fit. A
// fuzzer that had to write them as JSON would hardly ever get past its parser.
func arbitraryKnown(data []byte) Known {
	next := func() byte {
		if len(data) == 0 {
			return 0
		}
		value := data[0]
		data = data[1:]
		return value
	}
	state := func() checks.State {
		return []checks.State{checks.Known, checks.Absent, checks.Inconclusive, checks.NotAsked}[next()%4]
	}
	order := func() checks.Preference {
		return []checks.Preference{checks.ServerPreference, checks.ClientPreference}[next()%2]
	}
	list := func() (list []uint16) {
		for range next() % 16 {
			list = append(list, uint16(next())<<8|uint16(next()))
		}
		return list
	}
	known := Known{TLS: checks.TLS{Protocols: map[checks.Protocol]checks.Fact[checks.Accepted]{}}}
	known.Suites.Accepted = map[checks.Protocol]checks.Fact[[]checks.Suite]{}
	known.Suites.Preference = map[checks.Protocol]checks.Fact[checks.Preference]{}
	protocols := checks.Protocols()
	slices.Reverse(protocols)
	for _, protocol := range protocols {
		kind := next()
		known.TLS.Protocols[protocol] = checks.Fact[checks.Accepted]{State: checks.State(kind % 4), Value: checks.Accepted{Mixed: kind >= 128}}
		known.Suites.Preference[protocol] = checks.Fact[checks.Preference]{State: state(), Value: order()}
		var suites []checks.Suite
		for _, value := range list() {
			suites = append(suites, checks.Suite{ID: tlsparameters.SuiteID(value), Group: []string{"", "ffdhe2048", "x25519"}[value%3], GroupBits: int(kind) * 16})
		}
		known.Suites.Accepted[protocol] = checks.Fact[[]checks.Suite]{State: state(), Value: suites}
	}
	known.Suites.PrefersChaCha20 = checks.Fact[bool]{State: state(), Value: next()%2 == 1}
	known.Suites.Groups = checks.Fact[[]checks.Group]{State: state(), Value: namedGroups(list())}
	known.Suites.LegacyGroups = checks.Fact[[]checks.Group]{State: state(), Value: namedGroups(list())}
	known.Suites.GroupPreference = checks.Fact[checks.Preference]{State: state(), Value: order()}
	known.Suites.PostQuantum = checks.Fact[checks.PostQuantum]{State: state(), Value: checks.PostQuantum{Chosen: "X25519MLKEM768", Retry: next()%2 == 1}}
	known.Suites.SignatureSchemes = map[checks.Protocol]checks.Fact[[]string]{
		checks.TLSv12: {State: state(), Value: []string{"rsa_pss_rsae_sha256", "ecdsa_secp256r1_sha256"}[next()%2:]},
	}
	known.Chains.SNIRequired = checks.Fact[bool]{State: state(), Value: next()%2 == 1}
	known.Chains.Served = checks.Fact[[]checks.ServedChain]{State: state(), Value: []checks.ServedChain{
		{Key: "ECDSA", SNI: next()%2 == 1, Certificates: []checks.Fingerprint{"one"}}, {Key: "RSA", SNI: next()%2 == 1},
	}}
	return known
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
