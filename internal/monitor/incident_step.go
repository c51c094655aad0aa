package monitor

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// StepIncident returns what becomes of an incident by an event, what its timeline
// says of it, and what is to be done. The zero incident with its team, title and
// cause is one that opens by its first Grew.
//
// Only a Tick tells anybody anything; every other event says by WakeAt when one
// is due. A Tick that comes too early, late or twice does no harm. The rules:
//   - What opens waits GatherFor, and up to GatherMost while siblings are looked
//     at; then people are told once of everything that it holds by then. What
//     resolves before that, nobody is told of.
//   - Heavier than told, or at least twice as many endpoints and five more, or any
//     more where the last message is older than ReopenWithin: they are told that
//     it worsened, after GatherFor, and of more endpoints not before an hour after
//     they were told of anything.
//   - Back within ReopenWithin: the same incident reopens, and that is told. The
//     third turn within FlapWithin, or one whose requirements flap: it flaps, which
//     is told once; then nobody is told of turns until it passed for StableFor.
//   - Resolved is told at once, where the last that people heard is something else.
//   - While nobody acknowledges, one level after the other is called.
//   - Snoozed: silent until its end, when people are told that it still fails.
//     Getting heavier breaks it.
//   - While alerting pauses nothing is told, and everything waits.
//   - The requirements changed: opened and resolved are told, and nothing else.
//     We look or judge otherwise: nobody is told anything.
func StepIncident(incident Incident, event IncidentEvent, at time.Time, settings Settings) (Incident, []IncidentEntry, []IncidentEffect) {
	s := incidentStep{Incident: incident, at: at, settings: settings.WithDefaults()}
	s.Keys, s.Turns = slices.Clone(incident.Keys), slices.Clone(incident.Turns)
	switch event := event.(type) {
	case Grew:
		s.grew(event)
	case Shrank:
		s.shrank(event)
	case Acknowledge:
		s.acknowledge(event)
	case Unacknowledge:
		s.unacknowledge(event)
	case Snooze:
		s.snooze(event)
	case Unsnooze:
		s.unsnooze(event)
	case Tick:
		s.tick(event)
	}
	s.wake(incident, event)
	return s.Incident, s.entries, s.effects
}

// incidentStep gathers what one event asks for.
type incidentStep struct {
	Incident
	at       time.Time
	settings Settings
	rearmed  time.Time // when a Tick is to say when the next level is called; zero: it knows
	entries  []IncidentEntry
	effects  []IncidentEffect
}

func (s *incidentStep) note(kind IncidentEntryKind, who string, endpoint int64, text string) {
	s.entries = append(s.entries, IncidentEntry{At: s.at, Kind: kind, Who: who, Text: text, EndpointID: endpoint})
}

// wait makes something wait to be told. What waits longer already keeps its time.
func (s *incidentStep) wait(kind NotificationKind, until time.Time) {
	if s.TellKind == "" {
		s.TellSince = s.at
		s.TellAt = until
	}
	s.TellKind = kind
}

// forget drops what waits to be told.
func (s *incidentStep) forget() { s.TellKind, s.TellAt, s.TellSince = "", time.Time{}, time.Time{} }

// NextWake is when a Tick is due; zero: not before something happens.
func (i Incident) NextWake() time.Time {
	if i.TellKind == "" {
		return i.TellAt
	}
	return i.due()
}

// due is when something becomes due by itself; zero: nothing does.
func (i Incident) due() time.Time {
	switch {
	case i.State == IncidentSnoozed:
		return i.SnoozedUntil
	case i.State != IncidentOpen || i.EscalateAt.IsZero():
		if i.TellKind == "" {
			return time.Time{}
		}
		return i.TellAt
	case i.TellKind == "" || i.EscalateAt.Before(i.TellAt):
		return i.EscalateAt
	default:
		return i.TellAt
	}
}

// wake asks for the next Tick, where it is another one than before or a Tick
// was used up. Where nothing waits to be told, TellAt keeps when that is.
func (s *incidentStep) wake(before Incident, event IncidentEvent) {
	next := s.due()
	if !s.rearmed.IsZero() && (next.IsZero() || s.rearmed.Before(next)) {
		next = s.rearmed
	}
	if s.TellKind == "" {
		s.TellAt = next
	}
	tick, ticked := event.(Tick)
	if retry := s.at.Add(s.settings.GatherFor); tick.Paused && !next.IsZero() && next.Before(retry) {
		next = retry
	}
	if !next.IsZero() && (ticked || !next.Equal(before.NextWake())) {
		s.effects = append(s.effects, WakeAt{At: next})
	}
}

// live says whether the incident is there and not resolved.
func (i Incident) live() bool { return i.State != "" && i.State != IncidentClosed }

func (s *incidentStep) grew(event Grew) {
	before := s.Incident
	weight := weightFor(s.Cause, event.Weight)
	s.Endpoints, s.Requirements = event.Endpoints, event.Requirements
	s.Keys = mergeKeys(s.Keys, event.Keys, MostKeys)
	switch {
	case s.State == "":
		s.Weight = weight
		s.open(event)
	case s.State == IncidentClosed:
		s.Weight = weight
		s.reopen(before, event)
	default:
		s.Weight = heaviest(s.Weight, weight)
		s.grow(before, event)
	}
}

func (s *incidentStep) open(event Grew) {
	s.State, s.OpenedAt, s.Turns = IncidentOpen, s.at, []time.Time{s.at}
	s.note(EntryOpened, "", event.EndpointID, fails(event.Added))
	if event.Flapping {
		s.flaps()
		return
	}
	s.opened()
}

// opened makes the first message wait.
func (s *incidentStep) opened() {
	if blameOf(s.Cause) == blameEngine {
		s.note(EntrySilent, "", 0, "Nobody is told: Gradewatch changed how it checks, and nothing on the server did.")
		return
	}
	s.wait(IncidentOpened, s.at.Add(s.settings.GatherFor))
}

// flaps notes that the incident fails now and again, and makes that wait to be told.
func (s *incidentStep) flaps() {
	if s.Flapping {
		return
	}
	s.Flapping = true
	s.note(EntryFlapping, "", 0, "It fails now and again. Until it passed for "+hours(s.settings.StableFor)+", turns are not told.")
	switch {
	case s.ToldAt.IsZero() && blameOf(s.Cause) != blameServer:
		s.opened()
	case blameOf(s.Cause) == blameServer:
		s.wait(IncidentFlapping, s.at.Add(s.settings.GatherFor))
	}
}

func (s *incidentStep) reopen(before Incident, event Grew) {
	s.State, s.ResolvedAt = IncidentOpen, time.Time{}
	s.Turns = turn(s.Turns, s.at, s.settings.FlapWithin)
	s.note(EntryReopened, "", event.EndpointID, fails(event.Added))
	unheard := s.TellKind == IncidentResolved // that it had resolved
	s.forget()
	switch {
	case s.at.Before(s.SnoozedUntil) && !s.Weight.Heavier(before.Weight):
		s.State = IncidentSnoozed
		s.note(EntrySilent, "", 0, "Nobody is told: it is snoozed.")
		return
	case unheard && !s.AcknowledgedAt.IsZero():
		s.State = IncidentAcknowledged
	case !unheard:
		s.AcknowledgedAt, s.AcknowledgedBy, s.Level = time.Time{}, "", 0
	}
	s.SnoozedUntil, s.SnoozeReason, s.SnoozedBy = time.Time{}, "", ""
	if s.Flapping {
		s.rearm()
		s.worsened()
		return
	}
	if event.Flapping || len(s.Turns) >= s.settings.FlapSpells {
		s.flaps()
		return
	}
	s.comesBack(before, unheard)
}

// comesBack makes the message of a reopened incident wait, where people do not
// think that it fails anyway.
func (s *incidentStep) comesBack(before Incident, unheard bool) {
	switch {
	case s.ToldAt.IsZero():
		s.opened()
	case unheard:
		s.rearm()
		s.worsened()
	case blameOf(s.Cause) != blameServer:
		s.note(EntrySilent, "", 0, "Nobody is told: a change of the requirements is told once.")
	default:
		s.wait(IncidentReopened, s.at.Add(s.settings.GatherFor))
	}
}

func (s *incidentStep) grow(before Incident, event Grew) {
	if len(event.Added) > 0 {
		text := fails(event.Added)
		if s.Endpoints > 1 {
			text += fmt.Sprintf(" It holds %d URLs now.", s.Endpoints)
		}
		s.note(EntryGrew, "", event.EndpointID, text)
	}
	if long := s.settings.ReopenWithin; s.Endpoints > before.Endpoints && !s.at.Before(s.ToldAt.Add(long)) {
		s.ToldEndpoints = min(s.ToldEndpoints, before.Endpoints) // those that recovered meanwhile make no room for others
	}
	if s.State == IncidentSnoozed {
		if !s.Weight.Heavier(before.Weight) {
			s.Flapping = s.Flapping || event.Flapping
			return
		}
		s.State = IncidentOpen
		s.SnoozedUntil, s.SnoozeReason, s.SnoozedBy = time.Time{}, "", ""
		s.note(EntrySnoozeEnded, "", 0, "It got worse, which ends the snooze.")
		if s.ToldAt.IsZero() {
			s.opened()
		}
	}
	if event.Flapping {
		s.flaps()
	}
	s.worsened()
}

// worse says whether the incident is heavier than what people were told, or much
// wider, or at all wider where they were told so long ago that nobody takes what
// breaks now for it.
func (s *incidentStep) worse() (heavier, wider bool) {
	if s.ToldAt.IsZero() || blameOf(s.Cause) != blameServer {
		return false, false
	}
	wider = s.Endpoints >= 2*s.ToldEndpoints && s.Endpoints >= s.ToldEndpoints+5
	spreads := s.Endpoints > s.ToldEndpoints && !s.at.Before(s.ToldAt.Add(s.settings.ReopenWithin))
	wider = !s.Flapping && (wider || spreads)
	return s.Weight.Heavier(s.ToldWeight), wider
}

// widerApart is how long after people were told of anything they are told that
// more endpoints have it: what breaks everywhere at once is found look by look,
// over an hour, and is two messages and no more.
const widerApart = time.Hour

// worsened makes 'worsened' wait, where it is so.
func (s *incidentStep) worsened() {
	heavier, wider := s.worse()
	at := s.at.Add(s.settings.GatherFor)
	if apart := s.ToldAt.Add(widerApart); !heavier && at.Before(apart) {
		at = apart
	}
	switch {
	case !heavier && !wider:
		return
	case s.TellKind == IncidentWorsened && heavier && at.Before(s.TellAt):
		s.TellAt = at
	case s.TellKind != "":
		return
	default:
		s.wait(IncidentWorsened, at)
	}
	text := fmt.Sprintf("It got wider: %d URLs, after %d that were told.", s.Endpoints, s.ToldEndpoints)
	if heavier {
		text = fmt.Sprintf("It got worse: %s, after %s that was told.", s.Weight, s.ToldWeight)
	}
	s.note(EntryWorsened, "", 0, text)
}

func (s *incidentStep) shrank(event Shrank) {
	if !s.live() {
		return
	}
	s.Endpoints, s.Requirements = max(event.Endpoints, 0), max(event.Requirements, 0)
	text := passes(event)
	if s.Requirements > 0 {
		s.note(EntryShrank, "", event.EndpointID, text)
		if heavier, wider := s.worse(); s.TellKind == IncidentWorsened && !heavier && !wider {
			s.forget()
		}
		return
	}
	s.State, s.ResolvedAt, s.Endpoints = IncidentClosed, s.at, 0
	s.EscalateAt = time.Time{}
	s.note(EntryResolved, "", event.EndpointID, strings.TrimSpace(text+" Nothing in it fails any more."))
	unsaid := s.TellKind == IncidentFlapping
	s.forget()
	switch {
	case s.ToldAt.IsZero():
		s.note(EntrySilent, "", 0, "Nobody is told: it resolved before anybody knew of it.")
	case s.ToldKind == IncidentResolved:
		s.note(EntrySilent, "", 0, "Nobody is told: what people heard last is that it resolved.")
	case s.Flapping && !unsaid:
		failed := event.FailedAt
		if failed.IsZero() {
			failed = s.at
		}
		stable := failed.Add(s.settings.StableFor)
		if stable.Before(s.at) {
			stable = s.at
		}
		s.wait(IncidentResolved, stable)
		return
	default:
		s.wait(IncidentResolved, s.at)
	}
	s.Flapping = false
}

func fails(requirements []string) string {
	if len(requirements) == 0 {
		return "A requirement fails."
	}
	return list(requirements) + numbered(requirements, " fails.", " fail.")
}

// passes says why requirements left an incident.
func passes(event Shrank) string {
	passing := slices.DeleteFunc(slices.Clone(event.Removed), func(requirement string) bool {
		return slices.Contains(event.Waived, requirement) || slices.Contains(event.Retired, requirement)
	})
	var sentences []string
	say := func(requirements []string, one, many string) {
		if len(requirements) > 0 {
			sentences = append(sentences, list(requirements)+numbered(requirements, one, many))
		}
	}
	say(passing, " passes again.", " pass again.")
	say(event.Waived, " is waived.", " are waived.")
	say(event.Retired, " is asked no longer.", " are asked no longer.")
	return strings.Join(sentences, " ")
}

func numbered(list []string, one, many string) string {
	if len(list) == 1 {
		return one
	}
	return many
}

// list writes a list as people say it, and cuts a long one.
func list(words []string) string {
	const most = 8
	if len(words) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

func hours(d time.Duration) string {
	if d == time.Hour {
		return "an hour"
	}
	if d%time.Hour == 0 {
		return fmt.Sprintf("%d hours", d/time.Hour)
	}
	return d.String()
}
