package content

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/checks/httpsec/volatile"
)

// Bounds of an excerpt, in bytes.
const (
	maxExcerpt    = 500
	excerptSource = 8 << 10 // of text that is read for it
	longestWord   = 30
)

// removed stands where something was that may be secret.
const removed = "*"

// excerpt returns the beginning of text as one line of at most 500 bytes. What
// may be a secret or a person's is replaced by "*": values behind names such as
// password, keys, tokens, e-mail and web addresses, long numbers, and every word
// that does not look written by people. It would rather lose a word than keep
// a secret; a password of nothing but small letters, without a name before it,
// is the one kind that it cannot tell from a word.
func excerpt(text string) string {
	text = oneLine(text)
	for _, shape := range []*regexp.Regexp{keyBlock, schemeValue, quotedValue, namedValue, statedValue} {
		text = shape.ReplaceAllString(text, "${1}"+removed)
	}
	text = addressShape.ReplaceAllString(text, removed)
	text = runShape.ReplaceAllStringFunc(text, keepWritten)
	text = longNumber.ReplaceAllString(text, removed)
	text = wordRun.ReplaceAllStringFunc(text, keepWord)
	return cut(text, maxExcerpt)
}

const secretName = `(?:pass(?:word|wd|phrase|code)?|pwd|passord|passwort|kennwort|lösenord|adgangskode|wachtwoord|secret|token|credentials?|auth(?:orization)?|(?:api|access|account|shared|private|secret|storage|encryption|signing|machine|validation|decryption)[ _-]?(?:access)?[ _-]?key|key|sig(?:nature)?|hash|salt|connection ?strings?|session(?:id)?|cookie|csrf|state|nonce|code|otp|pin|user(?: ?id|name)?|uid|login|ticket|jwt|bearer|sas)`

var (
	keyBlock    = regexp.MustCompile(`()-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|$)`)
	quotedValue = regexp.MustCompile(`(?i)([\w.-]*` + secretName + `[\w.-]*["'\]]* ?(?:=>|[:=]) ?)(?:"[^"]*(?:"|$)|'[^']*(?:'|$))`)
	namedValue  = regexp.MustCompile(`(?i)([\w.-]*` + secretName + `[\w.-]*["'\]]* ?(?:=>|[:=]) ?)(?:[^\s;*][^\s;]*(?:[^;:=]*;)?)`)
	schemeValue = regexp.MustCompile(`(?i)\b((?:bearer|basic|digest|negotiate|ntlm) )\S+`)
	statedValue = regexp.MustCompile(`(?i)\b(` + secretName + `(?: (?:is|was|are|er|ist|är)) )\S+`)
	// E-mail addresses, and addresses with a scheme.
	addressShape = regexp.MustCompile(`\S*@\S+|[A-Za-z][A-Za-z0-9+.-]*://\S*`)
	longNumber   = regexp.MustCompile(`\+?[0-9](?:[ ./()-]?[0-9]){6,}`)
	runShape     = regexp.MustCompile(`[A-Za-z0-9+/_=.~%$!#&^-]{16,}`)
	wordRun      = regexp.MustCompile(`[\pL\pN]+`)
	separator    = regexp.MustCompile(`[^A-Za-z0-9]+`)
)

// oneLine returns the beginning of text with single spaces, ending with a whole word.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		if !unicode.IsPrint(r) { // nothing invisible that splits a word
			return -1
		}
		return r
	}, text[:min(len(text), 4*excerptSource)])
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > excerptSource {
		text = text[:max(0, strings.LastIndexByte(text[:excerptSource], ' '))]
	}
	return text
}

// issued begins what known services issue.
var issued = regexp.MustCompile(`(?:^|[^A-Za-z])(?:[spr]k_(?:live|test)_|gh[pousr]_|github_pat_|xox[abeprs]-|AKIA|ASIA|SG\.|eyJ|glpat-|npm_|AIza|ya29\.|whsec_)`)

// humps are the parts of a word in camel case, and rare ones lack a vowel: Http, Xml.
var humps = regexp.MustCompile(`[A-Z][a-z]{2,}`)

func unspeakable(run string) bool {
	without := 0
	for _, hump := range humps.FindAllString(run, -1) {
		if !strings.ContainsAny(hump, "aeiouAEIOU") {
			without++
		}
	}
	return without >= 2
}

// keepWritten keeps a long run without spaces only if each of its parts is a
// word: a path or a qualified name, and no token.
func keepWritten(run string) string {
	if issued.MatchString(run) || unspeakable(run) {
		return removed
	}
	for _, part := range separator.Split(run, -1) {
		if volatile.Word(part) || !volatile.Worded(part) || keepWord(part) == removed {
			return removed
		}
	}
	return run
}

var (
	digits    = regexp.MustCompile(`^[0-9]{1,6}$`)
	consonant = regexp.MustCompile(`(?i)[bcdfghjklmnpqrstvwxz]{6}`)
)

// keepWord keeps a word of letters, a short number, or a short mixture such as
// TLS12.
func keepWord(word string) string {
	letters := strings.Trim(word, "0123456789")
	switch {
	case digits.MatchString(word), word == "":
		return word
	case utf8.RuneCountInString(word) > longestWord,
		len(word) >= 16 && isASCII(word) && strings.ToUpper(word) == word,
		len(word) >= 10 && consonant.MatchString(word),
		len(word) >= 8 && isASCII(word) && !volatile.Worded(word),
		strings.ContainsAny(word, "0123456789") && len(word) >= 6,
		strings.ContainsAny(letters, "0123456789") && len(word) >= 5:
		return removed
	}
	return word
}

func isASCII(word string) bool {
	return strings.IndexFunc(word, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// cut shortens text to at most limit bytes, after a whole word if there is one.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	if space := strings.LastIndexByte(text[:end], ' '); space > 0 {
		end = space
	}
	return text[:end]
}
