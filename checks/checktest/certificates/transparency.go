package certificates

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Log is a certificate transparency log (RFC 6962) that signs all it is given.
type Log struct {
	Name, Operator string
	Key            []byte // SubjectPublicKeyInfo
	ID             [sha256.Size]byte
	key            *ecdsa.PrivateKey
}

// Logs are those that the cases use. All but Unknown are in the list that
// browsers are taken to have.
type Logs struct {
	A1, A2, B, C, D, E *Log // A1 and A2 have one operator
	Retired            *Log // since RetiredSince
	Unknown            *Log
}

// RetiredSince is when the retired log was frozen: what it signed before counts
// beside a log in use.
func RetiredSince() time.Time { return time.Now().Add(-2 * day) }

// List returns the logs as Chrome publishes them (log_list.json, version 3).
func (l Logs) List(t testing.TB) []byte {
	t.Helper()
	type entry map[string]any
	var operators []entry
	for _, log := range []*Log{l.A1, l.A2, l.B, l.C, l.D, l.E, l.Retired} {
		state := entry{"usable": entry{"timestamp": founded()}}
		if log == l.Retired {
			state = entry{"retired": entry{"timestamp": RetiredSince()}}
		}
		listed := entry{"description": log.Name, "log_id": log.ID[:], "key": log.Key, "state": state}
		operators = append(operators, entry{"name": log.Operator, "logs": []entry{listed}})
	}
	list, err := json.Marshal(entry{"version": "1.0", "operators": operators})
	require.NoError(t, err)
	return list
}

func newLogs(t testing.TB) Logs {
	t.Helper()
	return Logs{
		A1: newLog(t, "Alder 1", "Alder"), A2: newLog(t, "Alder 2", "Alder"), B: newLog(t, "Birch", "Birch"),
		C: newLog(t, "Cedar", "Cedar"), D: newLog(t, "Dogwood", "Dogwood"), E: newLog(t, "Elm", "Elm"),
		Retired: newLog(t, "Rowan", "Rowan"), Unknown: newLog(t, "Unknown", "Unknown"),
	}
}

func newLog(t testing.TB, name, operator string) *Log {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	require.NoError(t, err)
	return &Log{Name: name, Operator: operator, Key: spki, ID: sha256.Sum256(spki), key: key}
}

// The entry types of RFC 6962 section 3.1.
const (
	x509Entry    = 0
	precertEntry = 1
)

// Precertificate signs for what a certificate says without its timestamps (RFC
// 6962 section 3.2).
func (l *Log) Precertificate(t testing.TB, tbs, issuerSPKI []byte, at time.Time) []byte {
	t.Helper()
	hash := sha256.Sum256(issuerSPKI)
	return l.sign(t, at, precertEntry, append(hash[:], withLength(tbs, 3)...))
}

// Certificate signs for a whole certificate, for what comes beside it.
func (l *Log) Certificate(t testing.TB, der []byte, at time.Time) []byte {
	t.Helper()
	return l.sign(t, at, x509Entry, withLength(der, 3))
}

func (l *Log) sign(t testing.TB, at time.Time, entry uint16, body []byte) []byte {
	t.Helper()
	milliseconds := binary.BigEndian.AppendUint64(nil, uint64(at.UnixMilli())) //nolint:gosec // G115: after 1970
	signed := append([]byte{0, 0}, milliseconds...)                            // version 1, certificate_timestamp
	signed = binary.BigEndian.AppendUint16(signed, entry)
	signed = append(append(signed, body...), 0, 0) // no extensions
	digest := sha256.Sum256(signed)
	signature, err := l.key.Sign(rand.Reader, digest[:], crypto.SHA256)
	require.NoError(t, err)
	sct := append([]byte{0}, l.ID[:]...)
	sct = append(append(sct, milliseconds...), 0, 0)
	return append(append(sct, 4, 3), withLength(signature, 2)...) // SHA-256, ECDSA
}

// timestampList is the extension that certificates carry (RFC 6962 section 3.3).
func timestampList(t testing.TB, scts [][]byte) pkix.Extension {
	t.Helper()
	value, err := asn1.Marshal(serialized(scts))
	require.NoError(t, err)
	return pkix.Extension{Id: []int{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: value}
}

// stapledList is the same of an OCSP response.
func stapledList(t testing.TB, scts [][]byte) pkix.Extension {
	t.Helper()
	extension := timestampList(t, scts)
	extension.Id = []int{1, 3, 6, 1, 4, 1, 11129, 2, 4, 5}
	return extension
}

func serialized(scts [][]byte) []byte {
	var list []byte
	for _, sct := range scts {
		list = append(list, withLength(sct, 2)...)
	}
	return withLength(list, 2)
}

// withLength writes a TLS vector: bytes behind a length of so many bytes.
func withLength(value []byte, size int) []byte {
	length := binary.BigEndian.AppendUint64(nil, uint64(len(value)))
	return append(length[8-size:], value...)
}
