package monitor

import (
	"cmp"
	"slices"
	"time"
)

// MostRoutes bounds the routes of a team, and MostLevel how far one escalates.
const (
	MostRoutes = 100
	MostLevel  = 5
)

// Route returns the deliveries that a notification asks for: at most one a
// channel in use, by channel. Rules:
//   - Without any route every channel gets everything, at once.
//   - A route matches by application, environment and weight. What has no weight,
//     as a reminder, counts as medium.
//   - incident.unacknowledged goes to the routes of its level alone: those below
//     were told. Everything else goes up to its level, so whoever heard that an
//     incident opened hears that it resolved.
//   - Of several routes to one channel that which tells first counts.
//   - A notice that a channel is disabled reaches somebody: where no route
//     matches, every channel.
//   - Digests and tests are for one channel, and go through no route.
//
// Of what resolved, Weight and Places are the heaviest and all that were told.
func Route(routes []ChannelRoute, channels []RoutedChannel, subject RouteSubject) []Dispatch {
	if subject.Kind.direct() {
		return nil
	}
	matching := matchingRoutes(routes, channels, subject)
	if len(routes) == 0 || len(matching) == 0 && subject.Kind == ChannelDisabled {
		matching = everyChannel(channels)
	}
	levels := routeLevels(matching)
	var dispatches []Dispatch
	for _, route := range matching {
		level := slices.Index(levels, route.Level)
		if level > subject.Level || subject.Kind == IncidentUnacknowledged && level != subject.Level {
			continue
		}
		at := route.Quiet.Release(subject.weight(), subject.At)
		dispatches = append(dispatches, Dispatch{ChannelID: route.ChannelID, At: at, Held: at.After(subject.At)})
	}
	slices.SortFunc(dispatches, func(a, b Dispatch) int {
		return cmp.Or(cmp.Compare(a.ChannelID, b.ChannelID), a.At.Compare(b.At))
	})
	return slices.CompactFunc(dispatches, func(a, b Dispatch) bool { return a.ChannelID == b.ChannelID })
}

// Levels returns how many levels the routes of an incident have: 1 where nobody
// else is to be called. Levels that no matching route has are not counted, so
// that escalation never calls nobody. What has a low weight escalates never.
func Levels(routes []ChannelRoute, channels []RoutedChannel, subject RouteSubject) int {
	if subject.weight().Rank() >= Low.Rank() {
		return 1
	}
	return len(routeLevels(matchingRoutes(routes, channels, subject)))
}

// EscalateAfter returns how long the level after subject.Level waits: the
// shortest of its routes, at least a minute; 0 where there is no such level.
func EscalateAfter(routes []ChannelRoute, channels []RoutedChannel, subject RouteSubject) time.Duration {
	if subject.Level+1 >= Levels(routes, channels, subject) {
		return 0
	}
	matching := matchingRoutes(routes, channels, subject)
	next := routeLevels(matching)[subject.Level+1]
	var after time.Duration
	for _, route := range matching {
		if route.Level == next && (after == 0 || route.After < after) {
			after = max(route.After, time.Minute)
		}
	}
	return after
}

// routeLevels returns the levels of routes, ascending; 0 is always one of them:
// what nobody is told of at once still waits for the next.
func routeLevels(routes []ChannelRoute) []int {
	levels := []int{0}
	for _, route := range routes {
		levels = append(levels, route.Level)
	}
	slices.Sort(levels)
	return slices.Compact(levels)
}

func everyChannel(channels []RoutedChannel) []ChannelRoute {
	var routes []ChannelRoute
	for _, channel := range channels {
		if channel.InUse {
			routes = append(routes, ChannelRoute{ChannelID: channel.ID})
		}
	}
	return routes
}

// matchingRoutes returns the routes of any level that match, to channels in use.
func matchingRoutes(routes []ChannelRoute, channels []RoutedChannel, subject RouteSubject) []ChannelRoute {
	var matching []ChannelRoute
	for _, route := range routes {
		used := slices.ContainsFunc(channels, func(c RoutedChannel) bool { return c.ID == route.ChannelID && c.InUse })
		if used && route.matches(subject) {
			matching = append(matching, route)
		}
	}
	return matching
}

func (r ChannelRoute) matches(subject RouteSubject) bool {
	if r.Least != "" && r.Least.Heavier(subject.weight()) {
		return false
	}
	return len(subject.Places) == 0 || slices.ContainsFunc(subject.Places, func(place RoutePlace) bool {
		return (r.ApplicationID == 0 || place.ApplicationID == 0 || r.ApplicationID == place.ApplicationID) &&
			(r.Environment == "" || place.Environment == "" || r.Environment == place.Environment)
	})
}

func (s RouteSubject) weight() Weight { return cmp.Or(s.Weight, Medium) }

// direct says whether a notification is for one channel that is known already.
func (k NotificationKind) direct() bool {
	return slices.Contains([]NotificationKind{ChannelTest, DigestDaily, DigestWeekly, DigestBurst}, k)
}
