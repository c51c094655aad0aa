package httpsec

import (
	"regexp"
	"strings"

	"github.com/gradewatch/gradewatch/checks/httpsec/volatile"
)

// random says whether word looks like a value that is made anew for every answer.
func random(word string) bool { return volatile.Word(word) }

func worded(token string) bool { return volatile.Worded(token) }

// randomNamePrefixes are the cookie names that carry a random part after their
// last dot, however short: Microsoft's OpenID Connect middleware puts the
// state and the nonce of a sign-in there.
var randomNamePrefixes = []string{
	".aspnetcore.correlation.",
	".aspnetcore.openidconnect.nonce.",
	".aspnet.correlation.",
	"openidconnect.nonce.",
	"com.auth0.auth.",
}

// CanonicalCookieName returns a cookie's name with its random part replaced by "*".
func CanonicalCookieName(name string) string {
	lower := strings.ToLower(name)
	for _, prefix := range randomNamePrefixes {
		at := strings.Index(lower, prefix) // a prefix such as __Host- may stand before it
		if at < 0 || len(lower) != len(name) {
			continue
		}
		return name[:strings.LastIndexByte(name, '.')+1] + wildcard
	}
	// Classic ASP: ASPSESSIONID and eight random capitals.
	if rest, ok := strings.CutPrefix(name, "ASPSESSIONID"); ok && len(rest) == 8 {
		return "ASPSESSIONID" + wildcard
	}
	parts := strings.Split(name, ".")
	for i, part := range parts {
		parts[i] = canonicalNamePart(part)
	}
	return strings.Join(parts, ".")
}

// canonicalNamePart keeps the words before a random suffix: session_<random>.
func canonicalNamePart(part string) string {
	if !random(part) {
		return part
	}
	for i := len(part) - 1; i > 0; i-- {
		if part[i] != '_' && part[i] != '-' {
			continue
		}
		head, tail := part[:i], part[i+1:]
		if head != "" && plainName(head) && random(tail) {
			return head + part[i:i+1] + wildcard
		}
	}
	return wildcard
}

var plainNameShape = regexp.MustCompile(`^(?:__Host-|__Secure-)?[A-Za-z]{3,15}$`)

// plainName is strict on purpose: a random text may have a '_' in it, and
// what comes before must not be taken for a name at one look in a few.
func plainName(head string) bool {
	return plainNameShape.MatchString(head) && worded(strings.TrimPrefix(head, "__"))
}
