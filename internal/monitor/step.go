package monitor

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/checks"
)

// Settings are the times by which Step decides. Zero fields mean their defaults.
type Settings struct {
	ConfirmAfter      time.Duration // between a fail or a recovery and the look that confirms it; default 30 s
	UndeterminedAfter time.Duration // how long nothing is conclusive until that is said; default 6 h

	GatherFor    time.Duration // how long an incident waits for what breaks with it before it is told; default 1 min
	GatherMost   time.Duration // how long at the most, while siblings are looked at; default 4 min
	ReopenWithin time.Duration // a problem that comes back within reopens its incident; default 24 h
	FlapWithin   time.Duration // FlapSpells spells of failing within are flapping; default 24 h
	FlapSpells   int           // default 3
	StableFor    time.Duration // how long what flapped must pass until it counts as resolved; default 6 h
}

// confirmSpell bounds how long confirming looks are asked for, in multiples of
// ConfirmAfter. After it the next scheduled look confirms.
const confirmSpell = 5

// joinWithin bounds how long after an incident opened a requirement of the same
// spell may join it.
const joinWithin = 5 * time.Minute

// Unreachable is the requirement that fails when an endpoint is down: E-01 of
// superoffice.md. While nothing answers, what is inconclusive has a known cause.
const Unreachable = "E-01"

// down says whether nothing answers at an endpoint. A fail that rests on a status,
// such as 500, is an answer.
func down(verdicts []checks.Verdict) bool {
	return slices.ContainsFunc(verdicts, func(v checks.Verdict) bool {
		return v.Requirement == Unreachable && v.Result == checks.Fail &&
			!slices.ContainsFunc(v.Proof, func(p checks.Proof) bool { return strings.HasSuffix(p.Fact, ".status") })
	})
}

// WithDefaults returns s with every zero field set to its default.
func (s Settings) WithDefaults() Settings {
	s.ConfirmAfter = cmp.Or(s.ConfirmAfter, 30*time.Second)
	s.UndeterminedAfter = cmp.Or(s.UndeterminedAfter, 6*time.Hour)
	s.GatherFor = cmp.Or(s.GatherFor, time.Minute)
	s.GatherMost = cmp.Or(s.GatherMost, 4*time.Minute)
	s.ReopenWithin = cmp.Or(s.ReopenWithin, 24*time.Hour)
	s.FlapWithin = cmp.Or(s.FlapWithin, 24*time.Hour)
	s.FlapSpells = cmp.Or(s.FlapSpells, 3)
	s.StableFor = cmp.Or(s.StableFor, 6*time.Hour)
	return s
}

// Judged is one judgement of one endpoint. Judgements of an endpoint come in
// the order of At, one at a time.
type Judged struct {
	At           time.Time // when the look was judged
	Verdicts     []checks.Verdict
	Purpose      Purpose
	Depth        checks.Depth
	Vantage      string
	Connectivity checks.Fact[bool] // our own
	// Paused: we are blind or wrong, by our reference targets and canaries. Like
	// broken connectivity it moves nothing.
	Paused bool
	// Causes are why verdicts turned in this very judgement, by requirement.
	Causes map[string]checks.Cause
	// Maintenance is the window that runs; nil: none does.
	Maintenance *Window
	// Joins are the open incidents that hold the same problem of another endpoint,
	// by requirement: a fail joins at once. Decide fills it in.
	Joins map[string]int64
	// Versions are of the data and the program that judged.
	Versions Versions
	// Partial: what only a full look asks was carried over from looks before it.
	Partial bool
	// Newest is the endpoint's open incident that opened last; zero when none is open.
	Newest Incident
}

// Effect is what a judgement asks for besides the new states.
type Effect interface{ effect() }

// ConfirmLook asks for a second look on new connections.
type ConfirmLook struct {
	At   time.Time
	Full bool // it rests on what only a full look asks
	// Elsewhere: from another vantage than this look's, where there is one.
	Elsewhere bool
}

// OpenIncident asks for one incident that holds Requirements, and one notification.
type OpenIncident struct {
	Requirements []string
	Since        time.Time // when the first of them was first seen to fail
}

// JoinIncident adds Requirements to an open incident with the same cause: no notification.
type JoinIncident struct {
	IncidentID   int64
	Requirements []string
}

// CloseRequirements says that Requirements of an incident passed, are waived,
// or are asked no longer. The incident resolves, with one notification, when no
// open requirement is left in it.
type CloseRequirements struct {
	IncidentID   int64
	Requirements []string
	Waived       []string // those of Requirements that are waived
}

// NotifyUndetermined asks for one notice 'we cannot tell since ..., because ...'.
type NotifyUndetermined struct {
	Requirements []string
	Since        time.Time
	Reason       string
}

func (ConfirmLook) effect()        {}
func (OpenIncident) effect()       {}
func (JoinIncident) effect()       {}
func (CloseRequirements) effect()  {}
func (NotifyUndetermined) effect() {}

// Step returns where an endpoint's requirements stand after event, and what is
// to be done. It changes nothing in states. An OpenIncident's requirements get
// their IncidentID from the caller, who knows it once the row is written.
//
// The rules:
//   - A fail counts once a later look agrees: a confirming look, or any look
//     ConfirmAfter or more after the fail was first seen. A pass in between
//     clears it silently. One that an open incident holds of another endpoint
//     (Joins) counts at once: another look agreed already.
//   - A pass of what an incident holds counts once a later look agrees, too.
//   - A fail or a pass that rests on what only a full look asks is confirmed by a
//     full look: a quick one is judged on the same answers again, and proves
//     nothing new.
//   - What begins to fail FlapSpells times within FlapWithin is flapping: that
//     counts at once, and closes only after StableFor without a fail.
//   - Requirements confirmed by the same look form one incident. One that is
//     confirmed later joins that incident, if its fail was first seen at the
//     latest in the look that opened it, and the incident is under five minutes
//     old: that is one spell, so one cause. Otherwise it has an incident of its own.
//   - A fail that hangs on time alone, as an expiry does, joins an open incident
//     that a fail of the same kind is in, as an overdue renewal is, however old
//     it is: what was told already came true.
//   - Inconclusive and not applicable never open, resolve or worsen. What waits for
//     its confirmation survives them, and asks for another look for five times
//     ConfirmAfter; then the next scheduled look decides.
//   - A fail that is waived neither opens nor confirms anything, and closes its
//     requirement of an incident. When the waiver is over, the fail starts anew.
//   - A requirement that is judged no longer, since its profile is not asked any
//     more, closes too.
//   - A requirement of severity record never alarms, and advice only where its
//     profile says so.
//   - While our own connectivity is known to be broken, or alerting pauses, a
//     judgement moves nothing but Result, and what waits asks for another look
//     within the same bounds.
//   - In a maintenance window a judgement moves nothing but Result, and a fail asks
//     for a look right after its end.
//   - A must that stays inconclusive for UndeterminedAfter, over looks with
//     proven connectivity, gives one notice for all such requirements of the
//     endpoint; none while the endpoint is down or the requirement is in an
//     open incident.
func Step(states map[string]RequirementState, event Judged, settings Settings) (map[string]RequirementState, []Effect) {
	s := step{
		before: states, next: maps.Clone(states), event: event, settings: settings.WithDefaults(),
		joined: map[int64][]string{}, closed: map[int64][]string{},
	}
	if s.next == nil {
		s.next = map[string]RequirementState{}
	}
	s.down = down(event.Verdicts)
	s.ranOut = runningOut(states, event)
	for _, verdict := range event.Verdicts {
		s.next[verdict.Requirement] = s.judge(s.next[verdict.Requirement], verdict)
	}
	s.retire()
	return s.next, s.effects()
}

// step gathers what one judgement asks for.
type step struct {
	before   map[string]RequirementState
	next     map[string]RequirementState
	event    Judged
	settings Settings
	down     bool  // nothing answers, by this very judgement
	ranOut   int64 // the open incident of a fail that hangs on time alone; 0: none

	confirm   bool
	full      bool      // the confirming look must be a full one
	afterwork time.Time // when to look since planned work is over; zero: not at all
	confirmed []string
	since     time.Time // the earliest first sight among confirmed
	joined    map[int64][]string
	closed    map[int64][]string
	waived    []string
}

// blind says whether nothing that was seen counts.
func (e Judged) blind() bool {
	return e.Paused || e.Connectivity.State == checks.Known && !e.Connectivity.Value
}

func (s *step) judge(state RequirementState, verdict checks.Verdict) RequirementState {
	state.Requirement, state.Severity, state.Result = verdict.Requirement, verdict.Severity, verdict.Result
	switch {
	case s.event.blind():
		s.askAgain(state, verdict)
		return state
	case s.event.Maintenance != nil:
		s.askAfterwards(state, verdict)
		return state
	}
	if verdict.Result != checks.ResultInconclusive {
		state.InconclusiveSince, state.InconclusiveReason, state.Noticed = time.Time{}, "", false
	}
	switch verdict.Result {
	case checks.Pass:
		return s.pass(state, verdict)
	case checks.Fail:
		if verdict.Waived != nil {
			return s.waive(state)
		}
		return s.fail(state, verdict)
	case checks.ResultInconclusive:
		s.askAgain(state, verdict)
		return s.inconclusive(state, verdict)
	default:
		s.askAgain(state, verdict)
		return state
	}
}

// ask asks for a confirming look.
func (s *step) ask(full bool) { s.confirm, s.full = true, s.full || full }

// confirms says whether this judgement may confirm what was first seen at firstSeen.
func (s *step) confirms(firstSeen time.Time) bool {
	return s.event.At.After(firstSeen) &&
		(s.event.Purpose == Confirm || !s.event.At.Before(firstSeen.Add(s.settings.ConfirmAfter)))
}

// carried says whether a verdict rests on answers of a look before.
func (s *step) carried(verdict checks.Verdict) bool {
	return s.event.Partial && restsOnFullLook(verdict)
}

// askAgain asks for another confirming look when this one was due to confirm
// something and could not tell.
func (s *step) askAgain(state RequirementState, verdict checks.Verdict) {
	since := state.FailingSince
	switch {
	case !state.RecoveringSince.IsZero() && !state.Flapping:
		since = state.RecoveringSince
	case !verdict.Alarms():
		return
	}
	if since.IsZero() || !s.confirms(since) {
		return
	}
	if s.event.At.Before(since.Add(confirmSpell * s.settings.ConfirmAfter)) {
		s.ask(s.event.Purpose == Confirm && s.event.Depth == checks.Full)
	}
}

// askAfterwards asks for a look when planned work is over, at what fails in it.
func (s *step) askAfterwards(state RequirementState, verdict checks.Verdict) {
	if verdict.Result != checks.Fail || !verdict.Alarms() || verdict.Waived != nil || state.IncidentID != 0 {
		return
	}
	s.afterwork, s.full = s.event.Maintenance.EndsAt, s.full || restsOnFullLook(verdict)
	if !s.afterwork.After(s.event.At) {
		s.afterwork = s.event.At.Add(s.settings.ConfirmAfter)
	}
}

func (s *step) inconclusive(state RequirementState, verdict checks.Verdict) RequirementState {
	proven := s.event.Connectivity.State == checks.Known && s.event.Connectivity.Value
	if !proven || s.down {
		return state
	}
	if state.InconclusiveSince.IsZero() {
		state.InconclusiveSince = s.event.At
	}
	state.InconclusiveReason = reasonOf(verdict)
	return state
}

// reasonOf says why a verdict is inconclusive, in the words of its first proof.
func reasonOf(verdict checks.Verdict) string {
	for _, proof := range verdict.Proof {
		if reason := cmp.Or(proof.Text, proof.Value); reason != "" {
			return reason
		}
	}
	return ""
}
