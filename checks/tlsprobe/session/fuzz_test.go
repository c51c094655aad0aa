package session

import (
	"bytes"
	"testing"
	"testing/cryptotest"

	"github.com/gradewatch/gradewatch/checks/checktest/pki"
	"github.com/gradewatch/gradewatch/checks/checktest/transcript"
	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

// What a server sends may be anything, within the handshake and behind it. The
// client's keys are those of the recordings, so that these lead all the way.
func FuzzHandshake(f *testing.F) {
	conversations := recordedConversations()
	for index, one := range conversations {
		f.Add(transcript.Named(f, one.name).Answer, uint8(index))
	}
	hello := message(wire.TypeServerHello, binaryHello(Secrets{Version: wire.SSL30, Suite: Suite{ID: 5}, ServerRandom: wire.Random(32)}, nil))
	f.Add(wire.Records(wire.TypeHandshake, wire.SSL30, hello), uint8(255))
	f.Fuzz(func(t *testing.T, answer []byte, index uint8) {
		config := Config{MaxVersion: wire.SSL30 + uint16(index%5), MinVersion: wire.SSL30, Heartbeat: 1, SCT: true, StatusRequest: true}
		if int(index) < len(conversations) {
			config = conversations[index].config
		}
		session, err := converse(t, &canned{Reader: bytes.NewReader(answer)}, config)
		if err == nil && !session.Complete {
			t.Fatal("neither complete nor failed")
		}
	})
}

// What is protected may be anything, in every suite.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef0123456789abcdef"), uint8(3), uint8(20), false)
	for _, recorded := range transcript.All(f) { // what stood in records that were sealed
		layer := NewLayer(&canned{Reader: bytes.NewReader(recorded.Answer)})
		for index := uint8(0); ; index++ {
			record, err := layer.ReadRaw()
			if err != nil {
				break
			}
			if record.Type == wire.TypeApplicationData {
				f.Add(record.Content, uint8(record.Version-wire.SSL30), index, index%2 == 1)
			}
		}
	}
	f.Fuzz(func(t *testing.T, content []byte, version, at uint8, thenMAC bool) {
		cryptotest.SetGlobalRandom(t, recordedSeed)
		wanted := wire.SSL30 + uint16(version%5)
		suites := SupportedSuites(wanted)
		_, reader := pair(t, wanted, suiteOf(t, suites[int(at)%len(suites)]), thenMAC)
		for range 2 {
			record, err := reader.Open(wire.Record{Type: wire.TypeApplicationData, Version: wire.TLS12, Content: content})
			if err != nil && record.Content != nil && len(record.Content) > len(content) {
				t.Fatal("more came out than went in")
			}
			_, _ = reader.OpenBlocks(wire.Record{Type: wire.TypeApplicationData, Version: wire.TLS12, Content: content})
		}
	})
}

func FuzzRSAKeyOf(f *testing.F) {
	f.Add(issue(f, pki.RSA).Certificate.Certificate[0])
	f.Add(issue(f, pki.ECDSA).Certificate.Certificate[0])
	f.Fuzz(func(t *testing.T, der []byte) {
		key, err := RSAKeyOf(der)
		if err != nil {
			return
		}
		if encrypted := key.Encrypt([]byte{2}); len(encrypted) != key.Size() {
			t.Fatalf("%d bytes from a key of %d", len(encrypted), key.Size())
		}
	})
}
