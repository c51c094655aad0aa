package checks_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/gradewatch/gradewatch/checks"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                      "",
		"session":               "session",
		"a\x00b\x1b[2J\r\n\tc":  "a�b�[2J���c",
		"\u202eevil\u2066":      "�evil�",
		"\xff\xfe":              "��",
		"größe":                 "größe",
		strings.Repeat("x", 40): strings.Repeat("x", 29) + "…",
		strings.Repeat("ö", 20): strings.Repeat("ö", 14) + "…",
	} {
		require.Equal(t, want, checks.Clean(text, 32), "%q", text)
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x00b", 3)
	f.Add("\xf0\x9f\x98", 2)
	f.Add(strings.Repeat("\x00", 100), 50)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = max(0, min(limit, 1000))
		cleaned := checks.Clean(text, limit)
		require.True(t, utf8.ValidString(cleaned))
		require.LessOrEqual(t, len(cleaned), limit)
		require.NotContains(t, cleaned, "\x00")
		require.Equal(t, cleaned, checks.Clean(cleaned, limit))
	})
}
