package views

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/alert"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// Channels is the page of all channels, with the form of a new one.
type Channels struct {
	Channels  []store.Channel
	Routes    int // how many there are; 0: every channel is told everything
	Kind      string
	Address   string
	Name      string
	Faults    Faults
	MayChange bool
}

// Channel is the page of one channel.
type Channel struct {
	store.Channel
	Secret     string // shown now; empty: not shown
	New        bool   // just created
	Rotated    bool   // just rotated
	Now        time.Time
	Deliveries []store.DeliverySummary
	Settings   ChannelSettings
	Faults     Faults
	MayChange  bool
	MaySecret  bool
}

// ChannelSettings is what was typed into the form of a channel.
type ChannelSettings struct{ Name, Digest, Hour, Zone string }

// overlaps reports whether the secret before the last rotation still signs.
func (m Channel) overlaps() bool { return m.Now.Before(m.PreviousSecretUntil) }

// ChannelTitle is what people call a channel.
func ChannelTitle(channel store.Channel) string { return cmp.Or(channel.Name, channel.Address) }

func channelWord(kind string) string {
	switch kind {
	case "webhook":
		return "Webhook"
	case "chat":
		return "Chat or paging"
	default:
		return "Email"
	}
}

// channelKind says what a channel is, with the service of chat.
func channelKind(channel store.Channel) string {
	for _, service := range alert.Services() {
		if channel.Kind == "chat" && service.ID == channel.Service {
			return service.Name
		}
	}
	return channelWord(channel.Kind)
}

// chatServices lists what chat channels may lead to.
func chatServices() []alert.Service { return alert.Services() }

// recipient is where a delivery went.
func recipient(delivery store.DeliverySummary) string {
	if delivery.ChannelName != "" {
		return delivery.ChannelName
	}
	return channelWord(delivery.ChannelKind) + ": " + delivery.ChannelAddress
}

func digestWord(channel store.Channel) string {
	switch monitor.DigestPeriod(channel.Digest) {
	case monitor.DailyDigest:
		return fmt.Sprintf("Every day at %02d:00, %s", channel.DigestHour, channel.DigestZone)
	case monitor.WeeklyDigest:
		return fmt.Sprintf("On Mondays at %02d:00, %s", channel.DigestHour, channel.DigestZone)
	default:
		return "None"
	}
}

// hours are those of a day, as forms offer them.
func hours() []string {
	list := make([]string, 24)
	for i := range list {
		list[i] = strconv.Itoa(i)
	}
	return list
}

// Deliveries is a page of deliveries.
type Deliveries struct {
	State       string // of the filter; store.Undelivered
	Days        int    // how far back it looks; 0: to the beginning
	Deliveries  []store.DeliverySummary
	Undelivered []store.DeliverySummary // above the rest, on the first page of all
	Count       int                     // of what could not be delivered within UndeliveredDays
	Older       string
}

// UndeliveredDays is how far back the count of what could not be delivered looks.
const UndeliveredDays = 14

// UndeliveredPath is the list behind that count.
func UndeliveredPath() string {
	return fmt.Sprintf("/deliveries?state=%s&days=%d", store.Undelivered, UndeliveredDays)
}

// Delivery is the page of one delivery.
type Delivery struct {
	store.DeliverySummary
	Tries   []store.DeliveryAttempt
	Resends []store.DeliverySummary
	MayTell bool // it may be sent again by who reads
	Fault   string
}

// resendable reports whether a delivery can be sent again.
func (m Delivery) resendable() bool { return m.MayTell && m.ChannelInUse && m.State != "pending" }

func deliveryMark(delivery store.DeliverySummary) (mark, string) {
	switch delivery.State {
	case "delivered":
		return mark{"check", "pass"}, "Delivered"
	case "failed":
		if delivery.Resolved {
			return mark{"dash", "calm"}, "Sent again"
		}
		return mark{"octagon", "fail"}, "Not delivered"
	case "withdrawn":
		return mark{"dash", "calm"}, "Withdrawn"
	case "summarized":
		return mark{"check", "pass"}, "In a summary"
	default:
		if delivery.Held {
			return mark{"turn", "look"}, "Held"
		}
		return mark{"turn", "look"}, "On its way"
	}
}

// deliveryExplained says what a state means, where its word alone does not.
func deliveryExplained(delivery store.DeliverySummary) string {
	switch {
	case delivery.State == "failed" && delivery.Resolved:
		return "It could not be delivered. The message was sent again since."
	case delivery.State == "failed":
		return "It could not be delivered, and is not tried again by itself."
	case delivery.State == "withdrawn":
		return "It was not sent: what it was about was over before quiet hours were."
	case delivery.State == "summarized":
		return "There were too many messages at once: one message told this and others."
	case delivery.Held:
		return "It waits for quiet hours to end, or for a summary of many messages."
	default:
		return ""
	}
}

// Routes is the page of who is told what.
type Routes struct {
	Routes       []monitor.ChannelRoute
	Channels     []store.Channel
	Applications []monitor.Application
	Form         RouteForm
	Faults       Faults
	MayChange    bool

	Asked   RoutePreview
	Preview []RouteStep
}

// untold are the channels in use that no route leads to, where there are routes.
func (m Routes) untold() (untold []store.Channel) {
	for _, channel := range m.Channels {
		leads := func(route monitor.ChannelRoute) bool { return route.ChannelID == channel.ID }
		if len(m.Routes) > 0 && channel.InUse() && !slices.ContainsFunc(m.Routes, leads) {
			untold = append(untold, channel)
		}
	}
	return untold
}

// RouteForm is what was typed into the form of a new route.
type RouteForm struct {
	Channel, Application, Environment, Least, Level, After string
	QuietFrom, QuietUntil, QuietZone, QuietExcept          string
	QuietDays                                              []string
}

// quietOn reports whether a day is ticked.
func (f RouteForm) quietOn(day string) bool { return slices.Contains(f.QuietDays, day) }

type routeDay struct{ value, name string }

// routeDays are the days of a week, as people count them.
func routeDays() []routeDay {
	var days []routeDay
	for i := range 7 {
		day := time.Weekday((i + 1) % 7)
		days = append(days, routeDay{strconv.Itoa(int(day)), day.String()})
	}
	return days
}

// RoutePreview asks who would be told.
type RoutePreview struct{ Application, Environment, Weight string }

// RouteStep is who is told at one level of an incident.
type RouteStep struct {
	When string
	To   []RouteRecipient
}

// RouteRecipient is one channel of a step.
type RouteRecipient struct {
	ChannelID int64
	Title     string
	Held      time.Time // until when quiet hours hold it back; zero: they do not
}

func (m Routes) channel(id int64) string {
	for _, channel := range m.Channels {
		if channel.ID == id {
			return ChannelTitle(channel)
		}
	}
	return "A removed channel"
}

// about says which incidents a route is about.
func (m Routes) about(route monitor.ChannelRoute) string {
	about := "Every application"
	for _, application := range m.Applications {
		if application.ID == route.ApplicationID {
			about = application.Name
		}
	}
	if route.Environment != "" {
		about += ", " + string(route.Environment)
	}
	if route.Least != "" {
		about += ", " + strings.ToLower(weightWord(route.Least)) + " and above"
	}
	return about
}

func routeWhen(route monitor.ChannelRoute) string {
	if route.Level == 0 {
		return "At once"
	}
	return fmt.Sprintf("Level %d: %s after the level before, while nobody acknowledges", route.Level, IntervalWords(route.After))
}

func quietWords(quiet monitor.QuietHours) string {
	if quiet.From == quiet.Until {
		return "None"
	}
	words := fmt.Sprintf("%s to %s, %s", clockWord(quiet.From), clockWord(quiet.Until), cmp.Or(quiet.Zone, "UTC"))
	if len(quiet.Days) > 0 {
		var days []string
		for _, day := range quiet.Days {
			days = append(days, time.Weekday(day).String()[:3])
		}
		words += ", begun on " + strings.Join(days, ", ")
	}
	except := cmp.Or(quiet.Except, monitor.Critical)
	if except == monitor.Critical {
		return words + "; what is critical is told all the same"
	}
	return words + "; what is " + strings.ToLower(weightWord(except)) + " or above is told all the same"
}

func clockWord(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

func weightChoices() []monitor.Weight { return monitor.Weights() }

func routeEnvironments() []policy.Environment { return policy.Environments() }

// Contacts is the page of technical contacts.
type Contacts struct {
	Contacts    []store.TechnicalContact
	Application string // of the form: 0 is the team
	Email       string
	Faults      Faults
	MayChange   bool
}

// CalendarFeeds is the page of the addresses of the calendar.
type CalendarFeeds struct {
	Feeds  []store.CalendarFeed
	Person int64 // who reads
	Name   string
	URL    string // just made; empty: none was
	Faults Faults
	All    bool // may end those of others
}
