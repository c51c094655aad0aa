package views

import (
	"fmt"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Secrets is the page of an application's client secrets and certificates: the
// days on which they expire, never themselves.
type Secrets struct {
	Application monitor.Application
	InUse       []monitor.ApplicationSecret // by expiry
	Ended       []monitor.ApplicationSecret // the newest first
	Replacing   *monitor.ApplicationSecret  // what the form replaces; nil: it adds one
	MayChange   bool
	Now         time.Time

	// What was typed, as it was typed.
	Environment, Kind, Description, ExpiresOn, Owner string
	Faults                                           Faults
}

func (m Secrets) path() string { return fmt.Sprintf("/applications/%d/secrets", m.Application.ID) }

// action is where the form goes.
func (m Secrets) action() string {
	if m.Replacing != nil {
		return fmt.Sprintf("%s/%d/replace", m.path(), m.Replacing.ID)
	}
	return m.path()
}

func secretMark(secret monitor.ApplicationSecret, now time.Time) (mark, string) {
	switch left := monitor.DaysLeft(secret.ExpiresOn, now); {
	case !secret.EndedAt.IsZero() && secret.ReplacedBy != 0:
		return mark{"dash", "calm"}, "Replaced"
	case !secret.EndedAt.IsZero():
		return mark{"dash", "calm"}, "Removed"
	case left < 0:
		return mark{"octagon", "fail"}, "Expired"
	case left == 0:
		return mark{"octagon", "fail"}, "Expires today"
	case left <= monitor.RemindAhead:
		return mark{"diamond", "unsure"}, "Expires in " + plural(left, "day")
	default:
		return mark{"check", "pass"}, plural(left, "day") + " left"
	}
}

// secretName is what people know a secret by.
func secretName(secret monitor.ApplicationSecret) string {
	name := capitalized(secret.Kind.Words()) + ", " + string(secret.Environment)
	if secret.Description != "" {
		name += ": " + secret.Description
	}
	return name
}

func capitalized(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// nextSecret says what expires first.
func nextSecret(secrets []monitor.ApplicationSecret) string {
	for _, secret := range secrets { // by expiry
		if secret.EndedAt.IsZero() {
			return "The next expires on " + dayOf(secret.ExpiresOn)
		}
	}
	return ""
}

func inUse(secrets []monitor.ApplicationSecret) (count int) {
	for _, secret := range secrets {
		if secret.EndedAt.IsZero() {
			count++
		}
	}
	return count
}

// reminderPath is the page that a reminder is about.
func reminderPath(kind monitor.NotificationKind, application int64) string {
	if kind == monitor.AttestationDue {
		return fmt.Sprintf("/applications/%d/attestations", application)
	}
	return fmt.Sprintf("/applications/%d/secrets", application)
}
