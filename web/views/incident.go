package views

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// Incident is the page of one incident.
type Incident struct {
	store.IncidentSummary
	Now       time.Time
	TeamName  string // of the fleet's page; empty: it is the reader's own team's
	Failing   []FailingRequirement
	Members   []store.IncidentMember
	Previous  string // path of the members before; empty: none
	Next      string
	Changes   []store.ChangeRecord
	Compare   string // path of the comparison with the look before; empty: there is nothing to compare
	Timeline  []TimelineItem
	Windows   []RunningWindow
	MayAct    bool
	MayWaive  bool
	Conflict  string // what somebody else did meanwhile; empty: nothing
	Snooze    SnoozeForm
	Note      string // as it was typed
	Faults    Faults
	NotWholly bool // the timeline begins before what is shown
}

// Open says whether something of it still fails.
func (m Incident) Open() bool { return m.State != monitor.IncidentClosed }

// FailingRequirement is one requirement of an incident: what is required, by
// whom, on how many endpoints it fails, and what to do.
type FailingRequirement struct {
	store.IncidentSpan
	Text     string
	Source   string
	Remedies []string // each once
}

// SnoozeForm is the form that silences an incident, as it was typed.
type SnoozeForm struct {
	For    string // one of SnoozeChoices, or custom
	Until  string // 2006-01-02T15:04, of custom
	Zone   string // IANA
	Reason string
}

// SnoozeChoice is one end that the form offers.
type SnoozeChoice struct{ Value, Title string }

// SnoozeCustom is the choice of an end that is typed.
const SnoozeCustom = "custom"

// SnoozeChoices lists the ends that the form offers.
func SnoozeChoices() []SnoozeChoice {
	return []SnoozeChoice{
		{"1h", "1 hour"},
		{"4h", "4 hours"},
		{"tomorrow", "Until tomorrow, 08:00 in the time zone below"},
		{"1w", "1 week"},
		{SnoozeCustom, "Until a day and time"},
	}
}

// RunningWindow is planned work that runs now.
type RunningWindow struct {
	ID     int64
	Reason string
	Covers string // in words; empty: what the page is about
	EndsAt time.Time
}

// TimelineItem is one line of an incident's timeline.
type TimelineItem struct {
	monitor.IncidentEntry
	Value        string            // of the endpoint that it is about; empty: none, or it is not on this page
	Notification *NotificationView // what was told; nil: nothing
}

// NotificationView is a notification with its deliveries.
type NotificationView struct {
	store.IncidentNotification
	Deliveries []store.DeliverySummary
}

// Timeline puts what happened and what was told into one order, the newest
// first. Of what was told, the notification stands for the entry that says so.
func Timeline(entries []monitor.IncidentEntry, notifications []NotificationView, values map[int64]string) []TimelineItem {
	var items []TimelineItem
	for _, entry := range entries {
		told := slices.ContainsFunc(notifications, func(n NotificationView) bool { return n.CreatedAt.Equal(entry.At) })
		if entry.Kind != monitor.EntryTold || !told {
			items = append(items, TimelineItem{IncidentEntry: entry, Value: values[entry.EndpointID]})
		}
	}
	for i := range notifications {
		items = append(items, TimelineItem{
			IncidentEntry: monitor.IncidentEntry{At: notifications[i].CreatedAt, Kind: monitor.EntryTold},
			Notification:  &notifications[i],
		})
	}
	slices.SortStableFunc(items, func(a, b TimelineItem) int { return cmp.Or(a.At.Compare(b.At)) })
	slices.Reverse(items)
	return items
}

func incidentPath(id int64) string { return fmt.Sprintf("/incidents/%d", id) }

// incidentCount says how many URLs an incident is about: those where it still
// fails, else those where it did.
func incidentCount(incident store.IncidentSummary) string {
	switch {
	case incident.State == monitor.IncidentClosed || incident.Endpoints == incident.Places:
		return plural(incident.Places, "URL")
	default:
		return fmt.Sprintf("%d of %s", incident.Endpoints, plural(incident.Places, "URL"))
	}
}

// spanCount says on how many URLs a requirement fails.
func spanCount(span store.IncidentSpan) string {
	switch {
	case span.Failing == 0:
		return "Resolved on " + plural(span.Resolved, "URL")
	case span.Resolved == 0:
		return plural(span.Failing, "URL")
	default:
		return fmt.Sprintf("%d of %s", span.Failing, plural(span.Failing+span.Resolved, "URL"))
	}
}

// memberAddresses lists the addresses that show what fails at an endpoint.
func memberAddresses(member store.IncidentMember) []string {
	var addresses []string
	for _, requirement := range member.Requirements {
		if !requirement.ResolvedAt.IsZero() && member.Open() || requirement.Verdict.Result != checks.Fail {
			continue
		}
		for _, proof := range requirement.Verdict.Proof {
			rest, found := strings.CutPrefix(proof.Fact, "addresses[")
			if address, _, closed := strings.Cut(rest, "]"); found && closed && !slices.Contains(addresses, address) {
				addresses = append(addresses, address)
			}
		}
	}
	return addresses
}

func addressCount(count int) string {
	if count == 1 {
		return "1 address"
	}
	return fmt.Sprintf("%d addresses", count)
}

// addressesWords says on how many of its addresses an endpoint fails: '2 of 6
// addresses'. Empty where what fails is not about addresses.
func addressesWords(member store.IncidentMember) string {
	shown := len(memberAddresses(member))
	switch {
	case shown == 0:
		return ""
	case member.Looked < shown || member.Looked == 1: // how many there are is not known, or there is no other
		return addressCount(shown)
	default:
		return fmt.Sprintf("%d of %s", shown, addressCount(member.Looked))
	}
}

func timelineMark(kind monitor.IncidentEntryKind) (mark, string) {
	switch kind {
	case monitor.EntryOpened:
		return mark{"octagon", "fail"}, "Opened"
	case monitor.EntryReopened:
		return mark{"octagon", "fail"}, "Opened again"
	case monitor.EntryGrew:
		return mark{"octagon", "fail"}, "Grew"
	case monitor.EntryWorsened:
		return mark{"octagon", "fail"}, "Got worse"
	case monitor.EntryShrank:
		return mark{"check", "pass"}, "Shrank"
	case monitor.EntryResolved:
		return mark{"check", "pass"}, "Resolved"
	case monitor.EntryFlapping:
		return mark{"diamond", "unsure"}, "Flapping"
	case monitor.EntryEscalated:
		return mark{"diamond", "unsure"}, "Escalated"
	case monitor.EntryAcknowledged:
		return mark{"diamond", "unsure"}, "Acknowledged"
	case monitor.EntryUnacknowledged:
		return mark{"dash", "calm"}, "Acknowledgement taken back"
	case monitor.EntrySnoozed:
		return mark{"dash", "calm"}, "Snoozed"
	case monitor.EntrySnoozeEnded:
		return mark{"dash", "calm"}, "Snooze ended"
	case monitor.EntrySilent:
		return mark{"dash", "calm"}, "Not told"
	case monitor.EntryTold:
		return mark{"dash", "calm"}, "Told"
	default:
		return mark{"dash", "calm"}, "Note"
	}
}

// whose says who did something.
func whose(who string) string {
	if who == "" {
		return "Gradewatch"
	}
	return who
}

// zones are those that time zone fields propose; any other IANA name is taken.
func zones() []string {
	return []string{
		"UTC", "Europe/Oslo", "Europe/Stockholm", "Europe/Copenhagen", "Europe/Helsinki", "Europe/Berlin", "Europe/Amsterdam", "Europe/Brussels",
		"Europe/Zurich", "Europe/Vienna", "Europe/Paris", "Europe/London", "Europe/Dublin", "Europe/Madrid", "Europe/Rome", "Europe/Warsaw",
		"Europe/Prague", "Europe/Vilnius", "Europe/Athens", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
		"Asia/Dubai", "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney",
	}
}

// inZone is a time as clocks in a zone show it, with the zone's name.
func inZone(at time.Time, zone string) string {
	location, err := time.LoadLocation(zone)
	if err != nil {
		return utc(at)
	}
	return at.In(location).Format("Mon 2006-01-02 15:04 MST")
}
