package simulator

import (
	"time"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Newest is the team's incident that opened last; nil where none ever did.
func (t *Team) Newest() *Incident {
	if len(t.Incidents) == 0 {
		return nil
	}
	return t.Incidents[len(t.Incidents)-1]
}

// Acknowledge lets somebody take the team's newest incident on.
func (w *World) Acknowledge(team *Team) {
	if incident := team.Newest(); incident != nil {
		w.step(team, incident, monitor.Acknowledge{By: "dev@partner.test"})
	}
}

// Snooze silences the team's newest incident for a time.
func (w *World) Snooze(team *Team, length time.Duration) {
	if incident := team.Newest(); incident != nil {
		w.step(team, incident, monitor.Snooze{By: "dev@partner.test", Reason: "It waits for a release", Until: w.now.Add(length)})
	}
}

// Waive lets somebody answer for a requirement of an endpoint for a time.
func (w *World) Waive(team *Team, e *Endpoint, requirement string, length time.Duration) {
	team.Waivers = append(team.Waivers, monitor.Waiver{
		ID: int64(len(team.Waivers) + 1), TeamID: team.ID, EndpointID: e.ID, Requirement: requirement,
		Owner: "Development", Reason: "An old client needs it", CreatedAt: w.now, Until: w.now.Add(length),
	})
}

func (t *Team) waiversOf(endpoint int64) []monitor.Waiver {
	var own []monitor.Waiver
	for _, waiver := range t.Waivers {
		if waiver.EndpointID == endpoint {
			own = append(own, waiver)
		}
	}
	return own
}

// Plan plans work: what fails in it opens nothing.
func (t *Team) Plan(window monitor.MaintenanceWindow) {
	window.ID, window.TeamID, window.Reason = int64(len(t.Windows)+1), t.ID, "We deploy"
	t.Windows = append(t.Windows, window)
}

// window is the planned work that an endpoint is in at a time; nil: none.
func (t *Team) window(e *Endpoint, at time.Time) *monitor.Window {
	for _, window := range t.Windows {
		if !window.Covers(e.Endpoint) {
			continue
		}
		if running, runs := window.At(at); runs {
			return &running
		}
	}
	return nil
}

// Send adds a route.
func (t *Team) Send(route monitor.ChannelRoute) {
	route.ID, route.TeamID = int64(len(t.Routes)+1), t.ID
	t.Routes = append(t.Routes, route)
}
