package monitor

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// IncidentState is where an incident is in its life.
type IncidentState string

// The states. Acknowledged: somebody works on it, so nobody else is called.
// Snoozed: known, and silent until a time.
const (
	IncidentOpen         IncidentState = "open"
	IncidentAcknowledged IncidentState = "acknowledged"
	IncidentSnoozed      IncidentState = "snoozed"
	IncidentClosed       IncidentState = "resolved"
)

// Incident is an open problem with one cause on one or more endpoints. It is
// the state of StepIncident.
type Incident struct {
	ID     int64
	TeamID int64
	State  IncidentState
	Title  string
	Cause  checks.Cause
	Weight Weight
	// Keys say what its problems have in common: see ProblemKeys. Sorted; at most MostKeys.
	Keys     []string
	OpenedAt time.Time
	// ResolvedAt is when it resolved last; zero while it is not.
	ResolvedAt time.Time
	// Endpoints and Requirements count what is open in it now.
	Endpoints    int
	Requirements int

	// Turns are when it opened and reopened, oldest first: at most MostSpells.
	Turns    []time.Time
	Flapping bool // it fails now and again, and that was said

	AcknowledgedAt time.Time
	AcknowledgedBy string // mail address
	SnoozedUntil   time.Time
	SnoozeReason   string
	SnoozedBy      string // mail address

	// What people were told last: nothing while ToldAt is zero.
	ToldAt        time.Time
	ToldKind      NotificationKind
	ToldWeight    Weight
	ToldEndpoints int
	Messages      int // how many were told: the sequence of the newest
	// Level is how far it was escalated since nobody acknowledged it.
	Level int

	// TellAt is when to look again whether something is to be told; zero: when
	// something happens. TellKind is what waits to be told; empty: nothing.
	TellAt     time.Time
	TellKind   NotificationKind
	TellSince  time.Time // when what waits began to wait
	EscalateAt time.Time // when the next level is called, unless somebody acknowledges
}

// Bounds of what one incident and one requirement remember.
const (
	MostKeys   = 64
	MostSpells = 8
)

// IncidentEntryKind says what an entry of an incident's timeline is about.
type IncidentEntryKind string

// The kinds of entries. Those of people have a Who.
const (
	EntryOpened         IncidentEntryKind = "opened"
	EntryGrew           IncidentEntryKind = "grew"
	EntryShrank         IncidentEntryKind = "shrank"
	EntryWorsened       IncidentEntryKind = "worsened"
	EntryFlapping       IncidentEntryKind = "flapping"
	EntryResolved       IncidentEntryKind = "resolved"
	EntryReopened       IncidentEntryKind = "reopened"
	EntryTold           IncidentEntryKind = "told"
	EntrySilent         IncidentEntryKind = "silent" // something was not told, and why
	EntryEscalated      IncidentEntryKind = "escalated"
	EntryAcknowledged   IncidentEntryKind = "acknowledged"
	EntryUnacknowledged IncidentEntryKind = "unacknowledged"
	EntrySnoozed        IncidentEntryKind = "snoozed"
	EntrySnoozeEnded    IncidentEntryKind = "snooze_ended"
	EntryNote           IncidentEntryKind = "note" // somebody wrote something
)

// IncidentEntry is one line of an incident's timeline.
type IncidentEntry struct {
	At         time.Time
	Kind       IncidentEntryKind
	Who        string // mail address; empty: Gradewatch
	Text       string // a sentence
	EndpointID int64  // 0: none in particular
}
