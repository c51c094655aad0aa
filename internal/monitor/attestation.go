package monitor

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Attestation is a dated statement of a partner about what nobody sees from
// outside (superoffice.md section 2). It is never changed: a newer one
// supersedes it.
type Attestation struct {
	ID            int64
	TeamID        int64
	ApplicationID int64
	Requirement   string
	Catalog       string        // that it was stated by: superoffice-attestations@2026-07
	Result        checks.Result // pass, fail or not_applicable
	Owner         string        // who answers for it
	Reason        string        // why it does not apply, or what is missing; empty where it passes
	Evidence      string        // an https URL, which nobody fetches; may be empty
	Note          string
	StatedOn      time.Time // the day of the statement, in UTC
	RenewBy       time.Time // the last day on which it counts; zero: no date ends it
	RecordedBy    string    // mail address
	RecordedAt    time.Time
	SupersededAt  time.Time // zero: it is the newest
}

// AttestationState is where a statement stands.
type AttestationState string

// The states, worst first.
const (
	AttestationOverdue       AttestationState = "overdue"        // the day to renew it by is past
	AttestationNotMet        AttestationState = "not_met"        // the partner says that it is not so
	AttestationNotStated     AttestationState = "not_stated"     // nobody said anything yet
	AttestationDueSoon       AttestationState = "due_soon"       // it is to be renewed within AttestationSoon days
	AttestationStated        AttestationState = "stated"         // the partner says that it is so
	AttestationNotApplicable AttestationState = "not_applicable" // the partner says why it does not apply, or its type is not asked
)

// AttestationStates lists every state, worst first.
func AttestationStates() []AttestationState {
	return []AttestationState{
		AttestationOverdue, AttestationNotMet, AttestationNotStated, AttestationDueSoon, AttestationStated, AttestationNotApplicable,
	}
}

// AttestationSoon is how many days before its end a statement is due soon.
const AttestationSoon = 30

// StateAt returns where the newest statement stands at a time. What is said not
// to be met stays so, and else the day to renew it by counts first.
func (a Attestation) StateAt(now time.Time) AttestationState {
	if a.Result == checks.Fail {
		return AttestationNotMet
	}
	if !a.RenewBy.IsZero() {
		switch left := DaysLeft(a.RenewBy, now); {
		case left < 0:
			return AttestationOverdue
		case left <= AttestationSoon:
			return AttestationDueSoon
		}
	}
	if a.Result == checks.NotApplicable {
		return AttestationNotApplicable
	}
	return AttestationStated
}
