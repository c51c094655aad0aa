package monitor

import "time"

// IncidentEvent is something that happens to an incident.
type IncidentEvent interface{ incidentEvent() }

// Grew says that requirements of an endpoint were added. Endpoints, Requirements, Weight
// and Keys are the incident's after it.
type Grew struct {
	EndpointID   int64
	Added        []string
	Endpoints    int
	Requirements int
	Weight       Weight
	Keys         []string
	Flapping     bool
}

// Shrank says that requirements of an endpoint passed, are waived, or are asked
// no longer.
type Shrank struct {
	EndpointID   int64
	Removed      []string
	Waived       []string // those of Removed that are waived
	Retired      []string // those of Removed that are asked no longer
	Endpoints    int
	Requirements int
	// FailedAt is when what flapped among Removed was last seen to fail; zero: nothing did.
	FailedAt time.Time
}

// Acknowledge says that somebody takes the incident on.
type Acknowledge struct{ By string }

// Unacknowledge takes that back.
type Unacknowledge struct{ By string }

// Snooze silences the incident until a time, for a reason.
type Snooze struct {
	By, Reason string
	Until      time.Time
}

// Unsnooze ends that before its time.
type Unsnooze struct{ By string }

// Tick says that the time that WakeAt asked for is there, or has passed.
type Tick struct {
	// Pending counts looks at siblings that are not judged yet.
	Pending int
	// Levels is how many levels of escalation its routes have: 0 or 1, nobody
	// else is to call.
	Levels int
	// EscalateAfter is how long the next level waits.
	EscalateAfter time.Duration
	// Paused: alerting pauses, since we are blind or wrong.
	Paused bool
}

func (Grew) incidentEvent()          {}
func (Shrank) incidentEvent()        {}
func (Acknowledge) incidentEvent()   {}
func (Unacknowledge) incidentEvent() {}
func (Snooze) incidentEvent()        {}
func (Unsnooze) incidentEvent()      {}
func (Tick) incidentEvent()          {}

// IncidentEffect is what an incident asks for.
type IncidentEffect interface{ incidentEffect() }

// Tell asks for one notification of the incident as it stands. One that nobody
// acknowledged goes to the routes of exactly this level, since those below were
// told already; every other kind to all routes up to it. Only a Tick tells.
type Tell struct {
	Kind  NotificationKind
	Level int
}

// WakeAt asks for a Tick at a time.
type WakeAt struct{ At time.Time }

func (Tell) incidentEffect()   {}
func (WakeAt) incidentEffect() {}
