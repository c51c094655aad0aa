package checks

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean returns text that a server wrote as valid UTF-8 of at most limit bytes,
// with U+FFFD in place of every control and bidirectional formatting character:
// databases take no NUL, and terminals obey the others.
func Clean(text string, limit int) string {
	const ellipsis = "…"
	if len(text) > 4*limit { // cleaning never makes it shorter
		text = text[:4*limit]
	}
	text = strings.Map(func(r rune) rune { // invalid bytes become U+FFFD too
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return utf8.RuneError
		}
		return r
	}, text)
	if len(text) <= limit {
		return strings.ToValidUTF8(text, "")
	}
	cut := limit - len(ellipsis)
	if cut < 0 {
		return ""
	}
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + ellipsis
}
