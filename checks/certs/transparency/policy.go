package transparency

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// longLived is the lifetime above which Chrome asks for a third timestamp.
const longLived = 180 * 24 * time.Hour

// Outcome is what browsers make of the timestamps of one certificate.
type Outcome struct {
	Enough bool
	// Unsure: there are too few, but the list of logs is too old to say so.
	Unsure bool
	Text   string // why they are too few: 'it needs 2 timestamps and has 1'
}

// Judge applies Chrome's policy
// (https://googlechrome.github.io/CertificateTransparency/ct_policy.html) to
// verdicts on timestamps that came one way: embedded in the certificate, or
// beside it. Apple asks for the same numbers. Chrome's further rule that one
// log be of the kind of RFC 6962 is not applied: lists as published do not say
// which rule is in force.
func (l *Logs) Judge(verdicts []Verdict, embedded bool, lifetime time.Duration, at time.Time) Outcome {
	needed := 2
	if embedded && lifetime > longLived {
		needed = 3
	}
	logs := make(map[[sha256.Size]byte]bool)
	operators := make(map[string]bool)
	current, unknown := false, 0
	for _, verdict := range verdicts {
		if verdict.Log == nil {
			unknown++
			continue
		}
		counts, today := verdict.Log.counts(verdict.Timestamp.At, at)
		if !verdict.Valid || !counts || !embedded && !today || verdict.Timestamp.At.After(at) {
			continue
		}
		logs[verdict.Timestamp.LogID], operators[verdict.Log.Operator] = true, true
		current = current || today
	}
	outcome := Outcome{Enough: len(logs) >= needed && len(operators) >= 2 && current}
	outcome.Unsure = !outcome.Enough && l.stale(at) && len(logs)+unknown >= needed
	switch {
	case outcome.Enough:
	case len(logs) < needed:
		outcome.Text = fmt.Sprintf("it needs timestamps of %d logs that browsers know, and has %d", needed, len(logs))
	case len(operators) < 2:
		outcome.Text = "all its timestamps are of logs of one operator"
	default:
		outcome.Text = "none of its timestamps is of a log that is still in use"
	}
	return outcome
}

// Boundaries returns the times at which Judge may change its mind by time alone.
func (l *Logs) Boundaries(verdicts []Verdict) []time.Time {
	var times []time.Time
	if stale := l.StaleFrom(); !stale.IsZero() {
		times = append(times, stale)
	}
	for _, verdict := range verdicts {
		times = append(times, verdict.Timestamp.At)
		if verdict.Log != nil && verdict.Log.State == "retired" {
			times = append(times, verdict.Log.Since)
		}
	}
	return times
}
