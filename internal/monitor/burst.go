package monitor

import (
	"slices"
	"time"
)

// A channel gets at most MostInBurst messages in any BurstWithin: what comes
// beyond is told by one digest.burst. Critical ones count too: nobody reads the
// eleventh page of a flood.
const (
	MostInBurst = 10
	BurstWithin = 10 * time.Minute
)

// Burst is what a channel got. It is the state of StepBurst; the zero value is
// a channel that got nothing.
type Burst struct {
	// Sent are when its newest messages went out, oldest first, digests of bursts
	// included: those of the last BurstWithin are enough.
	Sent []time.Time
	// Held counts the messages that wait for the summary, due at SummaryAt; zero:
	// nothing waits.
	Held      int
	SummaryAt time.Time
}

// BurstEvent is something that happens to a channel.
type BurstEvent string

// The events of bursts.
const (
	BurstMessage    BurstEvent = "message"    // one is to go out
	BurstSummarized BurstEvent = "summarized" // the summary went out
)

// BurstDecision says what becomes of a message.
type BurstDecision struct {
	Send bool
	// SummaryAt is when the digest.burst that tells it is due, where it is not sent.
	SummaryAt time.Time
	// First: the summary is to be asked for: no message before waits for it.
	First bool
}

// StepBurst returns what a channel got after an event at at, and what becomes
// of the message. Events of a channel come in the order of at. While a summary is due
// whatever comes waits for it, so that messages keep their order; a summary
// that nobody has sent by its time is asked for anew by the next message.
func StepBurst(state Burst, event BurstEvent, at time.Time) (Burst, BurstDecision) {
	state.Sent = slices.DeleteFunc(slices.Clone(state.Sent), func(sent time.Time) bool { return !sent.After(at.Add(-BurstWithin)) })
	if event == BurstSummarized {
		return Burst{Sent: append(state.Sent, at)}, BurstDecision{}
	}
	if state.SummaryAt.IsZero() && len(state.Sent) < MostInBurst {
		state.Sent = append(state.Sent, at)
		return state, BurstDecision{Send: true}
	}
	first := state.SummaryAt.IsZero() || state.SummaryAt.Before(at)
	if state.SummaryAt.IsZero() {
		state.SummaryAt = state.Sent[0].Add(BurstWithin)
	} else if first {
		state.SummaryAt = at
	}
	state.Held++
	return state, BurstDecision{SummaryAt: state.SummaryAt, First: first}
}
