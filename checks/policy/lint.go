package policy

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
)

// maxPatternBytes bounds a pattern that is compiled.
const maxPatternBytes = 4 << 10

func lint(result checks.Result, fact, value, text, remedy string) judgement {
	return judgement{result: result, remedy: remedy, proof: []checks.Proof{{
		Fact: fact, Value: value, Text: text, Cause: checks.CauseConfiguration,
	}}}
}

// fullURL judges L-01: an absolute URL, or a pattern that its probe URL matches.
func (q question) fullURL() judgement {
	if q.subject.ValueKind == Pattern {
		return q.pattern()
	}
	value := q.subject.Value
	if q.subject.ValueKind == NativeLoopback && loopbackShape.MatchString(value) {
		return lint(checks.Pass, "value", value, "The value is a full URL with a loopback address.", "")
	}
	if fault := urlFault(value, q.subject.ValueKind == CustomScheme); fault != "" {
		return lint(checks.Fail, "value", value, "The value "+fault+".", remedyFullURL)
	}
	return lint(checks.Pass, "value", value, "The value is a full URL.", "")
}

// urlFault says what keeps value from being one absolute URL. A private-use
// scheme needs no host (RFC 8252 section 7.1: com.example.app:/redirect).
func urlFault(value string, custom bool) string {
	if strings.ContainsAny(value, " \t\r\n") {
		return "holds white space or more than one URL"
	}
	u, err := url.Parse(value)
	switch {
	case value == "":
		return "is empty"
	case err != nil:
		return "is not a URL"
	case u.Scheme == "":
		return "has no scheme such as https://"
	case custom:
		return ""
	case u.Host == "" || u.Hostname() == "":
		return "names no host"
	}
	return ""
}

func (q question) pattern() judgement {
	value, probe := q.subject.Value, q.subject.ProbeURL
	if fault := urlFault(probe, false); fault != "" {
		return lint(checks.Fail, "probe_url", probe, "The probe URL "+fault+".", remedyProbeURL)
	}
	if len(value) > maxPatternBytes {
		return lint(checks.ResultInconclusive, "value", "too long", "The pattern is too long to be analyzed.", remedyPattern)
	}
	pattern, err := regexp.Compile(value)
	switch {
	case err != nil:
		return lint(checks.ResultInconclusive, "value", value, "The pattern cannot be analyzed: RE2 does not take it.", remedyPattern)
	case !pattern.MatchString(probe):
		return lint(checks.Fail, "probe_url", probe, "The pattern does not match the probe URL.", remedyProbeURL)
	}
	return lint(checks.Pass, "value", value, "The pattern matches its probe URL.", "")
}

// notOnSuperOffice judges L-02: SuperOffice does not host the application.
func (q question) notOnSuperOffice() judgement {
	if q.subject.ValueKind == CustomScheme {
		return notApplicable("value_kind", string(q.subject.ValueKind), "A private-use scheme has no host.")
	}
	if q.subject.ValueKind == NativeLoopback {
		return lint(checks.Pass, "value", q.subject.Value, "The host is the person's own device.", "")
	}
	if q.url == nil || q.url.Hostname() == "" {
		return lint(checks.ResultInconclusive, "url", q.subject.URL(), "The host cannot be read from the URL.", remedyFullURL)
	}
	host := strings.TrimSuffix(strings.ToLower(q.url.Hostname()), ".")
	if host == "superoffice.com" || strings.HasSuffix(host, ".superoffice.com") {
		return lint(checks.Fail, "url", host, fmt.Sprintf("The host %s is SuperOffice's own.", host), remedySuperOffice)
	}
	return lint(checks.Pass, "url", host, fmt.Sprintf("The host %s is not under superoffice.com.", host), "")
}

// loopbackShape takes literals, the {port} placeholder, and the portal's
// template pattern for native applications: ^http://127.0.0.1\:\d{4,10}$.
var loopbackShape = regexp.MustCompile(
	`^\^?http://(?:127\\?\.0\\?\.0\\?\.1|\\?\[::1\\?\])\\?:(?:([0-9]{1,5})|\{port\}|\\d\S*|\[0-9\]\S*?)(?:[/?]\S*|\$)?$`)

// nativeLoopback judges L-03: native applications listen on a loopback literal
// (RFC 8252 section 7.3; the documents take neither localhost nor another scheme).
func (q question) nativeLoopback() judgement {
	value := q.subject.Value
	switch q.subject.ValueKind {
	case CustomScheme:
		return lint(checks.Fail, "value", value,
			"The value uses a private-use scheme; SuperOffice's documents ask for a loopback address.", remedyLoopback)
	case NativeLoopback:
	default:
		return notApplicable("value_kind", string(q.subject.ValueKind), "The application is not registered as native.")
	}
	if match := loopbackShape.FindStringSubmatch(value); match != nil && validPort(match[1]) {
		return lint(checks.Pass, "value", value, "The value is a loopback address with a port.", "")
	}
	text := "The value is not http with the address 127.0.0.1 or [::1] and a port."
	if u, err := url.Parse(value); err == nil && strings.EqualFold(u.Hostname(), "localhost") {
		text = "The value uses localhost, which may lead elsewhere than the loopback address."
	}
	return lint(checks.Fail, "value", value, text, remedyLoopback)
}

// validPort takes a port number, or nothing where a pattern stands for it.
func validPort(text string) bool {
	if text == "" {
		return true
	}
	port, err := strconv.ParseUint(text, 10, 16)
	return err == nil && port > 0
}
