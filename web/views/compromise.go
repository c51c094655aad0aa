package views

import (
	"fmt"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
	"github.com/gradewatch/gradewatch/internal/store"
)

// Compromises is the page that says what to do when a secret is compromised, and
// what was done.
type Compromises struct {
	Application monitor.Application
	ClientIDs   map[policy.Environment]string
	Contact     string // whom to tell
	Link        string // the page of SuperOffice's where to tell it; empty: none
	Recorded    []CompromiseView
	MayChange   bool

	// What was typed, as it was typed.
	Environment, What, DiscoveredAt string
	Step                            CompromiseStepForm
	Faults                          Faults
}

// CompromiseView is a compromise with what was done about it, first to last.
type CompromiseView struct {
	monitor.Compromise
	Steps []monitor.CompromiseStep
}

// CompromiseStepForm is what was typed about one compromise.
type CompromiseStepForm struct {
	CompromiseID                           int64 // 0: of none
	Kind, Who, Recipient, HappenedAt, Text string
}

func (m Compromises) path() string {
	return fmt.Sprintf("/applications/%d/compromise", m.Application.ID)
}

// form is the step form of a compromise: what was typed, or a new one.
func (m Compromises) form(compromise int64) CompromiseStepForm {
	if m.Step.CompromiseID == compromise {
		return m.Step
	}
	empty := m.Step
	empty.CompromiseID, empty.Kind, empty.Recipient, empty.Text = compromise, string(monitor.StepNotified), "", ""
	return empty
}

// StepID is the id of a field of the form about a compromise.
func StepID(compromise int64, field string) string { return fmt.Sprintf("%s-%d", field, compromise) }

// TypedMoment is a time as a field of a form holds it, in UTC.
func TypedMoment(at time.Time) string { return at.UTC().Format("2006-01-02T15:04") }

func compromiseMark(compromise monitor.Compromise) (mark, string) {
	if compromise.ClosedAt.IsZero() {
		return mark{"octagon", "fail"}, "Open"
	}
	return mark{"check", "pass"}, "Closed"
}

func stepWord(step monitor.CompromiseStep) string {
	switch step.Kind {
	case monitor.StepNotified:
		return step.Who + " notified " + step.Recipient
	case monitor.StepClosed:
		return step.Who + " closed it"
	default:
		return step.Who + " did something about it"
	}
}

func stepChoice(kind monitor.CompromiseStepKind) string {
	switch kind {
	case monitor.StepNotified:
		return "Somebody was notified"
	case monitor.StepDone:
		return "Something was done about it"
	default:
		return "It is over: close it"
	}
}

func stepKinds() []monitor.CompromiseStepKind {
	return []monitor.CompromiseStepKind{monitor.StepNotified, monitor.StepDone, monitor.StepClosed}
}

func environmentWord(environment policy.Environment) string {
	if environment == "" {
		return "Not one environment alone"
	}
	return string(environment)
}

// notifiedWord says whether anybody was told.
func notifiedWord(compromise store.OpenCompromise) string {
	if compromise.Notified {
		return "somebody was notified"
	}
	return "nobody was notified yet"
}

func isMailAddress(contact string) bool {
	_, domain, found := strings.Cut(contact, "@")
	return found && domain != "" && !strings.ContainsAny(contact, " ,;?&%")
}
