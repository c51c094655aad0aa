package matrix

import (
	"bufio"
	"bytes"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gradewatch/gradewatch/checks"
)

// Expectation is all that a server takes.
type Expectation struct {
	// Protocols holds one entry for every version that is on.
	Protocols map[checks.Protocol]Expected
	// Groups of TLS 1.3 and LegacyGroups of ECDHE up to TLS 1.2, IANA names, in
	// the server's order where GroupPreference is "server". Empty: not said.
	Groups, LegacyGroups []string
	GroupPreference      checks.Preference
	// LegacyGroupsOpen: what comes after LegacyGroups cannot be seen, since each
	// suite needs the curve of the server's key, and that is taken first.
	LegacyGroupsOpen bool
	// DHBits is the size of every finite-field Diffie-Hellman up to TLS 1.2 but in
	// export suites, for a client that offers every group. 0: none, or not the
	// same in all.
	DHBits int
	// Keys are the kinds of the leaves that are served with SNI, sorted. Empty:
	// none, or not said.
	Keys []string
	// SNIRequired: without SNI there is no handshake.
	SNIRequired bool
}

// Expected is what a server takes in one protocol version.
type Expected struct {
	// Suites are IANA names, in the server's order where Preference is "server".
	Suites []string
	// Preference is empty where there is no choice.
	Preference checks.Preference
	// WithoutSuites: SSL 2.0 that offers no suite.
	WithoutSuites bool
}

// readExpected reads every file of the folder expected. Their form:
//
//	[name of a server]
//	TLSv1.0 TLSv1.1 server: SUITE SUITE
//	  SUITE
//	groups client: x25519 secp256r1
//	legacy-groups: x25519 ...
//	dh: 2048
//	keys: ECDSA RSA
//	sni-required:
//
// What stands in a line that begins with a blank belongs to the line above.
func readExpected(t testing.TB) map[string]Expectation {
	t.Helper()
	all := map[string]Expectation{}
	files, err := fs.Glob(expectedFiles, "expected/*.txt")
	if err != nil {
		t.Fatalf("listing expectations: %v", err)
	}
	for _, file := range files {
		text, err := expectedFiles.ReadFile(file)
		if err != nil {
			t.Fatalf("reading expectations: %v", err)
		}
		for section := range bytes.SplitSeq(append([]byte("\n"), text...), []byte("\n[")) {
			name, body, found := strings.Cut(string(section), "]\n")
			if !found {
				continue // the comment at the top
			}
			if _, twice := all[name]; twice {
				t.Fatalf("%s: %q is there twice", file, name)
			}
			all[name] = parseExpectation(t, name, body)
		}
	}
	return all
}

func parseExpectation(t testing.TB, name, body string) Expectation {
	t.Helper()
	want := Expectation{Protocols: map[checks.Protocol]Expected{}}
	for _, line := range unfold(body) {
		head, list, found := strings.Cut(line, ":")
		words, values := strings.Fields(head), strings.Fields(list)
		if !found || len(words) == 0 {
			t.Fatalf("expectation of %q: what is %q?", name, line)
		}
		preference := checks.Preference("")
		if last := checks.Preference(words[len(words)-1]); last == checks.ServerPreference || last == checks.ClientPreference {
			preference, words = last, words[:len(words)-1]
		}
		switch words[0] {
		case "groups":
			want.Groups, want.GroupPreference = values, preference
		case "legacy-groups":
			want.LegacyGroups = slices.DeleteFunc(values, func(value string) bool { return value == "..." })
			want.LegacyGroupsOpen = len(want.LegacyGroups) < len(strings.Fields(list))
		case "keys":
			want.Keys = values
		case "sni-required":
			want.SNIRequired = true
		case "dh":
			bits, err := strconv.Atoi(list[1:])
			if err != nil {
				t.Fatalf("expectation of %q: %v", name, err)
			}
			want.DHBits = bits
		default:
			for _, word := range words {
				if !slices.Contains(checks.Protocols(), checks.Protocol(word)) {
					t.Fatalf("expectation of %q: what is %q?", name, word)
				}
				want.Protocols[checks.Protocol(word)] = Expected{Suites: values, Preference: preference, WithoutSuites: len(values) == 0}
			}
		}
	}
	return want
}

// unfold joins lines that begin with a blank to the one above, and drops
// comments and empty lines.
func unfold(body string) []string {
	var lines []string
	scanner := bufio.NewScanner(strings.NewReader(body))
	for scanner.Scan() {
		line := scanner.Text()
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
		case line[0] == ' ' && len(lines) > 0:
			lines[len(lines)-1] += line
		default:
			lines = append(lines, line)
		}
	}
	return lines
}
