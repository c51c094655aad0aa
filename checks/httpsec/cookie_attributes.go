package httpsec

import (
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// cookieAttributes are the attributes that a browser knows, of one Set-Cookie.
type cookieAttributes struct {
	httpOnly, secure, partitioned bool
	sameSite                      string // Strict, Lax, None or empty
	sameSiteInvalid               bool   // one of them is none of these
	domain                        string // lower case, without its first dot
	path                          string // empty, or starts with a slash
	maxAge, expires               string // as sent
}

// parseAttributes is section 5.6 step 7 on and 5.6.1 to 5.6.7: names in any
// case, the last of a repeated attribute counts, and one that is too long is
// ignored. Of two Max-Age or Expires the last counts in browsers also where it
// cannot be read; the draft takes the one before then.
func parseAttributes(text string) cookieAttributes {
	var a cookieAttributes
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		name, value = strings.Trim(name, whitespaceOfCookie), strings.Trim(value, whitespaceOfCookie)
		if len(value) <= maxAttributeBytes {
			a.set(lowerASCII(name), value)
		}
	}
	return a
}

func (a *cookieAttributes) set(name, value string) {
	switch name {
	case "httponly":
		a.httpOnly = true
	case "secure":
		a.secure = true
	case "partitioned":
		a.partitioned = true
	case "samesite":
		a.sameSite = sameSiteValue(value)
		a.sameSiteInvalid = a.sameSiteInvalid || a.sameSite == ""
	case "domain":
		a.domain = lowerASCII(value)
		if a.domain != "." { // alone it is no domain, and not as if there were none
			a.domain = strings.TrimPrefix(a.domain, ".")
		}
	case "path":
		a.path = ""
		if strings.HasPrefix(value, "/") {
			a.path = value
		}
	case "max-age":
		a.maxAge = value
	case "expires":
		a.expires = value
	}
}

// lowerASCII leaves other letters alone: some of them are ASCII in lower case,
// and no browser takes them for it.
func lowerASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// sameSiteValue is section 5.6.7: what it does not know counts as if it were
// not there.
func sameSiteValue(value string) string {
	switch lowerASCII(value) {
	case "strict":
		return "Strict"
	case "lax":
		return "Lax"
	case "none":
		return "None"
	}
	return ""
}

const (
	// lifetimeLimit is what browsers cut lifetimes to (section 5.5).
	lifetimeLimit = 400 * 24 * time.Hour
	// clockTolerance keeps a server that says 400 days as a date from changing
	// its class with the difference between its clock and ours.
	clockTolerance = time.Hour
)

// lifetime is section 5.7 step 6: Max-Age counts before Expires.
func (a *cookieAttributes) lifetime(now time.Time) checks.Lifetime {
	left, limit := time.Duration(0), lifetimeLimit
	if age, ok := parseMaxAge(a.maxAge); ok {
		left = age
	} else if expires, ok := parseCookieDate(a.expires); ok {
		left, limit = expires.Sub(now), lifetimeLimit+clockTolerance
	} else {
		return checks.LifetimeSession
	}
	switch {
	case left <= 0:
		return checks.LifetimeDeleted
	case left > limit:
		return checks.LifetimeOverLong
	}
	return checks.LifetimeDays
}

// parseMaxAge is section 5.6.2: digits, perhaps with a minus before them. What
// is more than 400 days is returned as a second more.
func parseMaxAge(value string) (time.Duration, bool) {
	digits, negative := strings.CutPrefix(value, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	if negative {
		return 0, true
	}
	seconds := time.Duration(0)
	for _, digit := range []byte(digits) {
		seconds = min(seconds*10+time.Duration(digit-'0'), lifetimeLimit/time.Second+1)
	}
	return seconds * time.Second, true
}
