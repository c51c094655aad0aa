package httpsec

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// refreshLimit is the longest delay after which a refresh is followed. Browsers
// follow any; one that leaves time to read a page for longer ends a session or
// reloads a display, and does not lead somewhere.
const refreshLimit = 30 * time.Second

// refresh is what the value of a Refresh field or meta element says.
type refresh struct {
	delay time.Duration
	url   string // empty: the page itself
}

// parseRefresh reads value by the shared declarative refresh steps of the HTML
// standard (section 4.2.5.3, steps 2 to 11).
func parseRefresh(value string) (refresh, bool) {
	rest := strings.TrimLeft(value, asciiSpace)
	digits := leading(rest, isDigit)
	rest = rest[len(digits):]
	if digits == "" && !strings.HasPrefix(rest, ".") {
		return refresh{}, false
	}
	rest = rest[len(leading(rest, func(c byte) bool { return isDigit(c) || c == '.' })):]
	parsed := refresh{delay: seconds(digits)}
	if rest == "" {
		return parsed, true
	}
	if !strings.ContainsRune(";,"+asciiSpace, rune(rest[0])) {
		return refresh{}, false
	}
	rest = strings.TrimLeft(rest, asciiSpace)
	if rest != "" && (rest[0] == ';' || rest[0] == ',') {
		rest = strings.TrimLeft(rest[1:], asciiSpace)
	}
	parsed.url = refreshURL(rest)
	return parsed, true
}

// refreshURL takes "url=" and quotes off. What begins like "url=" and goes on
// otherwise is a URL as a whole; its quotes are not.
func refreshURL(text string) string {
	rest := text
	if rest != "" && (rest[0] == 'u' || rest[0] == 'U') {
		if len(rest) < 3 || !strings.EqualFold(rest[:3], "url") {
			return text
		}
		rest = strings.TrimLeft(rest[3:], asciiSpace)
		if !strings.HasPrefix(rest, "=") {
			return text
		}
		rest = strings.TrimLeft(rest[1:], asciiSpace)
	}
	if rest != "" && (rest[0] == '\'' || rest[0] == '"') {
		quoted, _, _ := strings.Cut(rest[1:], rest[:1])
		return quoted
	}
	return rest
}

const asciiSpace = "\t\n\f\r "

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// leading returns the part of text before the first byte that is not in.
func leading(text string, in func(byte) bool) string {
	for i := range len(text) {
		if !in(text[i]) {
			return text[:i]
		}
	}
	return text
}

// seconds reads digits; a number too large to hold is the largest there is.
func seconds(digits string) time.Duration {
	const most = 1 << 31
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil && digits != "" {
		n = most
	}
	return time.Duration(n) * time.Second
}

// destination returns where the refresh leads from base, or nil where a
// browser stays: what cannot be parsed, or script.
func (r refresh) destination(base *url.URL) (*url.URL, error) {
	if strings.Trim(r.url, asciiSpace) == "" {
		return base, nil
	}
	next, err := resolveLocation(base, r.url)
	if next != nil && next.Scheme == "javascript" {
		return nil, nil //nolint:nilnil // nowhere, and no fault
	}
	return next, err
}
