package inventory

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
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// MaxValue bounds a registered value, in bytes.
const MaxValue = 2048

// maximumInterval is the longest time between two looks that people can set.
const maximumInterval = 24 * time.Hour

const intervalFault = "Choose an interval from 1 minute to 1 day."

// ParseMinutes reads an interval in whole minutes, as forms have it. fault is a
// sentence about what is wrong, or empty.
func ParseMinutes(text string) (interval time.Duration, fault string) {
	minutes, err := strconv.Atoi(text)
	if err != nil || minutes > 1_000_000 {
		return 0, intervalFault
	}
	interval = time.Duration(minutes) * time.Minute
	if !lawfulInterval(interval) {
		return 0, intervalFault
	}
	return interval, ""
}

func lawfulInterval(interval time.Duration) bool {
	return interval >= monitor.MinimumInterval && interval <= maximumInterval && interval%time.Second == 0
}

// ValueFault says in a sentence why value cannot be registered as an endpoint
// of a kind, or returns "". A pattern that RE2 does not take is no fault: it may
// be right for SuperOffice, and L-01 says that it cannot be analyzed.
func ValueFault(kind policy.Kind, valueKind policy.ValueKind, value string) string {
	switch valueKind {
	case policy.Literal:
		return literalFault(kind, value)
	case policy.Pattern:
		return textFault(value, `^https://app\.example\.com/callback$`)
	case policy.NativeLoopback:
		return nativeFault(value)
	default:
		return customSchemeFault(value)
	}
}

// literalFault judges a web URL by what is looked at: the value, or the value
// with its template variables filled in.
func literalFault(kind policy.Kind, value string) string {
	subject := policy.Subject{Kind: kind, ValueKind: policy.Literal, Value: value}
	if looked := subject.URL(); looked != value && textFault(value, "") == "" {
		return webURLFault(looked)
	}
	return webURLFault(value)
}

// Each of these returns a sentence about what is wrong, or "".

func textFault(value, example string) string {
	switch {
	case value == "":
		return "Enter the URL, such as " + example + "."
	case len(value) > MaxValue:
		return "Use a URL of at most " + strconv.Itoa(MaxValue) + " characters."
	case !Legible(value):
		return "The URL holds characters that cannot be seen. Type it anew."
	}
	return ""
}

// Legible says whether text can be stored and shown: Postgres takes no NUL and
// nothing that is no UTF-8.
func Legible(text string) bool {
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
		return Sentence(err.Error())
	}
	return ""
}

// ProbeFault says in a sentence why probe cannot be the probe URL of pattern, or
// returns "".
func ProbeFault(pattern, probe string) string {
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

// Sentence makes an error's text one: a capital first and a period last.
func Sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(text[size:], ".") + "."
}

// hostOf names the host of a URL for a sentence.
func hostOf(value string) string {
	if u, err := url.Parse(value); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	return value
}
