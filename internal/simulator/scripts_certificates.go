package simulator

import (
	"fmt"
	"time"

	"github.com/gradewatch/gradewatch/internal/monitor"
)

// certificates are scripts of certificates that are renewed, late or never.
func certificates() []Script {
	return []Script{renewedLate(), renewedInTime(), neverRenewed(), nodeNotReloaded(), expiredAtRegistration(), sharedCertificate(), twoCertificates(), shortLived()}
}

func renewedLate() Script {
	return Script{
		Name: "Certbot runs late", Length: 90 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			s.host.Renews = false
			w.At(0, "The shop has a certificate of 90 days, due for renewal on day 60", func() {})
			w.At(76*day, "It is renewed", func() { w.Serve(w.Issue(90*day, s.host.Name), s.host) })
		},
		Problems: []Problem{{What: "overdue renewal", From: 60 * day, Places: []string{"shop.example.com/"}, Hears: opensAndResolves(), Within: 14 * day}},
	}
}

func renewedInTime() Script {
	return Script{
		Name: "Renewed some days after it is due", Length: 90 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			s.host.Renews = false
			w.At(64*day, "The shop's certificate of 90 days is renewed", func() { w.Serve(w.Issue(90*day, s.host.Name), s.host) })
		},
	}
}

func neverRenewed() Script {
	return Script{
		Name: "Never renewed, until it expires", Length: 96 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			s.host.Renews = false
			w.At(90*day-time.Hour, "The shop's certificate expires", func() {})
			w.At(91*day+9*time.Hour, "It is renewed", func() { w.Serve(w.Issue(90*day, s.host.Name), s.host) })
		},
		Problems: []Problem{{
			What: "overdue, then expired", From: 60 * day, Places: []string{"shop.example.com/"}, Within: 14 * day,
			Hears: []monitor.NotificationKind{monitor.IncidentOpened, monitor.IncidentWorsened, monitor.IncidentResolved},
		}},
	}
}

func nodeNotReloaded() Script {
	return Script{
		Name: "Renewed, and one node of two not reloaded", Length: 85 * day,
		Play: func(w *World) {
			s := newShop(w, 2)
			s.host.Renews = false
			w.At(60*day, "The shop's certificate is renewed, and one of two nodes serves the old one", func() {
				renewed := w.Issue(90*day, s.host.Name)
				w.ChangeOne(s.host, 0, func(server *Server) { server.Certificate = renewed })
			})
			w.At(80*day, "That node is reloaded", func() {
				w.ChangeOne(s.host, 1, func(server *Server) { server.Certificate = s.host.Servers[0].Certificate })
			})
		},
		Problems: []Problem{{What: "one node serves the old certificate", From: 60 * day, Places: []string{"shop.example.com/"}, Hears: opensAndResolves(), Within: 14 * day}},
	}
}

func expiredAtRegistration() Script {
	return Script{
		Name: "Expired at its registration", Length: 6 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			s.host.Renews = false
			w.Serve(w.Issue(30*time.Minute, s.host.Name), s.host)
			w.At(0, "The shop is registered with a certificate that has expired", func() {})
			w.At(2*day, "It is renewed", func() { w.Serve(w.Issue(90*day, s.host.Name), s.host) })
		},
		Problems: []Problem{{What: "expired", Places: []string{"shop.example.com/"}, Hears: opensAndResolves(), Within: 5 * time.Minute}},
	}
}

func sharedCertificate() Script {
	const hosts = 6
	script := Script{
		Name: "One certificate over six hosts is not renewed", Length: 96 * day,
		Problems: []Problem{{
			What: "overdue, then expired", From: 60 * day, Within: 14 * day,
			Hears: []monitor.NotificationKind{monitor.IncidentOpened, monitor.IncidentWorsened, monitor.IncidentResolved},
		}},
	}
	for i := range hosts {
		script.Problems[0].Places = append(script.Problems[0].Places, fmt.Sprintf("app%d.example.com/", i+1))
	}
	script.Play = func(w *World) {
		team := w.AddTeam("Partner")
		var all []*Host
		for i := range hosts {
			host := w.AddHost(fmt.Sprintf("app%d.example.com", i+1), 1)
			host.Renews = false
			all = append(all, host)
			w.Register(team, int64(i+1), host, "/callback")
		}
		w.Serve(w.Issue(90*day, "*.example.com"), all...)
		w.At(90*day-time.Hour, "The certificate of all six hosts expires", func() {})
		w.At(91*day, "It is renewed", func() { w.Serve(w.Issue(90*day, "*.example.com"), all...) })
	}
	return script
}

func twoCertificates() Script {
	return Script{
		Name: "A balancer with two certificates, both good", Length: 59 * day,
		Play: func(w *World) {
			s := newShop(w, 2)
			s.host.Renews, s.host.Share = false, 1
			second := w.Issue(89*day, s.host.Name)
			w.At(day, "The shop's second node serves a certificate of its own, and the name gives one node at a time", func() {
				w.ChangeOne(s.host, 1, func(server *Server) { server.Certificate = second })
			})
		},
	}
}

func shortLived() Script {
	return Script{
		Name: "Certificates of six days, renewed every three", Length: 60 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			s.host.Renews = false
			w.At(0, "The shop's certificates live for six days and are renewed every three", func() {})
			for at := time.Duration(0); at < 60*day; at += 3 * day {
				w.queue.add(Start().Add(at), func() { w.Serve(w.Issue(6*day, s.host.Name), s.host) })
			}
		},
	}
}
