package session

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	value, err := hex.DecodeString(text)
	require.NoError(t, err)
	return value
}

func suiteOf(t testing.TB, id uint16) Suite {
	t.Helper()
	suite, known := SuiteOf(id)
	require.True(t, known)
	return suite
}

// A published vector of P_SHA256 (in circulation since the TLS working group's
// list of 2009).
func TestPRFOfTLS12(t *testing.T) {
	t.Parallel()
	secrets := Secrets{Version: wire.TLS12, Suite: suiteOf(t, 0x002F)}
	got := secrets.prf(unhex(t, "9bbe436ba940f017b17652849a71db35"), "test label", 100, unhex(t, "a0ba9f936cda311827a6f796ffd5198c"))
	require.Equal(t, "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66", hex.EncodeToString(got))
}

// What gnutls-cli printed of a connection in TLS 1.0 with RC4-SHA.
func TestKeysOfTLS10(t *testing.T) {
	t.Parallel()
	secrets := Secrets{
		Version: wire.TLS10, Suite: suiteOf(t, 0x0005),
		ClientRandom: unhex(t, "4ae66303755184a3917fcb44880605fcc53baa01912b22ed94473fc69cebd558"),
		ServerRandom: unhex(t, "4ae663020ec16e6bb5130be918cfcafd4d765979a3136a5d50c593446e4e44db"),
	}
	secrets.Master = secrets.MasterSecret(unhex(t, "0302cac83ad4b1db3b9ab49ad05957de2a504a634a386fc600889321e1a971f57479466830ac3e6f468e87f5385fa0c5"))
	require.Equal(t, "3d851bab6e5556e959a16bc36d66cfae32f672bfa9ecdef6096cbb1b23472df1da63dbbd9827606413221d149ed08ceb", hex.EncodeToString(secrets.Master))
	client, server := secrets.Keys()
	require.Equal(t, "805aaa19b3d2c0a0759a4b6c9959890e08480119", hex.EncodeToString(client.MAC))
	require.Equal(t, "2d22f9fe519c075c16448305ceee209fc24ad109", hex.EncodeToString(server.MAC))
	require.Equal(t, "d50b5771244f850cd8117a9ccafe2cf1", hex.EncodeToString(client.Key))
	require.Equal(t, "e076e33206b30507a85c32855acd0919", hex.EncodeToString(server.Key))
}

// The secrets of RFC 8448 section 3 that do not depend on a transcript.
func TestScheduleOfTLS13(t *testing.T) {
	t.Parallel()
	schedule := NewSchedule(suiteOf(t, 0x1301), nil)
	require.Equal(t, "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a", hex.EncodeToString(schedule.secret))
	schedule.Handshake(unhex(t, "8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d"))
	require.Equal(t, "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac", hex.EncodeToString(schedule.secret))
	schedule.Master()
	require.Equal(t, "18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919", hex.EncodeToString(schedule.secret))

	keys := TrafficKeys(suiteOf(t, 0x1301), unhex(t, "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38"))
	require.Equal(t, "3fce516009c21727d0f2e4e86ee403bc", hex.EncodeToString(keys.Key))
	require.Equal(t, "5d313eb2671276ee13000b30", hex.EncodeToString(keys.IV))
}

// A vector of NIST's ACVP server (TLS-v1.3-KDF-RFC8446) with a PSK. Its
// transcript is the values that stand for the messages.
func TestScheduleWithPSK(t *testing.T) {
	t.Parallel()
	schedule := NewSchedule(suiteOf(t, 0x1301), unhex(t, "56288b726c73829f7a3e47b103837c8139acf552e7530c7a710b35ed41191698"))
	var transcript []byte
	derive := func(message, label, want string) {
		t.Helper()
		transcript = append(transcript, unhex(t, message)...)
		require.Equal(t, want, hex.EncodeToString(schedule.Derive(label, transcript)))
	}
	derive("e9137679e582ba7c1db41cf725f86c6d09c8c05f297bad9a65b552eaf524fde4", "c e traffic", "3272189698c3594d18f58efa3f12b638a249515099be7a2fa9836babe74f0111")
	schedule.Handshake(unhex(t, "effe9ec26aa29fd750dfa6a10b944d74071595b27ee88887d5e11c84590b5cc3"))
	derive("23eccfd030790748c8f8d8a656fd98d717f1b62af3712f97211d2070b499f98a", "c hs traffic", "b32306c3ce9932c460a1fe6c0f060593974842036b96fa45049b7352e71c2ad2")
	derive("", "s hs traffic", "22787f8ca269d34bc549ac8ba19f2040938a3aa370d7cc9d60f720882b88d01b")
	schedule.Master()
	derive("c750eda6696cd101b142bd79e00e6ac8c5f2c0abc78dd64f4d991326659e9299", "c ap traffic", "47d7ea08397b5871154b0fe85584bcc30a87c69e84d69b56007c5b21f76493ba")
	derive("", "s ap traffic", "efbdb0c873c0480da57307083839a8984be25b9a8545e4fca029940fe2800565")
	derive("62a62fa75563ed4fdcaa0bc16567b314871c304acf06b0ffc3f08c1797594d43", "res master", "5f4c961329c91044011acbecb0b289282e0e3fed045cb3ea924dffe5fe654b3d")
}

func TestExtendedMasterSecretCoversTheTranscript(t *testing.T) {
	t.Parallel()
	for _, id := range []uint16{0xC02F, 0xC030} {
		secrets := Secrets{Version: wire.TLS12, Suite: suiteOf(t, id)}
		one := secrets.ExtendedMasterSecret([]byte("premaster"), []byte("hello"))
		other := secrets.ExtendedMasterSecret([]byte("premaster"), []byte("other hello"))
		require.Len(t, one, 48)
		require.NotEqual(t, one, other)
	}
}
