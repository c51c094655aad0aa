package views

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// AvailabilityMark is the share below which a period is marked. It is ours:
// SuperOffice quotes 99.8 percent for itself and sets no number for partners
// (superoffice.md E-15).
const AvailabilityMark = 0.998

// availabilityDays is how far the picture reaches back.
const availabilityDays = 90

// Availability is how an endpoint answered.
type Availability struct {
	EndpointID int64
	Now        time.Time
	Spans      []monitor.AvailabilitySpan
	Days       []monitor.AvailabilityDay // oldest first; those on which nobody looked are missing
}

// looked says whether there is anything to show.
func (a Availability) looked() bool { return len(a.Days) > 0 }

func spanTitle(days int) string {
	if days == 1 {
		return "24 hours"
	}
	return plural(days, "day")
}

// shareWords is a share in percent, never rounded up to 100.
func shareWords(share float64) string {
	if share >= 1 {
		return "100%"
	}
	return fmt.Sprintf("%.2f%%", float64(int(share*10_000))/100)
}

// spentWords says a time that was counted: 3 hours 20 minutes; none: empty.
func spentWords(d time.Duration) string {
	switch {
	case d <= 0:
		return "None"
	case d < time.Minute:
		return "under 1 minute"
	case d < 24*time.Hour:
		return durationWords(d.Truncate(time.Minute))
	default:
		return strings.TrimSuffix(plural(int(d/(24*time.Hour)), "day")+" "+durationWords(d%(24*time.Hour)), " 0 minutes")
	}
}

// tookWords is a response time; none: empty.
func tookWords(d time.Duration) string {
	if d <= 0 {
		return "Not measured"
	}
	return milliseconds(d.Round(time.Millisecond))
}

// looksPath leads to the looks of a time; zero: without that bound.
func looksPath(endpoint int64, since, before time.Time) string {
	query := url.Values{}
	if !since.IsZero() {
		query.Set("since", machine(since))
	}
	if !before.IsZero() {
		query.Set("before", machine(before))
	}
	return fmt.Sprintf("/endpoints/%d/history?%s", endpoint, query.Encode())
}

// dayBar is one day of the picture: parts of its bar from the bottom, in units
// of the picture.
type dayBar struct {
	x     int
	title string
	parts []barPart
}

type barPart struct {
	class     string
	y, height int
}

// Units of the picture.
const (
	barWidth, barStep, barHeight = 6, 8, 48
	leastBar                     = 5 // of what was down, however short
)

func pictureWidth() int { return availabilityDays*barStep - (barStep - barWidth) }

// bars draws the last 90 days, oldest first.
func (a Availability) bars() []dayBar {
	byDay := map[string]monitor.AvailabilityDay{}
	for _, day := range a.Days {
		byDay[day.Day.UTC().Format(time.DateOnly)] = day
	}
	today := a.Now.UTC().Truncate(24 * time.Hour)
	var bars []dayBar
	for i := range availabilityDays {
		date := today.AddDate(0, 0, i-availabilityDays+1)
		day, looked := byDay[date.Format(time.DateOnly)]
		bar := dayBar{x: i * barStep, title: date.Format(time.DateOnly) + ": " + dayWords(day, looked)}
		bar.parts = barParts(day)
		bars = append(bars, bar)
	}
	return bars
}

// barParts stacks what a day holds: up at the bottom, then unknown, then planned,
// and down on top, each as high as its share of the time that was counted.
func barParts(day monitor.AvailabilityDay) []barPart {
	down := day.Down - day.Planned
	total := day.Up + day.Down + day.Unknown
	if total <= 0 {
		return []barPart{{class: "none", y: barHeight - 2, height: 2}}
	}
	height := func(d time.Duration) int { return int(int64(d) * barHeight / int64(total)) }
	downHeight := height(down)
	if down > 0 {
		downHeight = max(downHeight, leastBar)
	}
	parts := []barPart{{class: "down", height: downHeight}, {class: "planned", height: height(day.Planned)}, {class: "unknown", height: height(day.Unknown)}}
	var drawn []barPart
	y := 0
	for _, part := range parts {
		part.height = min(part.height, barHeight-y)
		if part.height > 0 {
			part.y = y
			y += part.height
			drawn = append(drawn, part)
		}
	}
	if y < barHeight && day.Up > 0 {
		drawn = append(drawn, barPart{class: "up", y: y, height: barHeight - y})
	}
	return drawn
}

// dayWords says how one day was.
func dayWords(day monitor.AvailabilityDay, looked bool) string {
	if !looked {
		return "no look"
	}
	words := "up"
	if day.Up <= 0 {
		words = "nothing known"
	}
	if down := day.Down - day.Planned; down > 0 {
		words = "down for " + spentWords(down)
	}
	if day.Planned > 0 {
		words += ", planned work for " + spentWords(day.Planned)
	}
	if day.Unknown >= time.Minute {
		words += ", unknown for " + spentWords(day.Unknown)
	}
	return words
}

// worseDays lists the days on which it was down, the newest first.
func (a Availability) worseDays() []monitor.AvailabilityDay {
	var days []monitor.AvailabilityDay
	for i := len(a.Days) - 1; i >= 0; i-- {
		if a.Days[i].Down > 0 {
			days = append(days, a.Days[i])
		}
	}
	return days
}

// summary says the picture in words.
func (a Availability) summary() string {
	down := 0
	for _, day := range a.worseDays() {
		if day.Down > day.Planned {
			down++
		}
	}
	text := fmt.Sprintf("The last %d days: %s with looks, ", availabilityDays, plural(len(a.Days), "day"))
	if down == 0 {
		return text + "none of them with a time when it was down."
	}
	return text + plural(down, "day") + " of them with a time when it was down."
}
