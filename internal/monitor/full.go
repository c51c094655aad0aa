package monitor

import (
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// FullInterval is how often a full look is due by schedule. It opens a hundred
// connections and more, and what it alone sees (suites, groups, known
// vulnerabilities) changes when somebody deploys, which is days apart; what
// breaks within hours, quick looks see.
const FullInterval = 24 * time.Hour

// FullApart is between two full looks that changes ask for: a server that keeps
// changing its mind is not asked for everything every time.
const FullApart = time.Hour

// Schedule returns when the endpoint is looked at.
func (e Endpoint) Schedule() Schedule {
	anchor := e.Anchor
	if anchor.IsZero() {
		anchor = e.CreatedAt
	}
	return Schedule{EndpointID: e.ID, Anchor: anchor, Interval: e.Interval}
}

// NextFull returns from when on a run is the next full look after one at now.
// Full looks are on a daily grid of their own, each moved by up to a tenth of a
// day: endpoints that were registered together, or for one host, would load it
// and us at the same hour for ever.
func (s Schedule) NextFull(now time.Time) time.Time {
	slot := int64(max(now.Sub(s.Anchor), 0)/FullInterval) + 1
	return s.Anchor.Add(time.Duration(slot)*FullInterval + s.jitter(slot, FullInterval/jitterFraction))
}

// DepthAt says how deep a run at now looks: full where a full look is due and
// has something to ask. An endpoint that never had one is due.
func (e Endpoint) DepthAt(now time.Time) checks.Depth {
	if e.SpeaksTLS() && !now.Before(e.NextFullAt) {
		return checks.Full
	}
	return checks.Quick
}

// FullPlan is what a judgement makes of an endpoint's next full look. The zero
// plan leaves it as it is.
type FullPlan struct {
	DueAt time.Time // from when on a run is a full look
	RunAt time.Time // when to run at the latest
}

// FullQuestion is what PlanFull decides by.
type FullQuestion struct {
	At           time.Time // when the look was judged
	Depth        checks.Depth
	First        bool // the endpoint was never judged before
	Connectivity checks.Fact[bool]
	Verdicts     []checks.Verdict
	Changes      []Change
	Effects      []Effect
}

// PlanFull returns when the next full look at an endpoint is due after a
// judgement:
//   - After a full look, at its next time in the schedule. One over our own
//     broken network did not count: the next run is a full one.
//   - After the first quick look, at once: verdicts come within seconds, and
//     everything else right after. Where it was planned already, since many
//     were registered together, then.
//   - After a confirmed change, that is an incident that opened, grew or lost a
//     requirement, and after another certificate or protocol, at once, but not
//     within FullApart of the last one: the full look sees what came with it.
//   - Otherwise, and where the endpoint is down, as it was.
func PlanFull(endpoint Endpoint, question FullQuestion) FullPlan {
	own := question.Connectivity
	broken := own.State == checks.Known && !own.Value
	switch {
	case !endpoint.SpeaksTLS():
		return FullPlan{}
	case question.Depth == checks.Full && broken:
		return FullPlan{DueAt: question.At}
	case question.Depth == checks.Full:
		return FullPlan{DueAt: endpoint.Schedule().NextFull(question.At)}
	case broken, down(question.Verdicts), !question.First && !changed(question):
		return FullPlan{}
	case question.First && endpoint.NextFullAt.After(question.At):
		return FullPlan{RunAt: endpoint.NextFullAt}
	}
	due := question.At
	if earliest := endpoint.FullLookedAt.Add(FullApart); !endpoint.FullLookedAt.IsZero() && due.Before(earliest) {
		due = earliest
	}
	return FullPlan{DueAt: due, RunAt: due}
}

// changed says whether a judgement brought a change that a full look follows.
func changed(question FullQuestion) bool {
	confirmed := slices.ContainsFunc(question.Effects, func(effect Effect) bool {
		switch effect.(type) {
		case OpenIncident, JoinIncident, CloseRequirements:
			return true
		default:
			return false
		}
	})
	return confirmed || slices.ContainsFunc(question.Changes, func(change Change) bool {
		return strings.Contains(change.Subject, ".protocols.") || strings.Contains(change.Subject, "certificates")
	})
}
