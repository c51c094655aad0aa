package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTrustFiles(t *testing.T) {
	t.Parallel()
	built, err := newTrust(nil, trustFiles{})
	require.NoError(t, err)
	folder := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	keys := write("keys", "6a"+"00112233445566778899aabbccddeeff00112233445566778899aabbccddee"+" a test\n")
	debian := write("debian", "0123456789abcdef0123\n")
	changed, err := newTrust(nil, trustFiles{compromisedKeys: []string{keys}, debianKeys: []string{"2048:" + debian}})
	require.NoError(t, err)
	require.NotEqual(t, built.Version(), changed.Version(), "what is judged by is named")

	for fault, files := range map[string]trustFiles{
		"read the list of transparency logs": {logList: filepath.Join(folder, "none")},
		"prepare the trust data":             {logList: write("logs", "{}")},
		"read compromised keys":              {compromisedKeys: []string{filepath.Join(folder, "none")}},
		"write 2048:FILE":                    {debianKeys: []string{debian}},
		"read Debian weak keys":              {debianKeys: []string{"2048:" + filepath.Join(folder, "none")}},
	} {
		_, err := newTrust(nil, files)
		require.ErrorContains(t, err, fault)
	}
}
