package monitor

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// RequirementState is where one requirement of one endpoint stands. The zero
// value is 'never judged'.
type RequirementState struct {
	Requirement string
	Severity    checks.Severity
	Result      checks.Result // of the latest look

	// Conclusive is the last result that was pass or fail and, if fail,
	// confirmed by a second look; empty when there was none yet.
	Conclusive      checks.Result
	ConclusiveSince time.Time
	// FailingSince is when a fail was first seen that waits for its
	// confirmation; zero when none does.
	FailingSince time.Time
	// InconclusiveSince is when the latest unbroken spell of inconclusive
	// results began, counted only over looks for which our own connectivity
	// was proven; zero when the latest look was conclusive.
	InconclusiveSince  time.Time
	InconclusiveReason string
	Noticed            bool // 'we cannot tell' was said for this spell
	// Waived: the last conclusive result is a fail that somebody answers for.
	Waived bool

	IncidentID int64 // the open incident that holds this requirement; 0 when none
}

// Change is a difference between two assessments of one endpoint.
type Change struct {
	OccurredAt time.Time    `json:"occurred_at"`
	Class      ChangeClass  `json:"class"`
	Cause      checks.Cause `json:"cause"`
	Subject    string       `json:"subject"` // path of what changed: addresses[192.0.2.1].protocols.TLSv1.2
	Before     string       `json:"before"`
	After      string       `json:"after"`
	Sentence   string       `json:"sentence"`
}

// ChangeClass says which way a change goes.
type ChangeClass string

// The classes of changes.
const (
	Regression ChangeClass = "regression"
	Recovery   ChangeClass = "recovery"
	Drift      ChangeClass = "drift" // different, neither better nor worse
)

// Incident is an open problem with one cause on one or more endpoints.
type Incident struct {
	ID         int64
	TeamID     int64
	State      string // open, acknowledged, snoozed, resolved
	Title      string
	Cause      checks.Cause
	OpenedAt   time.Time
	ResolvedAt time.Time
}

// NotificationKind is what people are told; also the type of a webhook event.
type NotificationKind string

// The kinds of notifications.
const (
	IncidentOpened       NotificationKind = "incident.opened"
	IncidentResolved     NotificationKind = "incident.resolved"
	EndpointUndetermined NotificationKind = "endpoint.undetermined"
	SecretExpiring       NotificationKind = "secret.expiring"
	AttestationDue       NotificationKind = "attestation.due"
	ChannelTest          NotificationKind = "channel.test"
)

// Message is everything a channel needs to tell one notification: it is stored
// as the notification's payload and sent as the data of a webhook.
type Message struct {
	Kind        NotificationKind `json:"kind"`
	OccurredAt  time.Time        `json:"occurred_at"`
	Team        string           `json:"team"`
	Application string           `json:"application"`
	Environment string           `json:"environment,omitempty"`
	EndpointID  int64            `json:"endpoint_id"`
	Endpoint    string           `json:"endpoint"` // the registered value
	URL         string           `json:"url,omitempty"`
	IncidentID  int64            `json:"incident_id,omitempty"`
	Title       string           `json:"title"`
	Since       time.Time        `json:"since,omitzero"`
	Cause       checks.Cause     `json:"cause,omitempty"`
	Reason      string           `json:"reason,omitempty"` // of 'we cannot tell'
	Verdicts    []checks.Verdict `json:"verdicts,omitempty"`
	Changes     []Change         `json:"changes,omitempty"`
	Link        string           `json:"link"` // page of what it is about

	// Of reminders, which are about an application and no endpoint of it.
	ApplicationID int64            `json:"application_id,omitempty"`
	Secret        *SecretDue       `json:"secret,omitempty"`
	Attestations  []AttestationEnd `json:"attestations,omitempty"`
}

// SecretDue is a secret that expires, or has. It is never the secret itself.
type SecretDue struct {
	Kind        SecretKind `json:"kind"`
	Description string     `json:"description"`
	ExpiresOn   string     `json:"expires_on"` // a day: 2026-11-22
	DaysLeft    int        `json:"days_left"`  // when it was told; negative: it has expired
	Owner       string     `json:"owner"`
}

// AttestationEnd is a statement that is to be made anew.
type AttestationEnd struct {
	Requirement string          `json:"requirement"`
	Text        string          `json:"text"`     // what was stated
	RenewBy     string          `json:"renew_by"` // the last day on which it counts
	DaysLeft    int             `json:"days_left"`
	Owner       string          `json:"owner"`
	Severity    checks.Severity `json:"severity"`
}
