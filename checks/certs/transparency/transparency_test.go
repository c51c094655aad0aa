package transparency_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/certs/outline"
	"github.com/gradewatch/gradewatch/checks/certs/transparency"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	if block, _ := pem.Decode(text); block != nil {
		return block.Bytes
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	return raw
}

func certificate(t testing.TB, name string) *outline.Certificate {
	t.Helper()
	parsed, err := outline.Read(read(t, name))
	require.NoError(t, err)
	return parsed
}

// listOf is a list with the log of the test vectors.
func listOf(t testing.TB, state string) *transparency.Logs {
	t.Helper()
	key := read(t, "log.pem")
	id := sha256.Sum256(key)
	text, err := json.Marshal(map[string]any{"log_list_timestamp": "2026-11-01T00:00:00Z", "operators": []any{map[string]any{
		"name": "Vectors", "logs": []any{map[string]any{
			"description": "Vectors", "log_id": base64.StdEncoding.EncodeToString(id[:]), "key": base64.StdEncoding.EncodeToString(key),
			"state": map[string]any{state: map[string]any{"timestamp": "2020-01-01T00:00:00Z"}},
		}},
	}}})
	require.NoError(t, err)
	logs, err := transparency.ReadLogs(text)
	require.NoError(t, err)
	return logs
}

// The vectors were made by another implementation.
func TestVectorsOfTheReferenceImplementation(t *testing.T) {
	t.Parallel()
	logs := listOf(t, "usable")
	timestamp, err := transparency.ReadTimestamp(read(t, "certificate.sct"))
	require.NoError(t, err)
	require.True(t, logs.Verify(timestamp, transparency.CertificateEntry(certificate(t, "certificate.pem"))).Valid)
	require.False(t, logs.Verify(timestamp, transparency.CertificateEntry(certificate(t, "embedded.pem"))).Valid)

	issuer := certificate(t, "ca.pem")
	for name, valid := range map[string]bool{"embedded.pem": true, "embedded-invalid.pem": false} {
		leaf := certificate(t, name)
		raw, err := transparency.Embedded(leaf)
		require.NoError(t, err, name)
		require.Len(t, raw, 1, name)
		timestamp, err := transparency.ReadTimestamp(raw[0])
		require.NoError(t, err, name)
		entry, err := transparency.PrecertificateEntry(leaf, issuer.RawSPKI)
		require.NoError(t, err, name)
		verdict := logs.Verify(timestamp, entry)
		require.Equal(t, valid, verdict.Valid && verdict.Log != nil, name)
		wrong, err := transparency.PrecertificateEntry(leaf, leaf.RawSPKI)
		require.NoError(t, err, name)
		require.False(t, logs.Verify(timestamp, wrong).Valid, "%s with another issuer", name)
	}
}

func TestBuiltInListIsWhole(t *testing.T) {
	t.Parallel()
	logs, err := transparency.BuiltIn()
	require.NoError(t, err) // every log ID is the SHA-256 of its key, or this fails
	require.Len(t, logs.Version(), 16)
	require.False(t, logs.StaleFrom().IsZero())
}

// A list that is too old says nothing about logs that it does not know.
func TestOldListIsUnsure(t *testing.T) {
	t.Parallel()
	logs := listOf(t, "usable")
	unknown := []transparency.Verdict{{}, {Timestamp: transparency.Timestamp{LogID: [32]byte{1}}}}
	fresh, old := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC), time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	require.False(t, logs.Judge(unknown, true, time.Hour, fresh).Unsure)
	require.True(t, logs.Judge(unknown, true, time.Hour, old).Unsure)
	require.False(t, logs.Judge(unknown[:1], true, time.Hour, old).Unsure, "one more log would not do")
}

func TestBrokenListsAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "[]", "{}", `{"operators":[{"name":"A","logs":[{"description":"B","log_id":"AAAA","key":"AAAA"}]}]}`} {
		_, err := transparency.ReadLogs([]byte(text))
		require.Error(t, err, text)
	}
}

func FuzzTimestamps(f *testing.F) {
	logs := listOf(f, "usable")
	f.Add(read(f, "certificate.sct"), read(f, "embedded.pem"))
	f.Add([]byte{0}, read(f, "certificate.pem"))
	f.Fuzz(func(t *testing.T, sct, der []byte) {
		parsed, err := outline.Read(der)
		if err != nil {
			return
		}
		entry, err := transparency.PrecertificateEntry(parsed, parsed.RawSPKI)
		if err != nil {
			return
		}
		raw, _ := transparency.Embedded(parsed)
		for _, one := range append(raw, sct) {
			if timestamp, err := transparency.ReadTimestamp(one); err == nil {
				logs.Verify(timestamp, entry)
				logs.Verify(timestamp, transparency.CertificateEntry(parsed))
			}
		}
	})
}
