package simulator

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// failures are scripts of things that break and are mended.
func failures() []Script {
	const broken, mended = day + 10*time.Hour + 30*time.Minute, day + 15*time.Hour + 10*time.Minute
	fullOnly := atShop("Weak suites, which only a full look sees", broken, 4*day, "The shop accepts suites without forward secrecy",
		func(s shop) { s.Change(s.host, weakSuites(true)) }, func(s shop) { s.Change(s.host, weakSuites(false)) })
	fullOnly.Problems[0].Within = 28 * time.Hour // a day and its jitter
	return []Script{
		atShop("One breaks and is mended", broken, mended, "The shop accepts SSL 3.0",
			func(s shop) { s.Change(s.host, sslv3(true)) }, func(s shop) { s.Change(s.host, sslv3(false)) }),
		atShop("A cookie loses HttpOnly", broken, mended, "The shop's cookie is readable by script",
			func(s shop) { s.endpoint.Edit(looseCookie(true)) }, func(s shop) { s.endpoint.Edit(looseCookie(false)) }),
		atShop("The host is down", broken, mended, "The shop refuses connections",
			func(s shop) { s.Change(s.host, down(checks.ReasonRefused)) }, func(s shop) { s.Change(s.host, down("")) }),
		atShop("The application answers 500", broken, mended, "The shop answers with status 500",
			func(s shop) { s.endpoint.Edit(status(500)) }, func(s shop) { s.endpoint.Edit(status(0)) }),
		atShop("TLS 1.0 is back", broken, mended, "The shop accepts TLS 1.0",
			func(s shop) { s.Change(s.host, tls10(true)) }, func(s shop) { s.Change(s.host, tls10(false)) }),
		fullOnly,
		atShop("It opens, and cannot be told for five hours", broken, 2*day+9*time.Hour, "The shop's cookie is readable by script",
			func(s shop) {
				s.endpoint.Edit(looseCookie(true))
				s.At(day+14*time.Hour, "A bot wall answers instead of the application", func() { s.endpoint.Edit(wall(checks.ReasonBotWall)) })
				s.At(day+19*time.Hour, "The bot wall is gone", func() { s.endpoint.Edit(wall("")) })
			}, func(s shop) { s.endpoint.Edit(looseCookie(false)) }),
		atRegistration(), twoAtOnce(), twoApart(), downMeanwhile(), growing(), growingSlowly(), shortOutage(), reopened(), nextWeek(), removed(), removedUntold(),
	}
}

func atRegistration() Script {
	return Script{
		Name: "Broken at its registration", Length: 8 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			s.endpoint.Edit(looseCookie(true))
			w.At(0, "The shop is registered; its cookie is readable by script", func() {})
			w.At(5*day, "It is mended", func() { s.endpoint.Edit(looseCookie(false)) })
		},
		Problems: []Problem{{What: "cookie", Places: []string{"shop.example.com/"}, Hears: opensAndResolves(), Within: 5 * time.Minute}},
	}
}

func twoAtOnce() Script {
	return Script{
		Name: "Two things break in one deployment", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day+10*time.Hour, "The shop accepts SSL 3.0, and its cookie is readable by script", func() {
				w.Change(s.host, sslv3(true))
				s.endpoint.Edit(looseCookie(true))
			})
			w.At(day+16*time.Hour, "Both are mended", func() {
				w.Change(s.host, sslv3(false))
				s.endpoint.Edit(looseCookie(false))
			})
		},
		Problems: []Problem{{What: "the deployment", From: day + 10*time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()}},
	}
}

func twoApart() Script {
	places := []string{"shop.example.com/"}
	return Script{
		Name: "Two causes at one endpoint, hours apart", Length: 5 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day+10*time.Hour, "The shop accepts SSL 3.0", func() { w.Change(s.host, sslv3(true)) })
			w.At(day+14*time.Hour, "Its cookie is readable by script", func() { s.endpoint.Edit(looseCookie(true)) })
			w.At(2*day+8*time.Hour, "SSL 3.0 is off again", func() { w.Change(s.host, sslv3(false)) })
			w.At(2*day+16*time.Hour, "The cookie is mended", func() { s.endpoint.Edit(looseCookie(false)) })
		},
		Problems: []Problem{
			{What: "SSL 3.0", From: day + 10*time.Hour, Places: places, Requirements: []string{"T-02", "T-06", "T-10"}, Hears: opensAndResolves()},
			{What: "the cookie", From: day + 14*time.Hour, Places: places, Requirements: []string{"C-01"}, Hears: opensAndResolves()},
		},
	}
}

func downMeanwhile() Script {
	places := []string{"shop.example.com/"}
	return Script{
		Name: "Down while something else is wrong", Length: 5 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day+10*time.Hour, "The shop accepts SSL 3.0", func() { w.Change(s.host, sslv3(true)) })
			w.At(day+20*time.Hour, "It does not answer", func() { w.Change(s.host, down(checks.ReasonTimeout)) })
			w.At(2*day+3*time.Hour, "It answers again, and accepts SSL 3.0 still", func() { w.Change(s.host, down("")) })
			w.At(2*day+16*time.Hour, "SSL 3.0 is off", func() { w.Change(s.host, sslv3(false)) })
		},
		Problems: []Problem{
			{What: "SSL 3.0", From: day + 10*time.Hour, Places: places, Requirements: []string{"T-02", "T-06", "T-10"}, Hears: opensAndResolves()},
			{What: "down", From: day + 20*time.Hour, Places: places, Requirements: []string{"E-01"}, Hears: opensAndResolves()},
		},
	}
}

func growing() Script {
	return Script{
		Name: "One page first, then eleven", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			pages := s.pages(10)
			w.At(day+10*time.Hour, "One page of the shop sets a cookie that script can read", func() { s.endpoint.Edit(looseCookie(true)) })
			w.At(day+15*time.Hour, "Ten more pages do", func() {
				for _, page := range pages {
					page.Edit(looseCookie(true))
				}
			})
			w.At(2*day+10*time.Hour, "All are mended", func() {
				s.endpoint.Edit(looseCookie(false))
				for _, page := range pages {
					page.Edit(looseCookie(false))
				}
			})
		},
		Problems: []Problem{{
			What: "cookies", From: day + 10*time.Hour, Places: []string{"shop.example.com/"},
			Hears: []monitor.NotificationKind{monitor.IncidentOpened, monitor.IncidentWorsened, monitor.IncidentResolved},
		}},
	}
}

func growingSlowly() Script {
	return Script{
		Name: "One page more each day", Length: 9 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			pages := s.pages(4)
			w.At(day+10*time.Hour, "One page of the shop sets a cookie that script can read", func() { s.endpoint.Edit(looseCookie(true)) })
			for i, page := range pages {
				w.At(time.Duration(i+2)*day+10*time.Hour, "One page more does", func() { page.Edit(looseCookie(true)) })
			}
			w.At(7*day, "All are mended", func() {
				s.endpoint.Edit(looseCookie(false))
				for _, page := range pages {
					page.Edit(looseCookie(false))
				}
			})
		},
		Problems: []Problem{{What: "cookies", From: day + 10*time.Hour, Places: []string{"shop.example.com/"}, Hears: []monitor.NotificationKind{
			monitor.IncidentOpened, monitor.IncidentWorsened, monitor.IncidentWorsened, monitor.IncidentResolved,
		}}},
	}
}

func shortOutage() Script {
	return Script{
		Name: "Outages that nobody looks at, and one of a minute", Length: 3 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day+10*time.Hour+10*time.Minute, "The shop is down for twenty minutes between two looks", func() { w.Change(s.host, down(checks.ReasonRefused)) })
			w.At(day+10*time.Hour+30*time.Minute, "It is up", func() { w.Change(s.host, down("")) })
			begins := s.endpoint.Schedule().Next(Start().Add(day + 13*time.Hour + 30*time.Minute)).Sub(Start())
			w.At(begins-10*time.Second, "It restarts just when it is looked at", func() { w.Change(s.host, down(checks.ReasonRefused)) })
			w.At(begins+20*time.Second, "It is up", func() { w.Change(s.host, down("")) })
		},
	}
}

func reopened() Script {
	again := []monitor.NotificationKind{monitor.IncidentOpened, monitor.IncidentResolved, monitor.IncidentReopened, monitor.IncidentResolved}
	return Script{
		Name: "Mended, and broken again within a day", Length: 5 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day+10*time.Hour, "The shop accepts SSL 3.0", func() { w.Change(s.host, sslv3(true)) })
			w.At(day+14*time.Hour, "It does not", func() { w.Change(s.host, sslv3(false)) })
			w.At(2*day+2*time.Hour, "A deployment brings SSL 3.0 back", func() { w.Change(s.host, sslv3(true)) })
			w.At(2*day+9*time.Hour, "It is off for good", func() { w.Change(s.host, sslv3(false)) })
		},
		Problems: []Problem{{What: "SSL 3.0", From: day + 10*time.Hour, Places: []string{"shop.example.com/"}, Hears: again}},
	}
}

func nextWeek() Script {
	places := []string{"shop.example.com/"}
	return Script{
		Name: "Mended, and broken the next week", Length: 12 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day+10*time.Hour, "The shop accepts SSL 3.0", func() { w.Change(s.host, sslv3(true)) })
			w.At(day+14*time.Hour, "It does not", func() { w.Change(s.host, sslv3(false)) })
			w.At(8*day+10*time.Hour, "A deployment brings SSL 3.0 back", func() { w.Change(s.host, sslv3(true)) })
			w.At(8*day+14*time.Hour, "It is off for good", func() { w.Change(s.host, sslv3(false)) })
		},
		Problems: []Problem{
			{What: "SSL 3.0", From: day + 10*time.Hour, Places: places, Hears: opensAndResolves()},
			{What: "SSL 3.0, the week after", From: 8*day + 10*time.Hour, Places: places, Hears: opensAndResolves()},
		},
	}
}

func removed() Script {
	return Script{
		Name: "Removed while it fails", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day+10*time.Hour, "The shop accepts SSL 3.0", func() { w.Change(s.host, sslv3(true)) })
			w.At(day+20*time.Hour, "The shop's endpoint is removed", func() { w.Remove(s.team, s.endpoint) })
		},
		Problems: []Problem{{What: "SSL 3.0", From: day + 10*time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()}},
	}
}

func removedUntold() Script {
	return Script{
		Name: "Removed before anybody was told", Length: 3 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			begins := s.endpoint.Schedule().Next(Start().Add(day + 13*time.Hour + 30*time.Minute)).Sub(Start())
			w.At(begins-time.Minute, "The shop is down", func() { w.Change(s.host, down(checks.ReasonRefused)) })
			w.At(begins+time.Minute, "Its endpoint is removed while the incident gathers", func() { w.Remove(s.team, s.endpoint) })
		},
	}
}
