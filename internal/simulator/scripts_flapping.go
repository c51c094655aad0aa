package simulator

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// flapping are scripts of what comes and goes.
func flapping() []Script {
	return []Script{fastFlapping(), slowFlapping(), everyOtherDay(), twoNodes(), twoNodesWhenPressed()}
}

// fastFlapping: the third turn within a day is told as what it is, and then
// nothing until it is stable.
func fastFlapping() Script {
	return Script{
		Name: "Up and down every two hours", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			for turn := range 10 {
				at := day + time.Duration(turn)*4*time.Hour + 10*time.Minute
				w.At(at, "The shop is down", func() { w.Change(s.host, down(checks.ReasonRefused)) })
				w.At(at+2*time.Hour, "It is up", func() { w.Change(s.host, down("")) })
			}
		},
		Problems: []Problem{{
			What: "up and down", From: day, Places: []string{"shop.example.com/"}, Within: 90 * time.Minute,
			Hears: []monitor.NotificationKind{
				monitor.IncidentOpened, monitor.IncidentResolved, monitor.IncidentReopened, monitor.IncidentResolved,
				monitor.IncidentFlapping, monitor.IncidentResolved,
			},
		}},
	}
}

// slowFlapping: two turns within any day are a relapse, and no flapping.
func slowFlapping() Script {
	return Script{
		Name: "Down for two hours every twenty", Length: 5 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			for turn := range 3 {
				at := day + time.Duration(turn)*20*time.Hour + 10*time.Minute
				w.At(at, "The shop is down", func() { w.Change(s.host, down(checks.ReasonRefused)) })
				w.At(at+2*time.Hour, "It is up", func() { w.Change(s.host, down("")) })
			}
		},
		Problems: []Problem{{
			What: "down again and again", From: day, Places: []string{"shop.example.com/"}, Within: 90 * time.Minute,
			Hears: []monitor.NotificationKind{
				monitor.IncidentOpened, monitor.IncidentResolved, monitor.IncidentReopened, monitor.IncidentResolved,
				monitor.IncidentReopened, monitor.IncidentResolved,
			},
		}},
	}
}

func everyOtherDay() Script {
	script := Script{Name: "Down for two hours every other day", Length: 10 * day}
	for turn := range 4 {
		at := time.Duration(turn*2+1)*day + 4*time.Hour
		script.Problems = append(script.Problems, Problem{
			What: "down", From: at, Places: []string{"shop.example.com/"}, Hears: opensAndResolves(),
		})
	}
	script.Play = func(w *World) {
		s := newShop(w, 1)
		for _, problem := range script.Problems {
			w.At(problem.From, "The shop is down", func() { w.Change(s.host, down(checks.ReasonRefused)) })
			w.At(problem.From+2*time.Hour, "It is up", func() { w.Change(s.host, down("")) })
		}
	}
	return script
}

// twoNodes: every second answer is of another node, so the second look never
// agrees with the first.
func twoNodes() Script {
	return Script{
		Name: "Two nodes behind one address, one of them wrong", Length: 5 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day+10*time.Hour, "One of the shop's nodes sets a cookie that script can read", func() { s.endpoint.Other = &Page{LooseCookie: true} })
			w.At(3*day, "It is mended", func() { s.endpoint.Other = nil })
		},
		Problems: []Problem{{
			What: "one node of two", From: day + 10*time.Hour, Places: []string{"shop.example.com/"},
			Hears:  []monitor.NotificationKind{monitor.IncidentFlapping, monitor.IncidentResolved},
			Within: 5 * time.Hour, // three spells
		}},
	}
}

// twoNodesWhenPressed: a bad answer once in a while is no incident.
func twoNodesWhenPressed() Script {
	return Script{
		Name: "A bad answer once a day", Length: 8 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			for d := range 6 {
				begins := s.endpoint.Schedule().Next(Start().Add(time.Duration(d+1)*day + 6*time.Hour + 30*time.Minute)).Sub(Start())
				w.At(begins-time.Second, "The shop answers 500 to one request", func() { s.endpoint.Edit(status(500)) })
				w.At(begins+15*time.Second, "It answers as before", func() { s.endpoint.Edit(status(0)) })
			}
		},
	}
}
