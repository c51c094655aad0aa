// Package jobs holds the arguments of every job kind, the queues and how jobs
// are inserted. Arguments hold ids only, and how deep a look is: what a job
// needs is read when it runs. It works nothing itself.
package jobs

import (
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// The queues. Looks have a queue a vantage: VantageQueue.
const (
	QueueNotify = "notify" // deliveries
	QueueTell   = "tell"   // what is told of incidents: it must not wait for slow receivers
	QueueVerify = "verify" // checks of whose a host is: they wait for the network, and claims must not wait for them
	QueueUpkeep = "upkeep" // claims, partitions, clean-up, reminders
)

// VantageQueue returns the queue of one vantage's looks.
func VantageQueue(vantage string) string { return "vantage_" + vantage }

// WatchQueue returns the queue in which one vantage is checked: looks that wait
// must not hold that up.
func WatchQueue(vantage string) string { return "watch_" + vantage }

// Look is one look at one endpoint: it fills the assessment's row.
type Look struct {
	AssessmentID int64     `json:"assessment_id" river:"unique"`
	Slot         time.Time `json:"slot"` // the partition that the row is in
	// Depth and Intrusive are the assessment's as it was asked for: River asks
	// how long a job may run before anything is read. Empty is quick.
	Depth     string `json:"depth,omitempty"`
	Intrusive bool   `json:"intrusive,omitempty"`
}

// Kind implements river.JobArgs.
func (Look) Kind() string { return "look" }

// Claim takes what is due and inserts its looks.
type Claim struct{}

// Kind implements river.JobArgs.
func (Claim) Kind() string { return "claim" }

// InsertOpts implements river.JobArgsWithInsertOpts. One claim a second is
// enough; a claim that died with its worker holds no later one up, and two at
// once skip each other's rows.
func (Claim) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: QueueUpkeep, MaxAttempts: 1,
		UniqueOpts: river.UniqueOpts{ByPeriod: time.Second, ByState: unfinished()},
	}
}

// Deliver sends one delivery to its channel.
type Deliver struct {
	DeliveryID string `json:"delivery_id" river:"unique"`
}

// Kind implements river.JobArgs.
func (Deliver) Kind() string { return "deliver" }

// Tell tells people of an incident what is to be told of it by now.
type Tell struct {
	IncidentID int64 `json:"incident_id" river:"unique"`
	// At is the time that the job was inserted for; zero: nobody was told in time.
	At time.Time `json:"at,omitzero" river:"unique"`
}

// Kind implements river.JobArgs.
func (Tell) Kind() string { return "tell" }

// Summarize tells a channel in one message what was too much for it.
type Summarize struct {
	ChannelID int64     `json:"channel_id" river:"unique"`
	At        time.Time `json:"at,omitzero" river:"unique"` // likewise
}

// Kind implements river.JobArgs.
func (Summarize) Kind() string { return "summarize" }

// Upkeep makes partitions ahead of time and removes what has outlived its use.
type Upkeep struct{}

// Kind implements river.JobArgs.
func (Upkeep) Kind() string { return "upkeep" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Upkeep) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueUpkeep, MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByState: unfinished()}}
}

// Remind tells what is about to expire, or to be renewed.
type Remind struct{}

// Kind implements river.JobArgs.
func (Remind) Kind() string { return "remind" }

// InsertOpts implements river.JobArgsWithInsertOpts. What is reminded of is
// noted in the transaction that tells it: attempts are room for killed workers.
func (Remind) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueUpkeep, MaxAttempts: 10, UniqueOpts: river.UniqueOpts{ByState: unfinished()}}
}

// WatchAll asks every vantage that works to check itself.
type WatchAll struct{}

// Kind implements river.JobArgs.
func (WatchAll) Kind() string { return "watch_all" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (WatchAll) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueUpkeep, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByState: unfinished()}}
}

// Watch checks whether what one vantage sees can be believed.
type Watch struct {
	Vantage string `json:"vantage" river:"unique"`
}

// Kind implements river.JobArgs.
func (Watch) Kind() string { return "watch" }

// Digest composes the digests that are due.
type Digest struct{}

// Kind implements river.JobArgs.
func (Digest) Kind() string { return "digest" }

// InsertOpts implements river.JobArgsWithInsertOpts. When the next one is due is
// moved in the transaction that tells it: attempts are room for killed workers.
func (Digest) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueUpkeep, MaxAttempts: 10, UniqueOpts: river.UniqueOpts{ByState: unfinished()}}
}

// Regrade goes on with one regrade.
type Regrade struct {
	RegradeID int64 `json:"regrade_id" river:"unique"`
}

// Kind implements river.JobArgs.
func (Regrade) Kind() string { return "regrade" }

// InsertOpts implements river.JobArgsWithInsertOpts. Attempts are room for
// killed workers: each goes on where the one before stood.
func (Regrade) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: QueueUpkeep, MaxAttempts: 10,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished()},
	}
}

// Verify looks for a team's token at a host that it says is its own.
type Verify struct {
	OwnershipID int64 `json:"ownership_id" river:"unique"`
}

// Kind implements river.JobArgs.
func (Verify) Kind() string { return "verify" }

// InsertOpts implements river.JobArgsWithInsertOpts. Two checks of one host at
// the same time are one.
func (Verify) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: QueueVerify, MaxAttempts: 5,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished()},
	}
}

// unfinished lists the states in which a job stands in the way of its like.
// Completed is left out: a finished claim must not block the next one.
func unfinished() []rivertype.JobState {
	return []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
		rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}
}
