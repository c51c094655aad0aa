package views

import (
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Waivers is the page of an endpoint's exceptions, with the form of a new one.
type Waivers struct {
	Endpoint  monitor.Endpoint
	Waivers   []monitor.Waiver
	Failing   []VerdictView // what may be waived
	MayChange bool
	Now       time.Time

	// What was typed, as it was typed.
	Requirement, Fact, Owner, Reason, Until string
	Faults                                  Faults
}

// waivableChoice is a requirement, or one fact of it, that can be waived.
type waivableChoice struct{ requirement, fact, text string }

// value is what the form sends: see ReadWaivable.
func (c waivableChoice) value() string {
	if c.fact == "" {
		return c.requirement
	}
	return c.requirement + " " + c.fact
}

// ReadWaivable reads what was chosen: a requirement's id, which holds no space,
// and the fact that the waiver is limited to; empty: all of them.
func ReadWaivable(value string) (requirement, fact string) {
	requirement, fact, _ = strings.Cut(value, " ")
	return requirement, fact
}

// waivable lists what of a requirement can be waived: all of it, each cookie by
// its name, and, where it fails on several other facts, one by one.
func waivable(verdict VerdictView) []waivableChoice {
	choices := []waivableChoice{{requirement: verdict.Requirement, text: verdict.Requirement + ": " + verdict.Text}}
	for _, proof := range verdict.Proof {
		choice := waivableChoice{verdict.Requirement, policy.WaivedFact(proof.Fact), verdict.Requirement + ": only where " + lowered(proof.Text)}
		if name, found := policy.WaivedCookie(choice.fact); found {
			choice.text = verdict.Requirement + ": only the cookie " + name
		} else if len(verdict.Proof) < 2 {
			continue
		}
		if !slices.ContainsFunc(choices, func(known waivableChoice) bool { return known.fact == choice.fact }) {
			choices = append(choices, choice)
		}
	}
	return choices
}

// chosen says whether what was chosen can be waived.
func (w Waivers) chosen() bool {
	return slices.ContainsFunc(w.Failing, func(v VerdictView) bool {
		return slices.ContainsFunc(waivable(v), func(c waivableChoice) bool { return c.requirement == w.Requirement && c.fact == w.Fact })
	})
}

func waiverMark(waiver monitor.Waiver, now time.Time) (mark, string) {
	switch {
	case waiver.Holds(now):
		return mark{"dash", "unsure"}, "Holds"
	case !waiver.EndedAt.IsZero():
		return mark{"dash", "calm"}, "Ended early"
	default:
		return mark{"dash", "calm"}, "Over"
	}
}

func waiverCount(waivers []monitor.Waiver) string {
	if len(waivers) == 0 {
		return "None"
	}
	return plural(len(waivers), "waiver")
}

// Profiles is the page of the second opinions that an endpoint is held to.
type Profiles struct {
	Endpoint  monitor.Endpoint
	Choices   []ProfileChoice
	MayChange bool
}

// ProfileChoice is one profile that an endpoint can be held to.
type ProfileChoice struct {
	ID, Title, Owner, Source string
	Count                    int // of its requirements
	Held                     bool
}

func profileTitles(ids []string) string {
	titles := make([]string, 0, len(ids))
	for _, id := range ids {
		title := id
		if profile := policy.Find(id); profile != nil {
			title = profile.Title
		}
		titles = append(titles, title)
	}
	return joined(titles)
}

// waivedWords says what a waiver is limited to.
func waivedWords(fact string) string {
	if name, found := policy.WaivedCookie(fact); found {
		return "Cookie " + name
	}
	return fact
}
