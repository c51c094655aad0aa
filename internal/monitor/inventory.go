package monitor

import (
	"net/url"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
)

// Team is a partner organization: the tenant boundary.
type Team struct {
	ID        int64
	Name      string
	CreatedAt time.Time
}

// Role is what a person may do.
type Role string

// The roles.
const (
	Administrator Role = "administrator"
	Developer     Role = "developer"
	Reader        Role = "reader"
	Operator      Role = "operator" // Online Operations: sees the fleet across teams
)

// Person is somebody who signs in.
type Person struct {
	ID     int64
	TeamID int64
	Email  string
	Name   string
	Role   Role
}

// Application is what a partner registers.
type Application struct {
	ID        int64
	TeamID    int64
	Name      string
	Type      policy.ApplicationType
	CreatedAt time.Time
}

// Endpoint is one registered URL of an application in an environment.
type Endpoint struct {
	ID              int64
	TeamID          int64
	ApplicationID   int64
	ApplicationName string
	ApplicationType policy.ApplicationType
	Environment     policy.Environment
	Kind            policy.Kind
	ValueKind       policy.ValueKind
	Value           string
	ProbeURL        string
	Method          string
	PostAllowed     bool // leave of the team to send it a request with content
	Vantage         string
	Interval        time.Duration // at least MinimumInterval
	NextRunAt       time.Time
	NextFullAt      time.Time // from when on a run is a full look; zero: from the next one on
	FullLookedAt    time.Time // when a full look was judged last; zero: never
	Profiles        []string  // ids of profiles that it is held to besides those that every endpoint is, sorted
	ClientID        string    `db:"-"` // the application's in this environment; empty where not registered or not read
	// Siblings are what else the application registers; nil where nobody read it.
	Siblings  []policy.Sibling `db:"-"`
	CreatedAt time.Time
	Anchor    time.Time // from when its schedule is counted; zero: from CreatedAt
}

// TakesPost says whether a team can give leave to send endpoints of a kind a
// request with content: the test event of a webhook, or a state change with a
// token that nobody signed (superoffice.md E-11, E-12).
func TakesPost(kind policy.Kind) bool { return kind == policy.Webhook || kind == policy.StateChange }

// HasEnvironment says whether endpoints of a kind belong to an environment:
// links of the App Store and guides are the same in all (superoffice.md 5.2).
func HasEnvironment(kind policy.Kind) bool { return kind != policy.StoreLink && kind != policy.Guide }

// Subject returns what a judgement needs to know of the endpoint.
func (e Endpoint) Subject() policy.Subject {
	return policy.Subject{
		ApplicationType: e.ApplicationType, Kind: e.Kind, ValueKind: e.ValueKind,
		Environment: e.Environment, Value: e.Value, ProbeURL: e.ProbeURL, ClientID: e.ClientID, Siblings: e.Siblings,
	}
}

// SiblingOf is what another endpoint of the same application is to this one.
func SiblingOf(other Endpoint, clientID string) policy.Sibling {
	sibling := policy.Sibling{
		Environment: other.Environment, Kind: other.Kind, ValueKind: other.ValueKind, Value: other.Value, ClientID: clientID,
	}
	if u, err := url.Parse(other.Subject().URL()); err == nil {
		if host, err := checks.ASCIIHost(u.Hostname()); err == nil {
			sibling.Host = host
		}
	}
	return sibling
}

// Host returns the host that is looked at, in lower-case ASCII or as an address
// literal; empty where no network shows the endpoint.
func (e Endpoint) Host() string {
	u, err := url.Parse(e.Subject().URL())
	if err != nil {
		return ""
	}
	host, err := checks.ASCIIHost(u.Hostname())
	if err != nil {
		return ""
	}
	return host
}

// SpeaksTLS says whether the network shows TLS of the endpoint: a full look
// asks nothing more of others.
func (e Endpoint) SpeaksTLS() bool {
	return strings.HasPrefix(strings.ToLower(e.Subject().URL()), "https:")
}

// Bounds and defaults of schedules.
const (
	DefaultInterval = time.Hour   // quick looks
	MinimumInterval = time.Minute // nobody is looked at more often than this by schedule
)

// Purpose is why an assessment was asked for.
type Purpose string

// The purposes.
const (
	First     Purpose = "first"     // the endpoint was just registered
	Scheduled Purpose = "scheduled" // it was due
	Confirm   Purpose = "confirm"   // a second look at a fail, on new connections
	Requested Purpose = "requested" // a person pressed the button
)

// Assessment is one endpoint, one time, one vantage.
type Assessment struct {
	ID          int64
	TeamID      int64
	EndpointID  int64
	Slot        time.Time // the absolute time it was due
	Purpose     Purpose
	Vantage     string
	Depth       string
	Intrusive   bool // it is full, and there is leave for intrusive probes now
	RequestedAt time.Time
	StartedAt   time.Time // zero until a worker began
	Stage       string    // progress for people
	FinishedAt  time.Time // zero until judged
	Profile     string
	Engine      string
	TrustData   string
	Letter      checks.Letter // of the grade; empty: none
	Provisional bool          // facts are missing that could make it another letter
	Criteria    string        // of the grade: version of the rating guide
	Changed     bool
}

// IntrusiveLeave is leave to send an endpoint's server what no honest client
// sends: probes that another server could take for an attack.
type IntrusiveLeave struct {
	EndpointID int64
	Basis      LeaveBasis
	Reason     string
	AllowedBy  string // mail address
	AllowedAt  time.Time
}

// LeaveBasis is what leave for intrusive probes rests on.
type LeaveBasis string

// The bases.
const (
	OnOperatorsWord LeaveBasis = "operator"  // until an operator takes it back
	OnOwnership     LeaveBasis = "ownership" // the team's own word, as long as the host is shown to be its own
)
