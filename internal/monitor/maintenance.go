package monitor

import (
	"time"

	"github.com/gradewatch/gradewatch/checks/policy"
)

// MaintenanceWindow is planned work, once or again and again.
type MaintenanceWindow struct {
	ID     int64
	TeamID int64
	Reason string
	// What it covers: each that is set narrows it; none: the whole team.
	ApplicationID int64
	Environment   policy.Environment
	EndpointID    int64
	Host          string // lower-case ASCII
	// StartsAt is the first occurrence's beginning, in Zone's time.
	StartsAt time.Time
	Duration time.Duration // one minute to MostMaintenance
	// Recurrence is an RRULE of RFC 5545 section 3.3.10 without DTSTART; empty: once.
	Recurrence string
	Zone       string // IANA time zone in which it recurs; empty: UTC
	CreatedBy  string // mail address
	CreatedAt  time.Time
	EndedAt    time.Time // before its time; zero: nobody ended it
}

// MostMaintenance bounds one occurrence: what is silent for longer is a waiver.
const MostMaintenance = 7 * 24 * time.Hour
