package monitor

import (
	"math"
	"regexp"
	"strings"
	"unicode"
)

// named is a word that a secret often stands behind: 'password: hunter2'.
var named = regexp.MustCompile(`(?i)\b(secret|password|passwd|pwd|token|api[-_ ]?key|private[-_ ]?key)\s*[:=]\s*\S`)

// Bounds of what counts as a secret.
const (
	secretLength  = 16  // of a word, in bytes
	secretEntropy = 3.0 // of its characters, in bits
)

// LooksSecret says whether text seems to hold a secret, a key or a token rather
// than words about one. It would rather ask once too often: what it refuses can
// be said in other words, and what is stored once is known to many.
func LooksSecret(text string) bool {
	if strings.Contains(text, "-----BEGIN") || strings.Contains(text, "<RSAKeyValue") || named.MatchString(text) {
		return true
	}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`"'()<>,;`, r) }) {
		if randomWord(strings.TrimRight(word, ".:!?")) {
			return true
		}
	}
	return false
}

// hexadecimal is a number of many digits, or a UUID (RFC 9562 section 4).
var hexadecimal = regexp.MustCompile(`(?i)^[0-9a-f-]{24,}$`)

// randomWord says whether a word is long, of the alphabet of encoded bytes, and
// looks drawn rather than written: its digits, capitals and small letters take
// turns.
func randomWord(word string) bool {
	if len(word) < secretLength || strings.Contains(word, "://") || strings.Contains(word, "@") {
		return false
	}
	var counts [4]int
	turns, previous := 0, 0
	for _, r := range word {
		if r > unicode.MaxASCII {
			return false
		}
		class := classOf(r)
		counts[class]++
		if class == 0 {
			continue
		}
		if class != previous {
			turns++
		}
		previous = class
	}
	letters := counts[2] + counts[3]
	switch {
	case counts[1] > 0 && letters > 0 && hexadecimal.MatchString(word):
		return true
	case counts[1] > 0 && letters > 0:
		return turns*4 > len(word) && entropy(word) >= secretEntropy
	default: // letters alone: words in capitals and small letters turn too
		return counts[2] > 0 && counts[3] > 0 && turns*3 > len(word) && entropy(word) >= secretEntropy
	}
}

// classOf is 1 for a digit, 2 for a small letter, 3 for a capital, and 0 for the rest.
func classOf(r rune) int {
	switch {
	case r >= '0' && r <= '9':
		return 1
	case r >= 'a' && r <= 'z':
		return 2
	case r >= 'A' && r <= 'Z':
		return 3
	default:
		return 0
	}
}

// entropy is Shannon's, of the bytes of text, in bits a byte.
func entropy(text string) (bits float64) {
	var counts [256]int
	for _, b := range []byte(text) {
		counts[b]++
	}
	for _, count := range counts {
		if count > 0 {
			share := float64(count) / float64(len(text))
			bits -= share * math.Log2(share)
		}
	}
	return bits
}
