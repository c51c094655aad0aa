package simulator

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// Watch checks every vantage each minute, as the job watch does, and tells
// operators when alerting pauses and when it goes on.
func (w *World) Watch(canaries ...monitor.Canary) {
	w.queue.add(w.now.Add(time.Minute), func() { w.watch(canaries) })
}

func (w *World) watch(canaries []monitor.Canary) {
	for _, vantage := range w.vantages {
		hosts, turned := vantage.turned(w.now)
		event := monitor.HealthEvent{References: checks.KnownFact(!vantage.Cut), Hosts: hosts, Turned: turned}
		for _, canary := range canaries {
			look := monitor.CanaryLook{Canary: canary, Told: !vantage.Cut && !vantage.Dark}
			switch {
			case canary.Fails != "" && !w.Rules.blind:
				look.Failing = []string{canary.Fails}
			case canary.Fails == "" && w.Rules.errs:
				look.Failing = []string{"T-01"}
			}
			event.Canaries = append(event.Canaries, look)
		}
		next, effects := monitor.StepHealth(vantage.Health, event, w.now)
		if next.Trusted() && !vantage.Health.Trusted() {
			w.lookAgain()
		}
		vantage.Health = next
		for _, effect := range effects {
			told := Told{At: w.now, Channel: "operators", Kind: monitor.ServicePaused}
			if _, resumed := effect.(monitor.TellResumed); resumed {
				told.Kind = monitor.ServiceResumed
			}
			w.Told = append(w.Told, told)
		}
	}
	w.Watch(canaries...)
}

// sawHost remembers whether a look reached a host, and whether that turned.
func (v *Vantage) sawHost(host *Host, at time.Time, reached bool) {
	before, known := v.seen[host]
	v.seen[host] = hostSeen{at: at, reached: reached, turned: known && (before.reached || before.turned) && !reached}
}

// hostSeen is how a vantage saw a host last.
type hostSeen struct {
	at              time.Time
	reached, turned bool // turned: it was reached before
}

// turned counts the hosts that were looked at of late, and those of them that
// could be reached before and cannot now.
func (v *Vantage) turned(at time.Time) (hosts, turned int) {
	for _, seen := range v.seen {
		if seen.at.Before(at.Add(-monitor.SwampedWithin)) {
			continue
		}
		hosts++
		if seen.turned {
			turned++
		}
	}
	return hosts, turned
}

// lookAgain looks at whatever waits to be told when alerting goes on: it was seen
// when we could not be believed, or just before.
func (w *World) lookAgain() {
	for _, team := range w.teams {
		for _, incident := range team.Incidents {
			if incident.TellKind == "" {
				continue
			}
			for _, e := range team.Endpoints {
				if len(incident.members[e.ID]) == 0 || e.removed {
					continue
				}
				incident.looking++
				w.look(pending{
					team: team, of: e, purpose: monitor.Confirm, depth: checks.Quick, vantage: w.vantages[0],
					done: func() { w.queue.add(w.now.Add(time.Minute), func() { incident.looking-- }) },
				}, 0)
			}
		}
	}
}
