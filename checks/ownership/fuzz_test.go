package ownership

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever a page holds, nothing without the token in it passes, and nothing
// panics.
func FuzzHasMeta(f *testing.F) {
	const token = "abcdefghijklmnopqrstuvwxyz"
	for _, page := range []string{
		`<meta name="gradewatch-verification" content="` + token + `">`, "<html><head><title>x</title></head><body>" + token,
		"<!--" + token, "<script>" + token + "</script>", "<template><meta name=gradewatch-verification content=" + token, "\x00<meta", "<meta content", "",
	} {
		f.Add(page)
	}
	f.Fuzz(func(t *testing.T, page string) {
		if got := (answer{contentType: "text/html", body: []byte(page)}).hasMeta(token); got {
			require.Contains(t, page, token)
			require.Contains(t, strings.ToLower(page), "<meta")
		}
		require.False(t, (answer{contentType: "text/html", body: []byte(page)}).hasMeta(""))
	})
}
