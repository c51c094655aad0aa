package views

import (
	"fmt"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// vantageAlive is how long ago a worker of a vantage may have said that it runs.
const vantageAlive = 2 * time.Minute

// Service is the page on whether what we see can be trusted.
type Service struct {
	Now      time.Time
	Vantages []store.SeenVantage
}

func vantageMark(vantage store.SeenVantage, now time.Time) (mark, string) {
	switch {
	case vantage.State == monitor.Blind:
		return mark{"octagon", "fail"}, "Blind"
	case vantage.State == monitor.Wrong:
		return mark{"octagon", "fail"}, "Wrong"
	case vantage.State == monitor.Swamped:
		return mark{"diamond", "unsure"}, "Swamped"
	case now.Sub(vantage.SeenAt) > vantageAlive:
		return mark{"dash", "calm"}, "Does not run"
	case vantage.CheckedAt.IsZero():
		return mark{"dash", "calm"}, "Not checked yet"
	default:
		return mark{"check", "pass"}, "Sound"
	}
}

// pausedSentence says which places cannot be believed, since when and why.
func pausedSentence(vantage monitor.VantageHealth) string {
	return fmt.Sprintf("Alerting pauses for what is seen from %s: %s", vantage.Vantage, vantage.Reason)
}

// referencesSentence says what the reference targets showed at the last check.
func referencesSentence(event *monitor.HealthEvent) string {
	switch {
	case event == nil || event.References.State == checks.NotAsked:
		return "Not checked yet"
	case event.References.State == checks.Known && event.References.Value:
		return "Enough of them answer"
	case event.References.State == checks.Known:
		return "None of them answers"
	default:
		return "Could not be asked: " + reasonWords(event.References.Reason)
	}
}

// canarySentence says what a canary is, and what the last look at it said.
func canarySentence(canary monitor.CanaryLook) string {
	is := "Nothing is wrong with it"
	if canary.Fails != "" {
		is = "It fails " + canary.Fails
	}
	seen := "the last check could not tell"
	switch {
	case canary.Told && len(canary.Failing) == 0:
		seen = "the last check saw nothing wrong"
	case canary.Told:
		seen = "the last check saw it fail " + strings.Join(canary.Failing, ", ")
	}
	return fmt.Sprintf("%s; %s.", is, seen)
}
