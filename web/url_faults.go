package web

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// maxValue bounds a registered value.
const maxValue = 2048

// maximumInterval is the longest time between two looks that people can set.
const maximumInterval = 24 * time.Hour

// Each of these returns a sentence about what is wrong, or "".

func parseMinutes(text string) (time.Duration, string) {
	minutes, err := strconv.Atoi(text)
	interval := time.Duration(minutes) * time.Minute
	if err != nil || minutes > 1_000_000 || interval < monitor.MinimumInterval || interval > maximumInterval {
		return 0, "Choose an interval from 1 minute to 1 day."
	}
	return interval, ""
}

func textFault(value, example string) string {
	switch {
	case value == "":
		return "Enter the URL, such as " + example + "."
	case len(value) > maxValue:
		return "Use a URL of at most " + strconv.Itoa(maxValue) + " characters."
	case !legible(value):
		return "The URL holds characters that cannot be seen. Type it anew."
	}
	return ""
}

// legible says whether text can be stored and shown: Postgres takes no NUL and
// nothing that is no UTF-8.
func legible(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

func webURLFault(value string) string {
	if fault := textFault(value, "https://app.example.com/callback"); fault != "" {
		return fault
	}
	if strings.ContainsFunc(value, unicode.IsSpace) {
		return "Write one URL in each field, without spaces."
	}
	if strings.HasPrefix(value, "^") {
		return "This looks like a pattern. Choose “Pattern” and give a probe URL that it matches."
	}
	// What stands before a colon is a scheme, unless a port follows.
	if match := scheme.FindStringSubmatch(value); match != nil && !strings.Contains(value, "://") && !portFollows.MatchString(value) {
		return "The scheme " + match[1] + " cannot be looked at; only https and http can. For a scheme of your application's own choose “Custom scheme”."
	}
	if _, err := checks.ParseTarget(value, checks.Quick, checks.Limits{}); err != nil {
		return sentence(err.Error())
	}
	return ""
}

func patternFault(value string) string {
	return textFault(value, `^https://app\.example\.com/callback$`)
}

func probeFault(pattern, probe string) string {
	if probe == "" {
		return "Enter a probe URL: one real web URL that the pattern matches."
	}
	if fault := webURLFault(probe); fault != "" {
		return fault
	}
	// A pattern that RE2 does not take may be right for SuperOffice: it is
	// registered, and L-01 says that it cannot be analyzed.
	if compiled, err := regexp.Compile(pattern); err == nil && pattern != "" && !compiled.MatchString(probe) {
		return "The pattern does not match this probe URL. Change one of them."
	}
	return ""
}

// loopbackStart takes what starts like a loopback URL, also as a pattern: what
// is right or wrong about the rest is L-03's.
var loopbackStart = regexp.MustCompile(`^\^?https?://(127\\?\.[0-9]+\\?\.[0-9]+\\?\.[0-9]+|\\?\[::1\\?\]|localhost)([\\:/?$]|$)`)

func nativeFault(value string) string {
	const example = "http://127.0.0.1:{port}/callback"
	if fault := textFault(value, example); fault != "" {
		return fault
	}
	if loopbackStart.MatchString(value) {
		return ""
	}
	if u, err := url.Parse(value); err == nil && (u.Scheme == "http" || u.Scheme == "https") && !isLoopback(u.Hostname()) {
		return "A native loopback URL stays on the person's own device. For " + hostOf(value) + " choose “Web URL”."
	}
	return "Write a loopback URL, such as " + example + "."
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

var portFollows = regexp.MustCompile(`^[^:/]+:[0-9]`)

var scheme = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*):.+`) // RFC 3986 section 3.1

func customSchemeFault(value string) string {
	const example = "com.example.app:/callback"
	if fault := textFault(value, example); fault != "" {
		return fault
	}
	match := scheme.FindStringSubmatch(value)
	if match == nil {
		return "Start the URL with its scheme, such as " + example + "."
	}
	switch strings.ToLower(match[1]) {
	case "http", "https":
		return "http and https are no custom schemes. Choose “Web URL”."
	case "javascript", "data", "vbscript", "file", "blob", "about":
		return "The scheme " + match[1] + " cannot receive a redirect. Use a scheme of your application's own."
	}
	return ""
}

// sentence makes an error's text one: a capital first and a period last.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(text[size:], ".") + "."
}
