package hsts

import (
	"math"
	"strconv"
	"strings"
)

// Directive is one of a header of directives (RFC 6797 section 6.1).
type Directive struct {
	Name     string // in lower case
	Value    string // without quotes
	Repeated bool   // a directive of this name stood before
}

// ParseDirectives takes a header apart: [ name [ "=" ( token | quoted-string ) ] ]
// *( ";" ... ). It returns false where that syntax is broken, with what came before.
func ParseDirectives(text string) ([]Directive, bool) {
	var directives []Directive
	seen := map[string]bool{}
	for rest := text; rest != ""; {
		var one string
		one, rest = nextDirective(rest)
		if one = strings.Trim(one, " \t"); one == "" {
			continue // empty ones are allowed
		}
		name, value, valued := strings.Cut(one, "=")
		name, value = strings.ToLower(strings.Trim(name, " \t")), strings.Trim(value, " \t")
		unquoted, fine := unquote(value)
		if !isToken(name) || valued && !fine {
			return directives, false
		}
		directives = append(directives, Directive{name, unquoted, seen[name]})
		seen[name] = true
	}
	return directives, true
}

// DirectiveNamed returns the first directive of that name.
func DirectiveNamed(directives []Directive, name string) (Directive, bool) {
	for _, d := range directives {
		if d.Name == name {
			return d, true
		}
	}
	return Directive{}, false
}

// Seconds reads delta-seconds (RFC 9111 section 1.2.2): digits; a number that
// does not fit is the largest there is.
func Seconds(text string) (int64, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return math.MaxInt64, true // digits that do not fit
	}
	return number, true
}

// nextDirective cuts at the first semicolon outside quotes.
func nextDirective(text string) (one, rest string) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if quoted {
				i++
			}
		case '"':
			quoted = !quoted
		case ';':
			if !quoted {
				return text[:i], text[i+1:]
			}
		}
	}
	return text, ""
}

// unquote reads a token or a quoted-string (RFC 9110 section 5.6.4).
func unquote(value string) (string, bool) {
	if !strings.HasPrefix(value, `"`) {
		return value, isToken(value)
	}
	var b strings.Builder
	for i := 1; i < len(value); i++ {
		switch value[i] {
		case '"':
			return b.String(), i == len(value)-1
		case '\\':
			if i++; i == len(value) {
				return "", false
			}
		}
		b.WriteByte(value[i])
	}
	return "", false
}

// isToken: RFC 9110 section 5.6.2.
func isToken(text string) bool {
	for i := range len(text) {
		c := text[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return text != ""
}
