package monitor

import "time"

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
	URL string
	// Fails is the requirement that must fail; empty: none may fail of severity must.
	Fails string
}
