// Package volatile recognizes what a server makes anew for every answer:
// tokens, nonces, identifiers. It knows no URL, header or page; whoever holds
// one hands over its words.
package volatile

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

// Word says whether word looks like a value that is made anew for every
// answer. It leans to 'yes' for long mixtures of digits and letters: a stable
// segment shown as '*' costs a word, a random one that is kept makes every
// look a change.
func Word(word string) bool {
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
	return !Worded(word) || unspeakable(word)
}

var (
	letterRun = regexp.MustCompile(`[A-Za-z]{16,}`)
	vowel     = regexp.MustCompile(`[AEIOUYaeiouy]`)
	cluster   = regexp.MustCompile(`[^AEIOUYaeiouy]{6}`)
)

// unspeakable says whether a long run of letters has fewer vowels than words
// have: a token in Base32 may be without a digit.
func unspeakable(word string) bool {
	for _, run := range letterRun.FindAllString(word, -1) {
		if cluster.MatchString(run) || 4*len(vowel.FindAllString(run, -1)) < len(run) {
			return true
		}
	}
	return false
}

// Worded says whether every part of token, between dashes and underscores, is
// one that people write: a word or a short number.
func Worded(token string) bool {
	for part := range strings.FieldsFuncSeq(knownTerms.Replace(token), func(r rune) bool { return r == '-' || r == '_' }) {
		if !wordShape.MatchString(part) {
			return false
		}
	}
	return true
}
