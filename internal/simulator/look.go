package simulator

import (
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/checks/policy"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// How long looks take.
const (
	quickTakes = 2 * time.Second
	fullTakes  = 20 * time.Second
	siblingGap = 250 * time.Millisecond // between two looks at one host
)

// judgementsKept bounds the judgements of one endpoint that are remembered.
const judgementsKept = 6

// sightKey is everything that what a look sees depends on: equal keys, equal
// observations.
type sightKey struct {
	host, page int
	other      bool
	depth      checks.Depth
	given      uint64
	lost       checks.Reason
	own        checks.Fact[bool]
}

// pending is a look that was asked for.
type pending struct {
	team    *Team
	of      *Endpoint
	purpose monitor.Purpose
	depth   checks.Depth
	vantage *Vantage
	done    func() // after it was judged, or was not; nil: nothing
}

// claim looks at an endpoint that is due and plans its next run.
func (w *World) claim(team *Team, e *Endpoint) {
	if e.removed || !w.now.Equal(e.nextRun) { // moved meanwhile
		return
	}
	purpose := monitor.Scheduled
	if e.states == nil {
		purpose = monitor.First
	}
	depth := e.DepthAt(w.now)
	if purpose == monitor.First {
		depth = checks.Quick
	}
	w.look(pending{team: team, of: e, purpose: purpose, depth: depth, vantage: w.vantages[0]}, 0)
	w.runAt(team, e, e.Schedule().Next(w.now))
}

func (w *World) runAt(team *Team, e *Endpoint, at time.Time) {
	e.nextRun = at
	w.queue.add(at, func() { w.claim(team, e) })
}

// look looks after wait, and judges when that is over.
func (w *World) look(p pending, wait time.Duration) {
	takes := quickTakes
	if p.depth == checks.Full {
		takes = fullTakes
	}
	w.queue.add(w.now.Add(wait+takes), func() {
		if !p.of.removed {
			w.judge(p)
		}
		if p.done != nil {
			p.done()
		}
	})
}

// judge judges what a look saw, and carries out what is decided.
func (w *World) judge(p pending) {
	e := p.of
	w.Looks++
	e.looks++
	observation, whole, judged := w.see(p)
	p.vantage.sawHost(e.Host, w.now, answered(observation))
	event := monitor.Judged{
		At: w.now, Verdicts: judged.judgement.Verdicts, Purpose: p.purpose, Depth: p.depth, Vantage: p.vantage.Name,
		Connectivity: observation.Connectivity, Paused: !p.vantage.Health.Trusted(), Partial: p.depth != checks.Full,
		Maintenance: p.team.window(e, w.now), Versions: monitor.Versions{TrustData: w.Rules.Trust, Engine: w.Rules.Engine},
	}
	broken := event.Connectivity.State == checks.Known && !event.Connectivity.Value
	question := monitor.FullQuestion{
		At: w.now, Depth: p.depth, First: e.states == nil, Connectivity: event.Connectivity, Verdicts: event.Verdicts,
	}
	if w.Thorough || !e.idle(p.team, event, judged) {
		question.Changes, question.Effects = w.decide(p, event, whole, judged, broken)
	}
	if !broken {
		e.last = judged
	}
	if p.depth == checks.Full {
		e.FullLookedAt = w.now
		if !broken && answered(observation) {
			e.known, e.knownBy = observation, w.Rules.Engine
		}
	}
	w.planFull(p, question)
}

// decide decides by the rules of the domain and carries their plan out.
func (w *World) decide(p pending, event monitor.Judged, whole *checks.Observation, judged *judgedAs, broken bool) ([]monitor.Change, []monitor.Effect) {
	e := p.of
	if len(p.team.Waivers) > 0 {
		event.Verdicts = monitor.Waive(event.Verdicts, p.team.waiversOf(e.ID), w.now)
	}
	var changes []monitor.Change
	if !broken {
		changes = e.compare(whole, judged, event.Verdicts, w.now)
		event.Causes = monitor.CausesOf(changes)
	}
	decision := monitor.Decision{Endpoint: e.Endpoint, Observation: whole, States: e.states, Event: event, Settings: w.Settings}
	decision.Incidents = p.team.known(decision)
	plan := monitor.Decide(decision)
	w.carryOut(p, plan)
	e.calm = calm(e.states)
	return changes, plan.Effects
}

// idle says whether a judgement is the one before again, of an endpoint of which
// nothing is open and nothing waits: no rule moves anything then.
func (e *Endpoint) idle(team *Team, event monitor.Judged, judged *judgedAs) bool {
	return e.calm && judged == e.last && len(team.Waivers) == 0 && event.Maintenance == nil && !event.Paused &&
		(event.Connectivity.State == checks.NotAsked || event.Connectivity.Value)
}

// calm says whether nothing is open and nothing waits.
func calm(states map[string]monitor.RequirementState) bool {
	for _, state := range states {
		if state.Result.Conclusive() && state.Result != state.Conclusive { // a window or a pause kept it from moving
			return false
		}
		if state.IncidentID != 0 || state.Flapping || state.Waived ||
			!state.FailingSince.IsZero() || !state.RecoveringSince.IsZero() || !state.InconclusiveSince.IsZero() && state.Severity == checks.Must {
			return false
		}
	}
	return true
}

func answered(observation *checks.Observation) bool {
	return slices.ContainsFunc(observation.Addresses, func(a checks.AddressObservation) bool {
		return a.TLS.Chain.State == checks.Known
	})
}

// see looks, and asks for our own connectivity only where something could not
// be told, as the worker does.
func (w *World) see(p pending) (observation, whole *checks.Observation, judged *judgedAs) {
	key, s := w.sight(p)
	observation = p.of.observe(key, s)
	whole = p.of.carry(observation)
	judged = p.of.judge(w.Rules, whole, w.now)
	if !judged.unsure() {
		return observation, whole, judged
	}
	key.own = checks.KnownFact(!p.vantage.Cut)
	s.own = key.own
	observation = p.of.observe(key, s)
	whole = p.of.carry(observation)
	return observation, whole, p.of.judge(w.Rules, whole, w.now)
}

// sight is what a look is able to see.
func (w *World) sight(p pending) (sightKey, sight) {
	e := p.of
	s := sight{host: e.Host, page: e.Page, url: e.Value, depth: p.depth, given: e.Host.answers(e.looks), silence: e.optedOut}
	if p.vantage.Cut || p.vantage.Dark || w.LoseOneIn > 0 && w.random.IntN(w.LoseOneIn) == 0 {
		s.lost = checks.ReasonTimeout
	}
	key := sightKey{host: e.Host.generation, page: e.pageTurns, depth: p.depth, lost: s.lost}
	if e.Other != nil && e.looks%2 == 0 {
		s.page, key.other = *e.Other, true
	}
	for _, i := range s.given {
		key.given |= 1 << i
	}
	return key, s
}

func (e *Endpoint) observe(key sightKey, s sight) *checks.Observation {
	if seen := e.seen[key]; seen != nil {
		return seen
	}
	if len(e.seen) > 12 {
		clear(e.seen)
		clear(e.carried)
	}
	e.seen[key] = s.observe()
	return e.seen[key]
}

// carry adds to what a look saw what full looks knew.
func (e *Endpoint) carry(observation *checks.Observation) *checks.Observation {
	if observation.Depth == checks.Full || e.known == nil {
		return observation
	}
	both := [2]*checks.Observation{observation, e.known}
	if whole := e.carried[both]; whole != nil {
		return whole
	}
	whole := monitor.Carry(*observation, *e.known)
	e.carried[both] = &whole
	return &whole
}

func (e *Endpoint) judge(rules *Rules, whole *checks.Observation, at time.Time) *judgedAs {
	for _, judged := range e.judged {
		if judged.holds(rules, whole, at) {
			return judged
		}
	}
	judged := rules.apply(whole, e.Endpoint, at)
	if len(e.judged) >= judgementsKept {
		e.judged = e.judged[1:]
	}
	e.judged = append(e.judged, judged)
	return judged
}

// unsure says whether something could not be told that was asked for.
func (j *judgedAs) unsure() bool {
	return slices.ContainsFunc(j.judgement.Verdicts, func(v checks.Verdict) bool {
		return v.Result == checks.ResultInconclusive && !policy.NotAsked(v)
	})
}

// planFull plans the next full look.
func (w *World) planFull(p pending, question monitor.FullQuestion) {
	plan := monitor.PlanFull(p.of.Endpoint, question)
	if !plan.DueAt.IsZero() {
		p.of.NextFullAt = plan.DueAt
	}
	if !plan.RunAt.IsZero() && plan.RunAt.Before(p.of.nextRun) {
		w.runAt(p.team, p.of, plan.RunAt)
	}
}
