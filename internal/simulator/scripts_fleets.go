package simulator

import (
	"fmt"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// fleets are scripts of many endpoints.
func fleets() []Script {
	return []Script{healthy(), fortyBehindOne(), oneAddressManyHosts(), twoTeamsOneHost(), burst(), drift()}
}

func healthy() Script {
	return Script{
		Name: "Healthy for three months", Length: 92 * day,
		Play: func(w *World) { manyHealthy(w, 12) },
	}
}

func fortyBehindOne() Script {
	return Script{
		Name: "Forty endpoints behind one host break together", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			pages := append(s.pages(39), s.endpoint)
			w.At(day+10*time.Hour, "All forty pages of the shop set a cookie that script can read", func() {
				for _, page := range pages {
					page.Edit(looseCookie(true))
				}
			})
			w.At(day+20*time.Hour, "All are mended", func() {
				for _, page := range pages {
					page.Edit(looseCookie(false))
				}
			})
		},
		Problems: []Problem{{What: "cookies", From: day + 10*time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()}},
	}
}

// oneAddressManyHosts: what answers nobody at one address is one cause, whatever
// the names are.
func oneAddressManyHosts() Script {
	return Script{
		Name: "Six names on one server, which is down", Length: 4 * day,
		Play: func(w *World) {
			team, hosts := manyHealthy(w, 6)
			server := hosts[0].Servers[0]
			for _, host := range hosts {
				server.Certificate, host.Servers = w.Issue(90*day, "*.example.com"), []*Server{server}
				host.generation++
			}
			_ = team
			turn := func(why checks.Reason) func() {
				return func() {
					for _, host := range hosts {
						w.Change(host, down(why))
					}
				}
			}
			w.At(day+10*time.Hour, "The server of all six names is down", turn(checks.ReasonTimeout))
			w.At(day+20*time.Hour, "It is up", turn(""))
		},
		Problems: []Problem{{What: "down", From: day + 10*time.Hour, Places: []string{"app"}, Hears: opensAndResolves()}},
	}
}

func twoTeamsOneHost() Script {
	script := Script{Name: "Two teams on one host", Length: 4 * day}
	for range 2 {
		script.Problems = append(script.Problems, Problem{What: "down", From: day + 10*time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()})
	}
	script.Play = func(w *World) {
		s := newShop(w, 1)
		w.Register(w.AddTeam("Another partner"), 9, s.host, "/other")
		w.At(day+10*time.Hour, "The host is down", func() { w.Change(s.host, down(checks.ReasonRefused)) })
		w.At(day+15*time.Hour, "It is up", func() { w.Change(s.host, down("")) })
	}
	return script
}

// burst: forty causes, and a handful of mails.
func burst() Script {
	script := Script{
		Name: "Forty unrelated hosts of one team break within a minute", Length: 4 * day,
		Play: func(w *World) {
			_, hosts := manyHealthy(w, 40)
			w.At(day+10*time.Hour, "Forty hosts accept SSL 3.0", func() {
				for _, host := range hosts {
					w.Change(host, sslv3(true))
				}
			})
			w.At(day+20*time.Hour, "None does", func() {
				for _, host := range hosts {
					w.Change(host, sslv3(false))
				}
			})
		},
	}
	for i := range 40 {
		script.Problems = append(script.Problems, Problem{
			What: fmt.Sprintf("SSL 3.0 on host %d", i+1), From: day + 10*time.Hour, Places: []string{fmt.Sprintf("app%d.example.com/", i+1)},
			Hears: opensAndResolves(), Within: usualWithin + monitor.BurstWithin,
		})
	}
	return script
}

func drift() Script {
	return Script{
		Name: "Changes that make nothing worse", Length: 20 * day,
		Play: func(w *World) {
			s := newShop(w, 2)
			w.At(2*day, "The shop leaves the order of groups to its clients", func() { w.Change(s.host, func(server *Server) { server.NewKeys = true }) })
			w.At(4*day, "The shop's certificate is replaced early", func() { w.Serve(w.Issue(90*day, s.host.Name), s.host) })
			w.At(6*day, "One of its servers is taken away", func() {
				s.host.Servers = s.host.Servers[:1]
				s.host.generation++
			})
		},
	}
}
