package simulator

import (
	"fmt"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Incident is an incident with what it holds, and its timeline.
type Incident struct {
	monitor.Incident
	Timeline []monitor.IncidentEntry

	members map[int64]map[string]bool // endpoint, requirement: whether it is open in it
	looking int                       // looks at siblings that were not judged yet
}

// known returns the incidents that a decision may touch, as the store reads them:
// those that hold requirements of the endpoint, or share a key with a fail.
func (t *Team) known(d monitor.Decision) []monitor.KnownIncident {
	if len(t.Incidents) == 0 {
		return nil
	}
	keys := d.Keys()
	reopen := d.Settings.WithDefaults().ReopenWithin
	var known []monitor.KnownIncident
	for _, one := range t.Incidents {
		if one.State == monitor.IncidentClosed && one.ResolvedAt.Before(d.Event.At.Add(-reopen)) {
			continue
		}
		own := one.own(d.Endpoint.ID)
		if len(own) > 0 || slices.ContainsFunc(one.Keys, func(key string) bool { return slices.Contains(keys, key) }) {
			known = append(known, monitor.KnownIncident{Incident: one.Incident, Own: own})
		}
	}
	return known
}

// own lists the requirements of an endpoint that the incident holds or held.
func (i *Incident) own(endpoint int64) []string {
	var own []string
	for requirement := range i.members[endpoint] {
		own = append(own, requirement)
	}
	slices.Sort(own)
	return own
}

// carryOut carries out what Decide came to.
func (w *World) carryOut(p pending, plan monitor.Plan) {
	p.of.states = plan.States
	for _, one := range plan.Incidents {
		w.carryOutIncident(p.team, p.of, one)
	}
	if plan.Confirm != nil {
		w.confirm(p, *plan.Confirm)
	}
	if plan.Siblings {
		w.lookAtSiblings(p.team, p.of, plan)
	}
	if plan.Notice != nil {
		w.notice(p.team, p.of, *plan.Notice)
	}
}

func (w *World) carryOutIncident(team *Team, e *Endpoint, plan monitor.IncidentPlan) {
	incident := team.incident(plan.Incident.ID)
	if plan.Opened {
		w.incidents++
		incident = &Incident{members: map[int64]map[string]bool{}}
		plan.Incident.ID = w.incidents
		team.Incidents = append(team.Incidents, incident)
	}
	if incident == nil {
		w.fail(fmt.Errorf("the plan for %s names the incident %d, which nobody opened", e.Value, plan.Incident.ID))
		return
	}
	incident.Incident = plan.Incident
	if incident.members[e.ID] == nil {
		incident.members[e.ID] = map[string]bool{}
	}
	for _, requirement := range plan.Removed {
		incident.members[e.ID][requirement] = false
	}
	for _, requirement := range plan.Added {
		incident.members[e.ID][requirement] = true
		state := e.states[requirement]
		state.IncidentID = incident.ID
		e.states[requirement] = state
	}
	w.follow(team, incident, plan.Entries, plan.Effects)
}

func (t *Team) incident(id int64) *Incident {
	at := slices.IndexFunc(t.Incidents, func(i *Incident) bool { return i.ID == id })
	if at < 0 {
		return nil
	}
	return t.Incidents[at]
}

// follow carries out what StepIncident came to.
func (w *World) follow(team *Team, incident *Incident, entries []monitor.IncidentEntry, effects []monitor.IncidentEffect) {
	incident.Timeline = append(incident.Timeline, entries...)
	for _, effect := range effects {
		switch effect := effect.(type) {
		case monitor.WakeAt:
			w.queue.add(later(w.now, effect.At), func() { w.tick(team, incident) })
		case monitor.Tell:
			w.tell(team, incident, effect)
		}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// tick lets an incident look whether something is to be told, as the job tell does.
func (w *World) tick(team *Team, incident *Incident) {
	subject := team.subject(incident, "", incident.Level, w.now)
	w.step(team, incident, monitor.Tick{
		Pending: incident.looking, Paused: w.paused(),
		Levels:        monitor.Levels(team.Routes, team.Channels, subject),
		EscalateAfter: monitor.EscalateAfter(team.Routes, team.Channels, subject),
	})
}

func (w *World) step(team *Team, incident *Incident, event monitor.IncidentEvent) {
	next, entries, effects := monitor.StepIncident(incident.Incident, event, w.now, w.Settings)
	incident.Incident = next
	w.follow(team, incident, entries, effects)
}

// paused says whether no vantage is to be believed.
func (w *World) paused() bool {
	return !slices.ContainsFunc(w.vantages, func(v *Vantage) bool { return v.Health.Trusted() })
}

// confirm asks for the second look, from elsewhere where there is one.
func (w *World) confirm(p pending, confirm monitor.ConfirmLook) {
	if p.of.confirms.Equal(confirm.At) {
		return
	}
	p.of.confirms = confirm.At
	p.purpose, p.depth, p.done = monitor.Confirm, checks.Quick, nil
	if confirm.Full {
		p.depth = checks.Full
	}
	if confirm.Elsewhere {
		for _, vantage := range w.vantages {
			if vantage != p.vantage && vantage.Health.Trusted() {
				p.vantage = vantage
				break
			}
		}
	}
	w.look(p, confirm.At.Sub(w.now))
}

// lookAtSiblings looks at whatever shares the host or the certificate with an
// endpoint whose incident opens.
func (w *World) lookAtSiblings(team *Team, e *Endpoint, plan monitor.Plan) {
	var waiting []*Incident
	for _, one := range plan.Incidents {
		if one.Opened {
			waiting = append(waiting, team.Incidents[len(team.Incidents)-1-len(waiting)])
		}
	}
	wait := time.Duration(0)
	for _, other := range team.Endpoints {
		if other == e || other.removed || !shares(e.Host, other.Host) {
			continue
		}
		for _, incident := range waiting {
			incident.looking++
		}
		w.look(pending{team: team, of: other, purpose: monitor.Scheduled, depth: checks.Quick, vantage: w.vantages[0], done: func() {
			for _, incident := range waiting {
				incident.looking--
			}
		}}, wait)
		wait += siblingGap
	}
}

// shares says whether two hosts are one, or send a certificate that is.
func shares(a, b *Host) bool {
	return a == b || slices.ContainsFunc(a.Servers, func(one *Server) bool {
		return slices.ContainsFunc(b.Servers, func(other *Server) bool { return one.Certificate == other.Certificate })
	})
}

// forget takes an endpoint that was removed out of its incidents.
func (w *World) forget(team *Team, e *Endpoint) {
	for _, incident := range team.Incidents {
		var removed []string
		for _, requirement := range incident.own(e.ID) {
			if incident.members[e.ID][requirement] {
				removed = append(removed, requirement)
				incident.members[e.ID][requirement] = false
			}
		}
		if len(removed) == 0 {
			continue
		}
		endpoints, requirements := incident.count()
		w.step(team, incident, monitor.Shrank{EndpointID: e.ID, Removed: removed, Endpoints: endpoints, Requirements: requirements})
	}
}

// count counts what is open in the incident.
func (i *Incident) count() (endpoints, requirements int) {
	for _, open := range i.members {
		before := requirements
		for _, is := range open {
			if is {
				requirements++
			}
		}
		if requirements > before {
			endpoints++
		}
	}
	return endpoints, requirements
}
