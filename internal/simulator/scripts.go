package simulator

import (
	"fmt"
	"slices"
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

const day = 24 * time.Hour

// Scripts lists every script.
func Scripts() []Script {
	return slices.Concat(failures(), flapping(), certificates(), networks(), ourselves(), rules(), people(), fleets())
}

// opensAndResolves is what most problems sound like.
func opensAndResolves() []monitor.NotificationKind {
	return []monitor.NotificationKind{monitor.IncidentOpened, monitor.IncidentResolved}
}

// shop is a team with one application on one host, and a healthy one beside it.
type shop struct {
	*World
	team           *Team
	host           *Host
	endpoint, next *Endpoint
}

// newShop returns a shop whose host has some servers.
func newShop(w *World, servers int) shop {
	s := shop{World: w, team: w.AddTeam("Partner"), host: w.AddHost("shop.example.com", servers)}
	s.endpoint = w.Register(s.team, 1, s.host, "/callback")
	other := w.AddHost("crm.example.com", 1)
	s.next = w.Register(s.team, 2, other, "/callback")
	return s
}

// pages registers further endpoints at the shop's host.
func (s shop) pages(count int) []*Endpoint {
	var pages []*Endpoint
	for i := range count {
		pages = append(pages, s.Register(s.team, 1, s.host, fmt.Sprintf("/page%02d", i+1)))
	}
	return pages
}

func sslv3(on bool) func(*Server)        { return func(s *Server) { s.SSLv3 = on } }
func tls10(on bool) func(*Server)        { return func(s *Server) { s.TLSv10 = on } }
func weakSuites(on bool) func(*Server)   { return func(s *Server) { s.WeakSuites = on } }
func misread(on bool) func(*Server)      { return func(s *Server) { s.Misread = on } }
func looseCookie(on bool) func(*Page)    { return func(p *Page) { p.LooseCookie = on } }
func status(code int) func(*Page)        { return func(p *Page) { p.Status = code } }
func wall(why checks.Reason) func(*Page) { return func(p *Page) { p.Wall = why } }
func down(why checks.Reason) func(*Server) {
	return func(s *Server) { s.Down = why }
}

// resolves lets a name resolve or not.
func (w *World) resolves(host *Host, fault checks.Reason) {
	host.Unresolved = fault
	host.generation++
}

// atShop is a script of one host and one problem of it, which opens and resolves.
func atShop(name string, from, until time.Duration, what string, broken, mended func(s shop)) Script {
	return Script{
		Name: name, Length: until + 3*day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(from, what, func() { broken(s) })
			w.At(until, "It is mended", func() { mended(s) })
		},
		Problems: []Problem{{What: what, From: from, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()}},
	}
}
