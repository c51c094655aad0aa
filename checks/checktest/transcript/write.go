package transcript

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Write keeps a recording in folder, which is this package's testdata.
func (r Recorded) Write(t testing.TB, folder string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(folder, r.Name+answerSuffix), r.Answer, 0o600))
	if r.Messages != nil {
		require.NoError(t, os.WriteFile(filepath.Join(folder, r.Name+messagesSuffix), r.Messages, 0o600))
	}
}
