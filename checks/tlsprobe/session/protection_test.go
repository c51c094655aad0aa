package session

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/tlsprobe/wire"
)

func pair(t testing.TB, version uint16, suite Suite, thenMAC bool) (*Writer, *Reader) {
	t.Helper()
	keys := Keys{Key: wire.Random(suite.keySize()), IV: wire.Random(12)}
	if version < wire.TLS13 {
		secrets := Secrets{Version: version, Suite: suite, Master: wire.Random(48), ClientRandom: wire.Random(32), ServerRandom: wire.Random(32)}
		keys, _ = secrets.Keys()
	}
	protection := Protection{Version: version, Suite: suite, Keys: keys, EncryptThenMAC: thenMAC}
	writer, err := NewWriter(protection)
	require.NoError(t, err)
	reader, err := NewReader(protection)
	require.NoError(t, err)
	return writer, reader
}

func parse(t testing.TB, sealed []byte) wire.Record {
	t.Helper()
	record, err := NewLayer(bytes.NewBuffer(sealed)).ReadRaw()
	require.NoError(t, err)
	require.Len(t, sealed, 5+len(record.Content))
	return record
}

// What one end seals the other opens, in every suite and version, and nothing
// that was changed on the way.
func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	for version := wire.SSL30; version <= wire.TLS13; version++ {
		for _, id := range SupportedSuites(version) {
			for _, thenMAC := range []bool{false, true} {
				t.Run(fmt.Sprintf("%04X %04X %t", version, id, thenMAC), func(t *testing.T) {
					t.Parallel()
					suite := suiteOf(t, id)
					writer, reader := pair(t, version, suite, thenMAC && version > wire.SSL30)
					for size := range 70 {
						content := wire.Random(size)
						opened, err := reader.Open(parse(t, writer.Seal(wire.TypeApplicationData, content)))
						require.NoError(t, err)
						require.Equal(t, wire.TypeApplicationData, opened.Type)
						require.True(t, bytes.Equal(content, opened.Content))
					}
					record := parse(t, writer.Seal(wire.TypeApplicationData, wire.Random(40)))
					record.Content[20] ^= 1
					_, err := reader.Open(record)
					require.ErrorIs(t, err, ErrBadRecord)
				})
			}
		}
	}
}

// Blocks come through as they were written; what is wrong with them is seen.
func TestSealBlocks(t *testing.T) {
	t.Parallel()
	for _, version := range []uint16{wire.TLS10, wire.TLS12} {
		suite := suiteOf(t, 0x002F)
		content := []byte("GET / HTTP/1.0\r\n\r\n")
		faults := map[string]func(*Writer) []byte{
			"right": func(w *Writer) []byte {
				return w.Pad(append(bytes.Clone(content), w.MAC(wire.TypeApplicationData, content)...))
			},
			"wrong MAC": func(w *Writer) []byte { return w.Pad(append(bytes.Clone(content), wire.Random(20)...)) },
			"no MAC":    func(*Writer) []byte { return bytes.Repeat([]byte{0x5F}, 96) },
			"wrong padding": func(w *Writer) []byte {
				blocks := w.Pad(append(bytes.Clone(content), w.MAC(wire.TypeApplicationData, content)...))
				blocks[len(blocks)-2]++ // filler, which SSL 3.0 does not look at
				return blocks
			},
			"padding of 256": func(*Writer) []byte { return bytes.Repeat([]byte{0xFF}, 48) },
		}
		for name, fault := range faults {
			writer, reader := pair(t, version, suite, false)
			blocks := fault(writer)
			sealed, err := writer.SealBlocks(wire.TypeApplicationData, blocks)
			require.NoError(t, err)
			_, err = reader.Open(parse(t, sealed))
			if name == "right" {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, ErrBadRecord, name)
			}
			// The chain of blocks goes on behind a record that did not open.
			sealed, err = writer.SealBlocks(wire.TypeApplicationData, blocks)
			require.NoError(t, err)
			opened, err := reader.OpenBlocks(parse(t, sealed))
			require.NoError(t, err)
			require.Equal(t, blocks, opened, name)
		}
	}
	writer, _ := pair(t, wire.TLS12, suiteOf(t, 0xC02F), false)
	_, err := writer.SealBlocks(wire.TypeApplicationData, make([]byte, 16))
	require.Error(t, err)
	writer, _ = pair(t, wire.TLS12, suiteOf(t, 0x000A), false)
	_, err = writer.SealBlocks(wire.TypeApplicationData, make([]byte, 12))
	require.Error(t, err)
}

// Packet vector 1 of RFC 3610 section 8 has another nonce size; this one is of
// NIST SP 800-38C, example 3: a nonce of 12 bytes and a tag of 8.
func TestCCM(t *testing.T) {
	t.Parallel()
	block, err := aes.NewCipher(unhex(t, "404142434445464748494a4b4c4d4e4f"))
	require.NoError(t, err)
	aead := ccm{block, 8}
	nonce, additional := unhex(t, "101112131415161718191a1b"), unhex(t, "000102030405060708090a0b0c0d0e0f10111213")
	plaintext := unhex(t, "202122232425262728292a2b2c2d2e2f3031323334353637")
	sealed := aead.Seal(nil, nonce, plaintext, additional)
	require.Equal(t, "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951", hex.EncodeToString(sealed))
	opened, err := aead.Open(nil, nonce, sealed, additional)
	require.NoError(t, err)
	require.Equal(t, plaintext, opened)
}
