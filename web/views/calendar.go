package views

import (
	"fmt"
	"net/url"
	"time"

	"github.com/gradewatch/gradewatch/checks/certs/renewal"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// Calendar is the page of what is to come.
type Calendar struct {
	Path        string // of this page
	Now         time.Time
	Days        int // how far it looks; limits are listed however late
	Show        CalendarShown
	Fleet       bool // endpoints of every team
	MaySeeFleet bool
	OwnTeam     int64
	Entries     []CalendarEntry // all of them
	Months      []CalendarMonth // those shown
	Endpoints   map[int64]store.ServedChains
	Unseen      int // endpoints whose certificates were never seen
}

// CalendarMonth is one month of the calendar, or what stands now.
type CalendarMonth struct {
	ID, Title string
	Entries   []CalendarEntry
}

// CalendarEntry is one event: of certificates, or of an application.
type CalendarEntry struct {
	renewal.Entry
	Application *CalendarApplication // nil: of certificates and their URLs
	About       string               // what it is about, where that is no certificate; the same as long as the day is
}

// CalendarApplication is the application that an entry is about.
type CalendarApplication struct {
	ID, TeamID     int64
	Name, TeamName string
	Path           string // the page that it is about
}

// The kinds of entries that are days which people entered.
const (
	SecretExpiry     renewal.Kind = "secret_expiry"
	StatementRenewal renewal.Kind = "statement_renewal"
)

// CalendarShown is a group of entries; empty: all.
type CalendarShown string

// The groups of entries.
const (
	ShownNow         CalendarShown = "now"
	ShownRenewals    CalendarShown = "renewals"
	ShownExpiries    CalendarShown = "expiries"
	ShownAuthorities CalendarShown = "authorities"
	ShownLimits      CalendarShown = "limits"
	ShownSecrets     CalendarShown = "secrets"
	ShownStatements  CalendarShown = "statements"
)

// Horizons lists how many days ahead the calendar may look; the second is usual.
func Horizons() []int { return []int{90, 180, 365} }

// ShownOf returns the group that an entry is in.
func ShownOf(entry CalendarEntry, now time.Time) CalendarShown {
	switch {
	case !entry.At.After(now):
		return ShownNow
	case entry.Kind == renewal.Expiry:
		return ShownExpiries
	case entry.Kind == renewal.AuthorityEnd, entry.Kind == renewal.RootDistrust:
		return ShownAuthorities
	case entry.Kind == renewal.NewLimit:
		return ShownLimits
	case entry.Kind == SecretExpiry:
		return ShownSecrets
	case entry.Kind == StatementRenewal:
		return ShownStatements
	default:
		return ShownRenewals
	}
}

// count is how many entries are in a group.
func (c Calendar) count(shown CalendarShown) (count int) {
	for _, entry := range c.Entries {
		if ShownOf(entry, c.Now) == shown {
			count++
		}
	}
	return count
}

// link is the page with another group or horizon.
func (c Calendar) link(shown CalendarShown, days int) string {
	query := url.Values{"days": {fmt.Sprint(days)}}
	if shown != "" {
		query.Set("show", string(shown))
	}
	return c.Path + "?" + query.Encode()
}

// listedURLs bounds the URLs that an entry lists, and shownURLs those that it
// lists without being asked.
const (
	listedURLs = 200
	shownURLs  = 3
)

func shownMark(shown CalendarShown) (mark, string) {
	switch shown {
	case ShownNow:
		return mark{"octagon", "fail"}, "To see to now"
	case ShownRenewals:
		return mark{"dash", "calm"}, "Renewals"
	case ShownExpiries:
		return mark{"dash", "calm"}, "Expiries"
	case ShownAuthorities:
		return mark{"dash", "calm"}, "Authorities"
	case ShownSecrets:
		return mark{"dash", "calm"}, "Secrets"
	case ShownStatements:
		return mark{"dash", "calm"}, "Statements"
	default:
		return mark{"dash", "calm"}, "Coming limits"
	}
}

func entryMark(entry CalendarEntry, now time.Time) (mark, string) {
	past := !entry.At.After(now)
	switch entry.Kind {
	case renewal.Expiry:
		if past {
			return mark{"octagon", "fail"}, "Expired"
		}
		return mark{"dash", "calm"}, "Expiry"
	case renewal.RenewalOverdue:
		return mark{"octagon", "fail"}, "Overdue"
	case renewal.RenewalAsked:
		return mark{"octagon", "fail"}, "Asked for"
	case renewal.RenewalDue:
		if past {
			return mark{"diamond", "unsure"}, "Due"
		}
		return mark{"dash", "calm"}, "Renewal"
	case renewal.AuthorityEnd:
		if past {
			return mark{"octagon", "fail"}, "Ended"
		}
		return mark{"dash", "calm"}, "Authority"
	case SecretExpiry:
		if past {
			return mark{"octagon", "fail"}, "Expired"
		}
		return mark{"dash", "calm"}, "Secret"
	case StatementRenewal:
		if monitor.DaysLeft(entry.At, now) < 0 {
			return mark{"octagon", "fail"}, "Overdue"
		}
		if past {
			return mark{"diamond", "unsure"}, "Due"
		}
		return mark{"dash", "calm"}, "Statement"
	case renewal.RootDistrust:
		return mark{"diamond", "unsure"}, "Root"
	default:
		return mark{"dash", "calm"}, "Limit"
	}
}

// hostOf is what people know a page by.
func hostOf(address string) string {
	page, err := url.Parse(address)
	if err != nil {
		return address
	}
	return page.Hostname()
}

func entries(count int) string {
	if count == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", count)
}

func unseen(count int) string {
	if count == 1 {
		return "Of 1 URL no certificate was seen yet, or it needs none. It is not in this calendar."
	}
	return fmt.Sprintf("Of %d URLs no certificate was seen yet, or they need none. They are not in this calendar.", count)
}
