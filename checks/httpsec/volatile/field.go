package volatile

import "regexp"

var (
	// The sources of a policy that hold a nonce or a hash (CSP Level 3 section
	// 2.3.1): an inline script with a token in it has another hash at every look.
	sourceShape = regexp.MustCompile(`(?i)'(nonce|sha256|sha384|sha512)-[A-Za-z0-9+/_=-]+'`)
	partShape   = regexp.MustCompile(`[A-Za-z0-9_-]{16,}`)
)

// Field returns the value of a header field, or of a meta element that stands
// for one, with its nonces, hashes and other random parts replaced by "*".
func Field(value string) string {
	value = sourceShape.ReplaceAllString(value, "'$1-*'")
	return partShape.ReplaceAllStringFunc(value, func(part string) string {
		if Word(part) {
			return "*"
		}
		return part
	})
}
