package grade

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/hsts"
)

// LongMaxAge is the max-age of Strict-Transport-Security from which A+ is
// possible: 180 days, in seconds (rating guide, section 7).
const LongMaxAge = 15_552_000

// HSTSStatus says what Strict-Transport-Security fields are worth.
type HSTSStatus string

// What Strict-Transport-Security fields are worth, in the words of the SSL Labs API.
const (
	HSTSAbsent   HSTSStatus = "absent"
	HSTSPresent  HSTSStatus = "present"
	HSTSDisabled HSTSStatus = "disabled" // max-age=0
	HSTSInvalid  HSTSStatus = "invalid"
	HSTSUnknown  HSTSStatus = "unknown" // cut off: too long to have been kept
)

// HSTS is a parsed Strict-Transport-Security header.
type HSTS struct {
	Status            HSTSStatus
	MaxAge            int64 // seconds, at most math.MaxInt64
	IncludeSubDomains bool
	Preload           bool
	Fault             string // why it is invalid
}

// ParseHSTS reads the Strict-Transport-Security fields of one answer (RFC 6797
// section 6.1, rating guide section 7): names without regard to case, max-age
// needed, digits with or without quotes, no directive twice, unknown ones
// ignored. Several fields must be equal. A number that does not fit is clamped.
func ParseHSTS(values []string) HSTS {
	if len(values) == 0 {
		return HSTS{Status: HSTSAbsent}
	}
	for _, value := range values[1:] {
		if value != values[0] {
			return HSTS{Status: HSTSInvalid, Fault: "there are several that differ"}
		}
	}
	directives, fine := hsts.ParseDirectives(values[0])
	if cut(values[0]) {
		return HSTS{Status: HSTSUnknown}
	}
	var h HSTS
	if !fine {
		h.Fault = "it breaks its syntax"
	}
	for _, d := range directives {
		switch {
		case d.Repeated:
			h.Fault = cmp.Or(h.Fault, "the directive "+d.Name+" stands twice")
		case d.Name == "includesubdomains":
			h.IncludeSubDomains = true
		case d.Name == "preload":
			h.Preload = true
		}
	}
	age, found := hsts.DirectiveNamed(directives, "max-age")
	if !found {
		h.Fault = cmp.Or(h.Fault, "it has no max-age")
	} else if h.MaxAge, found = hsts.Seconds(age.Value); !found {
		h.Fault = cmp.Or(h.Fault, "its max-age is no number")
	}
	switch {
	case h.Fault != "":
		return HSTS{Status: HSTSInvalid, Fault: h.Fault}
	case h.MaxAge == 0:
		h.Status = HSTSDisabled
	default:
		h.Status = HSTSPresent
	}
	return h
}

// cut says whether a field was too long to be kept whole.
func cut(value string) bool { return len(value) > 500 && strings.HasSuffix(value, "…") }

// hstsSeen is what the answer that counts says.
type hstsSeen struct {
	truth truth // whether there is an answer that counts
	why   string
	fact  string // path of the answer
	hsts  HSTS
	pins  checks.Fact[[]string]
	known bool // whether hsts was asked for
}

// seenHSTS reads the final https answer of the first hop's host: redirects
// inside the host are followed, one to another host is itself the last
// (section 7).
func seenHSTS(hops []checks.Hop) hstsSeen {
	last := -1
	for i := range hops {
		if !sameHost(hops[i].Host, hops[0].Host) {
			break
		}
		if hops[i].Answer.State != checks.Known {
			return hstsSeen{truth: unknown, why: why(hops[i].Answer.State, hops[i].Answer.Reason)}
		}
		if hops[i].Scheme == "https" {
			last = i
		}
	}
	if last < 0 {
		return hstsSeen{truth: unknown}
	}
	response := &hops[last].Answer.Value
	seen := hstsSeen{truth: yes, fact: fmt.Sprintf("hops[%d].hsts", last), pins: response.PublicKeyPins, hsts: HSTS{Status: HSTSUnknown}}
	switch response.HSTS.State {
	case checks.Known:
		seen.hsts = ParseHSTS(response.HSTS.Value)
	case checks.Absent:
		seen.hsts = HSTS{Status: HSTSAbsent}
	default:
		seen.why = why(response.HSTS.State, response.HSTS.Reason)
	}
	if seen.hsts.Status == HSTSUnknown && seen.why == "" {
		seen.why = string(checks.ReasonTooLarge)
	}
	seen.known = seen.hsts.Status != HSTSUnknown
	return seen
}

func sameHost(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}

func (f *facts) hstsProof(value, text string) checks.Proof {
	return checks.Proof{Fact: "http[" + f.address + "]." + f.hsts.fact, Value: value, Text: text, Cause: checks.CauseConfiguration}
}

func hstsDisabled(f *facts) answer {
	switch {
	case !f.hsts.known:
		return cannotTell(hstsMissing)
	case f.hsts.hsts.Status != HSTSDisabled:
		return never()
	}
	return fires("", f.hstsProof("max-age=0", f.address+" sends Strict-Transport-Security with max-age=0."))
}

func hstsInvalid(f *facts) answer {
	switch {
	case !f.hsts.known:
		return cannotTell(hstsMissing)
	case f.hsts.hsts.Status != HSTSInvalid:
		return never()
	}
	what := f.hsts.hsts.Fault
	return fires(what, f.hstsProof("invalid", fmt.Sprintf("%s sends an invalid Strict-Transport-Security: %s.", f.address, what)))
}

// hstsLong holds where max-age is at least LongMaxAge.
func hstsLong(f *facts) answer {
	switch {
	case !f.hsts.known:
		return cannotTell(hstsMissing)
	case f.hsts.hsts.Status != HSTSPresent || f.hsts.hsts.MaxAge < LongMaxAge:
		return never()
	}
	age := f.hsts.hsts.MaxAge
	return fires(fmt.Sprintf(": %d days", age/86400), f.hstsProof(fmt.Sprintf("max-age=%d", age),
		fmt.Sprintf("%s sends Strict-Transport-Security with max-age=%d.", f.address, age)))
}

// pinsNotInvalid holds where no invalid Public-Key-Pins is sent (RFC 7469).
func pinsNotInvalid(f *facts) answer {
	pins := f.hsts.pins
	switch {
	case f.hsts.truth != yes || !pins.Conclusive():
		return cannotTell(pinsMissing)
	case pins.State == checks.Absent || len(pins.Value) == 0:
		return fires("", f.hstsProof("absent", f.address+" sends no Public-Key-Pins."))
	case cut(pins.Value[0]):
		return cannotTell(pinsMissing)
	case !validPins(pins.Value[0]):
		return never()
	}
	return fires("", f.hstsProof("valid", f.address+" sends a Public-Key-Pins that can be read."))
}

// validPins says whether a Public-Key-Pins field can be parsed: max-age, and
// pins that are a base64 SHA-256 each (RFC 7469 sections 2.1 and 2.4). Only the
// first field counts. With max-age=0 no pin is needed.
func validPins(value string) bool {
	directives, fine := hsts.ParseDirectives(value)
	age, found := hsts.DirectiveNamed(directives, "max-age")
	most, numeric := hsts.Seconds(age.Value)
	if !fine || !found || !numeric {
		return false
	}
	pins := 0
	for _, d := range directives {
		switch {
		case d.Name == "pin-sha256":
			if !isPin(d.Value) {
				return false
			}
			pins++
		case d.Repeated:
			return false
		}
	}
	return pins > 0 || most == 0
}

// isPin: 32 bytes in base64 (RFC 4648 section 4).
func isPin(value string) bool {
	return len(value) == 44 && value[43] == '=' && value[42] != '=' &&
		strings.Trim(value[:43], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") == ""
}
