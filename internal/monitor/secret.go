package monitor

import (
	"time"

	"github.com/gradewatch/gradewatch/checks/policy"
)

// SecretKind is what an application proves itself with.
type SecretKind string

// The kinds of secrets (superoffice.md section 5.2).
const (
	ClientSecret      SecretKind = "secret"
	ClientCertificate SecretKind = "certificate"
)

// SecretKinds lists every kind.
func SecretKinds() []SecretKind { return []SecretKind{ClientSecret, ClientCertificate} }

// Words names the kind for people: 'client secret'.
func (k SecretKind) Words() string {
	if k == ClientCertificate {
		return "certificate"
	}
	return "client secret"
}

// ApplicationSecret says when a client secret or certificate of an application
// expires. The secret itself is nowhere in it.
type ApplicationSecret struct {
	ID            int64
	TeamID        int64
	ApplicationID int64
	Environment   policy.Environment
	Kind          SecretKind
	Description   string
	ExpiresOn     time.Time // the day, in UTC
	Owner         string    // who replaces it
	AddedBy       string    // mail address
	AddedAt       time.Time
	EndedAt       time.Time // zero: in use
	EndedBy       string
	ReplacedBy    int64 // the secret that took its place; 0: none did
}

// Compromise is a client secret or key that somebody else may know, or another
// breach of an application (superoffice.md A-10, S-11).
type Compromise struct {
	ID            int64
	TeamID        int64
	ApplicationID int64
	Environment   policy.Environment // empty: not one alone
	What          string
	DiscoveredAt  time.Time
	RecordedBy    string // mail address
	RecordedAt    time.Time
	ClosedAt      time.Time // zero: open
	ClosedBy      string
}

// CompromiseStep is one thing that was done about a compromise. It is only ever
// added.
type CompromiseStep struct {
	ID           int64
	CompromiseID int64
	Kind         CompromiseStepKind
	HappenedAt   time.Time
	Who          string // who did it
	Recipient    string // who was notified; empty where nobody was
	Text         string
	RecordedBy   string // mail address
	RecordedAt   time.Time
}

// CompromiseStepKind is what a step is.
type CompromiseStepKind string

// The kinds of steps.
const (
	StepNotified CompromiseStepKind = "notified" // somebody was told
	StepDone     CompromiseStepKind = "done"     // something was done about it
	StepClosed   CompromiseStepKind = "closed"   // it is over
)
