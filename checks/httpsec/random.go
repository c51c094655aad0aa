package httpsec

import (
	"regexp"
	"strings"
)

// randomLength is how long a word must be before it is taken for random: 16
// characters of hex are 64 bits.
const randomLength = 16

var (
	uuidShape = regexp.MustCompile(`(?i)^(?:\{|%7B)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:\}|%7D)?$`)
	// Base64url and hex; percent-escaped '=', '+' and '/' are standard Base64.
	tokenShape = regexp.MustCompile(`^(?:[A-Za-z0-9_-]|%2[BbFf]|%3[Dd])+$`)
	// What people write: lower case, upper case, CamelCase with humps of three
	// letters or more, each with a few digits behind it; numbers up to a date.
	wordShape = regexp.MustCompile(`^(?:[a-z]*[0-9]{0,4}|[A-Z]*[0-9]{0,4}|[a-z]*(?:[A-Z][a-z]{2,})+[0-9]{0,4}|[0-9]{1,8})$`)
	hexShape  = regexp.MustCompile(`^(?:[0-9a-f]+|[0-9A-F]+)$`)
)

// knownTerms are words with digits or capitals inside that stand in real URLs.
var knownTerms = strings.NewReplacer(
	"oauth2", "-", "OAuth2", "-", "Oauth2", "-", "OAuth", "-", "saml2", "-", "Saml2", "-", "b2c", "-", "b2b", "-",
	"OpenID", "-", "OpenId", "-", "SSO", "-", "OIDC", "-", "SAML", "-", "API", "-", "CRM", "-", "ERP", "-", "JWT", "-",
	"ID", "-", "Id", "-", "URL", "-",
)

// random says whether word looks like a value that is made anew for every
// answer. It leans to 'yes' for long mixtures of digits and letters: a stable
// segment shown as '*' costs a word, a random one that is kept makes every
// look a change.
func random(word string) bool {
	if uuidShape.MatchString(word) {
		return true
	}
	word = strings.TrimRight(word, "=")
	if len(word) < randomLength || !tokenShape.MatchString(word) {
		return false
	}
	if hexShape.MatchString(word) {
		return strings.ContainsAny(word, "0123456789")
	}
	return !worded(word)
}

func worded(token string) bool {
	for part := range strings.FieldsFuncSeq(knownTerms.Replace(token), func(r rune) bool { return r == '-' || r == '_' }) {
		if !wordShape.MatchString(part) {
			return false
		}
	}
	return true
}

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
