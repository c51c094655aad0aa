package simulator

import (
	"fmt"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// rules are scripts in which what we judge by changes, or how we see.
func rules() []Script {
	return []Script{criteriaChange("The criteria change", "C-01"), criteriaChange("The criteria get a new requirement", "C-05"), criteriaChangeAndReal(), engineMisjudges(), engineMisjudgesAndReal(), distrusted(), profileAdded()}
}

// upgrade lets another engine look and judge.
func (w *World) upgrade(version string) {
	next := *w.Rules
	next.Engine, next.blind, next.errs = version, false, false
	w.Rules = &next
}

// stricter lets a new version of SuperOffice's profile ask for SameSite on
// cookies: by requirements of it, known ones or a new one.
func (w *World) stricter(requirements ...string) func() {
	return func() {
		next, err := w.Rules.stricter(requirements)
		if err != nil {
			w.fail(err)
			return
		}
		w.Rules = next
	}
}

// laxCookies is a fleet whose cookies nothing asks for more of, until the
// criteria change.
func laxCookies(w *World, count int) (*Team, []*Endpoint) {
	team := w.AddTeam("Partner")
	var all []*Endpoint
	for i := range count {
		host := w.AddHost(fmt.Sprintf("app%d.example.com", i+1), 1)
		e := w.Register(team, int64(i+1), host, "/callback")
		e.Edit(func(p *Page) { p.NoSameSite = true })
		all = append(all, e)
	}
	return team, all
}

func criteriaChange(name, requirement string) Script {
	return Script{
		Name: name, Length: 10 * day,
		Play: func(w *World) {
			_, all := laxCookies(w, 20)
			w.At(day+10*time.Hour, "A new version of the profile asks for SameSite; twenty endpoints have cookies without", w.stricter(requirement))
			w.At(6*day, "The partner sets SameSite everywhere", func() {
				for _, e := range all {
					e.Edit(func(p *Page) { p.NoSameSite = false })
				}
			})
		},
		Problems: []Problem{{What: "the criteria changed", From: day + 10*time.Hour, Places: []string{"app"}, Hears: opensAndResolves()}},
	}
}

func criteriaChangeAndReal() Script {
	return Script{
		Name: "The criteria change, and one host breaks in the same hour", Length: 10 * day,
		Play: func(w *World) {
			_, all := laxCookies(w, 20)
			w.At(day+10*time.Hour, "A new version of the profile asks for SameSite; twenty endpoints have cookies without", w.stricter("C-01"))
			w.At(day+10*time.Hour, "One of them accepts SSL 3.0", func() { w.Change(all[3].Host, sslv3(true)) })
			w.At(3*day, "SSL 3.0 is off", func() { w.Change(all[3].Host, sslv3(false)) })
			w.At(6*day, "The partner sets SameSite everywhere", func() {
				for _, e := range all {
					e.Edit(func(p *Page) { p.NoSameSite = false })
				}
			})
		},
		Problems: []Problem{
			{What: "SSL 3.0", From: day + 10*time.Hour, Places: []string{"app4.example.com/"}, Requirements: []string{"T-02", "T-06", "T-10"}, Hears: opensAndResolves()},
			{What: "the criteria changed", From: day + 10*time.Hour, Places: []string{"app"}, Requirements: []string{"C-01"}, Hears: opensAndResolves()},
		},
	}
}

// engineMisjudges: a healthy canary that looks bad is our fault, and says so
// before anybody is told.
func engineMisjudges() Script {
	return Script{
		Name: "An engine upgrade misreads every server", Length: 4 * day,
		Play: func(w *World) {
			_, hosts := manyHealthy(w, 12)
			w.Watch(monitor.Canary{URL: "https://healthy.canary.example/"})
			w.At(day+10*time.Hour, "Our new engine takes a refusal of SSL 2.0 for acceptance", func() {
				w.upgrade("3")
				w.Rules.errs = true
				for _, host := range hosts {
					w.Change(host, misread(true))
				}
			})
			w.At(day+13*time.Hour, "It is corrected", func() {
				w.upgrade("4")
				for _, host := range hosts {
					w.Change(host, misread(false))
				}
			})
		},
		Problems: []Problem{pause(day + 10*time.Hour)},
	}
}

func engineMisjudgesAndReal() Script {
	return Script{
		Name: "An engine upgrade misreads every server, and one breaks after it was corrected", Length: 4 * day,
		Play: func(w *World) {
			_, hosts := manyHealthy(w, 12)
			w.Watch(monitor.Canary{URL: "https://healthy.canary.example/"})
			w.At(day+10*time.Hour, "Our new engine takes a refusal of SSL 2.0 for acceptance", func() {
				w.upgrade("3")
				w.Rules.errs = true
				for _, host := range hosts {
					w.Change(host, misread(true))
				}
			})
			w.At(day+11*time.Hour, "One host is down", func() { w.Change(hosts[2], down(checks.ReasonRefused)) })
			w.At(day+13*time.Hour, "The engine is corrected", func() {
				w.upgrade("4")
				for _, host := range hosts {
					w.Change(host, misread(false))
				}
			})
			w.At(day+20*time.Hour, "The host is up", func() { w.Change(hosts[2], down("")) })
		},
		Problems: []Problem{
			pause(day + 10*time.Hour),
			{What: "down", From: day + 13*time.Hour, Places: []string{"app3.example.com/"}, Hears: opensAndResolves()},
		},
	}
}

// distrusted: one cause for a team, however many certificates there are.
func distrusted() Script {
	return Script{
		Name: "An authority is distrusted, over three teams of ten", Length: 10 * day,
		Play: func(w *World) {
			var hosts []*Host
			for range 3 {
				_, more := manyHealthy(w, 10)
				hosts = append(hosts, more...)
			}
			w.At(day+10*time.Hour, "Browsers distrust the authority of all thirty certificates", w.distrust)
			w.At(5*day, "All certificates are replaced by another authority's", func() {
				for _, host := range hosts {
					w.Serve(w.Issue(90*day, host.Name), host)
				}
			})
		},
		Problems: []Problem{distrustedIn("Partner 1"), distrustedIn("Partner 2"), distrustedIn("Partner 3")},
	}
}

// distrustedIn: the first look finds one of ten, and within the hour all are found.
func distrustedIn(team string) Problem {
	return Problem{
		What: "distrusted", Team: team, From: day + 10*time.Hour, Places: []string{"app"},
		Hears: []monitor.NotificationKind{monitor.IncidentOpened, monitor.IncidentWorsened, monitor.IncidentResolved},
	}
}

// distrust lets browsers trust another authority instead.
func (w *World) distrust() {
	authority, err := NewAuthority("Second Root", w.now)
	if err != nil {
		w.fail(err)
		return
	}
	next, err := NewRules(w.Rules.Engine, authority)
	if err != nil {
		w.fail(err)
		return
	}
	w.Authority, w.Rules = authority, next
}

func profileAdded() Script {
	return Script{
		Name: "A further profile is asked for", Length: 5 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day+10*time.Hour, "The shop is held to Mozilla's modern profile too, which it does not meet", func() { s.endpoint.Hold("mozilla-modern") })
			w.At(3*day, "It is not any more", func() { s.endpoint.Hold() })
		},
		Problems: []Problem{
			{What: "the profile", From: day + 10*time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()},
		},
	}
}
