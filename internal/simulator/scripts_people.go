package simulator

import (
	"time"

	"github.com/gradewatch/gradewatch/checks"
	"github.com/gradewatch/gradewatch/internal/monitor"
)

// people are scripts of what people say: planned work, whom to tell and when,
// what somebody knows already.
func people() []Script {
	return []Script{
		windowHides(), windowOutlived(), windowRecurs(), acknowledged(), unacknowledged(), snoozed(), snoozedMended(), snoozedHeavier(),
		quietHeld(), quietWithdrawn(), quietCritical(), waivedBefore(), waivedAfter(), routedByApplication(),
	}
}

func windowHides() Script {
	return Script{
		Name: "Planned work, and a failure that ends in it", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day+10*time.Hour, "Planned work on the shop for four hours", func() {})
			s.team.Plan(monitor.MaintenanceWindow{Host: "shop.example.com", StartsAt: Start().Add(day + 10*time.Hour), Duration: 4 * time.Hour, CreatedAt: Start()})
			w.At(day+10*time.Hour+10*time.Minute, "The shop is down", func() { w.Change(s.host, down(checks.ReasonRefused)) })
			w.At(day+13*time.Hour+30*time.Minute, "It is up", func() { w.Change(s.host, down("")) })
		},
	}
}

func windowOutlived() Script {
	return Script{
		Name: "Planned work, and a failure that outlives it", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day+10*time.Hour, "Planned work on the shop for four hours", func() {})
			s.team.Plan(monitor.MaintenanceWindow{Host: "shop.example.com", StartsAt: Start().Add(day + 10*time.Hour), Duration: 4 * time.Hour, CreatedAt: Start()})
			w.At(day+10*time.Hour+10*time.Minute, "The shop is down", func() { w.Change(s.host, down(checks.ReasonRefused)) })
			w.At(day+18*time.Hour, "It is up", func() { w.Change(s.host, down("")) })
		},
		Problems: []Problem{{
			What: "down after the window", From: day + 14*time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves(),
			Within: 5 * time.Minute,
		}},
	}
}

func windowRecurs() Script {
	return Script{
		Name: "Planned work every night, in which the host is down", Length: 20 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(0, "Planned work on the shop from 2 to 3 every night, in Oslo", func() {})
			s.team.Plan(monitor.MaintenanceWindow{
				Host: "shop.example.com", StartsAt: Start().Add(time.Hour), Duration: time.Hour,
				Recurrence: "FREQ=DAILY", Zone: "Europe/Oslo", CreatedAt: Start(),
			})
			for night := range 19 {
				from := time.Duration(night)*day + time.Hour
				w.At(from+time.Minute, "The shop restarts", func() { w.Change(s.host, down(checks.ReasonRefused)) })
				w.At(from+50*time.Minute, "It is up", func() { w.Change(s.host, down("")) })
			}
		},
	}
}

// calls adds a mail route at once and a pager that is called when nobody
// acknowledges for a time.
func calls(team *Team, after time.Duration) {
	pager := team.AddChannel("pager")
	team.Send(monitor.ChannelRoute{ChannelID: team.Channels[0].ID})
	team.Send(monitor.ChannelRoute{ChannelID: pager, Level: 1, After: after})
}

func acknowledged() Script {
	return Script{
		Name: "Somebody acknowledges, so nobody else is called", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			calls(s.team, 2*time.Hour)
			w.At(day+10*time.Hour, "The shop is down", func() { w.Change(s.host, down(checks.ReasonRefused)) })
			w.At(day+11*time.Hour+15*time.Minute, "Somebody acknowledges the incident", func() { w.Acknowledge(s.team) })
			w.At(day+18*time.Hour, "The shop is up", func() { w.Change(s.host, down("")) })
		},
		Problems: []Problem{{What: "down", From: day + 10*time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()}},
	}
}

func unacknowledged() Script {
	places := []string{"shop.example.com/"}
	return Script{
		Name: "Nobody acknowledges, so the pager calls", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			calls(s.team, 30*time.Minute)
			w.At(day+10*time.Hour, "The shop is down", func() { w.Change(s.host, down(checks.ReasonRefused)) })
			w.At(day+18*time.Hour, "The shop is up", func() { w.Change(s.host, down("")) })
		},
		Problems: []Problem{
			{What: "down", From: day + 10*time.Hour, Places: places, Hears: opensAndResolves()},
			{
				What: "down, and nobody acknowledges", From: day + 10*time.Hour, Places: places, Channels: []string{"pager"}, Within: usualWithin + 31*time.Minute,
				Hears: []monitor.NotificationKind{monitor.IncidentUnacknowledged, monitor.IncidentResolved},
			},
		},
	}
}

func snoozed() Script {
	return Script{
		Name: "Snoozed for six hours, and it fails still", Length: 5 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day+10*time.Hour, "The shop accepts SSL 3.0", func() { w.Change(s.host, sslv3(true)) })
			w.At(day+12*time.Hour, "Somebody snoozes the incident for six hours", func() { w.Snooze(s.team, 6*time.Hour) })
			w.At(2*day+10*time.Hour, "SSL 3.0 is off", func() { w.Change(s.host, sslv3(false)) })
		},
		Problems: []Problem{{
			What: "SSL 3.0", From: day + 10*time.Hour, Places: []string{"shop.example.com/"},
			Hears: []monitor.NotificationKind{monitor.IncidentOpened, monitor.IncidentSnoozeEnded, monitor.IncidentResolved},
		}},
	}
}

func snoozedMended() Script {
	return Script{
		Name: "Snoozed, and mended meanwhile", Length: 5 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day+10*time.Hour, "The shop accepts SSL 3.0", func() { w.Change(s.host, sslv3(true)) })
			w.At(day+12*time.Hour, "Somebody snoozes the incident for two days", func() { w.Snooze(s.team, 2*day) })
			w.At(2*day+10*time.Hour, "SSL 3.0 is off", func() { w.Change(s.host, sslv3(false)) })
		},
		Problems: []Problem{{What: "SSL 3.0", From: day + 10*time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()}},
	}
}

func snoozedHeavier() Script {
	return Script{
		Name: "An overdue renewal is snoozed, and the certificate expires", Length: 96 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			s.host.Renews = false
			w.At(80*day, "Somebody snoozes the overdue renewal for two weeks", func() { w.Snooze(s.team, 14*day) })
			w.At(90*day-time.Hour, "The certificate expires", func() {})
			w.At(91*day+9*time.Hour, "It is renewed", func() { w.Serve(w.Issue(90*day, s.host.Name), s.host) })
		},
		Problems: []Problem{{
			What: "overdue, then expired", From: 60 * day, Places: []string{"shop.example.com/"}, Within: 14 * day,
			Hears: []monitor.NotificationKind{monitor.IncidentOpened, monitor.IncidentWorsened, monitor.IncidentResolved},
		}},
	}
}

// quiet sends everything by mail, and waits from 22 to 7 unless it is critical.
func quiet(team *Team) {
	team.Send(monitor.ChannelRoute{ChannelID: team.Channels[0].ID, Quiet: monitor.QuietHours{From: 22 * 60, Until: 7 * 60, Zone: "UTC"}})
}

func quietHeld() Script {
	return Script{
		Name: "It breaks in quiet hours", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			quiet(s.team)
			w.At(2*day+time.Hour, "The shop accepts SSL 3.0, in quiet hours from 22 to 7", func() { w.Change(s.host, sslv3(true)) })
			w.At(2*day+12*time.Hour, "SSL 3.0 is off", func() { w.Change(s.host, sslv3(false)) })
		},
		Problems: []Problem{{What: "SSL 3.0", From: 2*day + time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves(), Within: 6*time.Hour + time.Minute}},
	}
}

func quietWithdrawn() Script {
	return Script{
		Name: "It breaks and is mended in quiet hours", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			quiet(s.team)
			w.At(2*day+time.Hour, "The shop accepts SSL 3.0, in quiet hours from 22 to 7", func() { w.Change(s.host, sslv3(true)) })
			w.At(2*day+4*time.Hour, "SSL 3.0 is off", func() { w.Change(s.host, sslv3(false)) })
		},
	}
}

func quietCritical() Script {
	return Script{
		Name: "The host is down in quiet hours", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			quiet(s.team)
			w.At(2*day+time.Hour, "The shop is down, in quiet hours from 22 to 7", func() { w.Change(s.host, down(checks.ReasonRefused)) })
			w.At(2*day+4*time.Hour, "It is up", func() { w.Change(s.host, down("")) })
		},
		Problems: []Problem{{What: "down", From: 2*day + time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()}},
	}
}

func waivedBefore() Script {
	return Script{
		Name: "Waived before it breaks, and the waiver ends", Length: 14 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day, "Somebody answers for C-01 of the shop for nine days", func() { w.Waive(s.team, s.endpoint, "C-01", 9*day) })
			w.At(2*day, "The shop's cookie is readable by script", func() { s.endpoint.Edit(looseCookie(true)) })
			w.At(12*day, "It is mended", func() { s.endpoint.Edit(looseCookie(false)) })
		},
		Problems: []Problem{{What: "the cookie, when nobody answers for it any more", From: 10 * day, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()}},
	}
}

func waivedAfter() Script {
	return Script{
		Name: "Waived while it is open", Length: 10 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			w.At(day+10*time.Hour, "The shop's cookie is readable by script", func() { s.endpoint.Edit(looseCookie(true)) })
			w.At(2*day, "Somebody answers for C-01 of the shop for thirty days", func() { w.Waive(s.team, s.endpoint, "C-01", 30*day) })
		},
		Problems: []Problem{{What: "the cookie", From: day + 10*time.Hour, Places: []string{"shop.example.com/"}, Hears: opensAndResolves()}},
	}
}

func routedByApplication() Script {
	return Script{
		Name: "Each application has a channel of its own", Length: 4 * day,
		Play: func(w *World) {
			s := newShop(w, 1)
			chat := s.team.AddChannel("chat")
			s.team.Send(monitor.ChannelRoute{ChannelID: s.team.Channels[0].ID, ApplicationID: 1})
			s.team.Send(monitor.ChannelRoute{ChannelID: chat, ApplicationID: 2})
			w.At(day+10*time.Hour, "The CRM is down, whose channel is the chat", func() { w.Change(s.next.Host, down(checks.ReasonRefused)) })
			w.At(day+15*time.Hour, "It is up", func() { w.Change(s.next.Host, down("")) })
		},
		Problems: []Problem{{What: "down", From: day + 10*time.Hour, Places: []string{"crm.example.com/"}, Hears: opensAndResolves(), Channels: []string{"chat"}}},
	}
}
