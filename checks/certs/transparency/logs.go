package transparency

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	_ "embed" // the built-in list
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

//go:embed data/log_list.json
var builtIn []byte

// Logs is a list of logs. It never changes and is safe for concurrent use.
type Logs struct {
	byID    map[[sha256.Size]byte]*Log
	made    time.Time
	version string
}

// Log is one log.
type Log struct {
	Description string
	Operator    string
	// State is the name in Chrome's list: "pending", "qualified", "usable",
	// "readonly", "retired" or "rejected"; Since is when it got it, as far as the
	// list says.
	State string
	Since time.Time

	key crypto.PublicKey
}

// listFile is Chrome's log list, version 3.
type listFile struct {
	Version   string    `json:"version"`
	Timestamp time.Time `json:"log_list_timestamp"`
	Operators []struct {
		Name  string      `json:"name"`
		Logs  []listedLog `json:"logs"`
		Tiled []listedLog `json:"tiled_logs"`
	} `json:"operators"`
}

type listedLog struct {
	Description string `json:"description"`
	ID          []byte `json:"log_id"`
	Key         []byte `json:"key"`
	State       map[string]struct {
		Timestamp time.Time `json:"timestamp"`
	} `json:"state"`
}

// BuiltIn returns the list that is built into this program.
func BuiltIn() (*Logs, error) { return ReadLogs(builtIn) }

// ReadLogs reads a log list in the form of Chrome's, version 3.
func ReadLogs(text []byte) (*Logs, error) {
	var file listFile
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("reading the list of logs: %w", err)
	}
	logs := &Logs{byID: make(map[[sha256.Size]byte]*Log), made: file.Timestamp}
	for _, operator := range file.Operators {
		for _, group := range [][]listedLog{operator.Logs, operator.Tiled} {
			for _, listed := range group {
				if err := logs.add(operator.Name, listed); err != nil {
					return nil, fmt.Errorf("reading the list of logs: %q: %w", listed.Description, err)
				}
			}
		}
	}
	if len(logs.byID) == 0 {
		return nil, fmt.Errorf("reading the list of logs: it names none")
	}
	sum := sha256.Sum256(text)
	logs.version = hex.EncodeToString(sum[:8])
	return logs, nil
}

func (l *Logs) add(operator string, listed listedLog) error {
	id := sha256.Sum256(listed.Key)
	if string(id[:]) != string(listed.ID) {
		return fmt.Errorf("its log ID is not the SHA-256 of its key")
	}
	key, err := x509.ParsePKIXPublicKey(listed.Key)
	if err != nil {
		return fmt.Errorf("its key: %w", err)
	}
	switch key.(type) {
	case *ecdsa.PublicKey, *rsa.PublicKey:
	default:
		return fmt.Errorf("its key is neither ECDSA nor RSA")
	}
	log := &Log{Description: listed.Description, Operator: operator, key: key}
	for state, since := range listed.State {
		log.State, log.Since = state, since.Timestamp
	}
	l.byID[id] = log
	return nil
}

// Version changes with the list, and only then: 16 digits of hex.
func (l *Logs) Version() string { return l.version }

// staleAfter is Chrome's: with an older list it asks for no timestamps.
const staleAfter = 70 * 24 * time.Hour

// StaleFrom returns from when on the list is too old to say that a log that it
// does not know is none. Zero: the list has no date, and is never too old.
func (l *Logs) StaleFrom() time.Time {
	if l.made.IsZero() {
		return time.Time{}
	}
	return l.made.Add(staleAfter)
}

func (l *Logs) stale(at time.Time) bool { return !l.made.IsZero() && !at.Before(l.StaleFrom()) }

// counts says whether a timestamp of the log counts at all, and whether the log
// counts as one of today's.
func (log *Log) counts(issued, at time.Time) (counts, current bool) {
	switch log.State {
	case "qualified", "usable", "readonly":
		return true, true
	case "retired":
		return issued.Before(log.Since), at.Before(log.Since)
	default: // pending, rejected
		return false, false
	}
}
