package policy_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks/policy"
)

var update = flag.Bool("update", false, "write VOCABULARY.md's tables anew")

const referenceMark = "<!-- reference: written by go test ./checks/policy -run TestVocabulary -update -->\n"

func TestVocabularyIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("VOCABULARY.md")
	require.NoError(t, err)
	before, _, found := strings.Cut(string(text), referenceMark)
	require.True(t, found)
	want := before + referenceMark + "\n" + policy.Reference()
	if *update {
		require.NoError(t, os.WriteFile("VOCABULARY.md", []byte(want), 0o600))
		return
	}
	require.Equal(t, want, string(text), "run it again with -update")
}
