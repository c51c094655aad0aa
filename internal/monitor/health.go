package monitor

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// requirementID is what requirements are named by: T-02.
var requirementID = regexp.MustCompile(`^[A-Z]{1,3}-[0-9]{1,3}$`)

// HealthState says whether what a vantage sees can be believed.
type HealthState string

// The states of a vantage. Blind: reference targets do not answer. Wrong: a
// canary of known faults shows others than its own. Swamped: so many hosts
// failed at once that it is likelier us.
const (
	Sound   HealthState = "sound"
	Blind   HealthState = "blind"
	Wrong   HealthState = "wrong"
	Swamped HealthState = "swamped"
)

// VantageHealth is whether one vantage is to be believed. The zero value is
// one that was never checked: it is believed.
type VantageHealth struct {
	Vantage   string
	State     HealthState
	Since     time.Time
	Reason    string // a sentence
	CheckedAt time.Time
	// Failures and Successes are the checks in a row that said so: one alone
	// changes nothing.
	Failures, Successes int
	Told                bool // operators know of the state
}

// Trusted says whether judgements that rest on the vantage may move anything.
func (h VantageHealth) Trusted() bool { return h.State == "" || h.State == Sound }

// Canary is a server of which it is known what is wrong with it, or that
// nothing is.
type Canary struct {
	URL string `json:"url"`
	// Fails is the requirement that must fail; empty: none may fail of severity must.
	Fails string `json:"fails,omitempty"`
}

// ParseCanary reads a canary: 'https://expired.example=T-12' must fail T-12, and
// of 'https://good.example/' nothing may fail.
func ParseCanary(text string) (Canary, error) {
	canary := Canary{URL: strings.TrimSpace(text)}
	if at := strings.LastIndexByte(canary.URL, '='); at >= 0 && requirementID.MatchString(canary.URL[at+1:]) {
		canary.URL, canary.Fails = canary.URL[:at], canary.URL[at+1:]
	}
	if parsed, err := url.Parse(canary.URL); err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
		return Canary{}, fmt.Errorf("%q is no URL with a requirement that fails, such as https://expired.example=C-01", text)
	}
	return canary, nil
}
