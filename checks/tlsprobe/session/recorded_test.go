package session

import (
	"bytes"
	"io"
	"testing"
	"testing/cryptotest"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/checktest/transcript"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// recordedSeed is the client's randomness in every recording: with the same,
// its keys are the same, and what was recorded can be opened.
const recordedSeed = 20261122

// conversationOf is what the client of a recording did.
type conversationOf struct {
	name   string // of the recording
	config Config
	ends   bool // the handshake does not complete
}

// recordedConversations are in an order that fuzz inputs count on: new ones
// come last.
func recordedConversations() []conversationOf {
	everything := func(config Config) Config {
		config.ServerName, config.ALPN = "localhost", []string{"h2", "http/1.1"}
		config.StatusRequest, config.SCT, config.SessionTicket, config.Heartbeat = true, true, true, 1
		return config
	}
	tls12 := func(suites ...uint16) Config { return everything(Config{MaxVersion: wire.TLS12, Suites: suites}) }
	tls13 := everything(Config{MaxVersion: wire.TLS13})
	retry := everything(Config{MaxVersion: wire.TLS13, KeyShares: []uint16{}})
	old := func(version uint16, suites ...uint16) Config { return Config{MaxVersion: version, Suites: suites} }
	etm := tls12(0x002F)
	etm.EncryptThenMAC = true
	return []conversationOf{
		{"nginx-tls12-ecdhe-ecdsa", tls12(0xC02B), false},
		{"nginx-tls13", tls13, false},
		{"nginx-tls13-retry", retry, false},
		{"nginx-tls11-refused", old(wire.TLS11), true},
		{"apache-tls12-dhe-rsa-request", tls12(0x009E), false},
		{"apache-tls13-request", tls13, false},
		{"openssl-tls12-rsa-etm", etm, false},
		{"openssl-tls10-cbc", old(wire.TLS10, 0xC014), false},
		{"openssl-tls12-anon", tls12(0x00A6), false},
		{"nginx-tls13-early", tls13, false},
		{"openssl-tls12-refused", tls12(0xC0AC), true},
		{"node010-ssl30-rc4", old(wire.SSL30, 0x0005), false},
		{"node010-tls10-export", old(wire.TLS10, 0x0003), false},
		{"node010-tls12-null", tls12(0x003B), false},
		{"node011-tls12-dhe", tls12(0x0033), false},
		{"node011-tls10-anon", old(wire.TLS10, 0x0034), false},
		{"node24-tls13-hybrid", tls13, false},
		{"gnutls-tls12-chacha20", tls12(0xCCA9), false},
		{"gnutls-tls13", tls13, false},
		{"haproxy-tls12-ecdhe-ecdsa", tls12(0xC02C), false},
		{"haproxy-tls13", tls13, false},
		{"java-tls12-ecdhe-ecdsa", tls12(0xC02B), false},
		{"java-tls13", tls13, false},
		{"java-tls12-certificate-needed", tls12(0xC02B), true},
		// A Go server in the process of the recorder draws from the same stream:
		// only where the client draws nothing after its hello does it come again.
		{"go-tls13-staple-request", tls13, false},
		{"go-tls12-staple-request", tls12(0xC02B), true},
	}
}

// converse has the conversation with whoever is at the other end: a handshake,
// a request, and everything that is answered.
func converse(t *testing.T, conn io.ReadWriter, config Config) (*Session, error) {
	t.Helper()
	cryptotest.SetGlobalRandom(t, recordedSeed)
	session, err := Handshake(t.Context(), conn, config)
	if err != nil {
		return session, err
	}
	if _, err = session.Write([]byte("GET / HTTP/1.0\r\n\r\n")); err != nil {
		return session, err
	}
	_, err = io.Copy(io.Discard, session)
	return session, err
}

// The seeds are worth something: they lead through whole handshakes, into what
// follows. Where Go draws its randomness in another order than when they were
// recorded, this fails, and they have to be recorded anew.
func TestRecordedConversations(t *testing.T) { //nolint:paralleltest // the randomness of the process is fixed
	for _, one := range recordedConversations() {
		t.Run(one.name, func(t *testing.T) { //nolint:paralleltest // the same
			recorded := transcript.Named(t, one.name)
			session, err := converse(t, &canned{Reader: bytes.NewReader(recorded.Answer)}, one.config)
			require.Equal(t, !one.ends, session.Complete, "%v: record the seeds anew (see checks/checktest/transcript)", err)
			require.NotEmpty(t, recorded.Answer)
			if session.Version != 0 {
				require.NotEmpty(t, recorded.Bodies(wire.TypeServerHello))
			}
		})
	}
}
