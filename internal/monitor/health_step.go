package monitor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// By what a vantage is believed.
const (
	// checksToChange is how many checks in a row change whether it is.
	checksToChange = 2
	// resumedAfter is how long it must be sound until that is told: what comes and
	// goes is one pause.
	resumedAfter = 10 * time.Minute
	// SwampedWithin is the time in which hosts that were fine turn unreachable
	// together; swampedLeast hosts and over one of swampedShare are a swamp.
	SwampedWithin = 10 * time.Minute
	swampedLeast  = 20
	swampedShare  = 10
)

// HealthEvent is one check of a vantage.
type HealthEvent struct {
	// References says whether enough of the reference targets answer.
	References checks.Fact[bool] `json:"references"`
	Canaries   []CanaryLook      `json:"canaries,omitempty"`
	// Hosts were looked at within SwampedWithin and were fine before; Turned of
	// them are unreachable now, confirmed or not.
	Hosts  int `json:"hosts"`
	Turned int `json:"turned"`
	// Others and OthersTurned are those without the team that has most of Turned.
	Others       int `json:"others,omitempty"`
	OthersTurned int `json:"others_turned,omitempty"`
}

// Sites counts those that were looked at and were fine before, and those of them
// that are unreachable now.
type Sites struct{ Looked, Turned int }

// swamp says whether so many turned that it is likelier us.
func (s Sites) swamp() bool { return s.Looked >= swampedLeast && s.Turned*swampedShare > s.Looked }

// swamped says whether it is likelier us that hosts are unreachable. Where other
// teams have enough of them, theirs must be too: what breaks at one partner alone
// is that partner's, and must silence nobody.
func (e HealthEvent) swamped() bool {
	all, others := Sites{e.Hosts, e.Turned}, Sites{e.Others, e.OthersTurned}
	return all.swamp() && (others.Looked < swampedLeast || others.swamp())
}

// CanaryLook is what a look at a canary said.
type CanaryLook struct {
	Canary
	Told    bool     `json:"told"`              // it could be judged: one that is down says nothing about us
	Failing []string `json:"failing,omitempty"` // requirements of severity must that fail, and Fails if it does
}

// wrong says whether a canary was judged as something that it is not.
func (c CanaryLook) wrong() bool {
	if !c.Told {
		return false
	}
	if c.Fails == "" {
		return len(c.Failing) > 0
	}
	return !slices.Contains(c.Failing, c.Fails)
}

// HealthEffect is what a check of a vantage asks for.
type HealthEffect interface{ healthEffect() }

// TellPaused asks to tell operators that alerting pauses.
type TellPaused struct{ Reason string }

// TellResumed asks to tell them that it goes on, and since when it had paused.
type TellResumed struct{ Reason string }

func (TellPaused) healthEffect()  {}
func (TellResumed) healthEffect() {}

// StepHealth returns whether a vantage is to be believed after a check at at:
//   - Two checks in a row change it, either way. A swamp counts at once: it
//     rests on many hosts, and those would be told of before a second check.
//   - A check that could not be made changes nothing.
//   - Operators are told once that alerting pauses, and once that it goes on,
//     when it did so for ten minutes.
func StepHealth(health VantageHealth, event HealthEvent, at time.Time) (VantageHealth, []HealthEffect) {
	health.CheckedAt = at
	if event.References.State == checks.Inconclusive {
		return health, nil
	}
	if health.State == Swamped && event.Hosts == 0 { // nobody was looked at
		return health, nil
	}
	seen, reason := event.judge()
	if seen == Sound {
		return health.sound(at)
	}
	health.Failures, health.Successes = health.Failures+1, 0
	if health.Trusted() && health.Failures < checksToChange && seen != Swamped {
		return health, nil
	}
	if health.Trusted() {
		health.Since = at
	}
	health.State, health.Reason = seen, reason
	if health.Told {
		return health, nil
	}
	health.Told = true
	return health, []HealthEffect{TellPaused{Reason: reason}}
}

// sound is a check that found nothing wrong.
func (h VantageHealth) sound(at time.Time) (VantageHealth, []HealthEffect) {
	h.Failures, h.Successes = 0, h.Successes+1
	if h.State == "" || !h.Trusted() && h.Successes >= checksToChange {
		h.State, h.Since = Sound, at
	}
	if !h.Told || !h.Trusted() || at.Sub(h.Since) < resumedAfter {
		return h, nil
	}
	reason := h.Reason
	h.Told, h.Reason = false, ""
	return h, []HealthEffect{TellResumed{Reason: reason}}
}

// judge says what a check shows, and why as a sentence.
func (e HealthEvent) judge() (HealthState, string) {
	if e.References.State == checks.Known && !e.References.Value {
		return Blind, "None of the reference targets answers: Gradewatch’s own network is down."
	}
	if wrong := e.wrongCanaries(); len(wrong) > 0 {
		return Wrong, "Servers with known faults do not show them: " + strings.Join(wrong, ", ") + "."
	}
	if e.swamped() {
		return Swamped, fmt.Sprintf("%d of %d hosts became unreachable within %.0f minutes, so it is likelier Gradewatch’s network than theirs.",
			e.Turned, e.Hosts, SwampedWithin.Minutes())
	}
	return Sound, ""
}

// wrongCanaries names the canaries that look otherwise than they are, where all
// those do that have a fault, or all that have none: one alone was repaired, or
// broke, by itself.
func (e HealthEvent) wrongCanaries() []string {
	for _, faulty := range []bool{true, false} {
		var told, wrong []string
		for _, canary := range e.Canaries {
			if (canary.Fails != "") != faulty || !canary.Told {
				continue
			}
			told = append(told, canary.URL)
			if canary.wrong() {
				wrong = append(wrong, canary.URL)
			}
		}
		if len(wrong) > 0 && len(wrong) == len(told) {
			return wrong
		}
	}
	return nil
}
