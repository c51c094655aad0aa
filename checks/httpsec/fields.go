package httpsec

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/httpsec/volatile"
)

// Bounds of Response.Fields, and of the values that other fields of
// checks.Response keep as sent.
const (
	maxFieldValues    = 8
	maxFieldBytes     = 8 << 10
	maxKeptFields     = 4
	maxKeptFieldBytes = 512
	maxProductBytes   = 64
)

// canonicalFields returns the fields that checks.FieldNames lists, without
// anything that may differ between two looks at an unchanged server.
func canonicalFields(base *url.URL, h head) map[string][]string {
	kept := map[string][]string{}
	for _, name := range checks.FieldNames() {
		for _, value := range h.fields[name][:min(len(h.fields[name]), maxFieldValues)] {
			kept[name] = append(kept[name], checks.Clean(canonicalField(base, name, value), maxFieldBytes))
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}

// canonicalField replaces what is made anew for each answer by "*".
func canonicalField(base *url.URL, name, value string) string {
	value = strings.ReplaceAll(value, "\t", " ") // white space like any other (RFC 9110 section 5.6.3)
	switch name {
	case "content-security-policy", "content-security-policy-report-only":
		value = canonicalReports(base, value)
	case "refresh":
		value = canonicalRefresh(base, value)
	case "retry-after":
		return wildcard // a date, or seconds that run down
	case "server":
		value = versionShape.ReplaceAllString(value, "/"+wildcard) // as Response.Server says why
	case "www-authenticate":
		value = challengeShape.ReplaceAllString(value, `$1="`+wildcard+`"`)
	}
	value = addressShape.ReplaceAllStringFunc(value, func(text string) string { return canonicalReference(base, text) })
	return volatile.Field(value)
}

var (
	// challengeShape is what Digest makes anew for each answer (RFC 7616 section 3.3).
	challengeShape = regexp.MustCompile(`(?i)\b(nonce|opaque)=(?:"[^"]*"|[^\s,]*)`)
	versionShape   = regexp.MustCompile(`/v?[0-9][^\s/()]*`)
	// addressShape is a URL with a query; others are hosts and paths that
	// somebody wrote, such as the sources of a policy.
	addressShape = regexp.MustCompile(`https?://[^\s"'<>;,?]+\?[^\s"'<>;,]+`)
)

// canonicalReports makes the addresses canonical that a Content-Security-Policy
// reports to (CSP Level 3 section 6.5.1).
func canonicalReports(base *url.URL, policy string) string {
	directives := strings.Split(policy, ";")
	for i, directive := range directives {
		words := strings.Fields(directive)
		if len(words) < 2 || !strings.EqualFold(words[0], "report-uri") {
			continue
		}
		for j, word := range words[1:] {
			words[j+1] = canonicalReference(base, word)
		}
		directives[i] = strings.Join(words, " ")
		if i > 0 {
			directives[i] = " " + directives[i]
		}
	}
	return strings.Join(directives, ";")
}

// canonicalReference makes a URL canonical that may be relative, and keeps it
// relative.
func canonicalReference(base *url.URL, text string) string {
	reference, err := url.Parse(text)
	if err != nil || base == nil {
		return wildcard
	}
	if reference.IsAbs() {
		return CanonicalURL(reference)
	}
	reference.User, reference.Fragment, reference.RawFragment = nil, "", ""
	canonical := CanonicalPath(reference.EscapedPath())
	if query := canonicalQuery(reference.RawQuery); query != "" {
		canonical += "?" + query
	}
	if reference.Host != "" {
		canonical = "//" + reference.Host + canonical
	}
	return canonical
}

func canonicalRefresh(base *url.URL, value string) string {
	parsed, ok := parseRefresh(value)
	if !ok {
		return value
	}
	delay, rest, found := strings.Cut(value, parsed.url)
	if parsed.url == "" || !found {
		return value
	}
	return delay + canonicalReference(base, parsed.url) + rest
}

// keptValues are the values of a field as sent, few and short.
func keptValues(h head, name string) checks.Fact[[]string] {
	values := h.fields[name]
	if len(values) == 0 {
		return checks.AbsentFact[[]string]("")
	}
	var kept []string
	for _, value := range values[:min(len(values), maxKeptFields)] {
		kept = append(kept, checks.Clean(value, maxKeptFieldBytes))
	}
	return checks.KnownFact(kept)
}

// product is the first product of a Server field without version and comments
// (RFC 9110 section 10.2.4): "nginx" of "nginx/1.25.3 (Ubuntu)".
func product(server string) string {
	name, _, _ := strings.Cut(server, " ")
	name, _, _ = strings.Cut(name, "/")
	return checks.Clean(name, maxProductBytes)
}
