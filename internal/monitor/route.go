package monitor

import (
	"time"

	"github.com/gradewatch/gradewatch/checks/policy"
)

// ChannelRoute sends what it matches to one channel. The zero filters match
// everything. A team without routes has every channel in use told of
// everything, at once.
type ChannelRoute struct {
	ID            int64
	TeamID        int64
	ChannelID     int64
	ApplicationID int64              // 0: of every one
	Environment   policy.Environment // empty: in every one
	Least         Weight             // from this weight on; empty: any
	// Level is 0 for who is told at once; 1 and more are called one after the
	// other, EscalateAfter apart, while nobody acknowledges.
	Level int
	// After is how long level Level waits after the one before; at least a minute.
	After time.Duration
	Quiet QuietHours
}

// QuietHours are hours in which a route waits, unless it matters enough. The
// zero value is no quiet hours.
type QuietHours struct {
	From, Until int    // minutes after midnight in Zone; equal: none. Until may be before From: over midnight
	Days        []int  // days on which they begin, 0 is Sunday; empty: every day
	Zone        string // IANA time zone; empty: UTC
	Except      Weight // from this weight on nothing waits; empty: Critical
}

// RouteSubject is what a notification is about, as routes see it.
type RouteSubject struct {
	Kind   NotificationKind
	Weight Weight
	Level  int // routes of this level are asked; those below were told already
	// Places are where its endpoints are; a route matches where one of them does.
	// None: it is about the whole team, and every route matches.
	Places []RoutePlace
	At     time.Time
}

// RoutePlace is an application and an environment; 0 and empty are every one.
type RoutePlace struct {
	ApplicationID int64
	Environment   policy.Environment
}

// RoutedChannel is a channel as routes see it.
type RoutedChannel struct {
	ID    int64
	InUse bool // neither disabled nor removed
}

// Dispatch is one delivery to make.
type Dispatch struct {
	ChannelID int64
	At        time.Time // later than the subject's time in quiet hours
	Held      bool      // it waits for quiet hours to end
}
