package monitor

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Window is a time of planned work: what fails in it opens nothing.
type Window struct {
	ID     int64
	Reason string
	EndsAt time.Time // of the running occurrence
}

// KnownIncident is an incident that a judgement's problems may belong to: open,
// or resolved less than ReopenWithin ago.
type KnownIncident struct {
	Incident
	// Own are the requirements of this endpoint that it holds or held.
	Own []string
}

// Plan is everything that a judgement asks for. Whoever carries it out writes
// it in one transaction.
type Plan struct {
	States    map[string]RequirementState
	Incidents []IncidentPlan
	Confirm   *ConfirmLook
	Notice    *NotifyUndetermined
	// Siblings asks for a look at whatever shares the host or the certificate
	// with an incident that just opened: what broke together is told together.
	Siblings bool
	// Effects are those of Step, in the order to carry them out.
	Effects []Effect
}

// IncidentPlan is what happens to one incident. Incident.ID is 0 where it opens
// now: whoever writes it sets IncidentID of the Added states.
type IncidentPlan struct {
	Incident Incident // as it stands after
	Opened   bool
	Added    []string // requirements of the endpoint that it holds from now on
	Removed  []string // that it holds no longer
	Since    time.Time
	Entries  []IncidentEntry
	Effects  []IncidentEffect
}

// Decision is what Decide decides by.
type Decision struct {
	Endpoint    Endpoint
	Observation *checks.Observation // what was judged; nil: nothing on the network shows the endpoint
	States      map[string]RequirementState
	Event       Judged
	// Incidents are those that hold requirements of the endpoint, and those of
	// its team that share a key with a failing verdict (ProblemKeys): open, or
	// resolved less than ReopenWithin ago; by ascending ID.
	Incidents []KnownIncident
	Settings  Settings
}
