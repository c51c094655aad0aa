package simulator

import (
	"fmt"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// networks are scripts of balancers, names and networks before an endpoint.
func networks() []Script {
	return []Script{twoOfSix(), allSixByTurns(), rotating(), rotatingOneBad(), partnerDNS(), partnerDNSManyHosts(), noisy(), botWallShort(), botWallLong(), optedOut()}
}

func twoOfSix() Script {
	return Script{
		Name: "Two of six backends are bad", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 6)
			for i := range 2 {
				w.At(day+10*time.Hour, fmt.Sprintf("Backend %d of six accepts SSL 3.0", i+1), func() { w.ChangeOne(s.host, i, sslv3(true)) })
			}
			w.At(2*day, "It is off", func() { w.Change(s.host, sslv3(false)) })
		},
		Problems: []Problem{{What: "SSL 3.0", From: day + 10*time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()}},
	}
}

// allSixByTurns: a rollout breaks one backend after the other; it is one problem.
func allSixByTurns() Script {
	return Script{
		Name: "Six backends get worse one by one, and better", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 6)
			for i := range 6 {
				at := day + 10*time.Hour + time.Duration(i)*20*time.Minute
				w.At(at, fmt.Sprintf("Backend %d of six accepts SSL 3.0", i+1), func() { w.ChangeOne(s.host, i, sslv3(true)) })
				w.At(at+6*time.Hour, fmt.Sprintf("Backend %d does not", i+1), func() { w.ChangeOne(s.host, i, sslv3(false)) })
			}
		},
		Problems: []Problem{{What: "SSL 3.0", From: day + 10*time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()}},
	}
}

func rotating() Script {
	return Script{
		Name: "A name that gives three of nine addresses, all good", Length: 59 * day,
		Play: func(w *World) {
			s := newShop(w, 9)
			s.host.Share = 3
			w.At(0, "The shop's name gives three of its nine addresses, others each time", func() {})
		},
	}
}

func rotatingOneBad() Script {
	return Script{
		Name: "A name that gives three of nine addresses, one of them bad", Length: 6 * day,
		Play: func(w *World) {
			s := newShop(w, 9)
			s.host.Share = 3
			w.At(day+10*time.Hour, "One of the shop's nine backends accepts SSL 3.0", func() { w.ChangeOne(s.host, 4, sslv3(true)) })
			w.At(3*day, "It does not", func() { w.ChangeOne(s.host, 4, sslv3(false)) })
		},
		Problems: []Problem{{
			What: "one backend of nine", From: day + 10*time.Hour, Places: []string{"shop.example.com/"}, Within: 12 * time.Hour,
			Hears: []monitor.NotificationKind{monitor.IncidentFlapping, monitor.IncidentResolved},
		}},
	}
}

func partnerDNS() Script {
	return Script{
		Name: "A partner's name servers are down", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 2)
			s.pages(4)
			w.At(day+10*time.Hour, "The shop's name servers do not answer", func() { w.resolves(s.host, checks.ReasonResolverFailed) })
			w.At(day+13*time.Hour, "They do", func() { w.resolves(s.host, "") })
		},
		Problems: []Problem{{What: "DNS", From: day + 10*time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()}},
	}
}

// partnerDNSManyHosts: one domain, so one cause.
func partnerDNSManyHosts() Script {
	return Script{
		Name: "A partner's name servers are down, for five hosts of one domain", Length: 4 * day,
		Play: func(w *World) {
			team := w.AddTeam("Partner")
			var hosts []*Host
			for i := range 5 {
				host := w.AddHost(fmt.Sprintf("app%d.partner.example", i+1), 1)
				w.Register(team, int64(i+1), host, "/callback")
				hosts = append(hosts, host)
			}
			for _, host := range hosts {
				w.At(day+10*time.Hour, host.Name+" does not resolve", func() { w.resolves(host, checks.ReasonResolverFailed) })
				w.At(day+13*time.Hour, host.Name+" does", func() { w.resolves(host, "") })
			}
		},
		Problems: []Problem{{What: "DNS", From: day + 10*time.Hour, Places: []string{"app"}, Hears: opensAndResolves()}},
	}
}

func noisy() Script {
	return Script{
		Name: "Healthy behind a noisy network", Length: 30 * day,
		Play: func(w *World) {
			manyHealthy(w, 12)
			w.At(0, "One look in two hundred reaches nothing", func() { w.LoseOneIn = 200 })
		},
	}
}

// manyHealthy registers endpoints on hosts of their own.
func manyHealthy(w *World, count int) (*Team, []*Host) {
	team := w.AddTeam(fmt.Sprintf("Partner %d", len(w.teams)+1))
	var hosts []*Host
	for i := range count {
		host := w.AddHost(fmt.Sprintf("app%d.example.com", i+1), 1+i%2)
		w.Register(team, int64(i+1), host, "/callback")
		hosts = append(hosts, host)
	}
	return team, hosts
}

func botWallShort() Script {
	return Script{
		Name: "A bot wall for three hours", Length: 3 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day+10*time.Hour, "A bot wall answers instead of the shop", func() { s.endpoint.Edit(wall(checks.ReasonBotWall)) })
			w.At(day+13*time.Hour, "It is gone", func() { s.endpoint.Edit(wall("")) })
		},
	}
}

func botWallLong() Script {
	return Script{
		Name: "A bot wall for two days", Length: 5 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day+10*time.Hour, "A bot wall answers instead of the shop", func() { s.endpoint.Edit(wall(checks.ReasonBotWall)) })
			w.At(3*day+13*time.Hour, "It is gone", func() { s.endpoint.Edit(wall("")) })
		},
		Problems: []Problem{{
			What: "nobody can tell", From: day + 10*time.Hour, Places: []string{"shop.example.com/"}, Within: 8*time.Hour + 10*time.Minute,
			Hears: []monitor.NotificationKind{monitor.EndpointUndetermined},
		}},
	}
}

func optedOut() Script {
	return Script{
		Name: "Whoever runs the host asks not to be looked at", Length: 10 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day+10*time.Hour, "The shop's host opts out", func() { s.endpoint.OptOut() })
		},
		Problems: []Problem{{
			What: "opted out", From: day + 10*time.Hour, Places: []string{"shop.example.com/"}, Within: 8*time.Hour + 10*time.Minute,
			Hears: []monitor.NotificationKind{monitor.EndpointUndetermined},
		}},
	}
}
