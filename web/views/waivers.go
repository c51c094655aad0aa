package views

import (
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
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

// facts are the proofs of the chosen requirement that can be waived one by one.
func (w Waivers) facts() []checks.Proof {
	at := slices.IndexFunc(w.Failing, func(v VerdictView) bool { return v.Requirement == w.Requirement })
	if at < 0 || len(w.Failing[at].Proof) < 2 {
		return nil
	}
	return w.Failing[at].Proof
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
