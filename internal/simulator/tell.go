package simulator

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Told is one message that one channel got.
type Told struct {
	At        time.Time
	Team      *Team
	Channel   string
	Kind      monitor.NotificationKind
	Incident  *Incident // nil: it is about none
	Weight    monitor.Weight
	Endpoints []*Endpoint // that it lists
	// Requirements are those that the incident holds; of one that resolved, that it held.
	Requirements []string
	Muted        []Told // that a burst's one stands for
}

// String is the message as scripts write it: the day and minute, the channel,
// the kind, the incident and the endpoints.
func (t Told) String() string {
	line := stamp(t.At) + " " + t.Channel + " " + string(t.Kind)
	if t.Incident != nil {
		line += fmt.Sprintf(" #%d %s", t.Team.numberOf(t.Incident), t.Weight)
	}
	if len(t.Muted) > 0 {
		line += fmt.Sprintf(" %d messages", len(t.Muted))
	}
	return strings.Join(strings.Fields(line+" "+strings.Join(t.Requirements, ",")+" "+t.places()), " ")
}

func (t Told) places() string {
	if len(t.Endpoints) > 3 {
		return fmt.Sprintf("%d endpoints", len(t.Endpoints))
	}
	var places []string
	for _, e := range t.Endpoints {
		places = append(places, strings.TrimPrefix(e.Value, "https://"))
	}
	return strings.Join(places, ", ")
}

// numberOf counts a team's incidents from 1.
func (t *Team) numberOf(incident *Incident) int { return slices.Index(t.Incidents, incident) + 1 }

// delivery is one message on its way to one channel.
type delivery struct {
	Told
	channel int64
	held    bool
	gone    bool // withdrawn
}

// channel is what one channel got and waits for.
type channel struct {
	burst monitor.Burst
	muted []Told      // that wait to be told in one
	held  []*delivery // deliveries that wait for quiet hours to end
}

// subject is an incident as routes see it. Of what resolved, the places are all
// that were told.
func (t *Team) subject(incident *Incident, kind monitor.NotificationKind, level int, at time.Time) monitor.RouteSubject {
	subject := monitor.RouteSubject{Kind: kind, Weight: incident.Weight, Level: level, At: at}
	if incident.ToldWeight != "" && incident.ToldWeight.Heavier(subject.Weight) {
		subject.Weight = incident.ToldWeight
	}
	for _, e := range t.Endpoints {
		if len(incident.members[e.ID]) > 0 {
			subject.Places = append(subject.Places, monitor.RoutePlace{ApplicationID: e.ApplicationID, Environment: e.Environment})
		}
	}
	return subject
}

// tell writes a notification of an incident and its deliveries.
func (w *World) tell(team *Team, incident *Incident, tell monitor.Tell) {
	told := Told{Team: team, Kind: tell.Kind, Incident: incident, Weight: incident.Weight}
	for _, e := range team.Endpoints {
		for requirement, open := range incident.members[e.ID] {
			if !open && tell.Kind != monitor.IncidentResolved {
				continue
			}
			if !slices.Contains(told.Endpoints, e) {
				told.Endpoints = append(told.Endpoints, e)
			}
			if !slices.Contains(told.Requirements, requirement) {
				told.Requirements = append(told.Requirements, requirement)
			}
		}
	}
	slices.Sort(told.Requirements)
	w.dispatch(told, monitor.Route(team.Routes, team.Channels, team.subject(incident, tell.Kind, tell.Level, w.now)))
}

// notice tells that nobody can tell.
func (w *World) notice(team *Team, e *Endpoint, _ monitor.NotifyUndetermined) {
	subject := monitor.RouteSubject{
		Kind: monitor.EndpointUndetermined, Weight: monitor.Medium, At: w.now,
		Places: []monitor.RoutePlace{{ApplicationID: e.ApplicationID, Environment: e.Environment}},
	}
	w.dispatch(Told{Team: team, Kind: monitor.EndpointUndetermined, Endpoints: []*Endpoint{e}}, monitor.Route(team.Routes, team.Channels, subject))
}

func (w *World) dispatch(told Told, dispatches []monitor.Dispatch) {
	for _, one := range dispatches {
		d := &delivery{Told: told, channel: one.ChannelID, held: one.Held}
		d.Channel = told.Team.names[one.ChannelID]
		channel := told.Team.channel(one.ChannelID)
		switch {
		case told.Kind == monitor.IncidentResolved && channel.withdraw(told.Incident):
			// nobody heard of it there: that it is over is no news
		case one.Held:
			channel.held = append(channel.held, d)
			w.queue.add(one.At, func() { w.deliver(d) })
		default:
			w.deliver(d)
		}
	}
}

func (t *Team) channel(id int64) *channel {
	if t.sent[id] == nil {
		t.sent[id] = &channel{}
	}
	return t.sent[id]
}

// withdraw takes what waits about an incident back, and says whether the
// channel heard of nothing else of it since it opened.
func (c *channel) withdraw(incident *Incident) (unheard bool) {
	for _, d := range c.held {
		if d.Incident == incident && !d.gone {
			d.gone = true
			unheard = unheard || d.Kind == monitor.IncidentOpened || d.Kind == monitor.IncidentReopened
		}
	}
	return unheard
}

// deliver hands a message to its channel, unless it gets too many.
func (w *World) deliver(d *delivery) {
	if d.gone {
		return
	}
	c := d.Team.channel(d.channel)
	c.held = slices.DeleteFunc(c.held, func(held *delivery) bool { return held == d })
	next, decision := monitor.StepBurst(c.burst, monitor.BurstMessage, w.now)
	c.burst = next
	if decision.Send {
		d.At = w.now
		w.Told = append(w.Told, d.Told)
		return
	}
	c.muted = append(c.muted, d.Told)
	if decision.First {
		w.queue.add(decision.SummaryAt, func() { w.summarize(d.Team, d.channel) })
	}
}

// summarize tells all that waits for it in one message.
func (w *World) summarize(team *Team, id int64) {
	c := team.channel(id)
	told := Told{At: w.now, Team: team, Channel: team.names[id], Kind: monitor.DigestBurst, Muted: c.muted}
	c.muted = nil
	c.burst, _ = monitor.StepBurst(c.burst, monitor.BurstSummarized, w.now)
	w.Told = append(w.Told, told)
}
