package monitor

import (
	"fmt"
	"strings"
	"time"
)

// How long what a channel does counts.
const (
	// DisableChannelAfter is how long nothing may get through to a receiver
	// before its channel is disabled: as long as a delivery is tried.
	DisableChannelAfter = 72 * time.Hour
	// SecretOverlap is how long the secret before a rotation signs too.
	SecretOverlap = 24 * time.Hour
)

// ChannelHealth is what deliveries say about a channel.
type ChannelHealth struct {
	FailingSince time.Time // when the first attempt of those in a row failed; zero: the last one got through
	Disabled     bool
	Reason       string // why it is disabled, in a sentence
}

// ChannelAttempt is one attempt to reach a channel, and what it means for it.
type ChannelAttempt struct {
	At       time.Time
	Accepted bool
	Last     bool   // no further attempt at this delivery is made
	Gone     bool   // the receiver wants nothing more (HTTP 410)
	Answer   string // one line
}

// StepChannel says where a channel stands after an attempt. It is disabled when
// its receiver says that it is gone, and when a delivery is given up after
// nothing has got through for DisableChannelAfter. Only a person puts it back in use.
func StepChannel(health ChannelHealth, attempt ChannelAttempt) ChannelHealth {
	if attempt.Accepted {
		health.FailingSince = time.Time{}
		return health
	}
	if health.FailingSince.IsZero() {
		health.FailingSince = attempt.At
	}
	switch {
	case health.Disabled:
	case attempt.Gone:
		health.Disabled = true
		health.Reason = "Its receiver answered that it is gone for good (HTTP 410)."
	case attempt.Last && attempt.At.Sub(health.FailingSince) >= DisableChannelAfter:
		health.Disabled = true
		health.Reason = fmt.Sprintf("Nothing got through since %s. The last answer: %s",
			health.FailingSince.UTC().Format("2006-01-02 15:04 UTC"), strings.TrimSuffix(attempt.Answer, ".")+".")
	}
	return health
}
