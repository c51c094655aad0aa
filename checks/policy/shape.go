package policy

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/types"

	"github.com/gradewatch/gradewatch/checks"
)

// maxPatternBytes bounds a pattern that is compiled.
const maxPatternBytes = 4 << 10

// shape is what the form of a value says.
type shape struct {
	state checks.State // Known: good tells; Inconclusive: nobody can
	good  bool
	proof checks.Proof
}

func shaped(good bool, path, value, text string) shape {
	return shape{state: checks.Known, good: good, proof: proof(path, value, text)}
}

// lint is the slot of a shape.
func (w *world) lint(s shape) slot {
	if s.state == checks.Known {
		return w.told(s.proof, types.Bool(s.good))
	}
	open := w.fact(s.proof, nil, truth()...)
	open.remedy = remedyPattern
	return slot{fact: open}
}

// wellFormed says whether the value is one absolute URL, or a pattern that its
// probe URL matches.
func (e *endpoint) wellFormed() shape {
	if e.ValueKind == Pattern {
		return e.pattern()
	}
	if e.ValueKind == NativeLoopback && loopbackShape.MatchString(e.Value) {
		return shaped(true, "value", e.Value, "The value is a full URL with a loopback address.")
	}
	if fault := urlFault(e.fill(e.Value), e.ValueKind == CustomScheme); fault != "" {
		return shaped(false, "value", e.Value, "The value "+fault+".")
	}
	return shaped(true, "value", e.Value, "The value is a full URL.")
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

func (e *endpoint) pattern() shape {
	if fault := urlFault(e.ProbeURL, false); fault != "" {
		return shaped(false, "probe_url", e.ProbeURL, "The probe URL "+fault+".")
	}
	if len(e.Value) > maxPatternBytes {
		return shape{state: checks.Inconclusive, proof: proof("value", "too long", "The pattern is too long to be analyzed.")}
	}
	pattern, err := regexp.Compile(e.Value)
	switch {
	case err != nil:
		return shape{state: checks.Inconclusive, proof: proof("value", e.Value, "The pattern cannot be analyzed: RE2 does not take it.")}
	case !pattern.MatchString(e.ProbeURL):
		return shaped(false, "probe_url", e.ProbeURL, "The pattern does not match the probe URL.")
	}
	return shaped(true, "value", e.Value, "The pattern matches its probe URL.")
}

// loopbackShape takes literals, the {port} placeholder, and the portal's
// template pattern for native applications: ^http://127.0.0.1\:\d{4,10}$.
var loopbackShape = regexp.MustCompile(
	`^\^?http://(?:127\\?\.0\\?\.0\\?\.1|\\?\[::1\\?\])\\?:(?:([0-9]{1,5})|\{port\}|\\d\S*|\[0-9\]\S*?)(?:[/?]\S*|\$)?$`)

// loopback says whether the value is http with a loopback literal and a port
// (RFC 8252 section 7.3; the documents take neither localhost nor another scheme).
func (e *endpoint) loopback() shape {
	if e.ValueKind == CustomScheme {
		return shaped(false, "value", e.Value, "The value uses a private-use scheme; SuperOffice's documents ask for a loopback address.")
	}
	if match := loopbackShape.FindStringSubmatch(e.Value); match != nil && validPort(match[1]) {
		return shaped(true, "value", e.Value, "The value is a loopback address with a port.")
	}
	text := "The value is not http with the address 127.0.0.1 or [::1] and a port."
	if u, err := url.Parse(e.Value); err == nil && strings.EqualFold(u.Hostname(), "localhost") {
		text = "The value uses localhost, which may lead elsewhere than the loopback address."
	}
	return shaped(false, "value", e.Value, text)
}

// validPort takes a port number, or nothing where a pattern stands for it.
func validPort(text string) bool {
	if text == "" {
		return true
	}
	port, err := strconv.ParseUint(text, 10, 16)
	return err == nil && port > 0
}
