package monitor

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// NotificationKind is what people are told; also the type of a webhook event.
type NotificationKind string

// The kinds of notifications.
const (
	IncidentOpened         NotificationKind = "incident.opened"
	IncidentWorsened       NotificationKind = "incident.worsened"       // heavier, or on many more endpoints
	IncidentReopened       NotificationKind = "incident.reopened"       // it had resolved a short while ago
	IncidentFlapping       NotificationKind = "incident.flapping"       // it fails now and again
	IncidentUnacknowledged NotificationKind = "incident.unacknowledged" // nobody took it on: the next level is called
	IncidentSnoozeEnded    NotificationKind = "incident.snooze_ended"   // and it still fails
	IncidentResolved       NotificationKind = "incident.resolved"
	EndpointUndetermined   NotificationKind = "endpoint.undetermined"
	ServicePaused          NotificationKind = "service.paused"  // we are blind or wrong: nothing is concluded
	ServiceResumed         NotificationKind = "service.resumed" // and are no longer
	ChannelDisabled        NotificationKind = "channel.disabled"
	DigestDaily            NotificationKind = "digest.daily"
	DigestWeekly           NotificationKind = "digest.weekly"
	DigestBurst            NotificationKind = "digest.burst" // many messages in one
	SecretExpiring         NotificationKind = "secret.expiring"
	AttestationDue         NotificationKind = "attestation.due"
	ChannelTest            NotificationKind = "channel.test"
)

// Message is everything a channel needs to tell one notification: it is stored
// as the notification's payload and sent as the data of a webhook.
type Message struct {
	Kind       NotificationKind `json:"kind"`
	OccurredAt time.Time        `json:"occurred_at"`
	Team       string           `json:"team"`
	Title      string           `json:"title"`
	Link       string           `json:"link"` // page of what it is about

	// Of the endpoint that it is about; of an incident's first.
	Application string           `json:"application"`
	Environment string           `json:"environment,omitempty"`
	EndpointID  int64            `json:"endpoint_id"`
	Endpoint    string           `json:"endpoint"` // the registered value
	URL         string           `json:"url,omitempty"`
	Since       time.Time        `json:"since,omitzero"`
	Cause       checks.Cause     `json:"cause,omitempty"`
	Reason      string           `json:"reason,omitempty"` // of 'we cannot tell', of a pause, of a snooze that ended
	Verdicts    []checks.Verdict `json:"verdicts,omitempty"`
	Changes     []Change         `json:"changes,omitempty"`

	// Of incidents.
	IncidentID    int64              `json:"incident_id,omitempty"`
	Sequence      int                `json:"sequence,omitempty"` // of the incident's messages, from 1
	Subject       string             `json:"subject,omitempty"`  // of the incident's mail, as its first message had it: threads hang on it
	Weight        Weight             `json:"weight,omitempty"`
	EndpointCount int                `json:"endpoint_count,omitempty"` // how many it holds
	Endpoints     []AffectedEndpoint `json:"endpoints,omitempty"`      // at most MostAffected of them
	Turns         int                `json:"turns,omitempty"`          // how often it opened, of one that flaps
	Level         int                `json:"level,omitempty"`          // of escalation

	// Of reminders, which are about an application and no endpoint of it.
	ApplicationID int64            `json:"application_id,omitempty"`
	Secret        *SecretDue       `json:"secret,omitempty"`
	Attestations  []AttestationEnd `json:"attestations,omitempty"`

	Digest   *Digest        `json:"digest,omitempty"`
	Disabled *ChannelNotice `json:"disabled,omitempty"`
}

// MostAffected bounds the endpoints that one message lists.
const MostAffected = 200

// AffectedEndpoint is one endpoint of an incident.
type AffectedEndpoint struct {
	EndpointID   int64     `json:"endpoint_id"`
	Application  string    `json:"application"`
	Environment  string    `json:"environment,omitempty"`
	Endpoint     string    `json:"endpoint"` // the registered value
	Requirements []string  `json:"requirements"`
	Since        time.Time `json:"since,omitzero"`
	// Addresses that show it, of how many that were looked at: '2 of 6 backends'.
	Addresses []string `json:"addresses,omitempty"`
	Looked    int      `json:"looked,omitempty"`
	Vantages  []string `json:"vantages,omitempty"` // from where it was seen, where there are several
	Link      string   `json:"link"`
}

// Digest is what happened in a time, and how things stand.
type Digest struct {
	From      time.Time      `json:"from"`
	Until     time.Time      `json:"until"`
	Endpoints int            `json:"endpoints"` // that are watched
	Failing   int            `json:"failing"`   // with an open incident
	Opened    []DigestLine   `json:"opened,omitempty"`
	Open      []DigestLine   `json:"open,omitempty"` // still
	Resolved  []DigestLine   `json:"resolved,omitempty"`
	Changes   []DigestLine   `json:"changes,omitempty"` // drift worth a look
	Upcoming  []DigestLine   `json:"upcoming,omitempty"`
	Grades    map[string]int `json:"grades,omitempty"` // letter -> endpoints
	More      map[string]int `json:"more,omitempty"`   // lines left out, by the list's JSON name
	Counts    map[string]int `json:"counts,omitempty"`
	Muted     []DigestLine   `json:"muted,omitempty"` // of a burst: what was told by this alone
	_         struct{}       // fields are named
}

// DigestLine is one thing in a digest.
type DigestLine struct {
	At    time.Time `json:"at,omitzero"`
	Title string    `json:"title"`
	Place string    `json:"place,omitempty"` // application and environment
	Link  string    `json:"link"`
}

// ChannelNotice says which channel was disabled and why.
type ChannelNotice struct {
	ChannelID int64     `json:"channel_id"`
	Channel   string    `json:"channel"` // its kind and address without secrets
	Since     time.Time `json:"since"`   // since when nothing got through
	Answer    string    `json:"answer"`  // what its other side said last
}
