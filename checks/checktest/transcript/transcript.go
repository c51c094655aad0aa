// Package transcript holds what real servers answered, recorded once, as seeds
// for fuzz targets:
//
//	go test -tags record -run 'TestRecord$' ./checks/tlsprobe/session ./checks/tlsprobe/vulnerability ./checks/tlsprobe/oracle
//
// It knows no protocol beyond the header of a handshake message, so that the
// package that reads them can use it, and must never be linked into the program.
package transcript

import (
	"embed"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

//go:embed testdata
var files embed.FS

// Recorded is one connection to a real server.
type Recorded struct {
	Name   string // of server, version and what is special: "nginx-tls12-ecdhe-ecdsa"
	Answer []byte // every byte that the server sent
	// Messages are the server's handshake messages with their headers, opened
	// where they were sealed. Some of the client's are among them.
	Messages []byte
}

// All returns every recording, by name.
func All(t testing.TB) []Recorded {
	t.Helper()
	entries, err := files.ReadDir("testdata")
	require.NoError(t, err)
	var all []Recorded
	for _, entry := range entries {
		if name, found := strings.CutSuffix(entry.Name(), answerSuffix); found {
			all = append(all, Named(t, name))
		}
	}
	require.NotEmpty(t, all)
	return all
}

const (
	answerSuffix   = ".answer"
	messagesSuffix = ".messages"
)

// Named returns one recording, and fails where it is not there.
func Named(t testing.TB, name string) Recorded {
	t.Helper()
	answer, err := files.ReadFile(path.Join("testdata", name+answerSuffix))
	require.NoError(t, err, "nothing was recorded under this name: see the package comment for how to")
	messages, err := files.ReadFile(path.Join("testdata", name+messagesSuffix))
	if err != nil { // SSL 2.0 has other messages
		messages = nil
	}
	return Recorded{Name: name, Answer: answer, Messages: messages}
}

// Bodies returns the bodies of the messages of this handshake type.
func (r Recorded) Bodies(kind uint8) [][]byte {
	var bodies [][]byte
	for rest := r.Messages; len(rest) >= 4; {
		end := 4 + (int(rest[1])<<16 | int(rest[2])<<8 | int(rest[3]))
		if end > len(rest) {
			return bodies
		}
		if rest[0] == kind {
			bodies = append(bodies, rest[4:end])
		}
		rest = rest[end:]
	}
	return bodies
}
