package views

import (
	"net/netip"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/checks/policy/remedies"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
	"github.com/gradewatch/gradewatch/web/static"
)

// Page is what every page has around its content.
type Page struct {
	Title   string
	Nav     string                  // path of the navigation item that the page belongs to
	Session *store.Session          // nil: signed out
	Notice  string                  // what was just done; empty: nothing
	Refresh bool                    // without JavaScript, load again every 2 seconds
	Paused  []monitor.VantageHealth // places of which what they see cannot be trusted now
	NoMail  bool                    // no mail server is configured: no email can be sent
	Assets  static.Assets
	Version string
}

// Crumb is one step of the way to a page.
type Crumb struct{ Title, Path string }

// Overview is the fleet of a team.
type Overview struct {
	Counts           map[store.EndpointState]int
	OpenIncidents    int
	Undelivered      int // messages that could not be delivered within UndeliveredDays
	DisabledChannels int // that nothing got through to
	ChannelsInUse    int
	ChannelsMute     int // of them, those by email where no email can be sent
	Filter           store.EndpointState
	Groups           []Group
	Previous         string // path of the page before; empty: none
	Next             string
	Fragment         string // path of the part that is polled
	MayChange        bool

	OpenCompromises  []store.OpenCompromise
	Fleet            bool // the reader sees what is of every team
	FleetCompromises int  // that are open, of every team
}

// Total is how many endpoints the team has.
func (o Overview) Total() int { return o.Counts[store.Total] }

// Group is one application's endpoints, by environment.
type Group struct {
	ID           int64
	Name         string
	Type         policy.ApplicationType
	Environments []EnvironmentGroup
}

// EnvironmentGroup is one environment's endpoints.
type EnvironmentGroup struct {
	Environment policy.Environment
	Endpoints   []store.EndpointSummary
}

// Application is the page of one application.
type Application struct {
	monitor.Application
	ClientIDs map[policy.Environment]string
	Group     Group
	Looking   bool // some endpoint is looked at now
	MayChange bool

	Statements map[monitor.AttestationState]int // how many stand where
	Secrets    []monitor.ApplicationSecret
	Open       []store.OpenCompromise
}

// FieldFault is what is wrong with one field.
type FieldFault struct {
	ID, Text string
	// Path leads to where it can be put right, and Label says what that is; empty:
	// in the field.
	Path, Label string
}

// Faults are what is wrong with a form, in the order of its fields.
type Faults []FieldFault

// Of returns what is wrong with a field; empty: nothing.
func (f Faults) Of(id string) string {
	for _, fault := range f {
		if fault.ID == id {
			return fault.Text
		}
	}
	return ""
}

// ApplicationForm is the form of a new application, or of more URLs for one.
// It holds what was typed, as it was typed.
type ApplicationForm struct {
	Existing  *monitor.Application // nil: a new one
	Name      string
	Type      string
	ClientIDs map[policy.Environment]string
	Rows      []URLRow
	Focus     int // number of the row that was just added; 0: none
	Faults    Faults
}

// URLRow is one URL of the form.
type URLRow struct {
	Environment string
	Kind        string // what it is for
	ValueKind   string
	Method      string
	PostAllowed bool
	Value       string
	ProbeURL    string
	Minutes     string   // check interval
	Hints       []string // what the requirements will say of it; no obstacle
}

// VerdictView is a verdict with its requirement's words and where it stands.
type VerdictView struct {
	checks.Verdict
	Text    string // what is required
	Source  string // where it is written
	Section policy.Section
	// WaivePath leads to the form that excuses from it; empty: the reader may not,
	// or it is waived.
	WaivePath string
	Notes     []Note
	// Configurations are lines that do what the remedy says, those for what the
	// server looks like first.
	Configurations []remedies.Configuration
}

// Note is a sentence, and a time that it ends with; zero: none.
type Note struct {
	Text string
	At   time.Time
}

// CertificateView is one certificate as far as it can be read.
type CertificateView struct {
	SHA256    checks.Fingerprint
	Subject   string
	Issuer    string
	Names     []string
	NotBefore time.Time
	NotAfter  time.Time
	Leaf      bool
	Unread    bool // it cannot be parsed
}

// Seen is what a look saw.
type Seen struct {
	DNS          checks.DNS
	Addresses    []checks.AddressObservation
	Records      checks.Records
	Certificates []CertificateView
	Components   []store.ObservedComponent
	Appraisal    checks.Appraisal // of the chains, when they were judged last
	Scores       map[netip.Addr]*checks.HTTPScore
	Standing     *Standing // nil: this is one look, and not where an endpoint stands
}

// Standing is how new the answers about an endpoint are, and what becomes of
// those that only a full look gives.
type Standing struct {
	Now          time.Time
	ObservedAt   map[string]time.Time // by family: when the answer was given last
	LookedAt     time.Time            // when the endpoint was judged last
	FullLookedAt time.Time            // zero: never
	NextFullAt   time.Time            // zero: the next look is a full one
	EndpointID   int64
	SpeaksTLS    bool                    // a full look has something to ask
	Leave        *monitor.IntrusiveLeave // nil: intrusive probes are not allowed
	MayIntrude   bool                    // the reader may change that
}

// IntrusiveForm is the form that allows intrusive probes of an endpoint.
type IntrusiveForm struct {
	Subject store.LeaveSubject
	OwnTeam bool                     // the endpoint's page is the reader's to see
	Basis   monitor.LeaveBasis       // on which the reader decides
	Owned   bool                     // on ownership: the host is shown to be the team's
	Host    string                   // likewise
	Leaves  []monitor.IntrusiveLeave // none: not allowed
	Reason  string
	Faults  Faults
}

// Leave returns the leave on the reader's basis; nil: none.
func (f IntrusiveForm) Leave() *monitor.IntrusiveLeave {
	for i := range f.Leaves {
		if f.Leaves[i].Basis == f.Basis {
			return &f.Leaves[i]
		}
	}
	return nil
}

// Endpoint is the page of one endpoint.
type Endpoint struct {
	monitor.Endpoint
	State        store.EndpointState
	Newest       *store.AssessmentRecord // nil: never judged
	Unfinished   *monitor.Assessment     // nil: none
	Verdicts     []VerdictView
	Grade        GradeView
	Seen         Seen
	Incidents    []store.IncidentSummary
	LastChanges  []store.ChangeRecord
	Waivers      []monitor.Waiver
	Windows      []RunningWindow
	Availability Availability
	MayLook      bool
	MayChange    bool
	MayPlan      bool
}

// SettingsForm is the form that changes how an endpoint is looked at.
type SettingsForm struct {
	Endpoint    monitor.Endpoint
	Minutes     string
	ProbeURL    string // of a pattern
	Method      string
	PostAllowed bool
	Faults      Faults
}

// History is a page of an endpoint's looks.
type History struct {
	Endpoint monitor.Endpoint
	Records  []store.AssessmentRecord
	Since    time.Time // looks before are left out; zero: none are
	Older    string    // path; empty: none
	Newest   string
}

// Assessment is the page of one look.
type Assessment struct {
	Endpoint     monitor.Endpoint
	Record       store.AssessmentRecord
	Verdicts     []VerdictView
	Grade        GradeView
	Seen         Seen
	Measurements *checks.Measurements // nil: none kept
}

// Audit is a page of the audit.
type Audit struct {
	Source, User, Days string
	Faults             Faults
	Records            []store.AuditRecord
	Older              string
}

// Confirmation asks before something is removed.
type Confirmation struct {
	Heading, Text, Button, Action, Back string
	Crumbs                              []Crumb
}

// Failure is what went wrong, for people.
type Failure struct {
	Heading   string
	Sentences []string
	RequestID string
	Action    string // path of what to do next
	Label     string
}

// Probe is the public page about who looks.
type Probe struct {
	Operator  string
	Contact   string
	UserAgent string
	Sources   []netip.Prefix
	Quota     int // hosts that a team may have looked at without showing that they are its own; 0: any number
}
