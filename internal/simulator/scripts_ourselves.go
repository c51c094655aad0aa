package simulator

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// ourselves are scripts in which something is wrong with us.
func ourselves() []Script {
	return []Script{ownOutage(), ownOutageWithin(), ownOutageHides(), ownOutageWhileOpen(), darkVantage(), darkForHours(), darkVantageReal(), swamped(), blindEngine()}
}

// pause is what operators hear of our own trouble.
func pause(from time.Duration) Problem {
	return Problem{
		What: "we are blind", From: from, Channels: []string{"operators"}, Within: 15 * time.Minute,
		Hears: []monitor.NotificationKind{monitor.ServicePaused, monitor.ServiceResumed},
	}
}

func (w *World) cut(on bool)  { w.vantages[0].Cut = on }
func (w *World) dark(on bool) { w.vantages[0].Dark = on }

func ownOutage() Script {
	return Script{
		Name: "Our own network is down for five hours", Length: 3 * day,
		Play: func(w *World) {
			manyHealthy(w, 12)
			w.Watch()
			w.At(day+10*time.Hour, "Our network is down", func() { w.cut(true) })
			w.At(day+15*time.Hour, "It is up", func() { w.cut(false) })
		},
		Problems: []Problem{pause(day + 10*time.Hour)},
	}
}

func ownOutageWithin() Script {
	return Script{
		Name: "A host breaks while our own network is down", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.Watch()
			w.At(day+10*time.Hour, "Our network is down", func() { w.cut(true) })
			w.At(day+12*time.Hour, "The shop is down", func() { w.Change(s.host, down(checks.ReasonRefused)) })
			w.At(day+15*time.Hour, "Our network is up", func() { w.cut(false) })
			w.At(day+20*time.Hour, "The shop is up", func() { w.Change(s.host, down("")) })
		},
		Problems: []Problem{
			pause(day + 10*time.Hour),
			{What: "down", From: day + 15*time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()},
		},
	}
}

func ownOutageHides() Script {
	return Script{
		Name: "A host is down only while our own network is", Length: 3 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.Watch()
			w.At(day+10*time.Hour, "Our network is down", func() { w.cut(true) })
			w.At(day+11*time.Hour, "The shop is down", func() { w.Change(s.host, down(checks.ReasonRefused)) })
			w.At(day+14*time.Hour, "The shop is up", func() { w.Change(s.host, down("")) })
			w.At(day+15*time.Hour, "Our network is up", func() { w.cut(false) })
		},
		Problems: []Problem{pause(day + 10*time.Hour)},
	}
}

func ownOutageWhileOpen() Script {
	return Script{
		Name: "Our own network is down while an incident is open", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.Watch()
			w.At(day+8*time.Hour, "The shop accepts SSL 3.0", func() { w.Change(s.host, sslv3(true)) })
			w.At(day+10*time.Hour, "Our network is down", func() { w.cut(true) })
			w.At(day+12*time.Hour, "SSL 3.0 is off", func() { w.Change(s.host, sslv3(false)) })
			w.At(day+15*time.Hour, "Our network is up", func() { w.cut(false) })
		},
		Problems: []Problem{
			{What: "SSL 3.0", From: day + 8*time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()},
			pause(day + 10*time.Hour),
		},
	}
}

// darkVantage: what one place alone does not see is no fault of the endpoint.
func darkVantage() Script {
	return Script{
		Name: "One of two vantages reaches no host for two hours", Length: 3 * day,
		Play: func(w *World) {
			w.AddVantage("arn")
			manyHealthy(w, 12)
			w.Watch()
			w.At(day+10*time.Hour, "The first vantage reaches no partner, though reference targets answer", func() { w.dark(true) })
			w.At(day+12*time.Hour, "It does", func() { w.dark(false) })
		},
	}
}

func darkForHours() Script {
	return Script{
		Name: "One of two vantages reaches no host for a day", Length: 4 * day,
		Play: func(w *World) {
			w.AddVantage("arn")
			manyHealthy(w, 12)
			w.Watch()
			w.At(day+10*time.Hour, "The first vantage reaches no partner, though reference targets answer", func() { w.dark(true) })
			w.At(2*day+10*time.Hour, "It does", func() { w.dark(false) })
		},
	}
}

func darkVantageReal() Script {
	return Script{
		Name: "A host breaks that both vantages see", Length: 4 * day,
		Play: func(w *World) {
			w.AddVantage("arn")
			s := newShop(w, 1)
			w.Watch()
			w.At(day+10*time.Hour, "The shop is down", func() { w.Change(s.host, down(checks.ReasonRefused)) })
			w.At(day+15*time.Hour, "It is up", func() { w.Change(s.host, down("")) })
		},
		Problems: []Problem{{What: "down", From: day + 10*time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()}},
	}
}

func swamped() Script {
	return Script{
		Name: "Forty hosts of many partners are unreachable at once", Length: 3 * day,
		Play: func(w *World) {
			for range 4 {
				manyHealthy(w, 40)
			}
			w.Watch()
			w.At(day+10*time.Hour+40*time.Second, "Our only vantage reaches no partner, though reference targets answer", func() { w.dark(true) })
			w.At(day+13*time.Hour, "It does", func() { w.dark(false) })
		},
		Problems: []Problem{pause(day + 10*time.Hour)},
	}
}

// blindEngine: canaries say so before anybody is told of a recovery that is none.
func blindEngine() Script {
	return Script{
		Name: "A deployment of ours goes blind to faults", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.Watch(monitor.Canary{URL: "https://faulty.canary.example/", Fails: "T-02"})
			w.At(day+8*time.Hour, "The shop accepts SSL 3.0", func() { w.Change(s.host, sslv3(true)) })
			w.At(day+20*time.Hour, "We deploy an engine that sees no SSL 3.0; the shop accepts it still", func() {
				w.Change(s.host, sslv3(false))
				w.upgrade("3")
				w.Rules.blind = true
			})
			w.At(2*day+2*time.Hour, "We take it back", func() {
				w.Change(s.host, sslv3(true))
				w.upgrade("4")
			})
			w.At(2*day+20*time.Hour, "The shop's SSL 3.0 is off", func() { w.Change(s.host, sslv3(false)) })
		},
		Problems: []Problem{
			{What: "SSL 3.0", From: day + 8*time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()},
			pause(day + 20*time.Hour),
		},
	}
}
