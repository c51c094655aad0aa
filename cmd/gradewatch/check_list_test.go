package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func hostsFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hosts.txt")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestReadList(t *testing.T) {
	t.Parallel()
	got, err := readList("hosts", strings.NewReader("\ufeffa.test\r\n\n # all of it\n\tb.test:8443\t# the other\nhttps://c.test/x#y\n#\n::1"))
	require.NoError(t, err)
	require.Equal(t, []givenURL{
		{"a.test", "hosts:1"}, {"b.test:8443", "hosts:4"}, {"https://c.test/x#y", "hosts:5"}, {"::1", "hosts:7"},
	}, got)
	_, err = readList("hosts", strings.NewReader("a.test\n"+strings.Repeat("b", listLineBytes)))
	require.ErrorContains(t, err, "hosts:2: the line has more than")
	_, err = readList("hosts", strings.NewReader(strings.Repeat("a.test\n", listLines+1)))
	require.ErrorContains(t, err, "hosts:10001: more than the 10000 URLs")
	got, err = readList("hosts", strings.NewReader(strings.Repeat("a.test\n", listLines)))
	require.NoError(t, err)
	require.Len(t, got, listLines)
	_, err = readList("hosts", iotest.ErrReader(errors.New("disk on fire")))
	require.ErrorContains(t, err, "disk on fire")
}

func TestGivenOrder(t *testing.T) {
	t.Parallel()
	command := checkCommand{URLs: []string{"typed.test", "-"}, File: []string{hostsFile(t, "filed.test")}}
	got, err := command.given(strings.NewReader("piped.test"))
	require.NoError(t, err)
	var order []string
	for _, one := range got {
		order = append(order, one.text)
	}
	require.Equal(t, []string{"typed.test", "filed.test", "piped.test"}, order)
}

// Lists come from anywhere: reading one ends, within its bounds, and keeps no
// line that is empty.
func FuzzReadList(f *testing.F) {
	f.Add([]byte("a.test # x\r\n\ufeff\n#\nb"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := readList("hosts", bytes.NewReader(text))
		if err != nil {
			return
		}
		for _, one := range got {
			if one.text == "" || one.text != strings.TrimSpace(one.text) || strings.ContainsAny(one.text, "\n") {
				t.Errorf("%q is kept as %q", text, one.text)
			}
		}
	})
}
